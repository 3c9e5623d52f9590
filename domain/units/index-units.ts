import type { Problem } from "#domain/shared/problem.ts";
import { ok, type Result } from "#domain/shared/result.ts";
import type { ClaimOutcome, Collection, ContentClaim, IndexedUnit } from "#domain/search/model.ts";
import { standingTold, type UnitTold } from "#domain/units/happenings.ts";
import { foundTold, type FoundDeps } from "#domain/units/found-told.ts";
import { embeddable, passagesOf } from "#domain/units/passages.ts";
import type { UnitRef } from "#domain/units/publish.ts";
import {
  ownerOf,
  type StoredUnit,
  type UnitVersion,
  type VersionKey,
} from "#domain/units/record.ts";
import { removeFromSearch, restoreToSearch } from "#domain/units/revise.ts";
import { isGivenIn, unpackedVector } from "#domain/units/vector.ts";
import { exactDuplicateEvidence, nearDuplicateEvidence } from "#domain/verification/evidence.ts";
import { levelOf } from "#domain/verification/level.ts";
import type { Evidence, Level } from "#domain/verification/model.ts";

/** `overlap` is the share of words two units have in common. */
export type Similar = { unitId: string; cosine: number; overlap: number };
/** `evidence` is all there is of the version. */
export type Indexed = UnitRef & { evidence: Evidence[]; level: Level };

type EmbedProblem = Problem<"no-model-bound" | "overloaded">;

/** What putting units into search needs. */
export type IndexDeps = {
  search: {
    /**
     * Claims the contents of units, indexes those that nobody else has and looks for what is near them, all in one
     * step; of what is `refused` it says who has it. Null, and nothing done, where a collection is in several places.
     */
    admit(
      collection: Collection,
      units: IndexedUnit[],
      refused: ContentClaim[],
      asked: { limit: number; cosineMin: number },
    ): Promise<{ units: (ClaimOutcome & { near: Similar[] })[]; refused: ClaimOutcome[] } | null>;
    /** For each unit those that come closest to it, of at least that cosine, best first. */
    similar(
      collection: Collection,
      units: IndexedUnit[],
      asked: { limit: number; cosineMin: number },
    ): Promise<Similar[][]>;
    index(collection: Collection, units: IndexedUnit[]): Promise<void>;
  };
  spaces: {
    /** The spaces a collection is written in that have a model; all when none has. */
    indexSpacesOf(owner: string): Promise<{ id: string }[]>;
  };
  embed: {
    documents(space: string, texts: string[]): Promise<Result<Float32Array[], EmbedProblem>>;
  };
};

type Deps = IndexDeps & {
  units: {
    many(refs: UnitRef[]): Promise<StoredUnit[]>;
    versionKeys(id: string): Promise<VersionKey[]>;
    /** By unit id: all evidence of each of these versions. */
    evidenceOf(refs: UnitRef[]): Promise<Map<string, Evidence[]>>;
    /** Answers those that are searchable now; none leaves the outbox. */
    recordIndexed(indexed: Indexed[], nowMs: number): Promise<UnitRef[]>;
  } & FoundDeps["units"];
  hand: { tell(queue: "unit-index", told: UnitTold[]): Promise<void> };
  outbox: { done(queue: "unit-index", refs: UnitRef[]): Promise<void> };
  /** Waits until whoever reads a copy of the owner's collection finds in it what has been indexed so far. */
  replicas: { followed(owner: string): Promise<void> };
  search: {
    remove(collection: Collection, claims: ContentClaim[]): Promise<void>;
    release(collection: Collection, claims: ContentClaim[]): Promise<void>;
    restore(collection: Collection, claims: ContentClaim[], beforeMs: number): Promise<void>;
  };
  spaces: {
    spaceOf(owner: string): Promise<{ id: string }>;
    /** The space in use and, while the collection is being re-embedded, the one that will replace it. */
    writeSpacesOf(owner: string): Promise<{ id: string }[]>;
  };
};

/** Below this cosine, two passages talk about the same matter but say different things (docs/design/verification.md). */
const SIMILAR = { limit: 5, cosineMin: 0.92 };
const SIMILAR_OVERLAP_MIN = 0.5;

/**
 * Makes the search hold exactly what it should of these units: embeds and indexes a version whose rules have passed,
 * removes a unit that is retracted or withheld. Only then does the status say searchable, and older versions go. Safe to repeat.
 * An embedding problem is the answer, and everything is left for a later try.
 */
