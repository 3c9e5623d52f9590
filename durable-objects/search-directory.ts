import type { ClaimOutcome, ContentClaim } from "#domain/search/model.ts";
import type { Located, Placing, Withdrawn } from "#domain/search/protocol.ts";
import { claimKey, nothingOf, recordKey, undoRemoval } from "#objects/search-records.ts";
import type { SearchStore } from "#objects/search-store.ts";

export type SearchDirectory = ReturnType<typeof openDirectory>;

/**
 * Who has which content of a collection, and in which leaf it is: the part of a search shard that is routed by hash.
 * `note` hears of every change, in the same transaction.
 */
export function openDirectory(
  storage: DurableObjectStorage,
  store: SearchStore,
  note: (key: string) => void,
) {
  const isRemoved = ({ unitId, version }: ContentClaim): boolean =>
    store.records(unitId).some((record) => record.removedThrough >= version);

  /** Where a content of a unit was placed, as it is noted (null is here); undefined when it never was. */
  function placeOf({ contentKey, unitId }: ContentClaim): string | null | undefined {
    const holder = store.holderOf(contentKey);
    if (holder?.unitId === unitId && holder.fulfilled) return holder.leaf;
    const record = store.recordAt(unitId, contentKey);
    return record?.leaf === "" ? undefined : record?.leaf;
  }

  function locate({ leaf: proposed, ...claim }: Placing): Located {
    if (isRemoved(claim)) return { kind: "removed" };
    const placed = placeOf(claim);
    const leaf = placed === undefined ? proposed : placed;
    note(claimKey(claim.contentKey));
    const { claimed } = store.claim(claim, true, leaf);
    if (!claimed) {
      // Another unit has this content. Its removal has to find this one all the same.
      const record = store.recordAt(claim.unitId, claim.contentKey) ?? nothingOf(claim);
      const version = Math.max(record.version, claim.version);
      store.saveRecord({ ...record, version, leaf }, 0);
      note(recordKey(claim));
    }
    return { kind: "at", leaf, again: placed !== undefined };
  }

  function withdraw(claim: ContentClaim, nowMs: number): Withdrawn {
    const placed = placeOf(claim);
    const record = store.recordAt(claim.unitId, claim.contentKey) ?? nothingOf(claim);
    const removedThrough = Math.max(record.removedThrough, claim.version);
    const leaf = placed === undefined ? "" : placed;
    if (removedThrough > record.removedThrough || leaf !== record.leaf) {
      // Its own leaf has moved, and may not have given back this record yet.
      store.saveRecord({ ...record, slot: null, removedThrough, leaf }, nowMs);
      note(recordKey(claim));
    }
    store.unclaim(claim, false);
    note(claimKey(claim.contentKey));
    return placed === undefined ? { kind: "nowhere" } : { kind: "at", leaf: placed };
  }

  function restore(claim: ContentClaim, beforeMs: number): Withdrawn {
    if (undoRemoval(storage.sql, claim, beforeMs)) note(recordKey(claim));
    const placed = placeOf(claim);
    return placed === undefined ? { kind: "nowhere" } : { kind: "at", leaf: placed };
  }

  return {
    /** Lets contents come back that were removed before a time, here and where it says that they were. */
    restore: (claims: readonly ContentClaim[], beforeMs: number): Withdrawn[] =>
      storage.transactionSync(() => claims.map((claim) => restore(claim, beforeMs))),
    claim: (claims: readonly ContentClaim[]): ClaimOutcome[] =>
      storage.transactionSync(() =>
        claims.map((claim) => {
          // The claim of a version that was removed since must not outlive it.
          if (store.holderOf(claim.contentKey) === undefined && isRemoved(claim))
            return { claimed: true };
          note(claimKey(claim.contentKey));
          return store.claim(claim, false);
        }),
      ),
    release: (claims: readonly ContentClaim[]): void =>
      storage.transactionSync(() => {
        for (const claim of claims) {
          store.unclaim(claim, true);
          note(claimKey(claim.contentKey));
        }
      }),
    locate: (placings: readonly Placing[]): Located[] =>
      storage.transactionSync(() => placings.map(locate)),
    withdraw: (claims: readonly ContentClaim[], nowMs: number): Withdrawn[] =>
      storage.transactionSync(() => claims.map((claim) => withdraw(claim, nowMs))),
  };
}
