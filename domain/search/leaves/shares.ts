import { nearestLeaves } from "#domain/search/leaves/fan-out.ts";
import type { IndexedUnit } from "#domain/search/model.ts";
import type { Place } from "#domain/search/leaves/ranges.ts";
import { leafFor, routed, type Tree } from "#domain/search/leaves/tree.ts";

/**
 * Leaves that are asked for near duplicates of a unit beside its own. What is as near as that lies in the same leaf, and
 * of pairs with a cosine of 0.86 three more leaves hold 0.98 among 8, 0.92 among 18 (`npm run bench -- fan-out`).
 */
const SIMILAR_BEAM = 3;

/** Which units each leaf is asked about: those that would lie there or near. */
export function sharesOf(tree: Tree, units: readonly IndexedUnit[]) {
  const all = units.map((unit, i) => ({ unit, i }));
  const shares = new Map<string, typeof all>();
  /** The leaf where a copy of the unit would be, and those around the unit. */
  function near(leaves: readonly Place[], { contentKey, passages }: IndexedUnit): Set<string> {
    const vectors = routed(passages);
    const home = leafFor(tree, tree.root, { contentKey, vectors });
    const around = nearestLeaves(leaves, vectors, SIMILAR_BEAM);
    return new Set([home, ...around].map(({ name }) => name));
  }
  return {
    at: (name: string) => shares.get(name) ?? [],
    among(leaves: readonly Place[]): Place[] {
      shares.clear();
      for (const each of all)
        for (const name of near(leaves, each.unit)) {
          const share = shares.get(name);
          if (share === undefined) shares.set(name, [each]);
          else share.push(each);
        }
      return leaves.filter(({ name }) => shares.has(name));
    },
  };
}
