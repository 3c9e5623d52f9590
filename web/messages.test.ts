import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { en, zh } from "./messages.ts";

const placeholders = (text: string) =>
  [...text.matchAll(/\{\w+\}/g)].map(([found]) => found).sort();

describe("the console's languages", () => {
  it("say every message in both languages, and none twice over", () => {
    expect(Object.keys(zh).sort()).toEqual(Object.keys(en).sort());
    for (const text of [...Object.values(en), ...Object.values(zh)])
      expect(text.trim()).not.toBe("");
  });

  it("fill in the same values in both languages", () => {
    const differing = Object.entries(en).filter(
      ([key, text]) =>
        String(placeholders(text)) !== String(placeholders(zh[key as keyof typeof en])),
    );
    expect(differing).toEqual([]);
  });

  it("hold no message that the console never shows", () => {
    const source = readdirSync(import.meta.dirname)
      .filter((name) => name.endsWith(".ts") && !name.startsWith("messages"))
      .map((name) => readFileSync(`${import.meta.dirname}/${name}`, "utf8"))
      .join("\n");
    const built = /^(status|level)/; // looked up by a status or a level of the API
    expect(
      Object.keys(en).filter((key) => !built.test(key) && !source.includes(`"${key}"`)),
    ).toEqual([]);
  });
});
