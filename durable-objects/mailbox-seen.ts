import type { Once } from "#domain/mailbox/message.ts";
import type { Placed } from "#domain/mailbox/outcome.ts";
import { LIMITS } from "#domain/shared/limits.ts";
import type { Problem } from "#domain/shared/problem.ts";
import { err, ok, type Result } from "#domain/shared/result.ts";

const LIFE_MS = 24 * 3_600_000;
/** Each message that is to come once takes so many old ones along. */
const PURGED = 4;
const PURGED_AT_ONCE = 1_000;
const COUNTED_MS = 60_000;
const SENDERS_MAX = 1_000;
const FULL: Problem = {
  code: "too-many-requests",
  detail: "the mailbox remembers as many deduplication ids of a day as it may",
  retryAfterS: 60,
};
/** What came lately and must not come twice: kept for a day, in the order it came. */
export class MailboxSeen {
  readonly #sql: SqlStorage;
  /** What was counted of senders lately. */
  readonly #senders = new Map<string, { n: number; untilMs: number }>();

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  /** The message that came under one of them, or what speaks against one; null where it may come now. */
  find(all: readonly Once[], isOwn: boolean, nowMs: number): Result<Placed, Problem> | null {
    const overMs = nowMs - LIFE_MS;
    this.#purge(overMs, PURGED);
    const known = all.flatMap((one) => this.#known(one, overMs) ?? []);
    if (known.some(({ isSame }) => !isSame)) return err({ code: "idempotency-conflict" });
    const [first] = known;
    if (first !== undefined) {
      // What it is called beside that is the same message from here on.
      for (const one of all)
        if (this.#known(one, overMs) === null) this.add([one], first.seq, first.atMs);
      return ok({ seq: first.seq, sentAtMs: first.atMs, duplicate: true });
    }
    return this.#isFull(all, isOwn, nowMs) ? err(FULL) : null;
  }

  #known({ key, bodyHash }: Once, overMs: number) {
    const [row] = this.#sql.exec<{ seq: number; body_hash: string; at_ms: number }>(
      "SELECT seq, body_hash, at_ms FROM message_seen WHERE key = ?",
      key,
    );
    if (row === undefined) return null;
    const { seq, body_hash, at_ms: atMs } = row;
    if (atMs > overMs) return { seq, atMs, isSame: body_hash === bodyHash };
    this.#sql.exec("DELETE FROM message_seen WHERE key = ?", key);
    return null;
  }

  /** Each sender has its own share, and the agent's own account what all others together may not fill. */
  #isFull([first]: readonly Once[], isOwn: boolean, nowMs: number): boolean {
    const { span } = this.#sql
      .exec<{ span: number }>(
        "SELECT coalesce(max(rowid) - min(rowid), 0) AS span FROM message_seen",
      )
      .one();
    if (first === undefined || span < LIMITS.senderDeduplicationsMax) return false;
    if (isOwn) return span >= LIMITS.deduplicationsMax;
    if (span >= LIMITS.deduplicationsMax / 2) return true;
    return this.#ofSender(first.key.slice(0, first.key.indexOf(" ")), nowMs);
  }

  /** Whether a sender has had its share; counted anew at most as often as it is told to come again. */
  #ofSender(accountId: string, nowMs: number): boolean {
    let counted = this.#senders.get(accountId);
    if (
      counted === undefined ||
      (counted.n >= LIMITS.senderDeduplicationsMax && counted.untilMs <= nowMs)
    ) {
      const { n } = this.#sql
        .exec<{ n: number }>(
          "SELECT count(*) AS n FROM message_seen WHERE key >= ? AND key < ?",
          `${accountId} `,
          `${accountId}!`,
        )
        .one();
      counted = { n, untilMs: nowMs + COUNTED_MS };
      if (this.#senders.size >= SENDERS_MAX) this.#senders.clear();
      this.#senders.set(accountId, counted);
    }
    counted.n++;
    return counted.n > LIMITS.senderDeduplicationsMax;
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

  add(all: readonly Once[], seq: number, nowMs: number): void {
    for (const { key, bodyHash } of all)
      this.#sql.exec("INSERT INTO message_seen VALUES (?, ?, ?, ?)", key, seq, bodyHash, nowMs);
  }
}
