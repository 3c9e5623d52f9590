import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { unitInput } from "#domain/units/model.ts";
import { starterUnits } from "./starter.ts";

const ROOT = join(import.meta.dirname, "..");
const scratch = mkdtempSync(join(tmpdir(), "wishub-starter-"));
afterAll(() => rmSync(scratch, { recursive: true }));

describe("starterUnits", () => {
  const units = starterUnits(ROOT);

  it("makes hundreds of units, at most 500, and no content twice", () => {
    expect(units.length).toBeGreaterThan(200);
    expect(units.length).toBeLessThanOrEqual(500);
    expect(new Set(units.map((unit) => unit.body)).size).toBe(units.length);
  });

  it("makes only what publishing accepts, public and with its source", () => {
    for (const unit of units) {
      expect(unitInput.safeParse(unit).error).toBeUndefined();
      expect(unit.visibility).toBe("public");
      expect(unit.sources?.[0]?.url).toMatch(/^https:\/\/www\.npmjs\.com\/package\//);
    }
  });

  it("chooses the same units in the same order every time", () => {
    expect(starterUnits(ROOT)).toEqual(units);
  });

  it("takes nothing from a folder without packages", () => {
    expect(starterUnits(scratch)).toEqual([]);
  });

  it("survives a package with a broken readme", () => {
    const folder = join(scratch, "with", "node_modules", "odd");
    mkdirSync(folder, { recursive: true });
    writeFileSync(
      join(folder, "package.json"),
      JSON.stringify({ version: "1.0.0", keywords: "none" }),
    );
    writeFileSync(join(folder, "README.md"), Buffer.from([0x23, 0x20, 0xff, 0x00, 0x0a]));
    expect(starterUnits(join(scratch, "with"))).toEqual([]);
  });
});
