import { type A2aFailure, failed, failureOf } from "#domain/a2a/errors.ts";
import type { Artifact, Message, PushConfig, StreamResponse } from "#domain/a2a/wire.ts";
import { LIMITS } from "#domain/shared/limits.ts";
import type { Problem } from "#domain/shared/problem.ts";
import { err, ok, type Result } from "#domain/shared/result.ts";
import type {
  Asked,
  Opened,
  Caller,
  News,
  NewsAsked,
  TaskFilter,
  TaskPage,
  Told,
} from "#domain/tasks/asked.ts";
import { hasEnded, isAtRest, moved, type TaskState } from "#domain/tasks/state.ts";
import { isOf, type PushRow, statusOf, type TaskRow, TaskRows } from "./agent-task-rows.ts";
import { taskWatch } from "./agent-task-watch.ts";

/** What a task needs of the object it lives in, inside the transaction of what happens to it. */
export type TaskHost = {
  /** Brings a caller's message (JSON of A2A's) to the agent's program, or says why it cannot. */
  hand(task: TaskRow, message: string, asked: Asked, nowMs: number): Problem | null;
  /** Nobody is to work on it any more: what was handed out of it is taken back. */
  ended(task: TaskRow, nowMs: number): void;
  /** An event (JSON of A2A's StreamResponse) that these want to be told. */
  push(task: TaskRow, configs: PushRow[], event: string, nowMs: number): void;
};

/** Whether anything can still happen that its receiver would be told of. */
export type PushSet = Result<{ isOver: boolean }, A2aFailure>;
type TellProblem = Problem<"conflict" | "not-found">;
const full = (): Result<never, A2aFailure> =>
  err({ name: "internal", problem: { code: "overloaded", retryAfterS: 60 } });
const TOO_LARGE = { code: "conflict", detail: "the task holds as much as a task may" } as const;
const CONFLICT = err(failureOf({ code: "idempotency-conflict" }));
const tooManyPushes = () =>
  failed("invalid-params", `a task has at most ${LIMITS.taskPushConfigsMax} of them`);
/** So many are forgotten at once where there is no room. */
const DROPPED_AT_ONCE = 100;

/** Takes back what a refused operation has written. */
class Refused extends Error {}

/** The tasks that others have given an agent. One that nobody works on costs rows and nothing else. */
export class AgentTasks {
  readonly #storage: DurableObjectStorage;
  readonly #host: TaskHost;
  readonly #rows: TaskRows;
  readonly #watch = taskWatch();
  /** Known from the first that comes on. */
  #held: { tasks: number; bytes: number } | null = null;
  #touched = new Set<string>();

  constructor(storage: DurableObjectStorage, host: TaskHost) {
    this.#storage = storage;
    this.#host = host;
    this.#rows = new TaskRows(storage.sql);
  }

