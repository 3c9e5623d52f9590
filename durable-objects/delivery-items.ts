import type { DeadDelivery, DeliveryItem } from "#domain/delivery/model.ts";
import { type Keeping, nextAttemptMs } from "#domain/delivery/pace.ts";
import { leaseAfter } from "#domain/shared/lease.ts";
import { LIMITS } from "#domain/shared/limits.ts";
import { deadDeliveryOf } from "#objects/dead-delivery.ts";

/** `dead_at_ms` is set on what was given up; `token` grows with each lease, so that an old attempt's outcome is not taken. */
export const ITEM_STEP = `CREATE TABLE item (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, lane TEXT NOT NULL, body TEXT NOT NULL,
    bytes INTEGER NOT NULL, created_at_ms INTEGER NOT NULL, due_ms INTEGER NOT NULL, token INTEGER NOT NULL DEFAULT 0,
    leased_until_ms INTEGER NOT NULL DEFAULT 0, refusals INTEGER NOT NULL DEFAULT 0, dead_at_ms INTEGER, reason TEXT
  ) STRICT;
  CREATE INDEX item_live ON item (dead_at_ms, lane, seq)`;

export const PATH_STEP = "ALTER TABLE item ADD COLUMN path TEXT NOT NULL DEFAULT ''";
export const ITEM_TRACE_STEP = "ALTER TABLE item ADD COLUMN traceparent TEXT";

/** Longer than an attempt takes: egress ends it after 10 s. */
const LEASE_MS = 30_000;

/** One attempt's work. */
export type Work = {
  id: string;
  lane: string;
  body: string;
  path: string;
  token: number;
  traceparent: string | null;
};

type Row = {
  seq: number;
  id: string;
  lane: string;
  body: string;
  path: string;
  created_at_ms: number;
  due_ms: number;
  token: number;
  leased_until_ms: number;
  refusals: number;
  dead_at_ms: number | null;
  reason: string | null;
  traceparent: string | null;
};

const HEADS = "SELECT min(seq) FROM item WHERE dead_at_ms IS NULL GROUP BY lane";

/** What waits for one endpoint, in lanes: of each, only the oldest is ever sent. */
export class Items {
  readonly #storage: DurableObjectStorage;
  readonly #keeping: () => Keeping;
  #waiting: { items: number; bytes: number } | null = null;

