import { type Draft, laneOf, rankOf } from "#domain/mailbox/message.ts";
import {
  ATTEMPTS_MAX,
  type Leased,
  type Placed,
  type Settled,
  type Settlement,
} from "#domain/mailbox/outcome.ts";
import { roomFor } from "#domain/mailbox/room.ts";
import { extended, isHeldBy, isSpent, LEASE_LOST, leaseAfter } from "#domain/shared/lease.ts";
import { LIMITS } from "#domain/shared/limits.ts";
import type { Problem } from "#domain/shared/problem.ts";
import { err, ok, type Result } from "#domain/shared/result.ts";
import { MailboxLanes } from "#objects/mailbox-lanes.ts";
import { MailboxSeen } from "#objects/mailbox-seen.ts";
import {
  BEHIND,
  DEAD,
  type FullRow,
  HELD,
  LONG_BYTES,
  READY,
  type Row,
  storedOf,
} from "#objects/mailbox-tables.ts";
import { MailboxTally } from "#objects/mailbox-tally.ts";

const SWEPT_MAX = 500;
/** A message that is not taken, and a dead letter, are kept so long each. */
const KEPT_MS = 30 * 86_400_000;
export const UPKEEP_EVERY_MS = 86_400_000;
const NOT_HERE: Problem<"not-found"> = {
  code: "not-found",
  detail: "the message is not here any more",
};
/** Of its last lease: whoever took messages as lately as this is there. */
const TAKING_MS = 60_000;

export type Gone = (rows: MailboxRows, seq: number, how: "done" | "dead", nowMs: number) => void;

/**
 * The messages of one agent. Each method runs inside a transaction that its caller opens with `begin` and closes with
 * `end`; what is remembered beside the rows is dropped by `forget` where one was rolled back.
 */
export class MailboxRows {
  readonly #sql: SqlStorage;
  readonly #tally: MailboxTally;
  readonly #seen: MailboxSeen;
  readonly #lanes: MailboxLanes;
  /** Nothing falls due before. */
  #dueMs = 0;
  /** What it was when the transaction began, after what was due then was done. */
  #dueMsBefore = 0;
  #tookAtMs = 0;

  /** Told of each message that is done with, or dead, inside the transaction that made it so. */
  readonly #gone: Gone;

