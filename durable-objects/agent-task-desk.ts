import { type A2aFailure, failureOf } from "#domain/a2a/errors.ts";
import { classesIn } from "#domain/agents/quality.ts";
import { type Doing, endingOf } from "#domain/agents/standing.ts";
import { type Admitted, admissionRefusal, type EnvelopeName } from "#domain/envelope/admit.ts";
import {
  openSpan,
  openSpanFrom,
  openSpanText,
  traceparentText,
} from "#domain/observability/traceparent.ts";
import { LEASE_LOST } from "#domain/shared/lease.ts";
import { LIMITS } from "#domain/shared/limits.ts";
import type { Problem } from "#domain/shared/problem.ts";
import { err, type Result } from "#domain/shared/result.ts";
import type { Asked, Caller, Opened, Told } from "#domain/tasks/asked.ts";
import { hasEnded, isAtRest, type TaskState } from "#domain/tasks/state.ts";
import { PRIORITY_DEFAULT } from "#domain/mailbox/model.ts";
import { ATTEMPTS_MAX } from "#domain/mailbox/outcome.ts";
import type { AgentPart } from "./agent-parts.ts";
import { HELD } from "./mailbox-tables.ts";
import type { AgentMailbox } from "./agent-mailbox.ts";
import { type PushRow, type TaskRow, TaskRows } from "./agent-task-rows.ts";
import { AgentTasks } from "./agent-tasks.ts";
import type { MailboxRows } from "./mailbox-rows.ts";
import { newSpanId, ownLink, recorded } from "./tracing.ts";

const BUSY: Problem<"overloaded"> = { code: "overloaded", retryAfterS: 1 };
/** The tasks' messages by when they must be done. */
export const TASK_DUE_STEP = `CREATE INDEX message_task_due ON message (deadline_ms)
   WHERE kind = 'task' AND deadline_ms IS NOT NULL AND state <> 3`;
/** So many of those that should be done first are looked at. */
const LATE_MAX = 64;

const utf8 = new TextEncoder();

type Listeners = {
  /** Told of what the agent does with its tasks, in the transaction of it. */
  did(doing: Doing, nowMs: number): void;
  /** Whether an envelope comes for the first time, in the transaction of the task that it begins. */
  admit(envelope: EnvelopeName): Admitted;
  /** Told of each event that somebody wants to be told of, in the transaction that writes it. */
  push(task: TaskRow, configs: readonly PushRow[], event: string): void;
};

/**
 * The tasks of an agent beside its mailbox: what a caller says is a message of the kind `task` in the conversation of its
 * context, and what the program says of it counts as long as it holds the message's newest lease. A program that dies
 * loses it, is given the message again with a higher token when it comes back, and what it said late before is refused.
 */
export class AgentTaskDesk implements AgentPart {
  /** What touches no message is asked of them. */
  readonly tasks: AgentTasks;
  readonly #sql: SqlStorage;
  readonly #rows: TaskRows;
  readonly #mailbox: AgentMailbox;
  /** The mailbox's rows, while a transaction that began there is under way. */
  #open: MailboxRows | null = null;
  /** Told of what the agent does with its tasks, in the transaction of it. */
  readonly #did: (doing: Doing, nowMs: number) => void;
  readonly #admit: Listeners["admit"];
  #isLost = false;

