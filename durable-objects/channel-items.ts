import type { DeadItem, Way, Work } from "#domain/channels/item.ts";
import {
  ATTEMPTS_MAX,
  handedMs,
  LIFE_MS,
  paced,
  retryS,
  TAKEN_MS,
  THREAD_PACE,
} from "#domain/channels/pace.ts";
import { LIMITS } from "#domain/shared/limits.ts";

/**
 * `due_ms`: nobody need look at it before. `token` grows with each lease, so that an old attempt's outcome is not taken.
 * `seen`: what came before, also what is done with.
 */
export const ITEM_STEP = `CREATE TABLE item (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, way TEXT NOT NULL, id TEXT NOT NULL, lane TEXT NOT NULL, body TEXT NOT NULL,
    bytes INTEGER NOT NULL, created_at_ms INTEGER NOT NULL, due_ms INTEGER NOT NULL, sends INTEGER NOT NULL DEFAULT 0,
    attempts INTEGER NOT NULL DEFAULT 0, token INTEGER NOT NULL DEFAULT 0, leased_until_ms INTEGER NOT NULL DEFAULT 0,
    dead_at_ms INTEGER, reason TEXT
  ) STRICT;
  CREATE INDEX item_live ON item (way, dead_at_ms, lane, seq);
  CREATE TABLE seen (id TEXT PRIMARY KEY, at_ms INTEGER NOT NULL) STRICT, WITHOUT ROWID;
  CREATE INDEX seen_by_time ON seen (at_ms)`;

/** Of each conversation that can only be answered by what came with it: that, and when what came in it is paid for. */
export const THREAD_STEP = `CREATE TABLE thread (
    lane TEXT PRIMARY KEY, body TEXT NOT NULL, at_ms INTEGER NOT NULL, free_ms REAL NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX thread_by_time ON thread (at_ms)`;

type Row = {
  seq: number;
  way: Way;
  id: string;
  lane: string;
  body: string;
  created_at_ms: number;
  due_ms: number;
  sends: number;
  attempts: number;
  token: number;
  leased_until_ms: number;
  dead_at_ms: number | null;
  reason: string | null;
};
export type NewItem = { way: Way; id: string; lane: string; body: string; thread?: string };

const HEADS = "SELECT min(seq) FROM item WHERE way = ? AND dead_at_ms IS NULL GROUP BY lane";
/** What is forgotten of what was seen, at most, when something new is noted. */
const FORGOTTEN = 20;
const WAITED = "it waited for a day";
const SPENT = "it failed on every attempt";
const NOTHING = { work: null, buried: null };

/** What is on its way through one channel, in lanes: of each, only the oldest is ever worked on. */
export class ChannelItems {
  readonly #storage: DurableObjectStorage;

  constructor(storage: DurableObjectStorage) {
    this.#storage = storage;
  }

