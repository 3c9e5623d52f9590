import type { Engine } from "#domain/search/engine/engine.ts";
import { nearest } from "#domain/search/engine/nearest.ts";
import type { SimilarAsked } from "#domain/search/protocol.ts";
import { termsOf } from "#domain/search/text/terms.ts";

/** Passages of a long unit that are compared; the rest of a near duplicate is near as well. */
const PASSAGES_COMPARED = 8;
const CANDIDATES = 64;

export type SimilarUnit = { first: number; cosine: number };

/** The units whose passages come closest to any of these, best first; some that are farther than `cosineMin` too. */
export function similarUnits(
  engine: Engine,
  vectors: readonly Float32Array[],
  { limit, cosineMin }: SimilarAsked,
): SimilarUnit[] {
  const { kernel } = engine;
  const cosines = new Map<number, number>();
  const step = Math.max(1, Math.ceil(vectors.length / PASSAGES_COMPARED));
  for (let at = 0; at < vectors.length; at += step) {
    const vector = vectors[at];
    if (vector === undefined || vector.length === 0 || kernel.slots() === 0) continue;
    const near = nearest(engine, vector, { sure: CANDIDATES, atLeast: cosineMin, filtered: false });
    for (const [i, slot] of near.slots.entries()) {
      const first = slot - kernel.passageOf(slot);
      cosines.set(first, Math.max(cosines.get(first) ?? -1, near.cosines[i] ?? -1));
    }
  }
  const units = [...cosines].map(([first, cosine]) => ({ first, cosine }));
  return units.sort((a, b) => b.cosine - a.cosine || a.first - b.first).slice(0, limit);
}

/** The share of different terms two texts have in common: 1 for the same words, 0 for none (Jaccard). */
export function overlapOf(a: ReadonlySet<string>, b: ReadonlySet<string>): number {
  if (a.size === 0 && b.size === 0) return 1;
  let common = 0;
  for (const term of a) if (b.has(term)) common++;
  return common / (a.size + b.size - common);
}

/** The different terms of a unit's title and passages. */
export const termSet = (title: string, texts: readonly string[]): ReadonlySet<string> =>
  new Set([title, ...texts].flatMap(termsOf));