  begin(asked: Asked, nowMs: number): Result<Opened, A2aFailure> {
    return this.#whole(() =>
      asked.taskId === null ? this.#begin(asked, nowMs) : this.#goOn(asked, asked.taskId, nowMs),
    );
  }

  /** What the agent's program says of a task; that it may say so is the caller's to know. */
  tell(id: string, told: Told, nowMs: number): Result<TaskState, TellProblem> {
    return this.#whole(() => this.#tell(id, told, nowMs));
  }

  cancel(caller: Caller, id: string, nowMs: number): Result<string, A2aFailure> {
    return this.#whole((): Result<string, A2aFailure> => {
      const task = this.#rows.of(caller, id);
      if (task === null) return failed("task-not-found");
      if (hasEnded(task.state)) return failed("task-not-cancelable");
      task.is_shown = 1;
      this.#move(task, "canceled", null, nowMs);
      return ok(JSON.stringify(this.#rows.shown(task, null, true)));
    });
  }

  /** Nobody will work on it any more: its messages could not be delivered, or its agent is gone. */
  fail(id: string, why: string, newId: string, nowMs: number): void {
    this.#whole((): Result<null, null> => {
      const task = this.#rows.row(id);
      if (task === null || hasEnded(task.state)) return ok(null);
      const message: Message = { messageId: newId, role: "ROLE_AGENT", parts: [{ text: why }] };
      this.#move(task, "failed", JSON.stringify(message), nowMs);
      return ok(null);
    });
  }

  /** Its program is done with it and had nothing more to say. */
  complete(id: string, nowMs: number): void {
    this.#whole((): Result<null, null> => {
      const task = this.#rows.row(id);
      if (task !== null && !isAtRest(task.state)) this.#move(task, "completed", null, nowMs);
      return ok(null);
    });
  }

  /** JSON of A2A's Task; from here on its caller knows it. */
  show(caller: Caller, id: string, historyLength: number | null): string | null {
    const task = this.#rows.of(caller, id);
    if (task === null) return null;
    if (task.is_shown === 0) this.#rows.save({ ...task, is_shown: 1 });
    return JSON.stringify(this.#rows.shown(task, historyLength, true));
  }

  /** The same, with the place in its events where it stands; null where it is not. */
  open(caller: Caller, id: string, historyLength: number | null): Opened | null {
    const task = this.#rows.of(caller, id);
    return task === null ? null : this.#opened(task, historyLength);
  }

  list(caller: Caller, filter: TaskFilter): TaskPage {
    return this.#rows.page(caller, filter);
  }

  /** What the agent's own account sees of a task, whoever asked for it: JSON of A2A's Task. */
  seen(id: string): string | null {
    const task = this.#rows.row(id);
    return task === null ? null : JSON.stringify(this.#rows.shown(task, null, true));
  }

  /** What came after an event, waiting so long for some. Null: no such task, or too many wait already. */
  async news(
    caller: Caller,
    id: string,
    { after, waitMs, until }: NewsAsked,
  ): Promise<News | null> {
    const first = this.#news(caller, id, after);
    if (first === null || waitMs <= 0 || first.events.length > 0) return first;
    if (first.hasEnded || (until === "rest" && first.isAtRest)) return first;
    if (this.#watch.isFull) return null;
    await this.#watch.change(id, waitMs);
    return this.#news(caller, id, after);
  }

  setPush(caller: Caller, taskId: string, id: string, body: string): PushSet {
    return this.#whole((): PushSet => {
      const task = this.#rows.of(caller, taskId);
      if (task === null) return failed("task-not-found");
      if (!this.#rows.setPush(taskId, id, body)) return tooManyPushes();
      return ok({ isOver: hasEnded(task.state) });
    });
  }

  pushes(caller: Caller, taskId: string): PushRow[] | null {
    return this.#rows.of(caller, taskId) === null ? null : this.#rows.pushes(taskId);
  }

  dropPush(caller: Caller, taskId: string, id: string): boolean {
    const isThere = this.#rows.of(caller, taskId) !== null;
    if (isThere) this.#rows.dropPush(taskId, id);
    return isThere;
  }

  /** All of it or nothing; and then whoever waits is told. */
  #whole<T, E>(work: () => Result<T, E>): Result<T, E> {
    let result: Result<T, E> | undefined;
    this.#touched = new Set();
    try {
      return this.#storage.transactionSync(() => {
        result = work();
        if (!result.ok) throw new Refused();
        return result;
      });
    } catch (thrown) {
      this.#held = null;
      this.#touched = new Set();
      if (thrown instanceof Refused && result !== undefined) return result;
      throw thrown;
    } finally {
      for (const id of this.#touched) this.#watch.changed(id);
    }
  }

  #begin(asked: Asked, nowMs: number): Result<Opened, A2aFailure> {
    const { caller, repeatKey, fresh } = asked;
    const known = repeatKey === null ? null : this.#rows.repeated(caller.accountId, repeatKey);
    if (known !== null) return this.#repeated(asked, known) ?? CONFLICT;
    const contextId = asked.contextId ?? fresh.contextId;
    const message = said(asked.message, { taskId: fresh.taskId }, contextId);
    if (!this.#takeRoom(message.length)) return full();
    this.#rows.insert(asked, contextId, message, nowMs);
    return this.#handOver(asked, fresh.taskId, message, nowMs);
  }

  #goOn(asked: Asked, id: string, nowMs: number): Result<Opened, A2aFailure> {
    const task = this.#rows.of(asked.caller, id);
    if (task === null) return failed("task-not-found");
    if (asked.contextId !== null && asked.contextId !== task.context_id)
      return failed("invalid-params", "the task is of another context");
    const repeated = asked.repeatKey === null ? null : this.#repeated(asked, task);
    if (repeated !== null) return repeated;
    if (hasEnded(task.state)) return failed("unsupported-operation", "the task has ended");
    const message = said(asked.message, { taskId: id }, task.context_id);
    const n = this.#rows.countOf(id, "h") + 1;
    if (n > LIMITS.taskMessagesMax || !this.#grow(task, message.length))
      return failed("unsupported-operation", TOO_LARGE.detail);
    if (isAtRest(task.state)) this.#move(task, "submitted", null, nowMs);
    else this.#rows.save(task);
    this.#rows.add(id, "h", this.#rows.countOf(id, "h") + 1, null, message);
    return this.#handOver(asked, id, message, nowMs);
  }

  /** The answer to a message that a repeated request brings again; null where it has not come before. */
  #repeated(asked: Asked, task: TaskRow): Result<Opened, A2aFailure> | null {
    const { messageId } = JSON.parse(asked.message) as Message;
    const before = this.#rows.saidUnder(task.id, messageId);
    if (before === null) return null;
    const isSame = before === said(asked.message, { taskId: task.id }, task.context_id);
    return isSame ? ok(this.#opened(task, asked.historyLength)) : CONFLICT;
  }

  #handOver(
    asked: Asked,
    taskId: string,
    message: string,
    nowMs: number,
  ): Result<Opened, A2aFailure> {
    const { push, historyLength } = asked;
    if (push !== null) {
      const { id = taskId } = JSON.parse(push) as PushConfig;
      if (!this.#rows.setPush(taskId, id, push)) return tooManyPushes();
    }
    const task = this.#rows.row(taskId);
    if (task === null) return full();
    const refusal = this.#host.hand(task, message, asked, nowMs);
    if (refusal !== null) return err(failureOf(refusal));
    return ok(this.#opened(task, historyLength));
  }

  #tell(id: string, told: Told, nowMs: number): Result<TaskState, TellProblem> {
    const task = this.#rows.row(id);
    if (task === null) return err({ code: "not-found" });
    const { state, message: words } =
      told.answer === null
        ? (told.status ?? { state: null, message: null })
        : { state: "completed", message: told.answer };
    const message = words === null ? null : said(words, {}, task.context_id);
    const next = moved(task.state, (state ?? "working") as TaskState);
    if (!next.ok)
      return err({ code: "conflict", detail: `the task is ${task.state}, not to be ${state}` });
    if (!this.#grow(task, message?.length ?? 0)) return err(TOO_LARGE);
    for (const artifact of told.artifacts) {
      const refusal = this.#addArtifact(task, artifact);
      if (refusal !== null) return err(refusal);
    }
    if (told.answer !== null && task.is_shown === 0) task.answer = message;
    if (state === null) this.#rows.save(task);
    else this.#move(task, next.value, task.answer === null ? message : null, nowMs);
    return ok(task.state);
  }

  #addArtifact(task: TaskRow, told: Told["artifacts"][number]): Problem<"conflict"> | null {
    const artifact = JSON.parse(told.body) as Artifact;
    const known = this.#rows.artifact(task.id, told.id);
    const n = known?.n ?? this.#rows.countOf(task.id, "a") + 1;
    if (n > LIMITS.taskArtifactsMax)
      return {
        code: "conflict",
        detail: `a task has at most ${LIMITS.taskArtifactsMax} artifacts`,
      };
    if (!this.#grow(task, told.body.length)) return TOO_LARGE;
    const before = known === null || !told.append ? [] : (JSON.parse(known.body) as Artifact).parts;
    const whole = { ...artifact, parts: [...before, ...artifact.parts] };
    this.#rows.add(task.id, "a", n, told.id, JSON.stringify(whole));
    const { id: taskId, context_id: contextId } = task;
    const isAppended = told.append && known !== null;
    this.#event(task, {
      artifactUpdate: {
        taskId,
        contextId,
        artifact,
        ...(isAppended && { append: true }),
        ...(told.lastChunk && { lastChunk: true }),
      },
    });
    return null;
  }

  /** Where it stands, what is said about it, and the event that tells of both. */
  #move(task: TaskRow, state: TaskState, message: string | null, nowMs: number): void {
    // What was said before becomes part of what was said, now that something else stands in its place.
    const n = this.#rows.countOf(task.id, "h") + 1;
    if (task.status_message !== null && n <= LIMITS.taskMessagesMax)
      this.#rows.add(task.id, "h", n, null, task.status_message);
    task.state = state;
    task.status_message = message;
    // Never backwards, whatever the clock does: changes are listed in their order.
    task.changed_at_ms = Math.max(nowMs, task.changed_at_ms);
    const { id: taskId, context_id: contextId } = task;
    this.#event(task, { statusUpdate: { taskId, contextId, status: statusOf(task) } });
    this.#rows.save(task);
    if (hasEnded(state)) this.#host.ended(task, nowMs);
  }

  #event(task: TaskRow, event: StreamResponse): void {
    const body = JSON.stringify(event);
    this.#rows.addEvent(task, body);
    this.#touched.add(task.id);
    const configs = this.#rows.pushes(task.id);
    if (configs.length > 0) this.#host.push(task, configs, body, task.changed_at_ms);
  }

  #opened(task: TaskRow, historyLength: number | null): Opened {
    const shown = JSON.stringify(this.#rows.shown(task, historyLength, true));
    const { id: taskId, last_event: lastEvent, state } = task;
    return { taskId, task: shown, lastEvent, hasEnded: hasEnded(state) };
  }

  #news(caller: Caller, id: string, after: number): News | null {
    const task = this.#rows.row(id);
    if (task === null || !isOf(task, caller)) return null;
    const events = this.#rows.events(id, after);
    return {
      events,
      last: task.last_event,
      isAtRest: isAtRest(task.state),
      hasEnded: hasEnded(task.state),
      answer: task.answer,
      isBehind: task.last_event - after > events.length,
    };
  }

  #grow(task: TaskRow, bytes: number): boolean {
    task.bytes += bytes;
    if (this.#held !== null) this.#held.bytes += bytes;
    return task.bytes <= LIMITS.taskBytesMax;
  }

  /** Those that ended first make room; where none has, there is none. */
  #takeRoom(bytes: number): boolean {
    const isFull = () => {
      const { tasks, bytes: held } = (this.#held ??= this.#rows.held());
      return tasks >= LIMITS.tasksPerAgentMax || held >= LIMITS.taskBytesPerAgentMax;
    };
    while (isFull()) {
      if (this.#rows.dropEnded(DROPPED_AT_ONCE) === 0) return false;
      this.#held = null;
    }
    if (this.#held !== null) {
      this.#held.tasks += 1;
      this.#held.bytes += bytes;
    }
    return bytes <= LIMITS.taskBytesMax;
  }
}

/** A message as it lies in its task and its context. */
const said = (message: string, of: { taskId?: string }, contextId: string): string =>
  JSON.stringify({ ...(JSON.parse(message) as Message), ...of, contextId });
