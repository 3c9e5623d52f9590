import type { ContentClaim } from "#domain/search/model.ts";
import type { UnitRecord } from "#domain/search/leaves/versions.ts";
import type { Holder, Shown } from "#objects/search-store.ts";

/** A unit as one shard hands it to another: its record, and what was stored when it is findable. */
export type CarriedUnit = { record: UnitRecord; shown: Shown | null; vectors: Uint8Array | null };
export type CarriedClaim = { contentKey: string; holder: Holder | null };

/** What a change is logged under: the record of a unit's content, or the claim of a content. */
export const recordKey = ({ unitId, contentKey }: { unitId: string; contentKey: string }): string =>
  `u${contentKey}${unitId}`;
/** The unit of a record's key. */
export const unitOfKey = (key: string): string => key.slice(1 + CONTENT_KEY_CHARS);
export const claimKey = (contentKey: string): string => `c${contentKey}`;

/** The record of a content that was never in a leaf. */
export const nothingOf = ({ unitId, contentKey, version }: ContentClaim): UnitRecord => ({
  unitId,
  contentKey,
  version,
  level: 0,
  slot: null,
  passages: 0,
  removedThrough: 0,
  leaf: "",
});

const CONTENT_KEY_CHARS = 64;

/** Lets what was removed before a time come back; true where that changes something. */
export const undoRemoval = (
  sql: SqlStorage,
  { unitId, contentKey }: ContentClaim,
  beforeMs: number,
): boolean =>
  sql.exec(
    `UPDATE record SET removed_through = 0, removed_at_ms = NULL
       WHERE unit_id = ? AND content_key = ? AND slot IS NULL AND removed_at_ms < ?`,
    unitId,
    contentKey,
    beforeMs,
  ).rowsWritten > 0;
