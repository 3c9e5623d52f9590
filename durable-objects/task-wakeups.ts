import {
  againAfterMs,
  JOB_QUEUE,
  secretOf,
  WAKE_UPS_MAX,
  type WakeUp,
} from "#domain/jobs/wakeup.ts";
import { log } from "#domain/observability/log.ts";
import type { QueueName } from "#domain/tasks/task-id.ts";

/** `due_at_ms`: when it is sent (again). Not a step of its object's, whose accounts' queues have no use for it. */
const TABLE = `
  CREATE TABLE IF NOT EXISTS wake_up (secret TEXT PRIMARY KEY, due_at_ms INTEGER NOT NULL, sends INTEGER NOT NULL) STRICT, WITHOUT ROWID`;

/** Where no queue takes them. */
const FULL_AGAIN_MS = 5_000;
const BATCH_MAX = 100;

type Needs = Pick<Env, "PULL_QUEUE" | "GPU_JOBS" | "WISHUB_PUBLIC_URL">;

/**
 * The outbox of a shard whose tasks are heavy jobs: as many wake-ups as jobs wait, written in the transaction that made
 * them wait, sent until somebody comes with their secret.
 */
export class TaskWakeUps {
  readonly #storage: DurableObjectStorage;
  readonly #env: Needs;
  readonly #queue: QueueName;
  #count: number | null = null;

  constructor(storage: DurableObjectStorage, env: Needs, queue: QueueName) {
    this.#storage = storage;
    this.#env = env;
    this.#queue = queue;
  }

  open(): void {
    this.#storage.sql.exec(TABLE);
  }

  /** In the transaction: brings them to as many as there are jobs waiting. */
  note(waiting: number, nowMs: number): void {
    const wanted = Math.min(waiting, WAKE_UPS_MAX);
    const count = this.#counted();
    for (let i = count; i < wanted; i++)
      this.#storage.sql.exec(
        "INSERT INTO wake_up VALUES (?, ?, 0)",
        secretOf(this.#queue, crypto.randomUUID().replaceAll("-", "")),
        nowMs,
      );
    // Of more than are needed, those go first that are sent last.
    if (count > wanted)
      this.#storage.sql.exec(
        "DELETE FROM wake_up WHERE secret IN (SELECT secret FROM wake_up ORDER BY due_at_ms DESC LIMIT ?)",
        count - wanted,
      );
    this.#count = wanted;
  }

  /** What memory says is not what was stored. */
  forget(): void {
    this.#count = null;
  }

  holds(secret: string): boolean {
    const [row] = this.#storage.sql.exec("SELECT 1 FROM wake_up WHERE secret = ?", secret);
    return row !== undefined;
  }

  /** It has done what it is for. */
  spend(secret: string): void {
    this.#storage.sql.exec("DELETE FROM wake_up WHERE secret = ?", secret);
    this.#count = null;
  }

  /** When one is to be sent; Infinity: none is. */
  dueMs(): number {
    if (this.#count === 0) return Infinity;
    const [row] = this.#storage.sql.exec<{ due: number | null }>(
      "SELECT min(due_at_ms) AS due FROM wake_up",
    );
    return row?.due ?? Infinity;
  }

  async send(nowMs: number): Promise<void> {
    const due = this.#storage.sql
      .exec<{ secret: string; sends: number }>(
        "SELECT secret, sends FROM wake_up WHERE due_at_ms <= ? LIMIT ?",
        nowMs,
        BATCH_MAX,
      )
      .toArray();
    if (due.length === 0) return;
    const url = this.#env.WISHUB_PUBLIC_URL;
    const sent = await this.#handOver(due.map(({ secret }) => ({ v: 1, url, secret })));
    // Sent twice where this is not stored any more: its secret is good once.
    for (const { secret, sends } of due)
      this.#storage.sql.exec(
        "UPDATE wake_up SET due_at_ms = ?, sends = ? WHERE secret = ?",
        nowMs + (sent ? againAfterMs(sends + 1) : FULL_AGAIN_MS),
        sent ? sends + 1 : sends,
        secret,
      );
  }

  async #handOver(wakeUps: WakeUp[]): Promise<boolean> {
    const { GPU_JOBS: platform, PULL_QUEUE: own } = this.#env;
    try {
      if (platform === undefined)
        return await own.getByName(JOB_QUEUE).send(wakeUps.map((wakeUp) => JSON.stringify(wakeUp)));
      await platform.sendBatch(wakeUps.map((body) => ({ body, contentType: "json" })));
      return true;
    } catch (error) {
      log("warn", "jobs-not-announced", { count: wakeUps.length, error: String(error) });
      return false;
    }
  }

  #counted(): number {
    this.#count ??= this.#storage.sql
      .exec<{ n: number }>("SELECT count(*) AS n FROM wake_up")
      .one().n;
    return this.#count;
  }
}
