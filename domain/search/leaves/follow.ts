import type { UnitRecord } from "#domain/search/leaves/versions.ts";

/**
 * How a replica follows its leader. The leader keeps a log of which records changed, one entry a record (the newest:
 * Kreps et al. 2011, Kafka's log compaction), and answers with what those records are *now*. A replica first copies
 * all records in the order of their keys, then takes over what has changed since the copy began, over and over. It
 * copies again when the leader no longer has the part of the log it needs. All of it may come twice or out of order:
 * an answer counts only while the replica still stands where it stood when it asked.
 */

export type RecordKey = [unitId: string, contentKey: string];

/** Where a replica stands. It survives a restart. */
export type FollowState = {
  /** Names the log its sequences are of; a leader that begins a new log gives it a new name. */
  log: string;
  /** Everything up to this sequence is here, once no copy is under way. */
  through: number;
  /** The key after which the copy goes on; null when none is under way. */
  copying: RecordKey | null;
  /** The leader's clock at the newest moment all of whose changes are here; 0 until the first copy is complete. */
  asOfMs: number;
  /** The same of the newest change that is here: later than `asOfMs` while others are still to come. */
  newestMs: number;
};

export const FIRST_KEY: RecordKey = ["", ""];
export const NOTHING_YET: FollowState = {
  log: "",
  through: 0,
  copying: FIRST_KEY,
  asOfMs: 0,
  newestMs: 0,
};

export type FollowAnswer<U> =
  /** The part of the log that was asked for is gone: copy everything, then go on after `through`. */
  | { kind: "start-over"; log: string; through: number }
  /** All records after the key that was asked for, up to and with `to`; null is the end. `atMs`: the leader's clock. */
  | { kind: "copy"; units: U[]; to: RecordKey | null; atMs: number }
  /** What changed; `isAll` when there is nothing more. */
  | { kind: "changes"; units: U[]; through: number; isAll: boolean; atMs: number };

/** The leader's log. `floor` is the highest sequence that was dropped from it. */
export type FollowLog = {
  kept(): { id: string; floor: number; newest: number } | null;
  /** Begins a log; every change from now on is in it. */
  begin(): { id: string; newest: number };
  since(sequence: number, limit: number): { key: RecordKey; sequence: number }[];
};

/** What a leader holds. A record that was forgotten is not among them. */
export type LeaderRecords<U> = {
  recordsAfter(unitId: string, contentKey: string, limit: number): UnitRecord[];
  records(unitId: string): UnitRecord[];
  carry(record: UnitRecord): U;
};

/** Records a leader sends at once: at most about 1 MB of passages and vectors. */
export const FOLLOWED_PER_PAGE = 32;

/** A leader's answer to a replica that stands at `asked`. */
export function answerFollower<U>(
  log: FollowLog,
  held: LeaderRecords<U>,
  asked: FollowState,
  nowMs: number,
  limit = FOLLOWED_PER_PAGE,
): FollowAnswer<U> {
  const kept = log.kept();
  const isGap =
    kept === null ||
    kept.id !== asked.log ||
    asked.through < kept.floor ||
    asked.through > kept.newest;
  if (isGap) {
    const { id, newest } = kept ?? log.begin();
    return { kind: "start-over", log: id, through: newest };
  }
  if (asked.copying !== null) {
    const records = held.recordsAfter(...asked.copying, limit);
    const last = records.at(-1);
    const to = last === undefined || records.length < limit ? null : keyOf(last);
    return { kind: "copy", units: whole(held, records.map(keyOf)), to, atMs: nowMs };
  }
  const changed = log.since(asked.through, limit);
  const through = changed.at(-1)?.sequence ?? asked.through;
  return {
    kind: "changes",
    units: whole(
      held,
      changed.map(({ key }) => key),
    ),
    through,
    isAll: changed.length < limit,
    atMs: nowMs,
  };
}

/** These records, and whatever else of the same units can be found: a replica never sees half a change of a unit. */
function whole<U>(held: LeaderRecords<U>, keys: readonly RecordKey[]): U[] {
  const byUnit = Map.groupBy(keys, ([unitId]) => unitId);
  return [...byUnit].flatMap(([unitId, members]) => {
    const named = new Set(members.map(([, contentKey]) => contentKey));
    return held
      .records(unitId)
      .filter(({ slot, contentKey }) => slot !== null || named.has(contentKey))
      .map(held.carry);
  });
}

export const keyOf = ({ unitId, contentKey }: UnitRecord): RecordKey => [unitId, contentKey];

/** What a replica holds. */
export type ReplicaRecords<U> = {
  records(unitId: string): UnitRecord[];
  /** Findable records after a key, up to and with another one, in the order of keys. */
  liveBetween(after: RecordKey, to: RecordKey | null, limit: number): UnitRecord[];
  /** Makes the carried records what they say and takes the others out of search, in one transaction. */
  adopt(units: readonly U[], gone: readonly UnitRecord[]): void;
};

