import { sha256Hex } from "#domain/shared/hash.ts";
import { err, ok, type Result } from "#domain/shared/result.ts";
import type { Problem } from "#domain/shared/problem.ts";
import { checkLinks, contentOf } from "#domain/units/content.ts";
import { contentIdOf, contentKeyOf } from "#domain/units/content-id.ts";
import { unitIdFrom } from "#domain/units/id.ts";
import { type Placement, shardOfAccount } from "#domain/units/shard-map.ts";
import type { UnitInput } from "#domain/units/model.ts";
import {
  ownerOf,
  type StoredUnit,
  type UnitVersion,
  type Visibility,
} from "#domain/units/record.ts";
import { packedVector } from "#domain/units/vector.ts";

/** A unit version that a queue must hear of. */
export type UnitRef = { unitId: string; version: number; trace?: Carried };
/** The trace it is part of, where that is recorded: carried along, and read by whoever records. */
export type Carried = { traceparent: string; accountId: string | null };

/** Somebody has to add a shard: asking again at once helps nobody. */
const FULL_RETRY_AFTER_S = 300;

type Author = { accountId: string; principalId: string };

/** What publishing needs from outside; `Services` satisfies it by shape. */
type Deps = {
  units: {
    placement(nowMs: number): Promise<Placement>;
    /** Those of the ids that name a unit. */
    existing(ids: string[]): Promise<Set<string>>;
    visibleIds(ids: string[], accountId: string): Promise<Set<string>>;
  };
  writer: {
    /**
     * Writes what is not there yet with its outbox rows, sees to it that the queue hears of it, and answers what now
     * stands under each id; null, and nothing of some shard written, when too much waits to be written already.
     */
    insert(units: StoredUnit[], nowMs: number): Promise<StoredUnit[] | null>;
  };
  spaces: { spaceOf(owner: string): Promise<{ id: string; dimensions: number }> };
  random: { salt(): string };
};

/** `seed` makes the id: the same operation repeated after a crash publishes the same unit, not a second one. */
export type Publication = { input: UnitInput; seed: string };

export type PublishProblem = Problem<
  "invalid-request" | "idempotency-conflict" | "shards-full" | "overloaded"
>;

/** Publishes many units in as few writes as there are shards; answers in the order asked. */
export async function publishUnits(
  deps: Deps,
  author: Author,
  publications: Publication[],
  nowMs: number,
): Promise<Result<StoredUnit, PublishProblem>[]> {
  const linked = publications.flatMap(({ input }) =>
    (input.links ?? []).map((link) => link.unitId),
  );
  const visibleIds =
    linked.length > 0 ? await deps.units.visibleIds(linked, author.accountId) : new Set<string>();
  const ids = await idsOf(deps, author, publications, nowMs);
  const drafts = await Promise.all(
    publications.map(
      async (publication, i) =>
        await draftOf(deps, author, publication, { id: ids[i] ?? null, visibleIds, nowMs }),
    ),
  );
  const fresh = drafts.flatMap((draft) => (draft.ok ? [draft.value] : []));
  if (fresh.length === 0) return drafts;

  const written = await deps.writer.insert(fresh, nowMs);
  if (written === null)
    return drafts.map((draft) => (draft.ok ? err({ code: "overloaded", retryAfterS: 1 }) : draft));
  const stored = new Map(written.map((unit) => [unit.head.id, unit]));
  return drafts.map((draft) =>
    draft.ok ? settled(draft.value, stored.get(draft.value.head.id)) : draft,
  );
}

/** Null where no shard takes new units. What an operation made before the shard map changed keeps its id. */
async function idsOf(
  { units }: Pick<Deps, "units">,
  { accountId }: Author,
  publications: Publication[],
  nowMs: number,
): Promise<(string | null)[]> {
  const { open, before } = await units.placement(nowMs);
  const on = async (shard: number | null): Promise<(string | null)[]> =>
    await Promise.all(
      publications.map(async ({ seed }) =>
        shard === null ? null : await unitIdFrom(`${accountId}\n${seed}`, shard),
      ),
    );
  const shard = shardOfAccount(accountId, open);
  const ids = await on(shard);
  const shardsBefore = new Set(before.map((then) => shardOfAccount(accountId, then)));
  shardsBefore.delete(shard);
  if (shardsBefore.size === 0) return ids;
  const earlier = await Promise.all([...shardsBefore].map(on));
  const there = await units.existing(earlier.flatMap((then) => then.flatMap((id) => id ?? [])));
  return ids.map(
    (id, i) => earlier.map((then) => then[i]).find((one) => one && there.has(one)) ?? id,
  );
}

/** The row that stands is the answer, unless another body was published under the same key. */
function settled(
  draft: StoredUnit,
  stored: StoredUnit | undefined,
): Result<StoredUnit, PublishProblem> {
  if (stored === undefined) throw new Error(`unit ${draft.head.id} was not stored`);
  if (stored.version.contentKey === draft.version.contentKey) return ok(stored);
  return err({ code: "idempotency-conflict", detail: stored.head.id });
}

async function draftOf(
  deps: Deps,
  author: Author,
  { input }: Publication,
  { id, visibleIds, nowMs }: { id: string | null; visibleIds: ReadonlySet<string>; nowMs: number },
): Promise<Result<StoredUnit, PublishProblem>> {
  const content = contentOf(input);
  const links = checkLinks(content.links, visibleIds);
  if (!links.ok) return links;
  const visibility = input.visibility ?? "private";
  const vector = await givenVector(deps, ownerOf(author.accountId, visibility), input);
  if (!vector.ok) return vector;

  if (id === null) return err({ code: "shards-full", retryAfterS: FULL_RETRY_AFTER_S });
  const version = await versionOf(deps, author, {
    unitId: id,
    version: 1,
    visibility,
    content,
    nowMs,
  });
  const head = {
    id,
    accountId: author.accountId,
    version: 1,
    servedVersion: null,
    withheldAtMs: null,
    releasedAtMs: null,
    visibility,
    status: "pending" as const,
    createdAtMs: nowMs,
    updatedAtMs: nowMs,
  };
  return ok({ head, version: { ...version, vector: vector.value } });
}

/** A new version of a unit, unverified: its ids computed, its status pending. */
export async function versionOf(
  deps: Pick<Deps, "random">,
  author: Author,
  draft: {
    unitId: string;
    version: number;
    visibility: Visibility;
    content: UnitVersion["content"];
    nowMs: number;
    operationId?: string;
  },
): Promise<UnitVersion> {
  const { unitId, version, visibility, content, nowMs } = draft;
  const salt = visibility === "private" ? await sha256Hex(`salt\n${deps.random.salt()}`) : null;
  return {
    unitId,
    version,
    cid: await contentIdOf(content, salt),
    contentKey: await contentKeyOf(ownerOf(author.accountId, visibility), content),
    visibility,
    content,
    salt,
    vector: null,
    status: "pending",
    level: "L0",
    principalId: author.principalId,
    operationId: draft.operationId ?? null,
    createdAtMs: nowMs,
    updatedAtMs: nowMs,
  };
}

async function givenVector(
  deps: Deps,
  owner: string,
  input: UnitInput,
): Promise<Result<string | null, Problem<"invalid-request">>> {
  if (input.vector === undefined) return ok(null);
  const space = await deps.spaces.spaceOf(owner);
  if (space.id !== input.space)
    return invalid("/space", `this collection is in the space ${space.id}`);
  return packedVector(input.vector, space);
}

const invalid = (pointer: string, detail: string) =>
  err({ code: "invalid-request" as const, errors: [{ pointer, detail }] });
