import { err, ok, type Result } from "#domain/shared/result.ts";
import type { Problem } from "#domain/shared/problem.ts";
import { checkLinks, patched } from "#domain/units/content.ts";
import type { UnitPatch } from "#domain/units/model.ts";
import { type UnitRef, versionOf } from "#domain/units/publish.ts";
import { ownerOf, type StoredUnit, type UnitVersion } from "#domain/units/record.ts";

type Author = { accountId: string; principalId: string };

type Deps = {
  units: {
    newest(id: string): Promise<StoredUnit | null>;
    visibleIds(ids: string[], accountId: string): Promise<Set<string>>;
    /** Adds the version with its outbox row if `version - 1` is still the newest; false when it is not. */
    addVersion(version: UnitVersion, nowMs: number): Promise<boolean>;
    /** Marks every version retracted and leaves an outbox row, so that the search shards hear of it. */
    retract(unitId: string, nowMs: number): Promise<void>;
    versions(id: string): Promise<StoredUnit[]>;
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

type Change = { unitId: string; expectedVersion: number; patch: UnitPatch };

/** Makes a new version. A unit that leaves the public collection leaves its search at once, not after verification. */
export async function reviseUnit(
  deps: Deps,
  author: Author,
  { unitId, expectedVersion, patch }: Change,
  nowMs: number,
): Promise<
  Result<StoredUnit, Problem<"not-found" | "conflict" | "version-stale" | "invalid-request">>
> {
  const stored = await deps.units.newest(unitId);
  if (stored === null || stored.head.accountId !== author.accountId)
    return err({ code: "not-found" });
  if (stored.head.version !== expectedVersion) return err({ code: "version-stale" });
  if (stored.head.status === "retracted")
    return err({ code: "conflict", detail: "the unit is retracted" });

  const content = patched(stored.version.content, patch);
  const linked = content.links.map((link) => link.unitId);
  const visibleIds =
    linked.length > 0 ? await deps.units.visibleIds(linked, author.accountId) : new Set<string>();
  const links = checkLinks(content, visibleIds);
  if (!links.ok) return links;

  const visibility = patch.visibility ?? stored.version.visibility;
  const version = await versionOf(deps, author, {
    unitId,
    version: expectedVersion + 1,
    visibility,
    content,
    nowMs,
  });
  await deps.relay.arm([unitId]);
  if (!(await deps.units.addVersion(version, nowMs))) return err({ code: "version-stale" });
  deps.hand.verify([{ unitId, version: version.version }]);
  if (stored.version.visibility === "public" && visibility === "private") {
    await removeFromSearch(deps, await deps.units.versions(unitId), "public");
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
    await deps.units.retract(unitId, nowMs);
    deps.hand.index([{ unitId, version: stored.head.version }]);
    await removeFromSearch(deps, await deps.units.versions(unitId), null);
  }
  return ok({
    head: { ...stored.head, status: "retracted" },
    version: { ...stored.version, status: "retracted" },
  });
}

/** Removes these versions from the collections they were indexed in, or from one of them only. */
export async function removeFromSearch(
  deps: Pick<Deps, "search" | "spaces">,
  versions: StoredUnit[],
  onlyOwner: string | null,
): Promise<void> {
  const byOwner = Map.groupBy(versions, ({ head, version }) =>
    ownerOf(head.accountId, version.visibility),
  );
  for (const [owner, members] of byOwner) {
    if (onlyOwner !== null && owner !== onlyOwner) continue;
    const claims = members.map(({ version }) => ({
      contentKey: version.contentKey,
      unitId: version.unitId,
      version: version.version,
    }));
    for (const { id: space } of await deps.spaces.writeSpacesOf(owner))
      await deps.search.remove({ owner, space }, claims);
  }
}
