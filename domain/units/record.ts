import { type Level, LEVELS } from "#domain/verification/model.ts";
import type { Status, UnitContent, UnitView } from "#domain/units/model.ts";

export type Visibility = "private" | "public";

/** Where a unit stands: its newest version and the one a search serves. */
export type UnitHead = {
  id: string;
  accountId: string;
  version: number;
  servedVersion: number | null;
  visibility: Visibility;
  status: Status;
  createdAtMs: number;
  updatedAtMs: number;
  /** Since when it is in no search and only its owner reads it: an agent that wrote it is in quarantine. */
  withheldAtMs: number | null;
  /** When it was let out again: what was removed from search before then may come back. */
  releasedAtMs: number | null;
};

/** What was said in one version, and how far it is verified. */
export type UnitVersion = {
  unitId: string;
  version: number;
  cid: string;
  contentKey: string;
  visibility: Visibility;
  content: UnitContent;
  salt: string | null;
  /** The caller's own vector of the whole unit (domain/units/vector.ts). */
  vector: string | null;
  status: Status;
  level: Level;
  principalId: string;
  /** What made it; null where nothing repeats it. */
  operationId: string | null;
  createdAtMs: number;
  updatedAtMs: number;
};

export type StoredUnit = { head: UnitHead; version: UnitVersion };

/** What decides who may see a version. */
export type Standing = {
  head: Pick<UnitHead, "accountId" | "status" | "visibility" | "withheldAtMs">;
  version: Pick<UnitVersion, "visibility" | "status" | "level">;
};

/** What a search may hold of a version, without its content: enough to take it out of there. */
export type VersionKey = Pick<UnitVersion, "unitId" | "version" | "visibility" | "contentKey"> & {
  accountId: string;
};

/** The collection a version belongs to: the account's own or the public one. */
export const ownerOf = (accountId: string, visibility: Visibility): string =>
  visibility === "public" ? "public" : accountId;

/** May this account see this version at all? Others see public versions that a search serves or has served. */
export function isVisible(stored: Standing, accountId: string): boolean {
  if (stored.head.accountId === accountId) return true;
  const { version, head } = stored;
  if (
    head.status === "retracted" ||
    head.withheldAtMs !== null ||
    head.visibility !== "public" ||
    version.visibility !== "public"
  )
    return false;
  // A version that was replaced before it was verified was never served, and may hold what its author took back.
  return (
    version.status === "searchable" || (version.status === "superseded" && wasServed(version.level))
  );
}

/** Only what has passed every rule is ever served, and only serving records that level. */
const wasServed = (level: Level) => SERVED_LEVELS.includes(level);
export const SERVED_LEVELS: readonly Level[] = LEVELS.slice(LEVELS.indexOf("L3"));

/** A unit as `accountId` reads it; the salt of a private unit is its owner's alone. */
export function unitViewOf({ head, version }: StoredUnit, accountId: string): UnitView {
  return {
    id: head.id,
    version: version.version,
    cid: version.cid,
    status: version.status,
    level: version.level,
    ...version.content,
    visibility: version.visibility,
    ...(head.withheldAtMs !== null && { withheld: true as const }),
    ...(version.salt !== null && head.accountId === accountId ? { salt: version.salt } : {}),
    createdAt: new Date(head.createdAtMs).toISOString(),
    updatedAt: new Date(version.updatedAtMs).toISOString(),
  };
}
