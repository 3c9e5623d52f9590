import { learned, shardCalls, treeOf } from "#adapters/search-calls.ts";
import type { HintOf } from "#adapters/search-calls.ts";
import type { Collection } from "#domain/search/model.ts";
import type { ReadAsked, UnitRead } from "#domain/search/protocol.ts";
import type { Problem } from "#domain/shared/problem.ts";
import { err, ok, type Result } from "#domain/shared/result.ts";
import { rootOf } from "#domain/search/leaves/ranges.ts";
import { leavesBelow } from "#domain/search/leaves/tree.ts";

/** Where a reader stands: in this leaf, after this slot. */
export type ReadFrom = { leaf: string; slot: number };
export type ReadPage = { units: UnitRead[]; dimensions: number; next: ReadFrom | null };

/** A leaf that moves is asked for under its new names; it does so a few times in its life. */
const MOVES_MAX = 64;

/**
 * All units of a collection in pages, leaf after leaf. Of what changes meanwhile a reader may see a unit twice (where its
 * leaf moved) or not at all (where it came after its leaf was read).
 */
export function collectionReader(namespace: DurableObjectNamespace, hintOf: HintOf) {
  const call = shardCalls(namespace, hintOf);
  return async (
    collection: Collection,
    from: ReadFrom | null,
    asked: Omit<ReadAsked, "afterSlot">,
  ): Promise<Result<ReadPage, Problem<"overloaded">>> => {
    const tree = treeOf(collection);
    let at = from;
    for (let moves = 0; moves < MOVES_MAX; moves++) {
      const names = leavesBelow(tree, rootOf(collection))
        .map(({ name }) => name)
        .toSorted();
      const after = at;
      // A leaf that is not there any more has moved to some that come after it.
      const leaf = after === null ? names[0] : names.find((name) => name >= after.leaf);
      if (leaf === undefined) return ok({ units: [], dimensions: 0, next: null });
      const afterSlot = leaf === at?.leaf ? at.slot : -1;
      const answer = await call(leaf, (stub) => stub.readUnits({ ...asked, afterSlot }));
      if (answer.kind === "overloaded")
        return err({ code: "overloaded", retryAfterS: answer.retryAfterS });
      if (answer.kind === "moved") {
        learned(tree, leaf, answer);
        at = { leaf, slot: -1 };
        continue;
      }
      const { units, dimensions, nextSlot } = answer.value;
      const following = names.find((name) => name > leaf);
      if (nextSlot !== null) return ok({ units, dimensions, next: { leaf, slot: nextSlot } });
      if (following === undefined) return ok({ units, dimensions, next: null });
      at = { leaf: following, slot: -1 };
      if (units.length > 0) return ok({ units, dimensions, next: at });
    }
    return err({ code: "overloaded", detail: "the collection is being moved", retryAfterS: 5 });
  };
}