  constructor(storage: DurableObjectStorage, keeping: () => Keeping) {
    [this.#storage, this.#keeping] = [storage, keeping];
  }

  /** Adds all or, where they are too many, none. One whose id waits already is the same. */
  add(items: readonly DeliveryItem[], nowMs: number): boolean {
    const waiting = this.waiting();
    const bytes = items.reduce((sum, { body }) => sum + body.length, 0);
    const isFull =
      waiting.items + items.length > LIMITS.deliveriesWaitingMax ||
      waiting.bytes + bytes > LIMITS.deliveryBytesMax;
    if (isFull) return false;
    this.#storage.transactionSync(() => {
      for (const { id, lane, body, path = "", traceparent = null } of items)
        this.#storage.sql.exec(
          `INSERT INTO item (id, lane, body, path, bytes, created_at_ms, due_ms, traceparent) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
             ON CONFLICT (id) DO NOTHING`,
          id,
          lane,
          body,
          path,
          body.length,
          nowMs,
          nowMs,
          traceparent,
        );
    });
    this.#waiting = null;
    return true;
  }

  waiting(): { items: number; bytes: number } {
    this.#waiting ??= this.#storage.sql
      .exec<{ items: number; bytes: number }>(
        "SELECT count(*) AS items, coalesce(sum(bytes), 0) AS bytes FROM item WHERE dead_at_ms IS NULL",
      )
      .one();
    return this.#waiting;
  }

  /** Leases the heads of lanes that may be sent now. */
  take(nowMs: number, max: number): Work[] {
    const { sql } = this.#storage;
    const oldestMs = nowMs - this.#keeping().waitsMs;
    this.#giveUp("it waited for too long", nowMs, "created_at_ms <= ?", oldestMs);
    const rows = sql
      .exec<Row>(
        `SELECT * FROM item WHERE seq IN (${HEADS}) AND due_ms <= ? AND leased_until_ms <= ? ORDER BY seq LIMIT ?`,
        nowMs,
        nowMs,
        max,
      )
      .toArray();
    return rows.map(({ seq, id, lane, body, path, token, traceparent }) => {
      const lease = leaseAfter(token, nowMs, LEASE_MS);
      sql.exec(
        "UPDATE item SET token = ?, leased_until_ms = ? WHERE seq = ?",
        lease.token,
        lease.untilMs,
        seq,
      );
      return { id, lane, body, path, token: lease.token, traceparent };
    });
  }

  /** It has arrived. False for an attempt whose lease another one has taken over. */
  delivered({ id, token }: Work): boolean {
    this.#waiting = null;
    return (
      this.#storage.sql.exec(
        "DELETE FROM item WHERE id = ? AND token = ? AND dead_at_ms IS NULL",
        id,
        token,
      ).rowsWritten > 0
    );
  }

  /** The endpoint could not take it: as if it had not been tried. */
  release({ id, token }: Work): void {
    this.#storage.sql.exec(
      "UPDATE item SET leased_until_ms = 0 WHERE id = ? AND token = ? AND dead_at_ms IS NULL",
      id,
      token,
    );
  }

  /** The endpoint took other things and not this one: again later, or given up. */
  refused({ id, token }: Work, status: number, nowMs: number, random: number): void {
    const { sql } = this.#storage;
    const [row] = sql.exec<Row>(
      "SELECT * FROM item WHERE id = ? AND token = ? AND dead_at_ms IS NULL",
      id,
      token,
    );
    if (row === undefined) return;
    const refusals = row.refusals + 1;
    const dueMs = nextAttemptMs(refusals, nowMs, random);
    sql.exec(
      "UPDATE item SET refusals = ?, due_ms = ?, leased_until_ms = 0 WHERE seq = ?",
      refusals,
      dueMs ?? nowMs,
      row.seq,
    );
    if (dueMs === null)
      this.#giveUp(`it was refused with ${status} every time`, nowMs, "seq = ?", row.seq);
  }

  /** Nothing of what waits will ever be taken. */
  giveUpAll(reason: string, nowMs: number): void {
    this.#giveUp(reason, nowMs, "seq > ?", 0);
  }

  clear(): void {
    this.#waiting = null;
    this.#storage.sql.exec("DELETE FROM item");
  }

  /** When the next lane has something to send; null where nothing waits. */
  dueMs(): number | null {
    const [row] = this.#storage.sql.exec<{ at: number | null }>(
      `SELECT min(max(due_ms, leased_until_ms)) AS at FROM item WHERE seq IN (${HEADS})`,
    );
    return row?.at ?? null;
  }

  deadCount(): number {
    return this.#storage.sql
      .exec<{ n: number }>("SELECT count(*) AS n FROM item WHERE dead_at_ms IS NOT NULL")
      .one().n;
  }

  /** The oldest that were given up, after this one. */
  dead(afterSeq: number, limit: number): DeadDelivery[] {
    const rows = this.#storage.sql.exec<Row>(
      "SELECT * FROM item WHERE dead_at_ms IS NOT NULL AND seq > ? ORDER BY seq LIMIT ?",
      afterSeq,
      limit,
    );
    return rows.toArray().map((row) => deadDeliveryOf(row, row.refusals));
  }

  /** Whoever had to hear of these, which were given up, has. */
  heard(seqs: readonly number[]): void {
    this.#storage.sql.exec(
      "DELETE FROM item WHERE dead_at_ms IS NOT NULL AND seq IN (SELECT value FROM json_each(?))",
      JSON.stringify(seqs),
    );
  }

  /** Puts the oldest that were given up back in their old places. */
  redrive(limit: number, nowMs: number): number {
    this.#waiting = null;
    return this.#storage.sql
      .exec(
        `UPDATE item SET dead_at_ms = NULL, reason = NULL, refusals = 0, created_at_ms = ?, due_ms = ?, leased_until_ms = 0
         WHERE seq IN (SELECT seq FROM item WHERE dead_at_ms IS NOT NULL ORDER BY seq LIMIT ?)
         RETURNING seq`,
        nowMs,
        nowMs,
        limit,
      )
      .toArray().length;
  }

  /** The oldest of what was given up goes where there is no room. */
  #giveUp(reason: string, nowMs: number, which: string, value: number): void {
    const { sql } = this.#storage;
    const given = sql.exec(
      `UPDATE item SET dead_at_ms = ?, reason = ? WHERE dead_at_ms IS NULL AND ${which}`,
      nowMs,
      reason,
      value,
    ).rowsWritten;
    if (given === 0) return;
    this.#waiting = null;
    sql.exec(
      `DELETE FROM item WHERE dead_at_ms IS NOT NULL AND seq NOT IN
         (SELECT seq FROM item WHERE dead_at_ms IS NOT NULL ORDER BY seq DESC LIMIT ?)`,
      this.#keeping().deadMax,
    );
  }
}
