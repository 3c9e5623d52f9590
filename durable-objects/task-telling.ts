import {
  callbackEndpoint,
  type CallbackGivenUp,
  callbackId,
  type CallbackKept,
  detailsWithout,
} from "#domain/tasks/callback.ts";
import { log } from "#domain/observability/log.ts";
import type { Given, Lease, Queue } from "#domain/scheduling/queue.ts";
import type { Change, Outcome, TaskRow } from "#domain/scheduling/row.ts";
import {
  noteOf,
  taskEvent,
  type TaskNote,
  taskNote,
  tracedNote,
  type Why,
} from "#domain/tasks/happenings.ts";
import { type Mark, stoodOf, type TaskNews } from "#domain/tasks/news.ts";
import {
  leasedTaskText,
  type TaskLeased,
  type TaskShown,
  taskViewOf,
} from "#domain/tasks/record.ts";
import { type QueueName, taskIdOf } from "#domain/tasks/task-id.ts";
import type { Subscription } from "#domain/tasks/subscription.ts";
import { taskWatch } from "#objects/agent-task-watch.ts";
import { EVENT_OUT_STEP, EventOutbox } from "#objects/event-outbox.ts";
import { TASK_EVENT_STEP, TaskEvents } from "#objects/task-events.ts";
import { TASK_OUT_STEP, TaskOutbox } from "#objects/task-outbox.ts";
import type { TaskRows } from "#objects/task-rows.ts";
import { TASK_TRACE_STEP, TaskTraces } from "#objects/task-traces.ts";
import { TASK_SUBSCRIBER_STEP, taskMessage, TaskSubscribers } from "#objects/task-subscribers.ts";
import { shownOf } from "#objects/task-tables.ts";
import { topicPort } from "#objects/topics.ts";

const TASK_BLOB_STEP =
  "CREATE TABLE task_blob (seq INTEGER PRIMARY KEY, prefix TEXT NOT NULL) STRICT";
export const TASK_TELLING_STEPS = [
  TASK_EVENT_STEP,
  TASK_OUT_STEP,
  TASK_SUBSCRIBER_STEP,
  TASK_BLOB_STEP,
  EVENT_OUT_STEP,
  TASK_TRACE_STEP,
];

type Needs = {
  sql: SqlStorage;
  env: Env;
  /** Null: an object of no shard, which nobody made. */
  queue: QueueName | null;
  rows: TaskRows;
  /** Takes back what an agent was given, as its mailbox would not have it. */
  recall(agentId: string, only?: Lease): void;
};

/**
 * Who is told of tasks: the topic of all that happens to them, those who follow one, the receiver that it names, and the agents that are given some by their
 * mailbox. What goes out is written in the transaction of what it tells of.
 */
export class TaskTelling {
  readonly events: TaskEvents;
  readonly traces: TaskTraces;
  readonly #outbox: TaskOutbox;
  /** Null in an object of no shard. */
  readonly #happened: EventOutbox<TaskNote> | null;
  readonly #needs: Needs;
  readonly #watch = taskWatch();
  #subscribers: TaskSubscribers | null = null;
  #touched = new Set<number>();
  /** Said once the transaction is stored. */
  #lines: (() => void)[] = [];