  constructor(
    storage: DurableObjectStorage,
    mailbox: AgentMailbox,
    { did, admit, push }: Listeners,
  ) {
    this.#mailbox = mailbox;
    this.#did = did;
    this.#admit = admit;
    this.#sql = storage.sql;
    this.#rows = new TaskRows(storage.sql);
    this.tasks = new AgentTasks(storage, {
      hand: (task, message, asked, nowMs) => this.#hand(task, message, asked, nowMs),
      ended: (task, nowMs) => {
        const { id, state } = task;
        for (const seq of this.#rows.dropMessages(id)) this.#open?.withdraw(seq);
        recordTask(task, nowMs);
        const ending = this.#isLost ? "lost" : endingOf(state);
        this.#did({ kind: "ended", id, ending, credits: null }, nowMs);
      },
      push: (task, configs, event) => push(task, configs, event),
    });
    mailbox.whenGone((rows, seq, how, nowMs) => {
      const id = this.#rows.dropMessage(seq);
      if (id !== null) this.#during(rows, () => this.#gone(id, how, nowMs));
    });
  }

  /**
   * When a task fails by itself, so that its caller hears of it then: at the deadline of a message that nobody works on,
   * or at the end of the last lease it is given.
   */
  dueMs(): number | null {
    if (!this.#rows.hasMessages()) return null;
    const { due } = this.#sql
      .exec<{ due: number | null }>(
        `SELECT min(at) AS due FROM (
           SELECT * FROM (SELECT iif(state = ${HELD}, max(until_ms, deadline_ms), deadline_ms) AS at FROM message
             WHERE kind = 'task' AND deadline_ms IS NOT NULL AND state <> 3 ORDER BY deadline_ms LIMIT ${LATE_MAX})
           UNION ALL SELECT until_ms FROM message WHERE state = 1 AND kind = 'task' AND attempts >= ${ATTEMPTS_MAX})`,
      )
      .one();
    return due;
  }

  /** What has fallen due is done by whatever looks into the mailbox. */
  async work(): Promise<void> {
    await this.#within(0, () => true);
  }

  async beginTask(asked: Asked): Promise<Result<Opened, A2aFailure>> {
    const cause = ownLink()?.traceparent;
    const span = cause === undefined ? null : openSpan(cause, newSpanId());
    const traced = span === null ? asked : { ...asked, span: openSpanText(span) };
    const begun = await this.#within(asked.message.length, (nowMs) =>
      this.tasks.begin(traced, nowMs),
    );
    return begun ?? err(failureOf(BUSY));
  }

  async cancelTask(caller: Caller, id: string): Promise<Result<string, A2aFailure>> {
    const canceled = await this.#within(0, (nowMs) => this.tasks.cancel(caller, id, nowMs));
    return canceled ?? err(failureOf(BUSY));
  }

  /** The same, whoever asked for it: what it was for is over. False where it cannot be done now. */
  async dropTask(id: string): Promise<boolean> {
    const task = this.#rows.row(id);
    if (task === null || hasEnded(task.state)) return true;
    return (await this.cancelTask({ accountId: task.caller, agentId: task.caller_agent }, id)).ok;
  }

  /** What the agent's program says of a task, under the lease of one of its messages. */
  async updateTask(
    id: string,
    { seq, token }: { seq: number; token: number },
    told: Told,
  ): Promise<Result<TaskState, Problem>> {
    const bytes = told.artifacts.reduce((sum, { body }) => sum + body.length, 0);
    const updated = await this.#within(bytes, (nowMs): Result<TaskState, Problem> => {
      if (this.#rows.row(id) === null) return err({ code: "not-found" });
      // A task that was canceled has taken its messages back, so the lease of each is lost.
      if (this.#rows.taskOf(seq) !== id || this.#open?.holds(seq, token) !== true)
        return err(LEASE_LOST);
      const state = this.tasks.tell(id, told, nowMs);
      if (state.ok && !hasEnded(state.value)) this.#did({ kind: "heard" }, nowMs);
      if (state.ok && isAtRest(state.value) && !hasEnded(state.value)) {
        this.#did({ kind: "ended", id, ending: "dropped", credits: null }, nowMs);
        // It waits for its caller now, whose next message is another one.
        this.#rows.dropMessage(seq);
        this.#open.withdraw(seq);
      }
      return state;
    });
    return updated ?? err(BUSY);
  }

  #hand(task: TaskRow, message: string, asked: Asked, nowMs: number): Problem | null {
    const { id, context_id: conversationId } = task;
    const body = `{"taskId":${JSON.stringify(id)},"contextId":${JSON.stringify(conversationId)},"message":${message}}`;
    const bytes = utf8.encode(body).length;
    if (bytes > LIMITS.messageBytesMax)
      return { code: "body-too-large", detail: `at most ${LIMITS.messageBytesMax} bytes` };
    const refusal =
      asked.envelope === undefined ? null : admissionRefusal(this.#admit(asked.envelope));
    if (refusal !== null) return refusal;
    if (this.#open === null) throw new Error("a task is begun inside the mailbox's transaction");
    // A message that goes on with a task is part of whatever said it; else of the task.
    const span = openSpanFrom(asked.span ?? task.span);
    const placed = this.#open.put(
      {
        ...(span !== null && { traceparent: traceparentText(span) }),
        from: asked.caller,
        isOwn: asked.isOwn,
        kind: "task",
        conversationId,
        inReplyTo: null,
        priority: PRIORITY_DEFAULT,
        deadlineMs: asked.hop?.deadlineMs ?? null,
        once: [],
        body,
        bytes,
      },
      nowMs,
    );
    if (!placed.ok) return placed.error;
    this.#rows.addMessage(id, placed.value.seq);
    this.#did({ kind: "asked", task: askedOf(task, message, asked) }, nowMs);
    return null;
  }

  /** A message that its program has acknowledged without a word ends its task well; one that is dead ends it badly. */
  #gone(id: string, how: "done" | "dead", nowMs: number): void {
    if (how === "done") return this.tasks.complete(id, nowMs);
    this.#isLost = true;
    try {
      this.tasks.fail(id, "the agent could not do it", crypto.randomUUID(), nowMs);
    } finally {
      this.#isLost = false;
    }
  }

  async #within<T>(bytes: number, work: (nowMs: number) => T): Promise<T | null> {
    return await this.#mailbox.within(bytes, (rows, nowMs) =>
      this.#during(rows, () => work(nowMs)),
    );
  }

  #during<T>(rows: MailboxRows, work: () => T): T {
    const before = this.#open;
    this.#open = rows;
    try {
      return work();
    } finally {
      this.#open = before;
    }
  }
}

/** A task is one span, from what began it to its end. */
function recordTask({ id, caller, state, span: text, created_at_ms }: TaskRow, endMs: number) {
  const span = openSpanFrom(text);
  if (span === null) return;
  const times = { startMs: created_at_ms, endMs, isError: state === "failed" };
  recorded(
    { ...span, accountId: caller, service: "Agent" },
    { name: "a2a task", kind: "internal", ...times, attributes: { task: id, state } },
  );
}

/** What kind of task it is, its caller may say with the message or with all of the request. */
function askedOf({ id, metadata }: TaskRow, message: string, { caller, isOwn }: Asked) {
  return { id, classes: classesIn(metadata, message), accountId: caller.accountId, isOwn };
}
