import type { Artifact, Message, Task } from "#domain/a2a/wire.ts";
import { wireState } from "#domain/a2a/wire.ts";
import { LIMITS } from "#domain/shared/limits.ts";
import type { Asked, Caller, TaskFilter, TaskPage } from "#domain/tasks/asked.ts";
import type { TaskState } from "#domain/tasks/state.ts";

/**
 * A task, what it holds (h: messages, a: artifacts, e: events of the last while), and who wants to hear of it. A task
 * costs three rows to begin and two for each thing that happens.
 */
export const TASK_STEPS = [
  `CREATE TABLE task (
     id TEXT PRIMARY KEY,
     context_id TEXT NOT NULL,
     caller TEXT NOT NULL,
     caller_agent TEXT,
     state TEXT NOT NULL,
     status_message TEXT,
     metadata TEXT,
     answer TEXT,
     is_shown INTEGER NOT NULL,
     repeat_key TEXT,
     bytes INTEGER NOT NULL,
     last_event INTEGER NOT NULL,
     created_at_ms INTEGER NOT NULL,
     changed_at_ms INTEGER NOT NULL
   ) STRICT, WITHOUT ROWID;
   CREATE INDEX task_by_change ON task (caller, changed_at_ms);
   CREATE UNIQUE INDEX task_by_repeat ON task (caller, repeat_key) WHERE repeat_key IS NOT NULL;
   CREATE TABLE task_part (
     task_id TEXT NOT NULL,
     kind TEXT NOT NULL,
     n INTEGER NOT NULL,
     name TEXT,
     body TEXT NOT NULL,
     PRIMARY KEY (task_id, kind, n)
   ) STRICT, WITHOUT ROWID;
   CREATE TABLE task_push (
     task_id TEXT NOT NULL,
     id TEXT NOT NULL,
     body TEXT NOT NULL,
     PRIMARY KEY (task_id, id)
   ) STRICT, WITHOUT ROWID`,
  // Which messages of the mailbox are of which task, while they wait or are worked on.
  `CREATE TABLE task_message (seq INTEGER PRIMARY KEY, task_id TEXT NOT NULL) STRICT`,
] as const;

/** The span of a task that is part of a recorded trace (domain/observability/traceparent.ts). */
export const TASK_SPAN_STEP = "ALTER TABLE task ADD COLUMN span TEXT";

export type TaskRow = {
  id: string;
  context_id: string;
  caller: string;
  caller_agent: string | null;
  state: TaskState;
  status_message: string | null;
  metadata: string | null;
  answer: string | null;
  is_shown: number;
  bytes: number;
  last_event: number;
  created_at_ms: number;
  changed_at_ms: number;
  span: string | null;
};
type Kind = "h" | "a" | "e";
/** JSON of A2A's TaskPushNotificationConfig. */
export type PushRow = { id: string; body: string };

/** An agent's tasks in its object's SQLite, and how A2A shows them. */
export class TaskRows {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  row(id: string): TaskRow | null {
    return this.#sql.exec<TaskRow>("SELECT * FROM task WHERE id = ?", id).toArray()[0] ?? null;
  }

  /** Of this caller; one that was answered without a task is none. */
  of(caller: Caller, id: string): TaskRow | null {
    const found = this.row(id);
    return found === null || !isOf(found, caller) || found.answer !== null ? null : found;
  }

