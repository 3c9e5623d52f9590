import type { Draft } from "#domain/mailbox/message.ts";
import type { Placed } from "#domain/mailbox/outcome.ts";
import { LIMITS } from "#domain/shared/limits.ts";
import type { Problem } from "#domain/shared/problem.ts";
import { err, ok, type Result } from "#domain/shared/result.ts";

const LIFE_MS = 24 * 3_600_000;
/** Each message that is to come once takes so many old ones along. */
const PURGED = 4;
const PURGED_AT_ONCE = 1_000;
const FULL: Problem = {
  code: "too-many-requests",
  detail: "the mailbox remembers all the deduplication ids of a day that it can",
  retryAfterS: 60,
};
type Once = NonNullable<Draft["once"]>;

/** What came lately and must not come twice: kept for a day, in the order it came. */
export class MailboxSeen {
  readonly #sql: SqlStorage;
  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  /** The message that came under it, or what speaks against one; null where it may come now. */
  find({ key, bodyHash }: Once, nowMs: number): Result<Placed, Problem> | null {
    const overMs = nowMs - LIFE_MS;
    this.#purge(overMs, PURGED);
    const [row] = this.#sql.exec<{ seq: number; body_hash: string; at_ms: number }>(
      "SELECT seq, body_hash, at_ms FROM message_seen WHERE key = ?",
      key,
    );
    if (row !== undefined && row.at_ms > overMs)
      return row.body_hash === bodyHash
        ? ok({ seq: row.seq, sentAtMs: row.at_ms, duplicate: true })
        : err({ code: "idempotency-conflict" });
    if (row !== undefined) this.#sql.exec("DELETE FROM message_seen WHERE key = ?", key);
    const { span } = this.#sql
      .exec<{ span: number }>(
        "SELECT coalesce(max(rowid) - min(rowid), 0) AS span FROM message_seen",
      )
      .one();
    return span >= LIMITS.deduplicationsMax ? err(FULL) : null;
  }

  /** Forgets what is a day old; answers how much that was, up to a bound. */
  purge(nowMs: number): number {
    return this.#purge(nowMs - LIFE_MS, PURGED_AT_ONCE);
  }

  isEmpty(): boolean {
    return this.#sql.exec("SELECT 1 FROM message_seen LIMIT 1").toArray().length === 0;
  }

  #purge(overMs: number, atMost: number): number {
    return this.#sql.exec(
      "DELETE FROM message_seen WHERE at_ms <= ? AND rowid IN (SELECT rowid FROM message_seen ORDER BY rowid LIMIT ?)",
      overMs,
      atMost,
    ).rowsWritten;
  }

  add({ key, bodyHash }: Once, seq: number, nowMs: number): void {
    this.#sql.exec("INSERT INTO message_seen VALUES (?, ?, ?, ?)", key, seq, bodyHash, nowMs);
  }
}
