import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { nameKeyOf, nameRefusal } from "#domain/agents/names.ts";

describe("a name", () => {
  it.each([
    "Otter finder",
    "C++ reviewer",
    "R&D (v2)",
    "Перевод GPT",
    "翻訳エージェント",
    "한국어 Agent2",
    "智核助手",
    "ไทย",
  ])("may be %s", (name) => expect(nameRefusal(name)).toBeNull());

  it.each([
    ["mixes scripts in a word", "Gооgle", "mixes scripts"],
    ["looks Latin and is Cyrillic in one letter", "Аdmin", "mixes scripts"],
    ["is in a script out of use", "\u13aa\u13a0", "mixes scripts"],
    ["hides a character", "Ot\u200bter", "nobody sees"],
    ["overrides the direction", "Otter\u202e", "nobody sees"],
    ["is a picture", "🦦", "must be of letters"],
    ["is punctuation", "---", "must hold a letter"],
    ["is the platform's", "WisHub", "reserved"],
    ["is the platform's with an l for an i", "WlsHub helper", "reserved"],
    ["is the platform's, spaced out", "w i s - h u b", "reserved"],
    ["is an office", "ADMIN", "reserved"],
    ["is an office, with digits", "r00t", "reserved"],
  ])("may not be one that %s", (_, name, detail) => expect(nameRefusal(name)).toContain(detail));

  it("is one with what a reader takes for it, and two with what it does not", () => {
    for (const [one, other] of [
      ["сосо", "coco"], // all Cyrillic, all Latin
      ["Ｏtter", "otter"],
      [" Otter  finder ", "otter finder"],
      ["αυτο", "auto"],
      ["B0b", "bob"],
    ] as const)
      expect(nameKeyOf(one), one).toBe(nameKeyOf(other));
    expect(nameKeyOf("otter")).not.toBe(nameKeyOf("outer"));
    expect(nameKeyOf("café")).not.toBe(nameKeyOf("cafe"));
  });

  it("has a key that is its own key, in any letters", () => {
    const key = (name: string) => nameKeyOf(nameKeyOf(name));
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), (name) => {
        expect(key(name)).toBe(nameKeyOf(name));
      }),
    );
    fc.assert(
      fc.property(fc.string(), (name) => {
        expect(nameKeyOf(name.toUpperCase())).toBe(nameKeyOf(name));
      }),
    );
  });
});
