import { readFileSync } from "node:fs";
import type { EngineDisk } from "#domain/search/engine/disk.ts";
import { type Engine, openEngine } from "#domain/search/engine/engine.ts";
import { pageCache } from "#domain/search/engine/pages.ts";
import { tagKey } from "#domain/search/engine/term-key.ts";
import { quantised } from "#domain/search/engine/vectors.ts";

export const DIMENSIONS = 64;
const MODULE = new WebAssembly.Module(
  readFileSync(new URL("../../dist/kernels/search.wasm", import.meta.url)),
);
/** Passages from which on these engines have lists. */
export const LISTS_FROM = 24;
export const open = (disk: EngineDisk, listsFrom = LISTS_FROM, dimensions = DIMENSIONS) =>
  openEngine(MODULE, dimensions, disk, pageCache(1_048_576), listsFrom);

export function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 0x1_0000_0000;
  };
}
const bell = (next: () => number) => next() + next() + next() + next() - 2;

/** Unit vectors in clusters, as embeddings lie. */
export function vectorsIn(
  topics: number,
  count: number,
  seed: number,
  dimensions = DIMENSIONS,
): Float32Array[] {
  const next = random(seed);
  const middles = Array.from({ length: topics }, () =>
    Array.from({ length: dimensions }, () => bell(next)),
  );
  return Array.from({ length: count }, () => {
    const middle = middles[Math.floor(next() * topics)] ?? [];
    const values = middle.map((value) => value + bell(next));
    const length = Math.hypot(...values);
    return Float32Array.from(values, (value) => value / length);
  });
}

export const add = (engine: Engine, vector: Float32Array, tag = "") =>
  engine.add([{ counts: new Map([[tagKey(tag), 1]]), length: 1, vector: quantised(vector) }], 3);
export function settle(engine: Engine): void {
  for (let merge = engine.merge(); merge !== null; merge = engine.merge())
    while (merge.next().done !== true);
}

const dot = (a: Float32Array, b: Float32Array): number =>
  a.reduce((sum, value, i) => sum + value * (b[i] ?? 0), 0);
export const exact = (
  vectors: readonly Float32Array[],
  query: Float32Array,
  among: (i: number) => boolean,
) =>
  vectors
    .map((vector, slot) => ({ slot, cosine: dot(vector, query) }))
    .filter(({ slot }) => among(slot))
    .sort((a, b) => b.cosine - a.cosine)
    .slice(0, 10)
    .map(({ slot }) => slot);
