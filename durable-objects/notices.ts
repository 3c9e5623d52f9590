import { DurableObject } from "cloudflare:workers";
import {
  handedAgainMs,
  type Notice,
  NOTICE_ATTEMPTS_MAX,
  NOTICE_LEASE_MS,
  NOTICE_LIFE_MS,
  type NoticeKind,
  type NoticeState,
  retryDelayS,
} from "#domain/notices/notice.ts";
import { leaseAfter } from "#domain/shared/lease.ts";
import { LIMITS } from "#domain/shared/limits.ts";
import { isMigrated, migrate } from "#objects/migrate.ts";

/** Append-only. A row stays for a day after it was sent, so that what is handed over again is known. `sent`: times handed to its queue. */
const STEPS = [
  `CREATE TABLE notice (
     seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, kind TEXT NOT NULL, body TEXT NOT NULL,
     state TEXT NOT NULL, created_ms INTEGER NOT NULL, due_ms INTEGER NOT NULL, sent INTEGER NOT NULL DEFAULT 0,
     attempts INTEGER NOT NULL DEFAULT 0, token INTEGER NOT NULL DEFAULT 0, leased_until_ms INTEGER NOT NULL DEFAULT 0,
     reason TEXT
   ) STRICT;
   CREATE INDEX notice_state ON notice (state, due_ms)`,
];

const AT_ONCE = 100;
const AGAIN_MS = 5_000;

type Row = {
  seq: number;
  id: string;
  kind: NoticeKind;
  body: string;
  state: "waiting" | "sent" | "dead";
  created_ms: number;
  due_ms: number;
  sent: number;
  attempts: number;
  token: number;
  leased_until_ms: number;
  reason: string | null;
};
export type TakenNotice = { notice: Notice; token: number };
export type ListedNotice = {
  seq: number;
  notice: Notice;
  attempts: number;
  reason: string | null;
  createdAtMs: number;
};

/**
 * What one account's people are to be told, by mail or in their browsers: the outbox of the two queues, which may lose what
 * they have or bring it twice. Named by the account's id. It has an alarm while something waits, or was sent within a day.
 */
