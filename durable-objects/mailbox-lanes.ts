import type { Cause } from "#domain/mailbox/outcome.ts";
import type { MailboxTally } from "#objects/mailbox-tally.ts";
import { BEHIND, DEAD, LONG_BYTES, READY, type Row } from "#objects/mailbox-tables.ts";

const AGED_MAX = 500;

/** How messages enter and leave their lanes: of each lane one message at most is ready or held, and the rest waits behind it. */
export class MailboxLanes {
  readonly #sql: SqlStorage;
  readonly #tally: MailboxTally;
  /** False once a lease has found nothing, until something becomes ready. */
  hasReady = true;
  /** How many messages have become ready since it was set back. */
  madeReady = 0;

  /** Told of each that becomes a dead letter, inside the transaction that makes it one. */
  readonly #died: (seq: number, nowMs: number) => void;

  constructor(sql: SqlStorage, tally: MailboxTally, died: (seq: number, nowMs: number) => void) {
    this.#sql = sql;
    this.#died = died;
    this.#tally = tally;
  }

  isReady(): void {
    this.hasReady = true;
    this.madeReady++;
  }

  /** Whether others of the lane wait already; a conversation is as urgent as the most urgent message that waits in it. */
  lift(lane: string, rank: number): boolean {
    const [last] = this.#sql.exec<{ rank: number }>(
      "SELECT rank FROM message WHERE lane = ? AND lane IS NOT NULL AND state <> 3 ORDER BY seq DESC LIMIT 1",
      lane,
    );
    if (last === undefined) return false;
    if (last.rank > rank)
      this.#sql.exec(
        "UPDATE message SET rank = ? WHERE lane = ? AND lane IS NOT NULL AND state <> 3 AND rank > ?",
        rank,
        lane,
        rank,
      );
    return true;
  }

  /** Its work is done, or nobody wants it any more. */
  remove({ seq, lane, state, own, from_account, bytes }: Row): void {
    this.#sql.exec("DELETE FROM message WHERE seq = ?", seq);
    if (bytes > LONG_BYTES) this.#sql.exec("DELETE FROM message_body WHERE seq = ?", seq);
    this.#tally.add(from_account, own === 1, -1, -bytes);
    this.#advance({ lane, state });
  }

  die({ seq, lane }: Row, cause: Cause, reason: string | null, nowMs: number): void {
    // Read again: of several that die together one may have brought the next to the head of their lane.
    const [found] = this.#sql.exec<{ state: number }>(
      "SELECT state FROM message WHERE seq = ?",
      seq,
    );
    if (found === undefined || found.state === DEAD) return;
    const { state } = found;
    this.#sql.exec(
      "UPDATE message SET state = 3, token = 0, died_at_ms = ?, cause = ?, reason = coalesce(?, reason) WHERE seq = ?",
      nowMs,
      cause,
      reason,
      seq,
    );
    this.#advance({ lane, state });
    this.#died(seq, nowMs);
  }

  /** A dead letter takes its place again: before what came after it, unless somebody works on that already. */
  revive({ seq, lane }: Row, nowMs: number): void {
    let state = READY;
    if (lane !== null) {
      const [head] = this.#sql.exec<{ seq: number; state: number }>(
        "SELECT seq, state FROM message WHERE lane = ? AND lane IS NOT NULL AND state <> 3 AND state <> 2 LIMIT 1",
        lane,
      );
      if (head !== undefined && (head.state !== READY || head.seq < seq)) state = BEHIND;
      else if (head !== undefined)
        this.#sql.exec("UPDATE message SET state = 2 WHERE seq = ?", head.seq);
    }
    this.#sql.exec(
      `UPDATE message SET state = ?, attempts = 0, died_at_ms = NULL, cause = NULL, reason = NULL,
         deadline_ms = CASE WHEN deadline_ms <= ? THEN NULL ELSE deadline_ms END WHERE seq = ?`,
      state,
      nowMs,
      seq,
    );
    if (state === READY) this.isReady();
  }

  /** What was sent before and not taken dies; what died before is deleted. Answers how many there were, up to a bound. */
  age(beforeMs: number, nowMs: number): number {
    const dead = this.#sql
      .exec<Row>(
        "SELECT * FROM message WHERE state = 3 AND died_at_ms <= ? ORDER BY died_at_ms, seq LIMIT ?",
        beforeMs,
        AGED_MAX,
      )
      .toArray();
    for (const row of dead) this.remove(row);
    // Places are given in the order of time, so that the oldest come first without an index.
    const old = this.#sql
      .exec<Row & { sent_at_ms: number }>(
        "SELECT * FROM message WHERE state IN (0, 2) ORDER BY seq LIMIT ?",
        AGED_MAX,
      )
      .toArray()
      .filter(({ sent_at_ms }) => sent_at_ms <= beforeMs);
    for (const row of old) this.die(row, "abandoned", null, nowMs);
    return dead.length + old.length;
  }

  /** What stood at the head of its lane is gone: the next one may be given out. */
  #advance({ lane, state }: Pick<Row, "lane" | "state">): void {
    if (lane === null || state === BEHIND || state === DEAD) return;
    const { rowsWritten } = this.#sql.exec(
      `UPDATE message SET state = 0 WHERE state = 2 AND seq =
         (SELECT seq FROM message WHERE lane = ? AND lane IS NOT NULL AND state <> 3 ORDER BY seq LIMIT 1)`,
      lane,
    );
    if (rowsWritten > 0) this.isReady();
  }
}