const SWEPT_PER_PAGE = 256;

/**
 * Takes an answer over and says where the replica now stands; null when the answer is of no use any more. The caller
 * stores the new state after the records: done twice, it is the same.
 */
export function takeOver<U extends { record: UnitRecord }>(
  mine: ReplicaRecords<U>,
  state: FollowState,
  asked: FollowState,
  answer: FollowAnswer<U>,
): FollowState | null {
  if (!isSamePlace(state, asked)) return null;
  if (answer.kind === "start-over") {
    const { log, through } = answer;
    return { ...state, log, through, copying: FIRST_KEY };
  }
  const newestMs = Math.max(state.newestMs, answer.atMs);
  const sent = new Set(answer.units.map(({ record }) => textOf(keyOf(record))));
  const replaced = [...new Set(answer.units.map(({ record }) => record.unitId))]
    .flatMap((unitId) => mine.records(unitId))
    .filter((record) => record.slot !== null);
  if (answer.kind === "changes") {
    mine.adopt(
      answer.units,
      replaced.filter((record) => !sent.has(textOf(keyOf(record)))),
    );
    const asOfMs = answer.isAll ? Math.max(state.asOfMs, answer.atMs) : state.asOfMs;
    return { ...state, through: answer.through, asOfMs, newestMs };
  }
  // What lies among the copied keys and was not sent is gone from the leader.
  const after = asked.copying ?? FIRST_KEY;
  const between = mine.liveBetween(after, answer.to, SWEPT_PER_PAGE);
  const gone = new Map(
    [...replaced, ...between]
      .filter((record) => !sent.has(textOf(keyOf(record))))
      .map((record) => [textOf(keyOf(record)), record]),
  );
  mine.adopt(answer.units, [...gone.values()]);
  const last = between.at(-1);
  const isSwept = between.length < SWEPT_PER_PAGE || last === undefined;
  return { ...state, copying: isSwept ? answer.to : keyOf(last), newestMs };
}

const textOf = ([unitId, contentKey]: RecordKey): string => `${unitId} ${contentKey}`;

const isSamePlace = (a: FollowState, b: FollowState): boolean =>
  a.log === b.log &&
  a.through === b.through &&
  (a.copying === null
    ? b.copying === null
    : b.copying !== null && textOf(a.copying) === textOf(b.copying));

/** A replica in use looks this often, and before it answers from anything older than `FRESH_MS`. */
export const LOOK_EVERY_MS = 500;
export const FRESH_MS = 1_000;
/** A replica that nobody reads stops looking; the next read finds it behind. */
export const SLEEP_AFTER_MS = 600_000;
/**
 * Older than this, a state may lack what every layer is to have taken over within 5 s: whoever shows it says so. The
 * rest is for clocks that are apart, and for the way.
 */
export const STALE_MS = 4_500;
const RETRY_MAX_MS = 2_000;

/** When a replica looks again, from now; null to sleep. `failures` in a row make it wait longer. */
export function looksAgainInMs(idleMs: number, failures: number): number | null {
  if (idleMs >= SLEEP_AFTER_MS) return null;
  return Math.min(RETRY_MAX_MS, LOOK_EVERY_MS * 2 ** Math.min(failures, 10));
}

/** A replica that is further behind while its leader is there leaves the answer to it. */
const BEHIND_MAX_MS = 3_000;
/**
 * After this, whoever is shown a leaf by a replica has the change too, or is told that something may be missing: a unit
 * whose new version lies in another leaf stays in its old one so long. Two clocks may be a quarter of a second apart.
 */
export const FOLLOWED_MS = BEHIND_MAX_MS + 250;
/** A leader that was heard of this recently is there, though an answer may be late. */
const HEARD_MS = 2_000;

/** What a reader has seen of the leader, and whether it has asked the leader already and got no answer. */
export type AskingReader = { atLeastMs: number; hasAskedLeader: boolean };
/** When a replica last heard of its leader, or began, and how many looks in a row have failed since. */
export type Heard = { atMs: number; failures: number };

/**
 * Whether a replica answers from what it has, or sends its reader to the leader: always when the reader has seen more,
 * and also when it is far behind while its leader may be there, as during a full copy. Cut off, it goes on answering.
 */
export function mayAnswer(
  { asOfMs }: FollowState,
  reader: AskingReader,
  heard: Heard,
  nowMs: number,
): boolean {
  if (asOfMs === 0 || asOfMs < reader.atLeastMs) return false;
  const isCutOff = heard.failures > 0 && nowMs - heard.atMs > HEARD_MS;
  return nowMs - asOfMs <= BEHIND_MAX_MS || isCutOff || reader.hasAskedLeader;
}

/** Whether a replica looks at its leader before it answers. */
export const isLookDue = (
  { asOfMs }: FollowState,
  reader: { atLeastMs: number },
  nowMs: number,
): boolean => asOfMs < reader.atLeastMs || nowMs - asOfMs > FRESH_MS;
