import type { Problem } from "#domain/shared/problem.ts";
import type { Result } from "#domain/shared/result.ts";
import type { EventDraft } from "#domain/topics/event.ts";
import type { Status } from "#domain/units/model.ts";
import type { UnitRef } from "#domain/units/publish.ts";
import type { StoredUnit, UnitHead, UnitVersion } from "#domain/units/record.ts";
import type { Level } from "#domain/verification/model.ts";

/** What happens to units, as the topic `unit.events` tells it: `unit.published` and so on. */
type What =
  | "published"
  | "verified"
  | "searchable"
  | "rejected"
  | "superseded"
  | "retracted"
  | "withheld"
  | "released";

/** What is to be told of a version before its work counts as done; `drafts` may be none. */
export type UnitTold = UnitRef & { accountId: string; drafts: EventDraft[] };

/** Where a version stands, as one event says it; null while nothing has been found out. */
const SAID: Record<Status, What | null> = {
  pending: null,
  verifying: "verified",
  searchable: "searchable",
  rejected: "rejected",
  superseded: "superseded",
  retracted: "retracted",
};

type Stood = { status: Status; level: Level };

/**
 * That it was published, and where it stands. `moved` null: as it is stored. The ids follow from what happened, so that
 * telling it again after a crash tells nothing new.
 */
export function verifiedTold(
  { head, version }: StoredUnit,
  moved: Stood | null,
  nowMs: number,
): UnitTold {
  const stood = moved ?? version;
  // That a unit was retracted is told of its newest version.
  const isOlder = stood.status === "retracted" && version.version < head.version;
  const what = isOlder ? null : SAID[stood.status];
  const atMs = moved === null ? version.updatedAtMs : nowMs;
  const first = event(version, "published", version.createdAtMs, {
    status: "pending",
    level: "L0",
  });
  const drafts = what === null ? [first] : [first, event(version, what, atMs, stood)];
  return told(version, head, drafts);
}

/** That a version can be found now, and which ones it took the place of. */
export function searchableTold(
  { head, version }: StoredUnit,
  level: Level,
  replaced: readonly Pick<
    UnitVersion,
    "version" | "level" | "visibility" | "cid" | "principalId"
  >[],
  nowMs: number,
): UnitTold {
  const { unitId } = version;
  const drafts = replaced.map((old) =>
    event({ unitId, ...old }, "superseded", nowMs, {
      status: "superseded",
      level: old.level,
    }),
  );
  const found = event(version, "searchable", nowMs, { status: "searchable", level });
  return told(version, head, [...drafts, found]);
}

/** What became of a version that is in no search any more, or is back in it after a quarantine of its author. */
export function standingTold({ head, version }: StoredUnit, nowMs: number): UnitTold {
  const { withheldAtMs, releasedAtMs } = head;
  const said = (what: What, atMs: number, of?: number) =>
    told(version, head, [event(version, what, atMs, version, of)]);
  if (head.status === "retracted")
    return version.version === head.version
      ? said("retracted", head.updatedAtMs)
      : told(version, head, []);
  if (withheldAtMs !== null) return said("withheld", withheldAtMs, withheldAtMs);
  if (version.status === "searchable" && releasedAtMs !== null)
    return said("released", releasedAtMs, releasedAtMs);
  const what = SAID[version.status];
  return what === null ? told(version, head, []) : said(what, nowMs);
}

type TellDeps = {
  topics: {
    /** Stored when it answers; what it knows by its id it takes only once. */
    append(
      accountId: string,
      topic: "unit.events",
      drafts: EventDraft[],
    ): Promise<Result<unknown, Problem>>;
  };
  outbox: { done(queue: "unit-verify" | "unit-index", refs: UnitRef[]): Promise<void> };
};

const ACCOUNTS_AT_ONCE = 16;

/**
 * Tells the topics what has become of units, and only then lets their work count as done: until it is told, the outbox
 * brings it back.
 */
export async function tellUnits(
  { topics, outbox }: TellDeps,
  queue: "unit-verify" | "unit-index",
  all: readonly UnitTold[],
): Promise<void> {
  const accounts = [...Map.groupBy(all, ({ accountId }) => accountId)];
  const done: UnitRef[] = [];
  for (let from = 0; from < accounts.length; from += ACCOUNTS_AT_ONCE) {
    const some = accounts.slice(from, from + ACCOUNTS_AT_ONCE);
    await Promise.all(
      some.map(async ([accountId, members]) => {
        const drafts = members.flatMap((each) => each.drafts);
        const taken =
          drafts.length === 0 || (await topics.append(accountId, "unit.events", drafts)).ok;
        if (taken) for (const { unitId, version } of members) done.push({ unitId, version });
      }),
    );
  }
  if (done.length > 0) await outbox.done(queue, done);
}

const told = (
  { unitId, version }: UnitRef,
  { accountId }: Pick<UnitHead, "accountId">,
  drafts: EventDraft[],
): UnitTold => ({ unitId, version, accountId, drafts });

type Said = Pick<UnitVersion, "unitId" | "version" | "visibility" | "cid" | "principalId">;

/** Ids, states and facts. A private unit's content id is not among them: it would let anybody test what it says. */
function event(
  { unitId, version, visibility, cid, principalId }: Said,
  what: What,
  timeMs: number,
  { status, level }: Stood,
  of?: number,
): EventDraft {
  const data = {
    unitId,
    version,
    status,
    level,
    visibility,
    ...(visibility === "public" && { cid }),
    ...(isAgent(principalId) && { agentId: principalId }),
  };
  const id = `${unitId}.${version}.${what}${of === undefined ? "" : `.${of.toString(36)}`}`;
  return { id, type: `unit.${what}`, timeMs, subject: unitId, data };
}

/** An agent acts under its own id; a person's is told nobody. */
const isAgent = (principalId: string): boolean => principalId.startsWith("n");
