import { readFileSync } from "node:fs";
import fc from "fast-check";
import { analyse } from "#domain/search/engine/analysis.ts";
import { type Engine, openEngine } from "#domain/search/engine/engine.ts";
import { memoryDisk } from "#domain/search/engine/memory-disk.ts";
import type { SearchFilter, SearchMode } from "#domain/search/model.ts";
import { pageCache } from "#domain/search/engine/pages.ts";
import { rank } from "#domain/search/engine/rank.ts";
import { quantised } from "#domain/search/engine/vectors.ts";

// Small engines, what is in them and what they are asked, for tests.

export const DIMENSIONS = 32;
const MODULE = new WebAssembly.Module(
  readFileSync(new URL("../../dist/kernels/search.wasm", import.meta.url)),
);
const WORDS = ["ash", "birch", "cedar", "elm", "fir", "oak", "pine", "松树", "白桦", "the"];

export type Unit = {
  texts: string[];
  vectors: Float32Array[];
  tag: string;
  kind: string;
  level: number;
};

export const text = fc
  .array(fc.constantFrom(...WORDS), { minLength: 1, maxLength: 12 })
  .map((words) => words.join(" "));
export const vector = fc
  .array(fc.double({ min: -1, max: 1, noNaN: true }), {
    minLength: DIMENSIONS,
    maxLength: DIMENSIONS,
  })
  .filter((values) => Math.hypot(...values) > 0.1)
  .map((values) => Float32Array.from(values, (value) => value / Math.hypot(...values)));
export const unit = fc
  .array(fc.tuple(text, vector), { minLength: 1, maxLength: 4 })
  .chain((passages) =>
    fc.record({
      texts: fc.constant(passages.map(([words]) => words)),
      vectors: fc.constant(passages.map(([, values]) => values)),
      tag: fc.constantFrom("red", "blue"),
      kind: fc.constantFrom("note", "fact"),
      level: fc.integer({ min: 0, max: 6 }),
    }),
  );
export const library = fc.array(unit, { minLength: 1, maxLength: 40 });
export const ask = fc.record({ text, vector, gloss: fc.constantFrom("", "oak pine", "cedar") });

export const open = (disk = memoryDisk()) =>
  openEngine(MODULE, DIMENSIONS, disk, pageCache(1_048_576));
const passagesOf = (one: Unit) =>
  analyse({ title: "", kind: one.kind, language: "en", tags: [one.tag] }, one.texts).map(
    (passage, i) => ({
      ...passage,
      vector: quantised(one.vectors[i] ?? new Float32Array(DIMENSIONS)),
    }),
  );
export const add = (engine: Engine, one: Unit): number => engine.add(passagesOf(one), one.level);
export const search = (
  engine: Engine,
  mode: SearchMode,
  query: { text: string; gloss: string; vector: Float32Array },
  filter: SearchFilter = {},
  limit = 10,
) => rank(engine, { ...query, mode, filter, limit, explain: true }).best;
export const answers = (
  engine: Engine,
  query: { text: string; gloss: string; vector: Float32Array },
) =>
  search(engine, "hybrid", query).map(({ first, score }) => ({
    first,
    score: Math.round(score * 1e9),
  }));

export function mergeAll(engine: Engine): void {
  for (let merge = engine.merge(); merge !== null; merge = engine.merge())
    while (merge.next().done !== true);
}

export function unitAt(units: readonly Unit[], first: number): number {
  let slot = 0;
  for (const [index, one] of units.entries()) {
    if (slot === first) return index;
    slot += one.texts.length;
  }
  return -1;
}
