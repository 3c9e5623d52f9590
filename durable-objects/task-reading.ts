import type { Queue } from "#domain/scheduling/queue.ts";
import type { QueueDepth } from "#domain/tasks/depth.ts";
import type { TaskPage, TaskPageAsked } from "#domain/tasks/listing.ts";
import type { TaskShown } from "#domain/tasks/record.ts";
import type { TaskCommands } from "#objects/task-commands.ts";
import { depthIn, taskPage } from "#objects/task-pages.ts";
import type { TaskRows } from "#objects/task-rows.ts";
import { shownOf } from "#objects/task-tables.ts";
import type { TaskTelling } from "#objects/task-telling.ts";

type Needs = {
  sql: SqlStorage;
  /** The account that all tasks here are of; null where several share the queue. */
  own: string | null;
  rows: TaskRows;
  commands: Pick<TaskCommands, "mine">;
  telling: Pick<TaskTelling, "events">;
  /** Null where nobody has put anything here: whoever only asks makes no tables. */
  opened(): Queue | null;
};

/** What a shard of a queue says of its tasks. */
export class TaskReading {
  readonly #needs: Needs;

  constructor(needs: Needs) {
    this.#needs = needs;
  }

  show(seq: number, account: string | null): TaskShown | null {
    const { opened, commands, own } = this.#needs;
    const queue = opened();
    const row = queue === null ? null : commands.mine(seq, account);
    return queue === null || row === null ? null : shownOf(row, own, this.#said(queue, seq));
  }

  /** A page of an account's tasks, the newest first. */
  page(asked: TaskPageAsked): TaskPage {
    const { opened, sql, own } = this.#needs;
    const queue = opened();
    if (queue === null) return { tasks: [], next: null };
    return taskPage(sql, own, asked, (seq) => this.#said(queue, seq));
  }

  /** A task with what came of it, JSON text; no result where there is none. */
  outcome(seq: number, account: string | null): { task: TaskShown; result: string | null } | null {
    const task = this.show(seq, account);
    return task === null ? null : { task, result: this.#needs.rows.result(seq) };
  }

  /** What was given for a task and what came of it, JSON text each; for who may have all of it. */
  contents(seq: number, account: string): { input: string | null; result: string | null } | null {
    const { opened, commands, rows } = this.#needs;
    if (opened() === null || commands.mine(seq, account) === null) return null;
    return { input: rows.input(seq), result: rows.result(seq) };
  }

  /** Of one account, where several share the queue; null where there is nothing. */
  depthOf(account: string): QueueDepth | null {
    const { opened, sql, own, rows } = this.#needs;
    const queue = opened();
    return queue === null ? null : depthIn(sql, { queue, own, rows }, account);
  }

  /** What is known of a task beside its row. */
  #said(queue: Queue, seq: number) {
    const unschedulable = queue.look(seq, Date.now())?.unschedulable ?? null;
    return { unschedulable, progress: this.#needs.telling.events.progress(seq) };
  }
}
