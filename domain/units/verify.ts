import type { ClaimOutcome, Collection, ContentClaim } from "#domain/search/model.ts";
import { contentIdOf } from "#domain/units/content-id.ts";
import { type UnitTold, verifiedTold } from "#domain/units/happenings.ts";
import { admitted, indexAtOnce, type IndexDeps } from "#domain/units/index-units.ts";
import type { UnitRef } from "#domain/units/publish.ts";
import { ownerOf, type StoredUnit, type VersionKey } from "#domain/units/record.ts";
import { leavePublicSearch } from "#domain/units/revise.ts";
import {
  contentHashEvidence,
  exactDuplicateEvidence,
  provenanceEvidence,
} from "#domain/verification/evidence.ts";
import { levelOf } from "#domain/verification/level.ts";
import type { Evidence, Level } from "#domain/verification/model.ts";
import { checkPolicy } from "#domain/verification/policy.ts";
import { checkWellFormed } from "#domain/verification/well-formed.ts";

export type Verified = UnitRef & {
  evidence: Evidence[];
  level: Level;
  status: "verifying" | "rejected" | "searchable";
};

type Deps = IndexDeps & {
  units: {
    many(refs: UnitRef[]): Promise<StoredUnit[]>;
    versionKeys(id: string): Promise<VersionKey[]>;
    /**
     * Moves versions that are pending yet, and answers which those were; none leaves the outbox. One that is not any more and yet was made searchable leaves work for the
     * index queue, which takes it out again.
     */
    recordVerified(verified: Verified[], nowMs: number): Promise<UnitRef[]>;
  };
  outbox: { done(queue: "unit-verify", refs: UnitRef[]): Promise<void> };
  search: {
    claim(collection: Collection, claims: ContentClaim[]): Promise<ClaimOutcome[]>;
    release(collection: Collection, claims: ContentClaim[]): Promise<void>;
    remove(collection: Collection, claims: ContentClaim[]): Promise<void>;
  };
  spaces: {
    spaceOf(owner: string): Promise<{ id: string }>;
    writeSpacesOf(owner: string): Promise<{ id: string }[]>;
  };
  relay: { arm(unitIds: string[]): Promise<void> };
  hand: {
    index(refs: UnitRef[]): void;
    /** Tells what has become of them, and then takes them out of the outbox. */
    tell(queue: "unit-verify", told: UnitTold[]): Promise<void>;
  };
};

/**
 * Takes versions from L0 as far as rules can say: L1 form, L2 integrity and exact duplicates, L3 policy. Each check
 * leaves evidence; one failed check rejects the version. Near duplicates follow with the embedding
 * (domain/units/index-units.ts), or at once where the vector is there already. Delivered twice it does nothing the
 * second time.
 */
export async function verifyUnits(deps: Deps, refs: UnitRef[], nowMs: number): Promise<void> {
  const stored = await deps.units.many(refs);
  const pending = stored.filter(({ version }) => version.status === "pending");
  const there = new Set(stored.map(({ version }) => keyOf(version)));
  const gone = refs.filter((ref) => !there.has(keyOf(ref)));
  if (gone.length > 0) await deps.outbox.done("unit-verify", gone);
  // Whoever moved them may not have come to telling it.
  const moved = stored.filter(({ version }) => version.status !== "pending");
  if (moved.length > 0)
    await deps.hand.tell(
      "unit-verify",
      moved.map((each) => verifiedTold(each, null, nowMs)),
    );
  const places = new Map(refs.map(({ unitId }, place) => [unitId, place]));
  const placeOf = ({ head }: StoredUnit) => places.get(head.id) ?? 0;
  if (pending.length > 0)
    await verifyFound(
      deps,
      pending.toSorted((a, b) => placeOf(a) - placeOf(b)),
      nowMs,
    );
}

/** The same for pending versions as they were written, in the order in which they were handed over. */
export async function verifyFound(
  deps: Omit<Deps, "outbox">,
  found: StoredUnit[],
  nowMs: number,
): Promise<void> {
  // Of equal contents the one published first is kept; within one millisecond, the one handed over first.
  const pending = found.toSorted((a, b) => a.version.createdAtMs - b.version.createdAtMs);
  await leavePublic(deps, pending);
  const byOwner = Map.groupBy(pending, ({ head, version }) =>
    ownerOf(head.accountId, version.visibility),
  );
  const verified: Verified[] = [];
  for (const [owner, members] of byOwner)
    verified.push(...(await verifyIn(deps, owner, members, nowMs)));
  await deps.relay.arm(verified.map((ref) => ref.unitId));
  const moved = new Set((await deps.units.recordVerified(verified, nowMs)).map(keyOf));
  const passed = verified.filter(({ status }) => status === "verifying");
  deps.hand.index(passed.map(({ unitId, version }) => ({ unitId, version })));
  const stored = new Map(pending.map((each) => [keyOf(each.version), each]));
  // What others have moved meanwhile comes again, and is told as it stands then.
  const told = verified.flatMap((each) => {
    const of = moved.has(keyOf(each)) ? stored.get(keyOf(each)) : undefined;
    return of === undefined ? [] : [verifiedTold(of, each, nowMs)];
  });
  if (told.length > 0) await deps.hand.tell("unit-verify", told);
}