export async function indexUnits(
  deps: Deps,
  refs: UnitRef[],
  nowMs: number,
): Promise<Result<undefined, EmbedProblem>> {
  const found = await deps.units.many(refs);
  const isGone = ({ head }: StoredUnit) =>
    head.status === "retracted" || head.withheldAtMs !== null;
  const gone = found.filter(isGone);
  for (const { head } of gone)
    await removeFromSearch(deps, await deps.units.versionKeys(head.id), null);

  const wanted = found.filter(
    (stored) =>
      !isGone(stored) &&
      (stored.version.status === "verifying" || stored.version.status === "searchable"),
  );
  for (const { head } of wanted)
    if (head.releasedAtMs !== null)
      await restoreToSearch(deps, await deps.units.versionKeys(head.id), head.releasedAtMs);
  const byOwner = Map.groupBy(wanted, ({ head, version }) =>
    ownerOf(head.accountId, version.visibility),
  );
  for (const [owner, members] of byOwner) {
    const indexed = await indexIn(deps, owner, members, nowMs);
    if (!indexed.ok) return indexed;
  }
  await releaseSuperseded(deps, found);
  const there = new Set(found.map(({ version }) => keyOf(version)));
  const lost = refs.filter((ref) => !there.has(keyOf(ref)));
  if (lost.length > 0) await deps.outbox.done("unit-index", lost);
  const settled = found.filter((each) => !wanted.includes(each));
  if (settled.length > 0)
    await deps.hand.tell(
      "unit-index",
      settled.map((each) => standingTold(each, nowMs)),
    );
  return ok(undefined);
}

const keyOf = ({ unitId, version }: UnitRef): string => `${unitId} ${version}`;

/**
 * A version that was replaced while its rules ran has claimed its content for nothing. A first one may even have been
 * indexed (`indexAtOnce`), and nothing older goes with it.
 */
async function releaseSuperseded(deps: Deps, found: StoredUnit[]): Promise<void> {
  const replaced = found.filter(({ version }) => version.status === "superseded");
  const byOwner = Map.groupBy(replaced, ({ head, version }) =>
    ownerOf(head.accountId, version.visibility),
  );
  for (const [owner, members] of byOwner) {
    const claims = members.map(({ version: { contentKey, unitId, version } }) => ({
      contentKey,
      unitId,
      version,
    }));
    for (const { id: space } of await deps.spaces.writeSpacesOf(owner)) {
      const firsts = claims.filter(({ version }) => version === 1);
      if (firsts.length > 0) await deps.search.remove({ owner, space }, firsts);
      const later = claims.filter(({ version }) => version > 1);
      if (later.length > 0) await deps.search.release({ owner, space }, later);
    }
  }
}

async function indexIn(
  deps: Deps,
  owner: string,
  members: StoredUnit[],
  nowMs: number,
): Promise<Result<undefined, EmbedProblem>> {
  const before = await deps.units.evidenceOf(members.map(({ version }) => version));
  const earlier = (unitId: string) =>
    (before.get(unitId) ?? []).filter(({ method }) => method !== "near-duplicate");
  const spaces = await deps.spaces.indexSpacesOf(owner);
  const into = await intoSearch(deps, { owner, spaces }, members, earlier, nowMs);
  if (!into.ok) return into;
  const near = into.value;
  const indexed = members.map(({ version: { unitId, version } }): Indexed => {
    const evidence = [...earlier(unitId), near.get(unitId) ?? nearDuplicateEvidence([], nowMs)];
    return { unitId, version, evidence, level: levelOf(evidence) };
  });
  const recorded = new Set((await deps.units.recordIndexed(indexed, nowMs)).map(keyOf));
  await dropOlder(deps, owner, indexed);
  const now = members.filter(({ version }) => recorded.has(keyOf(version)));
  const levels = new Map(indexed.map(({ unitId, level }) => [unitId, level]));
  if (now.length > 0) await deps.hand.tell("unit-index", await foundTold(deps, now, levels, nowMs));
  return ok(undefined);
}

/** Puts units into every space and answers, by unit, what the first space holds that comes near them. */
async function intoSearch(
  deps: IndexDeps,
  { owner, spaces }: { owner: string; spaces: { id: string }[] },
  members: StoredUnit[],
  earlier: (unitId: string) => Evidence[],
  nowMs: number,
): Promise<Result<Map<string, Evidence>, EmbedProblem>> {
  // A near duplicate never decides, so the level is known before it is looked for.
  const levelled = (unitId: string) =>
    levelOf([...earlier(unitId), nearDuplicateEvidence([], nowMs)]);
  const near = new Map<string, Evidence>();
  for (const [position, { id: space }] of spaces.entries()) {
    const collection = { owner, space };
    const documents = await documentsOf(deps, space, members, levelled);
    if (!documents.ok) return documents;
    await deps.search.index(collection, documents.value);
    if (position > 0) continue;
    const similar = await deps.search.similar(collection, documents.value, SIMILAR);
    for (const [i, { unitId }] of documents.value.entries())
      near.set(unitId, nearEvidence(unitId, similar[i] ?? [], nowMs));
  }
  return ok(near);
}

function nearEvidence(unitId: string, similar: readonly Similar[], nowMs: number): Evidence {
  const duplicates = similar.filter(
    (each) => each.unitId !== unitId && each.overlap >= SIMILAR_OVERLAP_MIN,
  );
  return nearDuplicateEvidence(duplicates, nowMs);
}

/** What a claim says of each unit, and of those that are in search now the evidence of what is near them. */
export type Admission = { outcome: ClaimOutcome; near: Evidence | null };

