import { DurableObject } from "cloudflare:workers";
import { leaseFrom, leaseIdOf, type AckRequest } from "#domain/jobs/pull.ts";
import { leaseAfter } from "#domain/shared/lease.ts";
import { migrate } from "#objects/migrate.ts";

/** Append-only. `due_at_ms`: when it may be pulled (again). `token`: of its newest lease, 0 for none. */
const STEPS = [
  `CREATE TABLE message (
     seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL, body TEXT NOT NULL, sent_at_ms INTEGER NOT NULL,
     due_at_ms INTEGER NOT NULL, attempts INTEGER NOT NULL, token INTEGER NOT NULL
   ) STRICT;
   CREATE INDEX message_due ON message (due_at_ms)`,
];

/** What waits here is work that somebody else remembers, and sends again: beyond these it may be lost. */
const MESSAGES_MAX = 10_000;
const ATTEMPTS_MAX = 100;
const KEPT_MS = 4 * 86_400_000;

export type Pulled = {
  id: string;
  body: string;
  attempts: number;
  sentAtMs: number;
  leaseId: string;
};
type Row = { seq: number; id: string; body: string; sent_at_ms: number; attempts: number };

/**
 * A queue that is pulled from over HTTP, where the platform has none (npm start, self-hosting): at least once, in no
 * promised order, a message that is not acknowledged in time comes again. Named as the queue is.
 */
export class PullQueue extends DurableObject<Env> {
  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    migrate(ctx.storage, STEPS);
  }

  /** Takes messages, or none where there is no room. */
  send(bodies: string[]): boolean {
    const nowMs = Date.now();
    return this.ctx.storage.transactionSync(() => {
      if (this.#count() + bodies.length > MESSAGES_MAX) return false;
      for (const body of bodies)
        this.ctx.storage.sql.exec(
          "INSERT INTO message (id, body, sent_at_ms, due_at_ms, attempts, token) VALUES (?, ?, ?, ?, 0, 0)",
          crypto.randomUUID().replaceAll("-", ""),
          body,
          nowMs,
          nowMs,
        );
      return true;
    });
  }

  pull(limit: number, visibilityMs: number): { messages: Pulled[]; backlog: number } {
    const nowMs = Date.now();
    const { sql } = this.ctx.storage;
    return this.ctx.storage.transactionSync(() => {
      sql.exec(
        "DELETE FROM message WHERE sent_at_ms < ? OR (attempts >= ? AND due_at_ms <= ?)",
        nowMs - KEPT_MS,
        ATTEMPTS_MAX,
        nowMs,
      );
      const due = sql
        .exec<Row & { token: number }>(
          "SELECT * FROM message WHERE due_at_ms <= ? ORDER BY due_at_ms, seq LIMIT ?",
          nowMs,
          limit,
        )
        .toArray();
      const messages = due.map(({ seq, id, body, sent_at_ms, attempts, token: newest }) => {
        const { token, untilMs } = leaseAfter(newest, nowMs, visibilityMs);
        sql.exec(
          "UPDATE message SET due_at_ms = ?, attempts = attempts + 1, token = ? WHERE seq = ?",
          untilMs,
          token,
          seq,
        );
        const leaseId = leaseIdOf(seq, token);
        return { id, body, sentAtMs: sent_at_ms, attempts: attempts + 1, leaseId };
      });
      return { messages, backlog: this.#count() };
    });
  }

  /** Ends leases: what is acknowledged is gone, the rest may be pulled again after its delay. Answers whose lease was no good. */
  settle({ acks, retries }: AckRequest): { acked: number; retried: number; lost: string[] } {
    const nowMs = Date.now();
    const { sql } = this.ctx.storage;
    const lost: string[] = [];
    const settled = (leaseId: string, statement: string, ...values: number[]): number => {
      const lease = leaseFrom(leaseId);
      const written =
        lease === null
          ? 0
          : sql.exec(`${statement} WHERE seq = ? AND token = ?`, ...values, lease.seq, lease.token)
              .rowsWritten;
      if (written === 0) lost.push(leaseId);
      return written > 0 ? 1 : 0;
    };
    return this.ctx.storage.transactionSync(() => {
      let acked = 0;
      let retried = 0;
      for (const { lease_id: id } of acks) acked += settled(id, "DELETE FROM message");
      for (const { lease_id: id, delay_seconds: delayS } of retries)
        retried += settled(id, "UPDATE message SET due_at_ms = ?", nowMs + delayS * 1_000);
      return { acked, retried, lost };
    });
  }

  #count(): number {
    return this.ctx.storage.sql.exec<{ n: number }>("SELECT count(*) AS n FROM message").one().n;
  }
}
