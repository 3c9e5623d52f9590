import { pushName } from "#domain/a2a/push.ts";
import { log } from "#domain/observability/log.ts";
import { openSpanFrom, traceparentText } from "#domain/observability/traceparent.ts";
import { LIMITS } from "#domain/shared/limits.ts";
import type { PushRow, TaskRow } from "#objects/agent-task-rows.ts";
import type { AgentPart } from "#objects/agent-parts.ts";
import { hasEnded } from "#domain/tasks/state.ts";

/** What receivers of pushes are still to be handed. */
export const TASK_PUSH_STEP = `CREATE TABLE task_push_out (
    n INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL, lane TEXT NOT NULL, body TEXT NOT NULL
  ) STRICT`;

/** The event that a task ends with: whoever pushes it has nothing more to do after it. */
export const TASK_PUSH_LAST_STEP =
  "ALTER TABLE task_push_out ADD COLUMN is_last INTEGER NOT NULL DEFAULT 0";

export const TASK_PUSH_TRACE_STEP = "ALTER TABLE task_push_out ADD COLUMN traceparent TEXT";

const AT_ONCE = 100;
const AGAIN_MS = 5_000;
type Row = {
  n: number;
  name: string;
  lane: string;
  body: string;
  is_last: number;
  traceparent: string | null;
};

/**
 * Hands the events of tasks to the objects that push them: what is written with the event is handed on by the alarm, so
 * a crash forgets nothing. How it is delivered, and how often it is tried, is theirs. One that takes nothing keeps none
 * of the others waiting.
 */
export class AgentTaskPush implements AgentPart {
  readonly #sql: SqlStorage;
  readonly #env: Env;
  readonly #agentId: string;
  readonly #wake: () => void;
  /** Those that take nothing now, and when they are asked again. */
  readonly #refused = new Map<string, number>();
  #hasSome: boolean | null = null;

  constructor({ storage, id }: DurableObjectState, env: Env, wake: () => void) {
    this.#sql = storage.sql;
    this.#env = env;
    this.#agentId = id.name ?? "";
    this.#wake = wake;
  }

  /** Inside the transaction of what it tells of. */
  add({ id, state, span: text }: TaskRow, configs: readonly PushRow[], body: string): void {
    const span = openSpanFrom(text);
    for (const config of configs)
      this.#sql.exec(
        "INSERT INTO task_push_out (name, lane, body, is_last, traceparent) VALUES (?, ?, ?, ?, ?)",
        pushName(this.#agentId, id, config.id),
        id,
        body,
        Number(hasEnded(state)),
        span === null ? null : traceparentText(span),
      );
    // The newest are kept where nobody takes them; a receiver can always read the task.
    this.#sql.exec(
      "DELETE FROM task_push_out WHERE n <= (SELECT max(n) FROM task_push_out) - ?",
      LIMITS.taskPushesWaitingMax,
    );
    this.#hasSome = true;
    this.#wake();
  }

  dueMs(): number | null {
    this.#hasSome ??= this.#next(1).length > 0;
    if (this.#hasSome) return 1;
    return this.#refused.size === 0 ? null : Math.min(...this.#refused.values());
  }

  async work(nowMs: number): Promise<void> {
    for (const [name, againMs] of this.#refused) if (againMs <= nowMs) this.#refused.delete(name);
    const byName = Map.groupBy(this.#next(AT_ONCE), ({ name }) => name);
    await Promise.all([...byName].map(([name, rows]) => this.#hand(name, rows, nowMs)));
    this.#hasSome = null;
  }

  async #hand(name: string, rows: readonly Row[], nowMs: number): Promise<void> {
    const items = rows.map(({ n, lane, body, traceparent }) => ({
      id: `task_${n}`,
      lane,
      body,
      ...(traceparent !== null && { traceparent }),
    }));
    const isLast = rows.some(({ is_last }) => is_last === 1);
    try {
      const taken = await this.#env.DELIVERY.getByName(name).enqueue(items, isLast);
      if (taken.ok || taken.error.code === "not-found") {
        for (const { n } of rows) this.#sql.exec("DELETE FROM task_push_out WHERE n = ?", n);
        return;
      }
    } catch (error) {
      log("warn", "push-not-handed-on", { agentId: this.#agentId, error: String(error) });
    }
    this.#refused.set(name, nowMs + AGAIN_MS);
  }

  /** The oldest of those that may be taken. */
  #next(limit: number): Row[] {
    return this.#sql
      .exec<Row>(
        "SELECT * FROM task_push_out WHERE name NOT IN (SELECT value FROM json_each(?)) ORDER BY n LIMIT ?",
        JSON.stringify([...this.#refused.keys()]),
        limit,
      )
      .toArray();
  }
}