  repeated(accountId: string, key: string): TaskRow | null {
    const found = this.#sql.exec<TaskRow>(
      "SELECT * FROM task WHERE caller = ? AND repeat_key = ?",
      accountId,
      key,
    );
    return found.toArray()[0] ?? null;
  }

  /** The newest messages only, where so many are asked for; none is as good as no field (3.2.4). */
  shown(task: TaskRow, historyLength: number | null, withArtifacts: boolean): Task {
    const parsed = <T>(kind: Kind, newest: number): T[] =>
      this.#bodies(task.id, kind, newest).map((body) => JSON.parse(body) as T);
    const history = parsed<Message>("h", historyLength ?? ALL);
    return {
      id: task.id,
      contextId: task.context_id,
      status: statusOf(task),
      ...(withArtifacts && { artifacts: parsed<Artifact>("a", ALL) }),
      ...(history.length > 0 && { history }),
      ...(task.metadata !== null && {
        metadata: JSON.parse(task.metadata) as Record<string, unknown>,
      }),
    };
  }

  #bodies(id: string, kind: Kind, newest: number): string[] {
    const rows = this.#sql.exec<{ body: string }>(
      "SELECT body FROM task_part WHERE task_id = ? AND kind = ? ORDER BY n DESC LIMIT ?",
      id,
      kind,
      newest,
    );
    return rows
      .toArray()
      .reverse()
      .map(({ body }) => body);
  }

  /** Newest change first. */
  page({ accountId, agentId }: Caller, filter: TaskFilter): TaskPage {
    const { contextId, state, changedAfterMs, after, limit } = filter;
    const where = `FROM task WHERE caller = ?1 AND answer IS NULL
      AND (?2 IS NULL OR context_id = ?2) AND (?3 IS NULL OR state = ?3) AND changed_at_ms >= ?4
      AND (?5 IS NULL OR caller_agent = ?5)`;
    const chosen = [accountId, contextId, state, changedAfterMs ?? 0, agentId];
    const total = this.#sql.exec<{ n: number }>(`SELECT count(*) AS n ${where}`, ...chosen).one().n;
    const found = this.#sql
      .exec<TaskRow>(
        `SELECT * ${where} AND (changed_at_ms, id) < (?6, ?7)
         ORDER BY changed_at_ms DESC, id DESC LIMIT ?8`,
        ...chosen,
        after?.atMs ?? Number.MAX_SAFE_INTEGER,
        after?.id ?? "",
        limit + 1,
      )
      .toArray();
    const page = found.slice(0, limit);
    const last = page.at(-1);
    const more = found.length > limit && last !== undefined;
    const { historyLength, withArtifacts } = filter;
    return {
      tasks: page.map((one) => JSON.stringify(this.shown(one, historyLength, withArtifacts))),
      next: more ? { atMs: last.changed_at_ms, id: last.id } : null,
      total,
    };
  }

  insert(asked: Asked, contextId: string, message: string, nowMs: number): void {
    this.#sql.exec(
      `INSERT INTO task VALUES (?, ?, ?, ?, 'submitted', NULL, ?, NULL, ?, ?, ?, 0, ?, ?, ?)`,
      asked.fresh.taskId,
      contextId,
      asked.caller.accountId,
      asked.caller.agentId,
      asked.metadata,
      Number(asked.isShown),
      asked.repeatKey,
      message.length,
      nowMs,
      nowMs,
      asked.span ?? null,
    );
    this.add(asked.fresh.taskId, "h", 1, null, message);
  }

  save(task: TaskRow): void {
    this.#sql.exec(
      `UPDATE task SET state = ?, status_message = ?, answer = ?, is_shown = ?, bytes = ?,
         last_event = ?, changed_at_ms = ? WHERE id = ?`,
      task.state,
      task.status_message,
      task.answer,
      task.is_shown,
      task.bytes,
      task.last_event,
      task.changed_at_ms,
      task.id,
    );
  }

  add(id: string, kind: Kind, n: number, name: string | null, body: string): void {
    this.#sql.exec(
      "INSERT OR REPLACE INTO task_part VALUES (?, ?, ?, ?, ?)",
      id,
      kind,
      n,
      name,
      body,
    );
  }

  /** What was said under this message's id, if anything was. */
  saidUnder(id: string, messageId: string): string | null {
    const [found] = this.#sql
      .exec<{ body: string }>(
        "SELECT body FROM task_part WHERE task_id = ? AND kind = 'h' AND body ->> '$.messageId' = ? LIMIT 1",
        id,
        messageId,
      )
      .toArray();
    return found?.body ?? null;
  }

  /** The number of the last one. */
  countOf(id: string, kind: Kind): number {
    return this.#sql
      .exec<{ n: number }>(
        "SELECT coalesce(max(n), 0) AS n FROM task_part WHERE task_id = ? AND kind = ?",
        id,
        kind,
      )
      .one().n;
  }

  artifact(id: string, name: string): { n: number; body: string } | null {
    const found = this.#sql.exec<{ n: number; body: string }>(
      "SELECT n, body FROM task_part WHERE task_id = ? AND kind = 'a' AND name = ?",
      id,
      name,
    );
    return found.toArray()[0] ?? null;
  }

  /** Keeps an event for as long as it is among the last. */
  addEvent(task: TaskRow, body: string): void {
    task.last_event += 1;
    this.add(task.id, "e", task.last_event, null, body);
    this.#sql.exec(
      "DELETE FROM task_part WHERE task_id = ? AND kind = 'e' AND n <= ?",
      task.id,
      task.last_event - LIMITS.taskEventsMax,
    );
  }

  events(id: string, after: number): string[] {
    return this.#sql
      .exec<{ body: string }>(
        "SELECT body FROM task_part WHERE task_id = ? AND kind = 'e' AND n > ? ORDER BY n",
        id,
        after,
      )
      .toArray()
      .map(({ body }) => body);
  }

  /** What there is, in tasks and bytes. */
  held(): { tasks: number; bytes: number } {
    return this.#sql
      .exec<{ tasks: number; bytes: number }>(
        "SELECT count(*) AS tasks, coalesce(sum(bytes), 0) AS bytes FROM task",
      )
      .one();
  }

  /** Forgets those that ended first; tells how many. */
  dropEnded(most: number): number {
    const ended = this.#sql
      .exec<{ id: string }>(
        `SELECT id FROM task WHERE state IN ('completed', 'failed', 'canceled', 'rejected')
         ORDER BY changed_at_ms LIMIT ?`,
        most,
      )
      .toArray();
    for (const { id } of ended) {
      this.#sql.exec("DELETE FROM task_part WHERE task_id = ?", id);
      this.#sql.exec("DELETE FROM task_push WHERE task_id = ?", id);
      this.#sql.exec("DELETE FROM task WHERE id = ?", id);
    }
    return ended.length;
  }

  /** A message of the mailbox that is of this task. */
  addMessage(taskId: string, seq: number): void {
    this.#sql.exec("INSERT INTO task_message VALUES (?, ?)", seq, taskId);
  }

  /** Forgets which task a message of the mailbox was of, and says which. */
  dropMessage(seq: number): string | null {
    const [known] = this.#sql
      .exec<{ task_id: string }>("DELETE FROM task_message WHERE seq = ? RETURNING task_id", seq)
      .toArray();
    return known?.task_id ?? null;
  }

  /** Forgets all messages of a task that are not done with. There are few, so they are looked through. */
  dropMessages(taskId: string): number[] {
    return this.#sql
      .exec<{ seq: number }>("DELETE FROM task_message WHERE task_id = ? RETURNING seq", taskId)
      .toArray()
      .map(({ seq }) => seq);
  }

  hasMessages(): boolean {
    return this.#sql.exec("SELECT 1 FROM task_message LIMIT 1").toArray().length > 0;
  }

  taskOf(seq: number): string | null {
    const [known] = this.#sql
      .exec<{ task_id: string }>("SELECT task_id FROM task_message WHERE seq = ?", seq)
      .toArray();
    return known?.task_id ?? null;
  }

  /** False where too many are told of it already: each event goes to all of them. */
  setPush(taskId: string, id: string, body: string): boolean {
    const others = this.pushes(taskId).filter((one) => one.id !== id);
    if (others.length >= LIMITS.taskPushConfigsMax) return false;
    this.#sql.exec("INSERT OR REPLACE INTO task_push VALUES (?, ?, ?)", taskId, id, body);
    return true;
  }

  pushes(taskId: string): PushRow[] {
    return this.#sql
      .exec<PushRow>("SELECT id, body FROM task_push WHERE task_id = ? ORDER BY id", taskId)
      .toArray();
  }

  dropPush(taskId: string, id: string): void {
    this.#sql.exec("DELETE FROM task_push WHERE task_id = ? AND id = ?", taskId, id);
  }
}

/** An agent's tasks are its own; its account's keys see those of all its agents, as they see their mailboxes. */
export const isOf = (task: TaskRow, { accountId, agentId }: Caller): boolean =>
  task.caller === accountId && (agentId === null || task.caller_agent === agentId);

/** Of SQLite's LIMIT. */
const ALL = -1;

export const statusOf = (task: TaskRow): Task["status"] => ({
  state: wireState(task.state),
  timestamp: new Date(task.changed_at_ms).toISOString(),
  ...(task.status_message !== null && { message: JSON.parse(task.status_message) as Message }),
});
