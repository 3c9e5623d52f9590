import { err, ok, type Result } from "#domain/shared/result.ts";
import type { Problem } from "#domain/shared/problem.ts";
import type { ContentClaim } from "#domain/search/model.ts";
import { checkLinks, patched } from "#domain/units/content.ts";
import type { UnitPatch } from "#domain/units/model.ts";
import { type UnitRef, versionOf } from "#domain/units/publish.ts";
import {
  ownerOf,
  type StoredUnit,
  type UnitVersion,
  type VersionKey,
} from "#domain/units/record.ts";

type Author = { accountId: string; principalId: string };

type Deps = {
  units: {
    newest(id: string): Promise<StoredUnit | null>;
    visibleIds(ids: string[], accountId: string): Promise<Set<string>>;
    /** Adds the version with its outbox row if `version - 1` is still the newest; false when it is not. */
    addVersion(version: UnitVersion, nowMs: number): Promise<boolean>;
    /**
     * Marks every version retracted and leaves an outbox row, so that the search shards hear of it. False when a
     * version is expected and it is not the newest any more.
     */
    retract(unitId: string, expectedVersion: number | null, nowMs: number): Promise<boolean>;
    versionKeys(id: string): Promise<VersionKey[]>;
  };
  relay: { arm(unitIds: string[]): Promise<void> };
  hand: { verify(refs: UnitRef[]): void; index(refs: UnitRef[]): void };
  search: {
    remove(
      collection: { owner: string; space: string },
      claims: { contentKey: string; unitId: string; version: number }[],
    ): Promise<void>;
  };
  spaces: { writeSpacesOf(owner: string): Promise<{ id: string }[]> };
  random: { salt(): string };
};

/** `any` takes whatever version is the newest; null is a caller that names none, which is refused. */
type Change = {
  unitId: string;
  expectedVersion: number | "any" | null;
  patch: UnitPatch;
  operationId: string;
};

/** Makes a new version. A unit that leaves the public collection leaves its search at once, not after verification. */
export async function reviseUnit(
  deps: Deps,
  author: Author,
  { unitId, expectedVersion, patch, operationId }: Change,
  nowMs: number,
): Promise<
  Result<
    StoredUnit,
    Problem<"not-found" | "conflict" | "version-stale" | "version-required" | "invalid-request">
  >
> {
  const found = await deps.units.newest(unitId);
  const stored = found?.head.accountId === author.accountId ? found : null;
  const links = await checkNewLinks(deps, author, patch, stored);
  if (!links.ok) return links;
  if (stored === null) return err({ code: "not-found" });
  // A repetition whose first attempt got this far before it was cut off: its version stands.
  if (stored.version.operationId === operationId) return ok(stored);
  if (stored.head.status === "retracted")
    return err({ code: "conflict", detail: "the unit is retracted" });
  if (expectedVersion === null) return err({ code: "version-required" });
  const newest = stored.head.version;
  if (expectedVersion !== "any" && expectedVersion !== newest)
    return err({ code: "version-stale" });

  const content = patched(stored.version.content, patch);
  const visibility = patch.visibility ?? stored.version.visibility;
  const version = await versionOf(deps, author, {
    unitId,
    version: newest + 1,
    visibility,
    content,
    operationId,
    nowMs,
  });
  await deps.relay.arm([unitId]);
  if (!(await deps.units.addVersion(version, nowMs))) return err({ code: "version-stale" });
  deps.hand.verify([{ unitId, version: version.version }]);
  if (stored.version.visibility === "public" && visibility === "private") {
    await leavePublicSearch(deps, version);
  }
  return ok({
    head: {
      ...stored.head,
      version: version.version,
      visibility,
      status: "pending",
      updatedAtMs: nowMs,
    },
    version,
  });
}

/** A link that stands already may stay, even when what it names has gone since. */
async function checkNewLinks(
  deps: Deps,
  author: Author,
  patch: UnitPatch,
  stored: StoredUnit | null,
): Promise<Result<undefined, Problem<"invalid-request">>> {
  const named = (patch.links ?? []).map((link) => link.unitId);
  if (named.length === 0) return ok(undefined);
  const visibleIds = await deps.units.visibleIds(named, author.accountId);
  const standing = stored?.version.content.links.map((link) => link.unitId) ?? [];
  return checkLinks(patch.links ?? [], new Set([...visibleIds, ...standing]));
}

/** Takes what was public before this private version out of search; a version after it may be public again. */
export async function leavePublicSearch(
  deps: Pick<Deps, "search" | "spaces"> & { units: Pick<Deps["units"], "versionKeys"> },
  { unitId, version }: UnitRef,
): Promise<void> {
  const older = (await deps.units.versionKeys(unitId)).filter((key) => key.version < version);
  await removeFromSearch(deps, older, "public");
}

/** Takes a unit out of every search before it answers; the owner can still read it. Twice is once. */
export async function retractUnit(
  deps: Deps,
  author: Author,
  { unitId, expectedVersion }: { unitId: string; expectedVersion: number | null },
  nowMs: number,
): Promise<Result<StoredUnit, Problem<"not-found" | "version-stale">>> {
  const stored = await deps.units.newest(unitId);
  if (stored === null || stored.head.accountId !== author.accountId)
    return err({ code: "not-found" });
  if (expectedVersion !== null && stored.head.version !== expectedVersion)
    return err({ code: "version-stale" });

  if (stored.head.status !== "retracted") {
    await deps.relay.arm([unitId]);
    if (!(await deps.units.retract(unitId, expectedVersion, nowMs)))
      return err({ code: "version-stale" });
    deps.hand.index([{ unitId, version: stored.head.version }]);
    await removeFromSearch(deps, await deps.units.versionKeys(unitId), null);
  }
  return ok({
    head: { ...stored.head, status: "retracted" },
    version: { ...stored.version, status: "retracted" },
  });
}

/** Removes these versions from the collections they were indexed in, or from one of them only. */
export async function removeFromSearch(
  deps: Pick<Deps, "search" | "spaces">,
  versions: VersionKey[],
  onlyOwner: string | null,
): Promise<void> {
  await inCollections(deps, versions, onlyOwner, (collection, claims) =>
    deps.search.remove(collection, claims),
  );
}

/** Lets versions that were removed before a time be indexed again. */
export async function restoreToSearch(
  deps: Pick<Deps, "spaces"> & {
    search: {
      restore(
        collection: { owner: string; space: string },
        claims: ContentClaim[],
        beforeMs: number,
      ): Promise<void>;
    };
  },
  versions: VersionKey[],
  beforeMs: number,
): Promise<void> {
  await inCollections(deps, versions, null, (collection, claims) =>
    deps.search.restore(collection, claims, beforeMs),
  );
}

async function inCollections(
  deps: Pick<Deps, "spaces">,
  versions: VersionKey[],
  onlyOwner: string | null,
  tell: (collection: { owner: string; space: string }, claims: ContentClaim[]) => Promise<void>,
): Promise<void> {
  const byOwner = Map.groupBy(versions, ({ accountId, visibility }) =>
    ownerOf(accountId, visibility),
  );
  for (const [owner, members] of byOwner) {
    if (onlyOwner !== null && owner !== onlyOwner) continue;
    const claims = members.map(({ contentKey, unitId, version }) => ({
      contentKey,
      unitId,
      version,
    }));
    for (const { id: space } of await deps.spaces.writeSpacesOf(owner))
      await tell({ owner, space }, claims);
  }
}