  constructor(sql: SqlStorage, gone: Gone = () => {}) {
    this.#sql = sql;
    this.#gone = gone;
    this.#tally = new MailboxTally(sql);
    this.#seen = new MailboxSeen(sql);
    this.#lanes = new MailboxLanes(sql, this.#tally, (seq, nowMs) =>
      gone(this, seq, "dead", nowMs),
    );
  }

  /** What has fallen due first: leases that ran out, and deadlines. */
  begin(nowMs: number): void {
    this.#lanes.madeReady = 0;
    if (this.#dueMs <= nowMs) {
      const released = this.#release(nowMs);
      const expired = this.#expire(nowMs);
      this.#dueMs = released < SWEPT_MAX && expired < SWEPT_MAX ? this.#nextDueMs() : nowMs;
    }
    this.#dueMsBefore = this.#dueMs;
  }

  /** How many messages became ready in it, and whether something falls due sooner than anything did before. */
  end(): { ready: number; isSooner: boolean } {
    this.#tally.store();
    return { ready: this.#lanes.madeReady, isSooner: this.#dueMs < this.#dueMsBefore };
  }

  forget(): void {
    this.#tally.forget();
    this.#dueMs = 0;
    this.#lanes.hasReady = true;
  }

  /** When the next lease or deadline ends, which may bring something to be given out. */
  get dueMs(): number {
    // An object that was started anew has not looked yet: whoever waits for it would never be woken.
    if (this.#dueMs === 0) this.#dueMs = this.#nextDueMs();
    return this.#dueMs;
  }

  /** Whether a lease may find something. */
  get hasReady(): boolean {
    return this.#lanes.hasReady;
  }

  put(draft: Draft, nowMs: number): Result<Placed, Problem> {
    const { from, isOwn, once, bytes, body } = draft;
    if (once.length > 0) {
      const known = this.#seen.find(once, isOwn, nowMs);
      if (known !== null) return known;
    }
    const isTaking = nowMs - this.#tookAtMs < TAKING_MS;
    const none = roomFor(this.#tally.filling(from.accountId), bytes, isOwn, isTaking);
    if (none !== null) return err(none);
    const seq = this.#tally.next();
    const lane = laneOf(draft);
    const rank = rankOf(nowMs, draft.priority);
    const state = lane !== null && this.#lanes.lift(lane, rank) ? BEHIND : READY;
    const isLong = bytes > LONG_BYTES;
    this.#sql.exec(
      `INSERT INTO message (seq, state, rank, lane, deadline_ms, priority, sent_at_ms, own, from_account, from_agent, kind,
         conversation_id, in_reply_to, bytes, body, traceparent) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      seq,
      state,
      rank,
      lane,
      draft.deadlineMs,
      draft.priority,
      nowMs,
      isOwn ? 1 : 0,
      from.accountId,
      from.agentId,
      draft.kind,
      draft.conversationId,
      draft.inReplyTo,
      bytes,
      isLong ? null : body,
      draft.traceparent ?? null,
    );
    if (isLong) this.#sql.exec("INSERT INTO message_body VALUES (?, ?)", seq, body);
    this.#seen.add(once, seq, nowMs);
    if (state === READY) this.#lanes.isReady();
    if (draft.deadlineMs !== null) this.#dueMs = Math.min(this.#dueMs, draft.deadlineMs);
    this.#tally.add(from.accountId, isOwn, 1, bytes);
    return ok({ seq, sentAtMs: nowMs, duplicate: false });
  }

  /** The next messages in their order, each under a lease of its own. */
  lease(limit: number, leaseMs: number, nowMs: number): Leased[] {
    this.#tookAtMs = nowMs;
    if (!this.#lanes.hasReady) return [];
    const leased: Leased[] = [];
    let bytes = 0;
    const rows = this.#sql
      .exec<FullRow>("SELECT * FROM message WHERE state = 0 ORDER BY rank, seq LIMIT ?", limit)
      .toArray();
    for (const row of rows) {
      bytes += row.bytes;
      if (leased.length > 0 && bytes > LIMITS.leasedBytesMax) break;
      const lease = leaseAfter(this.#tally.next() - 1, nowMs, leaseMs);
      this.#sql.exec(
        "UPDATE message SET state = 1, token = ?, until_ms = ?, attempts = attempts + 1 WHERE seq = ?",
        lease.token,
        lease.untilMs,
        row.seq,
      );
      this.#dueMs = Math.min(this.#dueMs, lease.untilMs);
      leased.push({ ...storedOf(this.#sql, row), attempts: row.attempts + 1, lease });
    }
    // What did not fit beside the others is ready still.
    if (leased.length === rows.length && rows.length < limit) this.#lanes.hasReady = false;
    return leased;
  }

  /** Ends every lease at once, without counting it as an attempt. */
  recall(): void {
    this.#sql.exec(
      `UPDATE message SET attempts = attempts - (state = 1), state = iif(state = 1, 0, state), token = 0
         WHERE token > 0 AND state <> 3`,
    );
    this.forget();
  }

  settle(one: Settlement, nowMs: number): Result<Settled, Problem<"not-found" | "lease-lost">> {
    const [row] = this.#sql.exec<Row>(
      "SELECT seq, state, lane, token, until_ms, attempts, own, from_account, bytes FROM message WHERE seq = ?",
      one.seq,
    );
    if (row === undefined) return err(NOT_HERE);
    const lease = row.token === 0 ? null : { token: row.token, untilMs: row.until_ms };
    if (row.state === DEAD || !isHeldBy(lease, one.token)) return err(LEASE_LOST);
    switch (one.how) {
      case "ack":
        this.#lanes.remove(row);
        this.#gone(this, row.seq, "done", nowMs);
        return ok({ state: "done" });
      case "nack":
        return ok({ state: this.#giveBack(row, one, nowMs) });
      case "return":
        this.#sql.exec(
          "UPDATE message SET state = 0, token = 0, attempts = attempts - 1 WHERE seq = ?",
          row.seq,
        );
        this.#lanes.isReady();
        // Its deadline may have passed while it was held.
        this.#dueMs = Math.min(this.#dueMs, nowMs);
        return ok({ state: "waiting" });
      case "extend": {
        const longer = extended(lease, one.token, nowMs, one.leaseMs);
        if (!longer.ok) return longer;
        const { untilMs } = longer.value;
        this.#sql.exec(
          "UPDATE message SET state = 1, until_ms = ? WHERE seq = ?",
          untilMs,
          row.seq,
        );
        this.#dueMs = Math.min(this.#dueMs, untilMs);
        return ok({ state: "leased", leasedUntilMs: untilMs });
      }
    }
  }

  keepsSomething(): boolean {
    return !this.#tally.isEmpty() || !this.#seen.isEmpty();
  }

  /** Takes a message out that nobody works on. */
  drop(seq: number): Result<null, Problem<"not-found" | "conflict">> {
    const [row] = this.#sql.exec<Row>("SELECT * FROM message WHERE seq = ?", seq);
    if (row === undefined) return err(NOT_HERE);
    if (row.state === HELD && row.token > 0)
      return err({ code: "conflict", detail: "somebody is working on the message" });
    this.#lanes.remove(row);
    return ok(null);
  }

  /** Puts dead letters back where they stood, as if nobody had tried: those named, or the oldest. Answers how many. */
  redrive(seqs: readonly number[] | null, nowMs: number): number {
    const rows =
      seqs === null
        ? this.#sql
            .exec<Row>(
              "SELECT * FROM message WHERE state = 3 ORDER BY died_at_ms, seq LIMIT ?",
              LIMITS.messagesPerCallMax,
            )
            .toArray()
        : seqs.flatMap((seq) =>
            this.#sql.exec<Row>("SELECT * FROM message WHERE seq = ? AND state = 3", seq).toArray(),
          );
    for (const row of rows) this.#lanes.revive(row, nowMs);
    return rows.length;
  }

  /**
   * Lets go what was kept long enough: what nobody took dies, what died is deleted, and what came once may come again.
   * Answers when to look again: null where nothing is kept.
   */
  upkeep(nowMs: number): number | null {
    const more = this.#lanes.age(nowMs - KEPT_MS, nowMs) + this.#seen.purge(nowMs);
    if (!this.keepsSomething()) return null;
    return more > 0 ? nowMs : nowMs + UPKEEP_EVERY_MS;
  }

  #giveBack(
    row: Row,
    { delayMs, final, reason }: Settlement & { how: "nack" },
    nowMs: number,
  ): "waiting" | "dead" {
    if (final || isSpent(row.attempts, ATTEMPTS_MAX)) {
      this.#lanes.die(row, final ? "refused" : "attempts", reason, nowMs);
      return "dead";
    }
    const untilMs = nowMs + delayMs;
    this.#sql.exec(
      "UPDATE message SET state = ?, token = 0, until_ms = ?, reason = ? WHERE seq = ?",
      delayMs === 0 ? READY : HELD,
      untilMs,
      reason,
      row.seq,
    );
    if (delayMs === 0) this.#lanes.isReady();
    // Also at once: its deadline may have passed while it was held.
    this.#dueMs = Math.min(this.#dueMs, untilMs);
    return "waiting";
  }

  #release(nowMs: number): number {
    const over = this.#sql
      .exec<Row>(
        "SELECT * FROM message WHERE state = 1 AND until_ms <= ? ORDER BY until_ms LIMIT ?",
        nowMs,
        SWEPT_MAX,
      )
      .toArray();
    for (const row of over) {
      if (isSpent(row.attempts, ATTEMPTS_MAX)) this.#lanes.die(row, "attempts", null, nowMs);
      else {
        // Its token stays good until somebody else is given the message: who was slow may still finish.
        this.#sql.exec("UPDATE message SET state = 0 WHERE seq = ?", row.seq);
        this.#lanes.isReady();
      }
    }
    return over.length;
  }

  #expire(nowMs: number): number {
    const over = this.#sql
      .exec<Row>(
        `SELECT * FROM message WHERE deadline_ms IS NOT NULL AND state IN (0, 2) AND deadline_ms <= ?
           ORDER BY deadline_ms LIMIT ?`,
        nowMs,
        SWEPT_MAX,
      )
      .toArray();
    for (const row of over) this.#lanes.die(row, "deadline", null, nowMs);
    return over.length;
  }

  #nextDueMs(): number {
    const { held, deadline } = this.#sql
      .exec<{ held: number | null; deadline: number | null }>(
        `SELECT (SELECT min(until_ms) FROM message WHERE state = 1) AS held,
           (SELECT min(deadline_ms) FROM message WHERE deadline_ms IS NOT NULL AND state IN (0, 2)) AS deadline`,
      )
      .one();
    return Math.min(held ?? Infinity, deadline ?? Infinity);
  }

  /** Whether what comes with this token comes from whoever works on the message. */
  holds(seq: number, token: number): boolean {
    const [row] = this.#sql.exec<Row>("SELECT * FROM message WHERE seq = ?", seq);
    return row !== undefined && row.state !== DEAD && row.token !== 0 && row.token === token;
  }

  /** Takes a message back, whoever works on it: nobody is told. */
  withdraw(seq: number): void {
    const [row] = this.#sql.exec<Row>("SELECT * FROM message WHERE seq = ?", seq);
    if (row !== undefined && row.state !== DEAD) this.#lanes.remove(row);
  }
}