const keyOf = ({ unitId, version }: UnitRef): string => `${unitId} ${version}`;

/** The change to private took it out already, unless it was cut off between its write and that. */
async function leavePublic(deps: Omit<Deps, "outbox">, pending: StoredUnit[]): Promise<void> {
  for (const { version } of pending) {
    if (version.version > 1 && version.visibility === "private")
      await leavePublicSearch(deps, version);
  }
}

/** A version with what rules say of it alone, before anybody is asked who has its content. */
type Ruled = { stored: StoredUnit; checks: Evidence[]; isRefused: boolean };

async function verifyIn(
  deps: Omit<Deps, "outbox">,
  owner: string,
  members: StoredUnit[],
  nowMs: number,
): Promise<Verified[]> {
  const ruled = await Promise.all(
    members.map(async (stored): Promise<Ruled> => {
      const checks = await checksOf(stored, nowMs);
      return { stored, checks, isRefused: checks.some(({ verdict }) => verdict === "fail") };
    }),
  );
  const collection = { owner, space: (await deps.spaces.spaceOf(owner)).id };
  const admissions = await admitted(deps, collection, ruled, nowMs);
  if (admissions === null) return await claimed(deps, collection, ruled, nowMs);
  return ruled.map((each, i): Verified => {
    const { outcome, near } = admissions[i] ?? { outcome: { claimed: true as const }, near: null };
    const known = withOutcome(each, outcome, nowMs);
    if (near === null) return known;
    const evidence = [...known.evidence, near];
    return { ...known, evidence, level: levelOf(evidence), status: "searchable" };
  });
}

/** Claims the contents first, and then makes findable whatever can be at once. */
async function claimed(
  deps: Omit<Deps, "outbox">,
  collection: Collection,
  ruled: Ruled[],
  nowMs: number,
): Promise<Verified[]> {
  const claims = ruled.map(({ stored: { version } }) => ({
    contentKey: version.contentKey,
    unitId: version.unitId,
    version: version.version,
  }));
  const outcomes = await deps.search.claim(collection, claims);
  const verified = ruled.map((each, i) =>
    withOutcome(each, outcomes[i] ?? { claimed: true }, nowMs),
  );
  const freed = claims.filter((_, i) => outcomes[i]?.claimed && ruled[i]?.isRefused);
  if (freed.length > 0) await deps.search.release(collection, freed);
  const members = ruled.map(({ stored }) => stored);
  return await madeFindable(deps, collection.owner, members, verified, nowMs);
}

function withOutcome({ stored, checks, isRefused }: Ruled, outcome: ClaimOutcome, nowMs: number) {
  const duplicate = exactDuplicateEvidence(
    outcome.claimed ? undefined : outcome.duplicateOf,
    nowMs,
  );
  const evidence = [...checks, duplicate];
  const { unitId, version } = stored.version;
  const status = isRefused || !outcome.claimed ? "rejected" : "verifying";
  return { unitId, version, evidence, level: levelOf(evidence), status } satisfies Verified;
}

/** Those that can be found at once are; the others stay `verifying` until the index queue has seen to them. */
async function madeFindable(
  deps: IndexDeps,
  owner: string,
  members: StoredUnit[],
  verified: Verified[],
  nowMs: number,
): Promise<Verified[]> {
  const passed = new Map(
    verified.flatMap((each) => (each.status === "verifying" ? [[each.unitId, each]] : [])),
  );
  const near = await indexAtOnce(
    deps,
    owner,
    members.filter(({ head }) => passed.has(head.id)),
    (unitId) => passed.get(unitId)?.evidence ?? [],
    nowMs,
  );
  return verified.map((each): Verified => {
    const found = near.get(each.unitId);
    if (found === undefined || each.version !== 1) return each;
    const evidence = [...each.evidence, found];
    return { ...each, evidence, level: levelOf(evidence), status: "searchable" };
  });
}

/** All that rules can say about one version alone; a pure function of what is stored. */
async function checksOf({ head, version }: StoredUnit, nowMs: number): Promise<Evidence[]> {
  const computed = await contentIdOf(version.content, version.salt);
  return [
    checkWellFormed(version.content, nowMs),
    contentHashEvidence({ expected: version.cid, computed }, nowMs),
    provenanceEvidence({
      accountId: head.accountId,
      principalId: version.principalId,
      atMs: version.createdAtMs,
    }),
    ...checkPolicy(version.content, nowMs),
  ];
}
