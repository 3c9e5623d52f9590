import type { ContentClaim, IndexedUnit } from "#domain/search/model.ts";

/** What a shard remembers of one content of one unit. `slot` is null when it is not findable (any more). */
export type UnitRecord = {
  unitId: string;
  contentKey: string;
  version: number;
  level: number;
  slot: number | null;
  passages: number;
  /** No version up to this one ever comes back. */
  removedThrough: number;
  /** In a directory: the leaf it was placed in. Null is the directory's own leaf, "" none at all. */
  leaf?: string | null;
};

/** What indexing a version does to what is there: nothing, or it takes the place of `replaced`. */
export type IndexDecision = { store: false } | { store: true; replaced: UnitRecord[] };

/** Messages come twice and out of order: an older version never replaces a newer one, a removed one stays removed. */
export function decideIndex(
  records: readonly UnitRecord[],
  unit: Pick<IndexedUnit, "version" | "contentKey">,
  level: number,
): IndexDecision {
  const live = records.filter((record) => record.slot !== null);
  if (records.some((record) => record.removedThrough >= unit.version)) return { store: false };
  if (live.some((record) => record.version > unit.version)) return { store: false };
  const same = live.find(
    (record) => record.version === unit.version && record.contentKey === unit.contentKey,
  );
  if (same !== undefined && same.level === level) return { store: false };
  return { store: true, replaced: live };
}

/** The records that a removal takes out of search: this version of the unit and all before it. */
export function decideRemoval(records: readonly UnitRecord[], claim: ContentClaim): UnitRecord[] {
  return records.filter((record) => record.slot !== null && record.version <= claim.version);
}
