import fc from "fast-check";
import { expect, test } from "vitest";
import { rootOf } from "#domain/search/leaves/ranges.ts";
import {
  emptySketch,
  enter,
  leavesWithRareWords,
  leavesWithWords,
  passagesWith,
  type Sketch,
} from "#domain/search/leaves/sketch.ts";
import { termKey } from "#domain/search/engine/term-key.ts";

const root = rootOf({ owner: "public", space: "s" });
const leaves = Array.from({ length: 30 }, (_, i) => ({ ...root, name: `leaf-${i}` }));

test("a sketch never lacks a word, and never makes it rarer than a power of eight", () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(fc.tuple(fc.string(), fc.integer({ min: 1, max: 30_000 })), {
        selector: ([word]) => word,
      }),
      (words) => {
        const sketch = emptySketch(words.length, 1_000);
        for (const [word, count] of words) enter(sketch, termKey(word), count);
        for (const [word, count] of words)
          expect(passagesWith(sketch, termKey(word))).toBeGreaterThan(count / 8 - 1);
      },
    ),
  );
});

test("a full sketch of 100,000 words names few that it lacks, and takes 64 KB", () => {
  const sketch = emptySketch(100_000, 100_000);
  for (let i = 0; i < 100_000; i++) enter(sketch, termKey(`word${i}`), 1);
  const named = Array.from({ length: 2_000 }, (_, i) => passagesWith(sketch, termKey(`other${i}`)));
  expect(named.filter((count) => count > 0).length / named.length).toBeLessThan(0.13);
  expect(sketch.bits.length).toBe(65_536);
});

test("of many leaves those are asked that have the words, the ones nothing is known of first", () => {
  const sketches = new Map<string, Sketch>();
  for (const [i, { name }] of leaves.entries()) {
    if (i === 29) continue;
    const sketch = emptySketch(10, 1_000);
    enter(sketch, termKey("common"), 500);
    if (i === 7) enter(sketch, termKey("rare"), 1);
    if (i === 8) enter(sketch, termKey("rare"), 100);
    sketches.set(name, sketch);
  }
  const sketchOf = (name: string) => sketches.get(name);
  const asked = (words: string[]) =>
    leavesWithWords(leaves, sketchOf, words.map(termKey), 20).map(({ name }) => name);
  expect(asked(["rare"])).toEqual(["leaf-29", "leaf-8", "leaf-7"]);
  expect(asked(["common", "rare"]).slice(0, 3)).toEqual(["leaf-29", "leaf-8", "leaf-7"]);
  expect(asked(["common"])).toHaveLength(20);
  expect(asked(["absent"])).toEqual(["leaf-29"]);
  const rare = leavesWithRareWords(leaves, sketchOf, ["common", "rare"].map(termKey));
  expect(rare.map(({ name }) => name)).toEqual(["leaf-7", "leaf-8"]);
});
