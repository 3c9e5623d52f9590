import type { DeadDelivery } from "#domain/delivery/model.ts";
import { LIMITS } from "#domain/shared/limits.ts";
import { deadDeliveryOf } from "#objects/dead-delivery.ts";

/** Events that a webhook's endpoint did not take: `dead_at_ms` is set on those that were given up. */
export const RETRY_STEP = `CREATE TABLE retry (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, lane TEXT NOT NULL, type TEXT NOT NULL,
    body TEXT NOT NULL, bytes INTEGER NOT NULL, tries INTEGER NOT NULL, created_at_ms INTEGER NOT NULL,
    due_ms INTEGER NOT NULL, dead_at_ms INTEGER, reason TEXT
  ) STRICT;
  CREATE INDEX retry_due ON retry (due_ms) WHERE dead_at_ms IS NULL;
  CREATE INDEX retry_lane ON retry (lane, seq) WHERE dead_at_ms IS NULL;
  CREATE INDEX retry_dead ON retry (dead_at_ms) WHERE dead_at_ms IS NOT NULL`;

export type Retry = {
  seq: number;
  id: string;
  lane: string;
  type: string;
  body: string;
  tries: number;
};
type Row = Retry & {
  created_at_ms: number;
  due_ms: number;
  dead_at_ms: number | null;
  reason: string | null;
};

/** Oldest of its lane: in an ordered lane only that one may be sent. A lane of one event is called by its id. */
const IS_HEAD = `NOT EXISTS (SELECT 1 FROM retry AS older
  WHERE older.lane = retry.lane AND older.dead_at_ms IS NULL AND older.seq < retry.seq)`;

export class Retries {
  readonly #storage: DurableObjectStorage;
  /** Under way: a row says nothing of it, so whoever begins anew tries again. */
  readonly #open = new Set<number>();
  #waiting: { events: number; bytes: number } | null = null;

  constructor(storage: DurableObjectStorage) {
    this.#storage = storage;
  }

  waiting(): { events: number; bytes: number } {
    this.#waiting ??= this.#storage.sql
      .exec<{ events: number; bytes: number }>(
        "SELECT count(*) AS events, coalesce(sum(bytes), 0) AS bytes FROM retry WHERE dead_at_ms IS NULL",
      )
      .one();
    return this.#waiting;
  }

  /** No room for as many failures as may be under way. */
  isFull(atOnce: number): boolean {
    const { events, bytes } = this.waiting();
    return events + atOnce > LIMITS.webhookRetriesMax || bytes > LIMITS.webhookRetryBytesMax;
  }