export class Notices extends DurableObject<Env> {
  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    if (isMigrated(ctx.storage)) migrate(ctx.storage, STEPS);
  }

  /** Takes all or, where they are too many, none. One that is known already, by its id, is the same. */
  async add(accountId: string, notices: readonly Notice[]): Promise<boolean> {
    if (!isMigrated(this.ctx.storage)) {
      migrate(this.ctx.storage, STEPS);
      this.ctx.storage.kv.put("accountId", accountId);
    }
    const { sql } = this.ctx.storage;
    const nowMs = Date.now();
    const waiting = sql
      .exec<{ n: number }>("SELECT count(*) AS n FROM notice WHERE state = 'waiting'")
      .one().n;
    if (waiting + notices.length > LIMITS.noticesWaitingMax) return false;
    this.ctx.storage.transactionSync(() => {
      for (const notice of notices)
        sql.exec(
          `INSERT INTO notice (id, kind, body, state, created_ms, due_ms) VALUES (?, ?, ?, 'waiting', ?, ?)
             ON CONFLICT (id) DO NOTHING`,
          notice.id,
          notice.kind,
          JSON.stringify(notice),
          nowMs,
          nowMs,
        );
    });
    await this.#arm();
    return true;
  }

  /** Leases one to be sent now; null for one that was sent, was given up, or that somebody else is sending. */
  take(id: string): TakenNotice | null {
    if (!isMigrated(this.ctx.storage)) return null;
    const { sql } = this.ctx.storage;
    const nowMs = Date.now();
    const [row] = sql.exec<Row>(
      "SELECT * FROM notice WHERE id = ? AND state = 'waiting' AND leased_until_ms <= ?",
      id,
      nowMs,
    );
    if (row === undefined) return null;
    const lease = leaseAfter(row.token, nowMs, NOTICE_LEASE_MS);
    sql.exec(
      "UPDATE notice SET token = ?, leased_until_ms = ?, attempts = attempts + 1 WHERE seq = ?",
      lease.token,
      lease.untilMs,
      row.seq,
    );
    return { notice: JSON.parse(row.body) as Notice, token: lease.token };
  }

  /** Ends an attempt: it was sent (null), or it failed for this reason. Answers when to try again, in seconds; null for never. */
  async settle(id: string, token: number, failure: string | null): Promise<number | null> {
    const { sql } = this.ctx.storage;
    if (!isMigrated(this.ctx.storage)) return null;
    const [row] = sql.exec<Row>(
      "SELECT * FROM notice WHERE id = ? AND token = ? AND state = 'waiting'",
      id,
      token,
    );
    if (row === undefined) return null;
    const delayS = failure === null ? null : retryDelayS(row.attempts);
    const state = failure === null ? "sent" : delayS === null ? "dead" : "waiting";
    sql.exec(
      "UPDATE notice SET state = ?, reason = ?, leased_until_ms = 0 WHERE seq = ?",
      state,
      failure === null ? null : failure.slice(0, LIMITS.noticeReasonCharsMax),
      row.seq,
    );
    await this.#arm();
    return delayS;
  }

  /** Gives one back as if it had not been taken. */
  release(id: string, token: number): void {
    this.ctx.storage.sql.exec(
      "UPDATE notice SET attempts = attempts - 1, leased_until_ms = 0 WHERE id = ? AND token = ?",
      id,
      token,
    );
  }

  /** The queue gave up on it. */
  async bury(id: string, reason: string): Promise<void> {
    if (!isMigrated(this.ctx.storage)) return;
    this.ctx.storage.sql.exec(
      "UPDATE notice SET state = 'dead', reason = coalesce(reason, ?) WHERE id = ? AND state = 'waiting'",
      reason,
      id,
    );
    await this.#arm();
  }

  /** The oldest in a state, after this number. */
  list(state: NoticeState, afterSeq: number, limit: number): ListedNotice[] {
    if (!isMigrated(this.ctx.storage)) return [];
    return this.ctx.storage.sql
      .exec<Row>(
        "SELECT * FROM notice WHERE state = ? AND seq > ? ORDER BY seq LIMIT ?",
        state,
        afterSeq,
        Math.min(limit, LIMITS.pageMax + 1),
      )
      .toArray()
      .map(({ seq, body, attempts, reason, created_ms: createdAtMs }) => ({
        seq,
        attempts,
        reason,
        createdAtMs,
        notice: JSON.parse(body) as Notice,
      }));
  }

  /** Puts the oldest of what was given up back to work, for another day, and answers how many. */
  async redrive(): Promise<number> {
    if (!isMigrated(this.ctx.storage)) return 0;
    const nowMs = Date.now();
    const { length } = this.ctx.storage.sql
      .exec(
        `UPDATE notice SET state = 'waiting', reason = NULL, attempts = 0, sent = 0, created_ms = ?, due_ms = ?, leased_until_ms = 0
           WHERE seq IN (SELECT seq FROM notice WHERE state = 'dead' ORDER BY seq LIMIT ?) RETURNING seq`,
        nowMs,
        nowMs,
        AT_ONCE,
      )
      .toArray();
    await this.#arm();
    return length;
  }

  /** Forgets everything: the account was erased. */
  async erase(): Promise<void> {
    await this.ctx.storage.deleteAlarm();
    await this.ctx.storage.deleteAll();
  }

  override async alarm(): Promise<void> {
    if (!isMigrated(this.ctx.storage)) return;
    const nowMs = Date.now();
    // Armed before anything can fail.
    await this.ctx.storage.setAlarm(nowMs + AGAIN_MS);
    this.#tidy(nowMs);
    const due = this.ctx.storage.sql
      .exec<Row>(
        "SELECT * FROM notice WHERE state = 'waiting' AND due_ms <= ? ORDER BY due_ms LIMIT ?",
        nowMs,
        AT_ONCE,
      )
      .toArray();
    const accountId = this.ctx.storage.kv.get<string>("accountId") ?? "";
    for (const { seq, id, kind, sent } of due) {
      const queue = kind === "email" ? this.env.NOTIFICATION_EMAIL : this.env.NOTIFICATION_PUSH;
      await queue.send({ accountId, noticeId: id });
      this.ctx.storage.sql.exec(
        "UPDATE notice SET sent = sent + 1, due_ms = ? WHERE seq = ?",
        handedAgainMs(sent + 1, nowMs),
        seq,
      );
    }
    await this.#arm();
  }

  #tidy(nowMs: number): void {
    const { sql } = this.ctx.storage;
    const bornMs = nowMs - NOTICE_LIFE_MS;
    sql.exec("DELETE FROM notice WHERE state = 'sent' AND created_ms <= ?", bornMs);
    sql.exec(
      `UPDATE notice SET state = 'dead', reason = coalesce(reason, 'nobody took it for a day')
         WHERE state = 'waiting' AND (created_ms <= ? OR (attempts >= ? AND leased_until_ms <= ?))`,
      bornMs,
      NOTICE_ATTEMPTS_MAX,
      nowMs,
    );
    sql.exec(
      `DELETE FROM notice WHERE state = 'dead' AND seq <= (
         SELECT seq FROM notice WHERE state = 'dead' ORDER BY seq DESC LIMIT 1 OFFSET ?)`,
      LIMITS.noticesDeadKept,
    );
  }

  async #arm(): Promise<void> {
    const { due, sent } = this.ctx.storage.sql
      .exec<{ due: number | null; sent: number | null }>(
        `SELECT (SELECT min(due_ms) FROM notice WHERE state = 'waiting') AS due,
           (SELECT min(created_ms) FROM notice WHERE state = 'sent') AS sent`,
      )
      .one();
    const atMs = Math.min(due ?? Infinity, sent === null ? Infinity : sent + NOTICE_LIFE_MS);
    if (atMs < Infinity) await this.ctx.storage.setAlarm(Math.max(1, atMs));
    else if ((await this.ctx.storage.getAlarm()) !== null) await this.ctx.storage.deleteAlarm();
  }
}