/**
 * Claims the contents of units and makes findable at once those that the rules let pass, where none needs a model or
 * has something older: all first versions that came with a vector of the collection's space, the only one that it is
 * written in.
 * Null, and nothing done, where that is not so. `checks` are what the rules say of each, `refused` those they reject.
 * Their record must say that they are findable, or leave work behind that takes them out again.
 */
export async function admitted(
  deps: IndexDeps,
  collection: Collection,
  members: readonly { stored: StoredUnit; checks: Evidence[]; isRefused: boolean }[],
  nowMs: number,
): Promise<Admission[] | null> {
  const spaces = await deps.spaces.indexSpacesOf(collection.owner);
  if (spaces.some(({ id }) => id !== collection.space)) return null;
  const units: IndexedUnit[] = [];
  const refused: ContentClaim[] = [];
  for (const { stored, checks, isRefused } of members) {
    const { version } = stored;
    const { contentKey, unitId } = version;
    const vector = unpackedVector(version.vector, collection.space);
    if (version.version !== 1 || vector === null) return null;
    if (isRefused) refused.push({ contentKey, unitId, version: version.version });
    else {
      // Neither a claim that holds nor a near duplicate lowers it; of a claim that does not, nothing is indexed.
      const level = levelOf([
        ...checks,
        exactDuplicateEvidence(undefined, nowMs),
        nearDuplicateEvidence([], nowMs),
      ]);
      units.push(documentOf(version, level, [{ text: version.content.body, vector }]));
    }
  }
  const answer = await deps.search.admit(collection, units, refused, SIMILAR);
  if (answer === null) return null;
  const [taken, held] = [answer.units.values(), answer.refused.values()];
  return members.map(({ stored, isRefused }): Admission => {
    if (isRefused) return { outcome: nextOf(held), near: null };
    const { near, ...outcome } = nextOf(taken);
    const evidence = nearEvidence(stored.head.id, near, nowMs);
    return { outcome, near: outcome.claimed ? evidence : null };
  });
}

/**
 * Makes those of the units findable that need no model and have nothing older, right after their rules have passed:
 * first versions that came with a vector of the only space their collection is written in. Answers the evidence of
 * each that is; the others take the way through the queue. Their record must say so, or leave work behind that takes
 * them out again.
 */
export async function indexAtOnce(
  deps: IndexDeps,
  owner: string,
  members: StoredUnit[],
  checks: (unitId: string) => Evidence[],
  nowMs: number,
): Promise<Map<string, Evidence>> {
  const given = members.filter(({ version }) => version.version === 1 && version.vector !== null);
  if (given.length === 0) return new Map();
  const spaces = await deps.spaces.indexSpacesOf(owner);
  const [only] = spaces;
  if (only === undefined || spaces.length > 1) return new Map();
  const ready = given.filter(({ version }) => isGivenIn(version.vector, only.id));
  if (ready.length === 0) return new Map();
  const into = await intoSearch(deps, { owner, spaces }, ready, checks, nowMs);
  return into.ok ? into.value : new Map();
}

/**
 * Takes the versions that were replaced out of search, once it is settled that they are: a version that left the
 * public collection while it was being indexed replaces nothing. A first version has nothing older, so it costs no read.
 * The old one may be in another leaf, whose copies may be ahead: it goes when no reader can miss the new one.
 */
async function dropOlder(deps: Deps, owner: string, indexed: Indexed[]): Promise<void> {
  const later = indexed.filter(({ version }) => version > 1);
  if (later.length === 0) return;
  await deps.replicas.followed(owner);
  for (const { version } of await deps.units.many(later)) {
    if (version.status !== "searchable") continue;
    const older = (await deps.units.versionKeys(version.unitId)).filter(
      (each) => each.version < version.version,
    );
    await removeFromSearch(deps, older, null);
  }
}

async function documentsOf(
  deps: IndexDeps,
  space: string,
  members: StoredUnit[],
  levelled: (unitId: string) => Level,
): Promise<Result<IndexedUnit[], EmbedProblem>> {
  const drafts = members.map(({ version }) => {
    const { title, body } = version.content;
    const given = unpackedVector(version.vector, space);
    return { version, given, passages: given === null ? passagesOf(title, body) : [body] };
  });
  const texts = drafts.flatMap(({ version, given, passages }) =>
    given === null ? passages.map((passage) => embeddable(version.content.title, passage)) : [],
  );
  const embedded = await deps.embed.documents(space, texts);
  if (!embedded.ok) return embedded;
  const vectors = embedded.value.values();
  return ok(
    drafts.map(({ version, given, passages }) =>
      documentOf(
        version,
        levelled(version.unitId),
        passages.map((text) => ({ text, vector: given ?? nextOf(vectors) })),
      ),
    ),
  );
}

function documentOf(
  { unitId, version, contentKey, content }: UnitVersion,
  level: Level,
  passages: IndexedUnit["passages"],
): IndexedUnit {
  const { title, kind, language, tags } = content;
  return { unitId, version, contentKey, title, kind, language, tags, level, passages };
}

function nextOf<T>(answers: IterableIterator<T>): T {
  const next = answers.next();
  if (next.done) throw new Error("fewer answers than were asked for");
  return next.value;
}
