import type { SearchHit } from "#domain/search/model.ts";

/**
 * The best of what several shards found. A unit that changed its content may be in two shards for a moment: its
 * newest version stands for it.
 */
export function mergedHits(answers: readonly (readonly SearchHit[])[], limit: number): SearchHit[] {
  const newest = new Map<string, SearchHit>();
  for (const hit of answers.flat()) {
    const held = newest.get(hit.unitId);
    const replaces =
      held === undefined ||
      hit.version > held.version ||
      (hit.version === held.version && hit.score > held.score);
    if (replaces) newest.set(hit.unitId, hit);
  }
  return [...newest.values()]
    .sort((a, b) => b.score - a.score || (a.unitId < b.unitId ? -1 : 1))
    .slice(0, limit);
}