  get #sql() {
    return this.#storage.sql;
  }

  /** Adds what did not come before, all of it or, where there is no room, none: how many those were, or null. */
  add(items: readonly NewItem[], nowMs: number): number | null {
    return this.#storage.transactionSync(() => {
      this.#forget(nowMs);
      const fresh = items.filter(({ way, id }) => this.#isNew(way, id, nowMs));
      for (const way of new Set(fresh.map((item) => item.way))) {
        const held = this.waiting(way);
        const mine = fresh.filter((item) => item.way === way);
        const bytes = mine.reduce((sum, { body }) => sum + body.length, 0);
        if (
          held.items + mine.length > LIMITS.deliveriesWaitingMax ||
          held.bytes + bytes > LIMITS.deliveryBytesMax
        ) {
          for (const { way: of, id } of fresh)
            this.#sql.exec("DELETE FROM seen WHERE id = ?", `${of} ${id}`);
          return null;
        }
      }
      for (const { way, id, lane, body } of fresh)
        this.#sql.exec(
          `INSERT INTO item (way, id, lane, body, bytes, created_at_ms, due_ms) VALUES (?, ?, ?, ?, ?, ?, ?)`,
          way,
          id,
          lane,
          body,
          body.length,
          nowMs,
          nowMs,
        );
      return fresh.length;
    });
  }

  #isNew(way: Way, id: string, nowMs: number): boolean {
    return (
      this.#sql.exec(
        "INSERT INTO seen (id, at_ms) VALUES (?, ?) ON CONFLICT (id) DO NOTHING",
        `${way} ${id}`,
        nowMs,
      ).rowsWritten > 0
    );
  }

  /** What is a day old, and the oldest beyond what is remembered. */
  #forget(nowMs: number): void {
    this.#sql.exec(
      "DELETE FROM seen WHERE id IN (SELECT id FROM seen WHERE at_ms <= ? ORDER BY at_ms LIMIT ?)",
      nowMs - LIFE_MS,
      FORGOTTEN,
    );
  }

  /** Keeps how to answer in a conversation. How long to wait with what came, in ms, where too much comes in it; else 0. */
  keepThread(lane: string, body: string, nowMs: number): number {
    const [row] = this.#sql.exec<{ free_ms: number }>(
      "SELECT free_ms FROM thread WHERE lane = ?",
      lane,
    );
    const outcome = paced(row?.free_ms ?? 0, THREAD_PACE, nowMs);
    if ("waitMs" in outcome) return outcome.waitMs;
    this.#sql.exec(
      `INSERT INTO thread (lane, body, at_ms, free_ms) VALUES (?, ?, ?, ?) ON CONFLICT (lane) DO UPDATE
         SET body = excluded.body, at_ms = excluded.at_ms, free_ms = excluded.free_ms`,
      lane,
      body,
      nowMs,
      outcome.freeAtMs,
    );
    if (row === undefined)
      this.#sql.exec(
        "DELETE FROM thread WHERE at_ms < (SELECT at_ms FROM thread ORDER BY at_ms DESC LIMIT 1 OFFSET ?)",
        LIMITS.channelThreadsMax,
      );
    return 0;
  }

  #thread(lane: string): string | null {
    const [row] = this.#sql.exec<{ body: string }>("SELECT body FROM thread WHERE lane = ?", lane);
    return row?.body ?? null;
  }

  waiting(way: Way): { items: number; bytes: number } {
    return this.#sql
      .exec<{ items: number; bytes: number }>(
        "SELECT count(*) AS items, coalesce(sum(bytes), 0) AS bytes FROM item WHERE way = ? AND dead_at_ms IS NULL",
        way,
      )
      .one();
  }

  /** The heads of lanes that nobody is working on, to be handed to a queue. */
  due(way: Way, nowMs: number, max: number): number[] {
    return this.#sql
      .exec<{ seq: number }>(
        `SELECT seq FROM item WHERE seq IN (${HEADS}) AND due_ms <= ? ORDER BY seq LIMIT ?`,
        way,
        nowMs,
        max,
      )
      .toArray()
      .map(({ seq }) => seq);
  }

  /** The head of one lane, where nobody is working on it. */
  dueIn(way: Way, lane: string, nowMs: number): number[] {
    const head = this.#head(way, lane);
    return head === null || head.due_ms > nowMs ? [] : [head.seq];
  }

  /** It goes to a queue now: where that loses it, it is due again. */
  handed(seq: number, nowMs: number): void {
    const row = this.#one(seq);
    if (row === null) return;
    this.#sql.exec(
      "UPDATE item SET due_ms = ?, sends = sends + 1 WHERE seq = ?",
      nowMs + handedMs(row.sends),
      seq,
    );
  }

  /**
   * Leases one to work on; none where it is done, not its lane's turn, or worked on already. One that was tried often
   * enough is buried, and its lane named.
   */
  take(way: Way, seq: number, nowMs: number): { work: Work | null; buried: string | null } {
    const row = this.#one(seq);
    if (row === null || row.way !== way || row.dead_at_ms !== null) return NOTHING;
    if (row.leased_until_ms > nowMs || this.#head(way, row.lane)?.seq !== seq) return NOTHING;
    const isOld = row.created_at_ms <= nowMs - LIFE_MS;
    if (isOld || row.attempts >= ATTEMPTS_MAX)
      return { work: null, buried: this.bury(seq, isOld ? WAITED : null, nowMs) };
    const [token, attempts] = [row.token + 1, row.attempts + 1];
    this.#sql.exec(
      "UPDATE item SET token = ?, attempts = ?, leased_until_ms = ?, due_ms = ? WHERE seq = ?",
      token,
      attempts,
      nowMs + TAKEN_MS,
      nowMs + TAKEN_MS,
      seq,
    );
    const { id, lane, body } = row;
    const thread = way === "out" ? this.#thread(lane) : null;
    return { work: { seq, token, id, lane, body, attempts, thread }, buried: null };
  }

  /** It is where it should be. False for an attempt whose lease another one has taken over. */
  done(seq: number, token: number): boolean {
    return (
      this.#sql.exec(
        "DELETE FROM item WHERE seq = ? AND token = ? AND dead_at_ms IS NULL",
        seq,
        token,
      ).rowsWritten > 0
    );
  }

  /** The other side takes nothing now: as if it had not been tried. */
  release(seq: number, token: number, reason: string): void {
    this.#sql.exec(
      `UPDATE item SET leased_until_ms = 0, due_ms = 0, attempts = attempts - 1, reason = ?
         WHERE seq = ? AND token = ? AND dead_at_ms IS NULL`,
      reason,
      seq,
      token,
    );
  }

  /** The other side takes other things, and not this one: its queue brings it again, and buries it in the end. */
  refused(seq: number, token: number, reason: string, nowMs: number): void {
    const row = this.#one(seq);
    if (row === null || row.token !== token || row.dead_at_ms !== null) return;
    const dueMs = nowMs + retryS(row.attempts) * 1_000 + handedMs(row.sends);
    this.#sql.exec(
      "UPDATE item SET leased_until_ms = 0, due_ms = ?, reason = ? WHERE seq = ?",
      dueMs,
      reason,
      seq,
    );
  }

  /** Gives one up, and names its lane; it can be read, and put back to work. Beyond what is kept the oldest goes. */
  bury(seq: number, reason: string | null, nowMs: number): string | null {
    const row = this.#one(seq);
    if (row === null || row.dead_at_ms !== null) return null;
    this.#sql.exec(
      "UPDATE item SET dead_at_ms = ?, reason = ? WHERE seq = ?",
      nowMs,
      reason ?? row.reason ?? SPENT,
      seq,
    );
    this.#sql.exec(
      `DELETE FROM item WHERE dead_at_ms IS NOT NULL AND seq NOT IN
         (SELECT seq FROM item WHERE dead_at_ms IS NOT NULL ORDER BY dead_at_ms DESC, seq DESC LIMIT ?)`,
      LIMITS.deadDeliveriesMax,
    );
    return row.lane;
  }

  /** Gives up what waited for a day. */
  expire(nowMs: number): void {
    const rows = this.#sql.exec<{ seq: number }>(
      "SELECT seq FROM item WHERE dead_at_ms IS NULL AND created_at_ms <= ? AND leased_until_ms <= ? LIMIT 100",
      nowMs - LIFE_MS,
      nowMs,
    );
    for (const { seq } of rows.toArray()) this.bury(seq, WAITED, nowMs);
  }

  dead(afterSeq: number, limit: number): DeadItem[] {
    return this.#sql
      .exec<Row>(
        "SELECT * FROM item WHERE dead_at_ms IS NOT NULL AND seq > ? ORDER BY seq LIMIT ?",
        afterSeq,
        limit,
      )
      .toArray()
      .map((row) => ({
        seq: row.seq,
        way: row.way,
        id: row.id,
        lane: row.lane,
        body: row.body,
        reason: row.reason ?? SPENT,
        attempts: row.attempts,
        createdAtMs: row.created_at_ms,
        deadAtMs: row.dead_at_ms ?? 0,
      }));
  }

  deadCount(way: Way): number {
    return this.#sql
      .exec<{ n: number }>(
        "SELECT count(*) AS n FROM item WHERE way = ? AND dead_at_ms IS NOT NULL",
        way,
      )
      .one().n;
  }

  /** Puts the oldest of what was given up back where it stood, with a day and all attempts before it. */
  redrive(limit: number, nowMs: number): number {
    return this.#sql
      .exec(
        `UPDATE item SET dead_at_ms = NULL, reason = NULL, attempts = 0, sends = 0, leased_until_ms = 0, due_ms = ?,
           created_at_ms = ?
         WHERE seq IN (SELECT seq FROM item WHERE dead_at_ms IS NOT NULL ORDER BY seq LIMIT ?)
         RETURNING seq`,
        nowMs,
        nowMs,
        limit,
      )
      .toArray().length;
  }

  /** When something is to be looked at; null where nothing waits. */
  dueMs(way: Way): number | null {
    const [row] = this.#sql.exec<{ at: number | null }>(
      `SELECT min(due_ms) AS at FROM item WHERE seq IN (${HEADS})`,
      way,
    );
    return row?.at ?? null;
  }

  #one(seq: number): Row | null {
    const [row] = this.#sql.exec<Row>("SELECT * FROM item WHERE seq = ?", seq);
    return row ?? null;
  }

  #head(way: Way, lane: string): { seq: number; due_ms: number } | null {
    const [row] = this.#sql.exec<{ seq: number; due_ms: number }>(
      "SELECT seq, due_ms FROM item WHERE way = ? AND dead_at_ms IS NULL AND lane = ? ORDER BY seq LIMIT 1",
      way,
      lane,
    );
    return row ?? null;
  }
}
