import { BEAM, nearestLeaves } from "#domain/search/leaves/fan-out.ts";
import type { IndexedUnit } from "#domain/search/model.ts";
import type { Place } from "#domain/search/leaves/ranges.ts";
import { leafFor, routed, type Tree } from "#domain/search/leaves/tree.ts";

/** Leaves of many that are asked for near duplicates: what is as near as that lies in the same leaf, or beside it. */
const SIMILAR_BEAM = 4;

/** Which units each leaf is asked about: of few leaves all of them, of many those that are near. */
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
      if (leaves.length <= BEAM) for (const { name } of leaves) shares.set(name, all);
      else
        for (const each of all)
          for (const name of near(leaves, each.unit))
            shares.set(name, [...(shares.get(name) ?? []), each]);
      return leaves.filter(({ name }) => shares.has(name));
    },
  };
}