  /** Takes those that are due, and marks them as under way. */
  take(nowMs: number, max: number): Retry[] {
    if (max <= 0) return [];
    const rows = this.#storage.sql
      .exec<Row>(
        `SELECT * FROM retry WHERE dead_at_ms IS NULL AND due_ms <= ? AND ${IS_HEAD} ORDER BY due_ms LIMIT ?`,
        nowMs,
        max + this.#open.size,
      )
      .toArray()
      .filter(({ seq }) => !this.#open.has(seq))
      .slice(0, max);
    for (const { seq } of rows) this.#open.add(seq);
    return rows.map(({ seq, id, lane, type, body, tries }) => ({
      seq,
      id,
      lane,
      type,
      body,
      tries,
    }));
  }

  /** Whether something of the lane waits here. */
  holds(lane: string): boolean {
    return (
      this.#storage.sql
        .exec("SELECT 1 FROM retry WHERE lane = ? AND dead_at_ms IS NULL LIMIT 1", lane)
        .toArray().length > 0
    );
  }

  /** Whether this one waits here already. */
  has(id: string): boolean {
    return (
      this.#storage.sql
        .exec("SELECT 1 FROM retry WHERE id = ? AND dead_at_ms IS NULL", id)
        .toArray().length > 0
    );
  }

  /** A new one, to be sent when it is due; one that was given up before takes its new place. */
  add({ id, lane, type, body, tries }: Omit<Retry, "seq">, dueMs: number, nowMs: number): void {
    const [old] = this.#storage.sql.exec<{ bytes: number; dead_at_ms: number | null }>(
      "SELECT bytes, dead_at_ms FROM retry WHERE id = ?",
      id,
    );
    if (old?.dead_at_ms !== null) this.#waits(1, old?.bytes ?? body.length);
    this.#storage.sql.exec(
      `INSERT INTO retry (id, lane, type, body, bytes, tries, created_at_ms, due_ms) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
         ON CONFLICT (id) DO UPDATE SET tries = excluded.tries, due_ms = excluded.due_ms, dead_at_ms = NULL, reason = NULL`,
      id,
      lane,
      type,
      body,
      body.length,
      tries,
      nowMs,
      dueMs,
    );
  }

  /** It arrived. */
  done(seq: number): void {
    this.#open.delete(seq);
    const [gone] = this.#storage.sql.exec<{ bytes: number }>(
      "DELETE FROM retry WHERE seq = ? RETURNING bytes",
      seq,
    );
    if (gone !== undefined) this.#waits(-1, -gone.bytes);
  }

  /** Again later; `tries` as before where nothing was sent. */
  again(seq: number, tries: number, dueMs: number): void {
    this.#open.delete(seq);
    this.#storage.sql.exec(
      "UPDATE retry SET tries = ?, due_ms = ? WHERE seq = ?",
      tries,
      dueMs,
      seq,
    );
  }

  /** Given up; the oldest of those goes where there are too many. */
  giveUp(id: string, tries: number, reason: string, nowMs: number): void {
    const { sql } = this.#storage;
    const [row] = sql.exec<{ seq: number; bytes: number }>(
      "SELECT seq, bytes FROM retry WHERE id = ? AND dead_at_ms IS NULL",
      id,
    );
    if (row === undefined) return;
    this.#open.delete(row.seq);
    this.#waits(-1, -row.bytes);
    sql.exec(
      "UPDATE retry SET dead_at_ms = ?, reason = ?, tries = ? WHERE id = ?",
      nowMs,
      reason,
      tries,
      id,
    );
    sql.exec(
      `DELETE FROM retry WHERE dead_at_ms IS NOT NULL AND seq NOT IN
         (SELECT seq FROM retry WHERE dead_at_ms IS NOT NULL ORDER BY dead_at_ms DESC, seq DESC LIMIT ?)`,
      LIMITS.deadDeliveriesMax,
    );
  }

  /** Counting them anew reads all of them. */
  #waits(events: number, bytes: number): void {
    if (this.#waiting === null) return;
    this.#waiting.events += events;
    this.#waiting.bytes += bytes;
  }

  /** When the next one is due that is not under way; null where none waits. */
  dueMs(): number | null {
    const rows = this.#storage.sql
      .exec<{ seq: number; due_ms: number }>(
        `SELECT seq, due_ms FROM retry WHERE dead_at_ms IS NULL AND ${IS_HEAD} ORDER BY due_ms LIMIT ?`,
        this.#open.size + 1,
      )
      .toArray();
    return rows.find(({ seq }) => !this.#open.has(seq))?.due_ms ?? null;
  }

  deadCount(): number {
    return this.#storage.sql
      .exec<{ n: number }>("SELECT count(*) AS n FROM retry WHERE dead_at_ms IS NOT NULL")
      .one().n;
  }

  /** The oldest of those that were given up, after this one. */
  dead(afterSeq: number, limit: number): DeadDelivery[] {
    const rows = this.#storage.sql.exec<Row>(
      "SELECT * FROM retry WHERE dead_at_ms IS NOT NULL AND seq > ? ORDER BY seq LIMIT ?",
      afterSeq,
      limit,
    );
    return rows.toArray().map((row) => deadDeliveryOf(row, row.tries));
  }

  /** Puts the oldest of those back to work, with all their attempts before them. */
  redrive(limit: number, nowMs: number): number {
    this.#waiting = null;
    return this.#storage.sql
      .exec(
        `UPDATE retry SET dead_at_ms = NULL, reason = NULL, tries = 0, due_ms = ?
         WHERE seq IN (SELECT seq FROM retry WHERE dead_at_ms IS NOT NULL ORDER BY seq LIMIT ?)
         RETURNING seq`,
        nowMs,
        limit,
      )
      .toArray().length;
  }
}
