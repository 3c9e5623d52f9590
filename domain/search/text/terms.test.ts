import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { termKey } from "#domain/search/engine/term-key.ts";
import { termsOf } from "#domain/search/text/terms.ts";

describe("terms", () => {
  test("words are lower-cased, unaccented and singular", () => {
    expect(termsOf("Café's Boxes, BERRIES and gläser; 3 glasses")).toEqual([
      "cafe",
      "s",
      "box",
      "berry",
      "and",
      "glaser",
      "3",
      "glass",
    ]);
  });
  test("text in unspaced scripts becomes pairs of characters, a lone one itself", () => {
    expect(termsOf("我爱北京 ABC猫と犬")).toEqual(["我爱", "爱北", "北京", "abc", "猫と", "と犬"]);
    expect(termsOf("猫 dog")).toEqual(["猫", "dog"]);
  });
  test("full-width letters are the same as plain ones", () =>
    expect(termsOf("ＷｉｓＨｕｂ")).toEqual(["wishub"]));
  test("an ASCII text has the same terms whether or not a foreign character stands in it", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary-ascii" }), (text) => {
        expect(termsOf(`${text} 猫`).slice(0, -1)).toEqual(termsOf(text));
      }),
    );
  });
  test("no text breaks it, and no term is long", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        for (const term of termsOf(text)) expect(term.length).toBeLessThanOrEqual(64);
      }),
    );
  });
  test("different words have different keys, exact in a double", () => {
    const words = Array.from({ length: 50_000 }, (_, i) => `word${i.toString(36)}`);
    const keys = new Set(words.map(termKey));
    expect(keys.size).toBe(words.length);
    for (const key of keys) expect(Number.isSafeInteger(key)).toBe(true);
  });
});
