import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { exportFiles, type Source } from "#domain/protection/export.ts";
import { tarOf } from "#domain/protection/tar.ts";

const pages = (name: string, ...of: object[][]): Source => ({
  name,
  page: (number) => Promise.resolve(of[number] ?? []),
});

async function unpacked(sources: Source[]): Promise<{ read(name: string): Buffer; all: string[] }> {
  const folder = mkdtempSync(join(tmpdir(), "wishub-tar-"));
  try {
    const blocks: Uint8Array[] = [];
    const files = exportFiles({ kind: "account", id: "a0_1" }, sources, 1_000_000_000_000);
    for await (const block of tarOf(files, 1_000_000_000_000)) blocks.push(block);
    writeFileSync(join(folder, "a.tar"), Buffer.concat(blocks));
    execFileSync("tar", ["xf", "a.tar"], { cwd: folder });
    const listed = execFileSync("tar", ["tvf", "a.tar"], { cwd: folder, env: { TZ: "UTC" } });
    const all = listed.toString().trim().split("\n");
    const contents = new Map(
      all.map((line) => {
        const name = line.split(" ").at(-1) ?? "";
        return [name, readFileSync(join(folder, name))];
      }),
    );
    return { all, read: (name) => contents.get(name) ?? Buffer.alloc(0) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

describe("an export", () => {
  it("is an archive that tar reads, of all rows in their order, with a manifest that is true", async () => {
    const long = { text: "ü".repeat(600) };
    const { all, read } = await unpacked([
      pages("none"),
      pages("keys", [{ id: 1 }, { id: 2 }], [{ id: 3 }]),
      pages("a0_1/units", [long]),
    ]);
    expect(all[0]).toMatch(/^-rw------- .* 2001-09-09 /);
    expect(read("none.ndjson").length).toBe(0);
    expect(read("keys.ndjson").toString()).toBe('{"id":1}\n{"id":2}\n');
    expect(read("keys-1.ndjson").toString()).toBe('{"id":3}\n');
    expect(JSON.parse(read("a0_1/units.ndjson").toString())).toEqual(long);
    const manifest = JSON.parse(read("manifest.json").toString()) as {
      files: { name: string; items: number; bytes: number; sha256: string }[];
    };
    expect(manifest).toMatchObject({
      export: "account",
      id: "a0_1",
      at: "2001-09-09T01:46:40.000Z",
    });
    for (const { name, items, bytes, sha256 } of manifest.files) {
      expect(read(name).length).toBe(bytes);
      expect(read(name).toString().split("\n").length - 1).toBe(items);
      expect(createHash("sha256").update(read(name)).digest("hex")).toBe(sha256);
    }
    expect(manifest.files.map(({ name }) => name)).toEqual([
      "none.ndjson",
      "keys.ndjson",
      "keys-1.ndjson",
      "a0_1/units.ndjson",
    ]);
  });

  it("takes no name that a tar header cannot hold", async () => {
    for (const name of ["x".repeat(101), "ü", "a b", ""]) {
      const files = tarOf(
        (async function* () {
          yield { name, bytes: new Uint8Array() };
        })(),
        0,
      );
      await expect(files.next(), name).rejects.toThrow("does not fit");
    }
  });
});
