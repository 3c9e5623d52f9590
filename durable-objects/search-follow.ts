import {
  answerFollower,
  type FollowAnswer,
  type FollowLog,
  type FollowState,
  type RecordKey,
} from "#domain/search/leaves/follow.ts";
import type { SearchContents } from "#objects/search-contents.ts";
import type { UnitRecord } from "#domain/search/leaves/versions.ts";
import type { CarriedUnit } from "#objects/search-records.ts";
import { recordOf, type RecordRow, type SearchStore } from "#objects/search-store.ts";

/** A page of what a leader sends; `dimensions` is 0 while it holds no vector. */
export type Followed = { dimensions: number; answer: FollowAnswer<CarriedUnit> };

/** Entries of a log, one a record; what is dropped costs a replica that still needed it a full copy. */
const LOG_MAX = 50_000;
const TRIMMED_AT_ONCE = 5_000;
/** Without a replica that asks, a log is kept this long. */
const UNFOLLOWED_MS = 1_800_000;
const CONTENT_KEY_CHARS = 64;

export type ShardLog = ReturnType<typeof openLog>;

/** The leader's side of domain/search/leaves/follow.ts over an object's SQLite. No log is kept, and no row written, until somebody follows. */
// oxlint-disable-next-line max-lines-per-function -- short methods over one log
export function openLog(storage: DurableObjectStorage, store: SearchStore) {
  const { sql, kv } = storage;
  let kept = kv.get<{ id: string; floor: number }>("follow-log") ?? null;
  let newest =
    kept === null
      ? 0
      : Math.max(
          kept.floor,
          sql.exec<{ n: number | null }>("SELECT max(sequence) AS n FROM followed").one().n ?? 0,
        );
  let entries =
    kept === null ? 0 : sql.exec<{ n: number }>("SELECT count(*) AS n FROM followed").one().n;
  let followedAtMs = Date.now();
  /** At the newest change; what came before this life of the object came before its beginning. */
  let changedAtMs = Date.now();

  const log: FollowLog = {
    kept: () => (kept === null ? null : { ...kept, newest }),
    begin() {
      kept = { id: crypto.randomUUID(), floor: 0 };
      newest = 0;
      kv.put("follow-log", kept);
      return { id: kept.id, newest };
    },
    since: (sequence, limit) =>
      sql
        .exec<{ key: string; sequence: number }>(
          "SELECT key, sequence FROM followed WHERE sequence > ? ORDER BY sequence LIMIT ?",
          sequence,
          limit,
        )
        .toArray()
        .map((row) => ({ key: keyOfEntry(row.key), sequence: row.sequence })),
  };

  /** Whoever follows copies again. */
  function end(): void {
    if (kept === null) return;
    sql.exec("DELETE FROM followed");
    kv.delete("follow-log");
    kept = null;
    entries = 0;
  }

  function trim(): void {
    entries = sql.exec<{ n: number }>("SELECT count(*) AS n FROM followed").one().n;
    if (kept === null || entries <= LOG_MAX) return;
    const { floor } = sql
      .exec<{ floor: number }>(
        `SELECT max(sequence) AS floor FROM (SELECT sequence FROM followed ORDER BY sequence LIMIT ${TRIMMED_AT_ONCE})`,
      )
      .one();
    sql.exec("DELETE FROM followed WHERE sequence <= ?", floor);
    kept = { ...kept, floor };
    kv.put("follow-log", kept);
    entries -= TRIMMED_AT_ONCE;
  }

  return {
    changedAtMs: () => changedAtMs,
    /** Hears of every record that changes, in the transaction that changes it. */
    note(key: string): void {
      changedAtMs = Date.now();
      if (kept === null || !key.startsWith("u")) return;
      if (changedAtMs - followedAtMs > UNFOLLOWED_MS) return end();
      sql.exec("INSERT OR REPLACE INTO followed VALUES (?, ?)", key, ++newest);
      if (++entries > LOG_MAX) trim();
    },
    end,
    follow(asked: FollowState, contents: SearchContents): Followed {
      followedAtMs = Date.now();
      const held = {
        recordsAfter: store.recordsAfter,
        records: store.records,
        carry: contents.carry,
      };
      return {
        dimensions: contents.engine()?.kernel.dimensions ?? 0,
        answer: answerFollower(log, held, asked, followedAtMs),
      };
    },
  };
}

const keyOfEntry = (key: string): RecordKey => [
  key.slice(1 + CONTENT_KEY_CHARS),
  key.slice(1, 1 + CONTENT_KEY_CHARS),
];

/** Findable records after a key, up to and with another one. */
export function liveBetween(
  { sql }: DurableObjectStorage,
  after: RecordKey,
  to: RecordKey | null,
  limit: number,
): UnitRecord[] {
  return sql
    .exec<RecordRow>(
      `SELECT * FROM record WHERE (unit_id, content_key) > (?1, ?2) AND slot IS NOT NULL
         AND (?3 IS NULL OR (unit_id, content_key) <= (?3, ?4))
       ORDER BY unit_id, content_key LIMIT ?5`,
      ...after,
      to?.[0] ?? null,
      to?.[1] ?? null,
      limit,
    )
    .toArray()
    .map(recordOf);
}
