import type { Once } from "#domain/tasks/record.ts";
import { LIMITS } from "#domain/shared/limits.ts";
import type { Problem } from "#domain/shared/problem.ts";
import { err, ok, type Result } from "#domain/shared/result.ts";

const LIFE_MS = 24 * 3_600_000;
/** Each task that is to be made once takes so many old ones along. */
const PURGED = 4;
const FULL: Problem = {
  code: "too-many-requests",
  detail: "the queue remembers all the idempotency keys of a day that it can",
  retryAfterS: 60,
};

/** What was made lately under an idempotency key and must not be made twice: kept for a day, in the order it came. */
export class TaskSeen {
  readonly #sql: SqlStorage;
  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  /** The first of the tasks that were made under it, or what speaks against them; null where they may be made now. */
  find({ key, bodyHash }: Once, nowMs: number): Result<number, Problem> | null {
    this.#sql.exec(
      "DELETE FROM task_seen WHERE at_ms <= ? AND rowid IN (SELECT rowid FROM task_seen ORDER BY rowid LIMIT ?)",
      nowMs - LIFE_MS,
      PURGED,
    );
    const [row] = this.#sql.exec<{ seq: number; body_hash: string; at_ms: number }>(
      "SELECT seq, body_hash, at_ms FROM task_seen WHERE key = ?",
      key,
    );
    if (row !== undefined && row.at_ms > nowMs - LIFE_MS)
      return row.body_hash === bodyHash ? ok(row.seq) : err({ code: "idempotency-conflict" });
    if (row !== undefined) this.#sql.exec("DELETE FROM task_seen WHERE key = ?", key);
    const { span } = this.#sql
      .exec<{ span: number }>("SELECT coalesce(max(rowid) - min(rowid), 0) AS span FROM task_seen")
      .one();
    return span >= LIMITS.deduplicationsMax ? err(FULL) : null;
  }

  add({ key, bodyHash }: Once, seq: number, nowMs: number): void {
    this.#sql.exec("INSERT INTO task_seen VALUES (?, ?, ?, ?)", key, seq, bodyHash, nowMs);
  }
}