  constructor(needs: Needs) {
    this.#needs = needs;
    const { sql, env } = needs;
    this.events = new TaskEvents(sql);
    this.traces = new TaskTraces(sql, needs.queue);
    this.#happened = happened(needs);
    this.#outbox = new TaskOutbox(sql, env, (agentId, lease) => {
      this.#subscribers?.refused(agentId, Date.now());
      needs.recall(agentId, lease);
    });
  }

  /** Inside the transaction that writes it, once it is written. */
  note(change: Change, nowMs: number, why: Why): void {
    this.#subscribers?.note(change, nowMs);
    const note = this.#happened === null ? null : noteOf(change, why, nowMs);
    const traceparent = this.traces.note(change, why, nowMs);
    if (note !== null)
      this.#happened?.note(traceparent === undefined ? note : tracedNote(note, traceparent));
    const seq = "row" in change ? change.row.seq : change.seq;
    this.#touched.add(seq);
    if (change.kind === "ended") this.#callBack(seq, traceparent);
  }

  /** What whoever works on it said. */
  say(seq: number, said: { progress: number | null; data: string | null }, nowMs: number): void {
    this.events.add(seq, said, nowMs);
    this.#touched.add(seq);
  }

  /** Callbacks that were given up: kept with those of their tasks that are still here, and told, inside a transaction. */
  gaveUp(all: readonly CallbackGivenUp[]): true {
    const { rows } = this.#needs;
    for (const one of all) {
      const row = rows.one(one.seq);
      const details = row === null ? null : detailsWithout(row.details, one);
      // It was told before.
      if (row !== null && details === null) continue;
      if (details !== null) rows.keep(one.seq, details);
      const { account: accountId, reason, atMs } = one;
      const [task, { attempts }] = [this.#idOf(one.seq), one];
      const of = { accountId, service: "TaskQueue" };
      this.#lines.push(() => log("warn", "callback-given-up", { task, attempts, reason }, of));
      this.#happened?.note(
        taskNote("callback-failed", { ...one, agentId: null }, atMs, { reason }),
      );
      this.#touched.add(one.seq);
    }
    return true;
  }

  #idOf(seq: number): string | null {
    const { queue } = this.#needs;
    return queue === null ? null : taskIdOf(queue, seq);
  }

  /** Gives waiting tasks to the agents that want them; `leased` reads what was leased, once the changes are written. */
  give(
    queue: Queue,
    nowMs: number,
    apply: <T>(outcome: Outcome<T>) => T,
    leased: (all: readonly Given[]) => TaskLeased[],
  ): void {
    const { queue: name } = this.#needs;
    if (name === null || this.#subscribers === null || this.#subscribers.isEmpty) return;
    const all = apply(this.#subscribers.give(queue, nowMs));
    const tasks = leased(all.map(({ given }) => given));
    for (const [at, { agentId }] of all.entries()) {
      const task = tasks[at];
      if (task === undefined) continue;
      const text = leasedTaskText(name, task);
      const id = taskIdOf(name, task.seq);
      const { account, priority, token, untilMs } = task;
      const draft = taskMessage(account, priority, { text, id, token, untilMs });
      if (task.traceparent !== undefined) draft.traceparent = task.traceparent;
      const lease = { seq: task.seq, token };
      this.#outbox.add({ kind: "message", target: agentId, draft, lease });
    }
  }

  /** At the end of the transaction. */
  write(): void {
    this.#happened?.write();
  }

  /** So much waits to be told that nothing new is to happen. */
  get isBehind(): boolean {
    return this.#happened?.isFull === true;
  }

  /** The transaction is over, and stored. */
  stored(): void {
    this.#happened?.stored();
    this.traces.stored();
    for (const say of this.#lines.splice(0)) say();
    for (const seq of this.#touched) this.#watch.changed(String(seq));
    this.#touched.clear();
  }

  /** The queue was loaded, for the first time or because a transaction was taken back. */
  load(open: readonly TaskRow[]): void {
    this.#touched.clear();
    this.#lines = [];
    this.#outbox.forget();
    this.#happened?.forget();
    const subscribers = new TaskSubscribers(this.#needs.sql);
    this.#subscribers = subscribers;
    if (!subscribers.isEmpty)
      for (const row of open) if (row.standing === "leased") subscribers.has(row);
    this.traces.load(open);
  }

  /** What is new of a task since a mark, waiting so long for some. Null: it is not there, or too many wait already. */
  async news(
    seq: number,
    shown: () => TaskShown | null,
    after: Mark,
    waitMs: number,
  ): Promise<TaskNews | null> {
    const first = this.#news(seq, shown(), after);
    if (first === null || waitMs <= 0 || first.task.end !== null) return first;
    if (first.events.length > 0 || first.mark.stood !== after.stood) return first;
    if (this.#watch.isFull) return null;
    await this.#watch.change(String(seq), waitMs);
    return this.#news(seq, shown(), after);
  }

  #news(seq: number, task: TaskShown | null, after: Mark): TaskNews | null {
    if (task === null) return null;
    const events = this.events.after(seq, after.n);
    const mark = { n: events.at(-1)?.n ?? after.n, stood: stoodOf(task) };
    return { task, events, mark };
  }

  /** That a result is about to be stored under this prefix: whatever comes of it, it goes with its task. */
  expectBlob(seq: number, prefix: string): void {
    this.#needs.sql.exec("INSERT OR IGNORE INTO task_blob VALUES (?, ?)", seq, prefix);
  }

  subscribe(agentId: string, subscription: Subscription | null): boolean {
    if (subscription !== null) return this.#subscribers?.set(agentId, subscription) ?? false;
    this.#subscribers?.drop(agentId);
    return true;
  }

  subscription(agentId: string): Subscription | null {
    return this.#subscribers?.get(agentId) ?? null;
  }

  /** Whether there are agents that are sent tasks. */
  get sends(): boolean {
    return this.#subscribers?.isEmpty === false;
  }

  /** Forgets what was said of these, and the results that lie elsewhere. */
  purged(seqs: readonly number[]): void {
    this.events.drop(seqs);
    const blobs = this.#needs.sql.exec<{ prefix: string }>(
      "DELETE FROM task_blob WHERE seq IN (SELECT value FROM json_each(?)) RETURNING prefix",
      JSON.stringify(seqs),
    );
    for (const { prefix } of blobs) this.#outbox.add({ kind: "blobs", target: prefix });
  }

  dueMs(nowMs: number): number {
    const toldMs = Math.min(this.#outbox.dueMs, this.#happened?.dueMs ?? Infinity);
    return Math.min(toldMs, this.#subscribers?.dueMs(nowMs) ?? Infinity);
  }

  async work(nowMs: number): Promise<void> {
    if (this.#outbox.dueMs <= nowMs) await this.#outbox.work(nowMs);
    if (this.#happened !== null && this.#happened.dueMs <= nowMs) await this.#happened.work();
  }

  #callBack(seq: number, traceparent: string | undefined): void {
    const { rows, queue } = this.#needs;
    if (queue === null || rows.details(seq) === null) return;
    const row = rows.one(seq);
    if (row === null || row.details === null) return;
    const { callback } = JSON.parse(row.details) as { callback?: CallbackKept };
    if (callback === undefined) return;
    const task = taskViewOf(
      queue,
      shownOf(row, queue.account, { unschedulable: null, progress: null }),
    );
    const accountId = row.account ?? queue.account ?? "";
    const body = JSON.stringify({
      type: `task.${task.state}`,
      timestamp: task.endedAt,
      data: task,
    });
    const item = {
      id: callbackId(task.id, row.token),
      lane: task.id,
      body,
      ...(traceparent !== undefined && { traceparent }),
    };
    const endpoint = callbackEndpoint(accountId, callback);
    this.#outbox.add({ kind: "callback", target: callback.name, endpoint, item });
  }
}

/** Random digits of 48 bits: a queue's events are told apart within what a partition remembers. */
const ID_CHARS = 12;

function happened({ sql, env, queue }: Needs): EventOutbox<TaskNote> | null {
  if (queue === null) return null;
  const topics = topicPort(env);
  return new EventOutbox<TaskNote>({
    sql,
    append: (accountId, drafts) => topics.append(accountId, "agent.tasks", drafts),
    eventOf: (note, id) => taskEvent(queue, note, id),
    newId: () => crypto.randomUUID().slice(-ID_CHARS),
    nowMs: Date.now,
  });
}
