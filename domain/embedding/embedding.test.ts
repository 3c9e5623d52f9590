import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { openAiVectorsOf, packRows, unpackRows, vectorsOf } from "./answer.ts";
import { bridge } from "./bridge.ts";
import { openGlossary, packGlossary } from "./glossary.ts";
import { vectorCache } from "./vector-cache.ts";
import { parseVocabulary, TOKENS_MAX, wordPieces } from "./wordpiece.ts";

const PIECES = [
  "[PAD]",
  ...Array.from({ length: 99 }, (_, i) => `[unused${i}]`),
  "[UNK]",
  "[CLS]",
  "[SEP]",
];
const vocabulary = parseVocabulary(
  [...PIECES, "un", "##aff", "##able", "cafe", "!", "知", "a", "##b", "the"].join("\n"),
);
const pieces = (text: string) =>
  wordPieces(vocabulary, text).map((id) => [...vocabulary.keys()][id]);
const glossary = openGlossary(
  packGlossary(
    new Map([
      ["知识", "knowledge"],
      ["知", "know"],
      ["的", ""],
      ["北京大学", "Peking University"],
      ["北京", "Beijing"],
    ]),
  ),
);
const anyText = fc.oneof(
  fc.string({ unit: "binary", maxLength: 300 }),
  fc.string({
    unit: fc.constantFrom("知", "识", "的", "北", "京", "a", " ", "\ud800"),
    maxLength: 300,
  }),
);

describe("wordPieces", () => {
  it("cuts words into the longest pieces of the vocabulary, lower-cased and without accents", () => {
    expect(pieces("UNaffable Café!")).toEqual([
      "[CLS]",
      "un",
      "##aff",
      "##able",
      "cafe",
      "!",
      "[SEP]",
    ]);
  });

  it("makes each ideograph a word and an unknown word one [UNK]", () => {
    expect(pieces("a知a zzz")).toEqual(["[CLS]", "a", "知", "a", "[UNK]", "[SEP]"]);
  });

  it("takes the name of a special token as plain text", () => {
    expect(pieces("[SEP]").slice(1, -1)).not.toContain("[SEP]");
  });

  it("never throws and never gives more than the model reads, whatever the text", () => {
    fc.assert(
      fc.property(fc.oneof(anyText, fc.constant("a ".repeat(50_000))), (text) => {
        const ids = wordPieces(vocabulary, text);
        expect(ids.length).toBeLessThanOrEqual(TOKENS_MAX);
        expect([ids[0], ids.at(-1)]).toEqual([101, 102]);
      }),
    );
  });
});

describe("bridge", () => {
  it("takes the longest headword and leaves out what has no gloss", () => {
    expect(bridge(glossary, "北京大学的知识").trim()).toBe("Peking University knowledge");
  });

  it("leaves text without ideographs exactly as it is", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme-ascii" }), (text) => {
        expect(bridge(glossary, text)).toBe(text);
      }),
    );
  });

  it("passes numbers and Latin names through", () => {
    expect(bridge(glossary, "知识 GPT-4 2026").replace(/\s+/g, " ").trim()).toBe(
      "knowledge GPT-4 2026",
    );
  });

  it("never throws, is bounded, and changes nothing the second time", () => {
    fc.assert(
      fc.property(fc.oneof(anyText, fc.constant("北京大学".repeat(5_000))), (text) => {
        const once = bridge(glossary, text);
        expect(once.length).toBeLessThanOrEqual(Math.max(text.length, 8_192));
        expect(bridge(glossary, once)).toBe(once);
      }),
    );
  });
});

describe("glossary", () => {
  it("gives back every headword's gloss", () => {
    const words = fc.dictionary(
      fc.string({ unit: "binary-ascii", minLength: 1, maxLength: 6 }),
      fc.string({ unit: "grapheme-ascii", maxLength: 20 }),
    );
    fc.assert(
      fc.property(words, (record) => {
        const packed = openGlossary(packGlossary(new Map(Object.entries(record))));
        for (const [word, gloss] of Object.entries(record))
          expect(packed.longest(word, 0)).toEqual({ length: word.length, gloss });
      }),
    );
  });

  it("refuses bytes that are none", () => {
    expect(() => openGlossary(new Uint8Array(64))).toThrow("not a glossary");
  });
});

describe("vectorCache", () => {
  it("never holds more bytes than it may and forgets the least recently used first", () => {
    const cache = vectorCache(3 * (160 + 2 + 16));
    for (const key of ["a", "b", "c"]) cache.set(key, new Float32Array(4));
    cache.get("a");
    cache.set("d", new Float32Array(4));
    expect([cache.get("b"), cache.get("a")?.length, cache.get("d")?.length]).toEqual([
      undefined,
      4,
      4,
    ]);
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.string(), fc.nat(64))), (entries) => {
        const bounded = vectorCache(2_000);
        for (const [key, length] of entries) bounded.set(key, new Float32Array(length));
        expect(bounded.bytes()).toBeLessThanOrEqual(2_000);
      }),
    );
  });
});

describe("a model's answer", () => {
  it("is refused when a vector is missing, too short, zero or not finite", () => {
    for (const data of [
      [],
      [[1]],
      [[0, 0]],
      [[Number.NaN, 1]],
      [["1", 2]],
      [
        [1, 0],
        [1, 0],
      ],
      "x",
      null,
    ]) {
      expect(vectorsOf({ data }, 1, 2)).toBeNull();
    }
    expect(vectorsOf({ data: [[3, 4]] }, 1, 2)?.[0]?.[0]).toBeCloseTo(0.6, 6);
  });

  it("in OpenAI's shape is put in the order of its index, floats or base64 alike", () => {
    const base64 = btoa(String.fromCharCode(...packRows([Float32Array.of(0, 1)])));
    const data = [
      { index: 1, embedding: base64 },
      { index: 0, embedding: [1, 0] },
    ];
    expect(openAiVectorsOf({ data }, 2, 2)?.map((row) => [...row])).toEqual([
      [1, 0],
      [0, 1],
    ]);
    expect(openAiVectorsOf({ data: [{ index: 7, embedding: [1, 0] }] }, 1, 2)).toBeNull();
    expect(openAiVectorsOf({ data: [{ index: 0, embedding: "?" }] }, 1, 2)).toBeNull();
  });

  it("survives the way through bytes", () => {
    const rows = [Float32Array.of(1, 0), Float32Array.of(0, -1)];
    expect(unpackRows(packRows(rows).buffer, 2, 2)).toEqual(rows);
    expect(unpackRows(packRows(rows).buffer, 3, 2)).toBeNull();
  });
});
