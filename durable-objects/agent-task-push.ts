import { pushName } from "#domain/a2a/push.ts";
import { LIMITS } from "#domain/shared/limits.ts";
import type { PushRow, TaskRow } from "#objects/agent-task-rows.ts";
import type { AgentPart } from "#objects/agent-parts.ts";

/** What receivers of pushes are still to be handed. */
export const TASK_PUSH_STEP = `CREATE TABLE task_push_out (
    n INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL, lane TEXT NOT NULL, body TEXT NOT NULL
  ) STRICT`;

const AT_ONCE = 100;
const AGAIN_MS = 5_000;
type Row = { n: number; name: string; lane: string; body: string };

/**
 * Hands the events of tasks to the objects that push them: what is written with the event is handed on by the alarm, so
 * a crash forgets nothing. How it is delivered, and how often it is tried, is theirs.
 */
export class AgentTaskPush implements AgentPart {
  readonly #sql: SqlStorage;
  readonly #env: Env;
  readonly #agentId: string;
  readonly #wake: () => void;
  #hasSome: boolean | null = null;
  #dueMs = 1;

  constructor({ storage, id }: DurableObjectState, env: Env, wake: () => void) {
    this.#sql = storage.sql;
    this.#env = env;
    this.#agentId = id.name ?? "";
    this.#wake = wake;
  }

  /** Inside the transaction of what it tells of. */
  add({ id }: TaskRow, configs: readonly PushRow[], body: string): void {
    for (const config of configs)
      this.#sql.exec(
        "INSERT INTO task_push_out (name, lane, body) VALUES (?, ?, ?)",
        pushName(this.#agentId, id, config.id),
        id,
        body,
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
    return this.#hasSome ? this.#dueMs : null;
  }

  async work(nowMs: number): Promise<void> {
    const rows = this.#next(AT_ONCE);
    const names = new Set(rows.map(({ name }) => name));
    for (const name of names)
      await this.#hand(
        name,
        rows.filter((row) => row.name === name),
        nowMs,
      );
    this.#hasSome = null;
  }

  async #hand(name: string, rows: readonly Row[], nowMs: number): Promise<void> {
    const items = rows.map(({ n, lane, body }) => ({ id: `task_${n}`, lane, body }));
    try {
      const taken = await this.#env.DELIVERY.getByName(name).enqueue(items);
      if (taken.ok || taken.error.code === "not-found") {
        for (const { n } of rows) this.#sql.exec("DELETE FROM task_push_out WHERE n = ?", n);
        this.#dueMs = 1;
        return;
      }
    } catch (error) {
      console.warn({ event: "push-not-handed-on", agentId: this.#agentId, error: String(error) });
    }
    this.#dueMs = nowMs + AGAIN_MS;
  }

  #next(limit: number): Row[] {
    return this.#sql.exec<Row>("SELECT * FROM task_push_out ORDER BY n LIMIT ?", limit).toArray();
  }
}
