import type { Place } from "#domain/search/leaves/ranges.ts";
import { affinity } from "#domain/search/leaves/tree.ts";
import type { Quantised } from "#domain/search/engine/vectors.ts";

/**
 * Leaves asked for one search of a collection; up to so many, all are. Of 31 leaves of real vectors the 8 nearest hold
 * 0.85 of a question's ten nearest units, 16 hold 0.95 and 20 hold 0.975 (`npm run bench -- fan-out`).
 */
export const BEAM = 20;

/**
 * The leaves that a question by vector goes to: all of a few, of many the nearest; those first that hold most of what is
 * near. A leaf without a centroid (of a collection that split by hash) may hold anything and is always asked.
 */
export function nearestLeaves(
  leaves: readonly Place[],
  vectors: readonly Quantised[],
  beam = BEAM,
): Place[] {
  if (leaves.length <= 1) return [...leaves];
  const anywhere = leaves.filter(({ centroid }) => centroid === undefined);
  const nearest = leaves
    .filter(({ centroid }) => centroid !== undefined)
    .map((leaf) => ({ leaf, near: affinity(leaf.centroid, vectors) }))
    .sort((a, b) => b.near - a.near)
    .slice(0, beam);
  return [...anywhere, ...nearest.map(({ leaf }) => leaf)];
}
