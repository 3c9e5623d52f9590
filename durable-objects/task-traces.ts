import {
  attemptSpanId,
  openSpan,
  type OpenSpan,
  openSpanFrom,
  openSpanText,
  traceparentText,
} from "#domain/observability/traceparent.ts";
import type { Change, Moving, TaskRow } from "#domain/scheduling/row.ts";
import { LIMITS } from "#domain/shared/limits.ts";
import type { Why } from "#domain/tasks/happenings.ts";
import { type QueueName, taskIdOf } from "#domain/tasks/task-id.ts";
import { newSpanId, recorded, type TraceLink } from "#objects/tracing.ts";

/** Tasks that are part of a recorded trace, while they are open: their span as text. */
export const TASK_TRACE_STEP =
  "CREATE TABLE task_trace (seq INTEGER PRIMARY KEY, span TEXT NOT NULL) STRICT";

/** `held`: the attempt of which it is not known what became of it. */
type Traced = {
  span: OpenSpan;
  sinceMs: number;
  held: { token: number; sinceMs: number } | null;
};
type Outcome = { outcome: string; isError: boolean; endMs: number };

/**
 * The traces of tasks: a span from a task's creation to its end, below whatever made it, and one below that for each
 * attempt. Only what is recorded costs anything: a row and some memory while it is open.
 */
export class TaskTraces {
  readonly #sql: SqlStorage;
  /** Null: an object of no shard. */
  readonly #queue: QueueName | null;
  readonly #open = new Map<number, Traced>();
  /** Of the transaction under way: what is recorded once it is stored. */
  #over: (() => void)[] = [];

  constructor(sql: SqlStorage, queue: QueueName | null) {
    [this.#sql, this.#queue] = [sql, queue];
  }

  /** Inside the transaction that takes tasks in, before it tells of them: those from this place on were made by that. */
  begin(first: number, count: number, { traceparent }: TraceLink): void {
    const room = LIMITS.tasksTracedMax - this.#open.size;
    const last = first + Math.min(count, LIMITS.tasksTracedPerCall, room);
    for (let seq = first; seq < last; seq++) {
      const span = openSpan(traceparent, newSpanId());
      if (span === null) return;
      this.#sql.exec("INSERT INTO task_trace VALUES (?, ?)", seq, openSpanText(span));
      this.#open.set(seq, { span, sinceMs: 0, held: null });
    }
  }

  /** Inside the transaction that writes it. Answers the task's `traceparent` where it is part of a trace. */
  note(change: Change, why: Why, nowMs: number): string | undefined {
    if (this.#open.size === 0) return undefined;
    const seq = "row" in change ? change.row.seq : change.seq;
    const one = this.#open.get(seq);
    if (one === undefined) return undefined;
    if (change.kind === "added") one.sinceMs = nowMs;
    else if (change.kind === "moved") this.#moved(one, change, why, nowMs);
    else if (change.kind === "ended") this.#ended(one, change, nowMs);
    return traceparentText(one.span);
  }

  /** Of the attempt under a token: what is done there lies below it. */
  attemptOf(seq: number, token: number): string | undefined {
    const one = this.#open.size === 0 ? undefined : this.#open.get(seq);
    return one && traceparentText({ ...one.span, spanId: attemptSpanId(one.span, token) });
  }

  /** The transaction is over, and stored. */
  stored(): void {
    if (this.#over.length === 0) return;
    for (const record of this.#over) record();
    this.#over = [];
  }

  /** The queue was loaded: what is open is as its rows say. */
  load(rows: readonly TaskRow[]): void {
    this.#over = [];
    this.#open.clear();
    const traced = this.#sql.exec<{ seq: number; span: string }>(
      "SELECT seq, span FROM task_trace",
    );
    for (const { seq, span: text } of traced) {
      const span = openSpanFrom(text);
      if (span !== null) this.#open.set(seq, { span, sinceMs: 0, held: null });
    }
    if (this.#open.size === 0) return;
    for (const { seq, createdAtMs, isHeld, token, leasedAtMs } of rows) {
      const one = this.#open.get(seq);
      if (one === undefined) continue;
      one.sinceMs = createdAtMs;
      one.held = isHeld ? { token, sinceMs: leasedAtMs } : null;
    }
  }

  #moved(one: Traced, change: Change & { kind: "moved" }, why: Why, nowMs: number): void {
    const { standing, token, leasedAtMs } = change.moving;
    if (standing === "leased") {
      if (one.held?.token === token) return;
      // Its lease ran out, and whoever had it never said what came of it.
      this.#attempt(one, change, { outcome: "lapsed", isError: true, endMs: nowMs });
      one.held = { token, sinceMs: leasedAtMs };
    } else if (why === "recalled" || standing === "delayed") {
      const outcome = why === "recalled" ? why : "failed";
      this.#attempt(one, change, { outcome, isError: outcome === "failed", endMs: nowMs });
    }
  }

  #ended(one: Traced, change: Change & { kind: "ended" }, endMs: number): void {
    const { seq, account, type, end, moving } = change;
    const isError = end.state === "failed";
    this.#attempt(one, change, { outcome: end.state, isError, endMs });
    this.#sql.exec("DELETE FROM task_trace WHERE seq = ?", seq);
    this.#open.delete(seq);
    const attributes = {
      ...this.#named(seq),
      state: end.state,
      attempts: moving.attempts,
      ...(end.cause !== null && { cause: end.cause }),
    };
    const span = { name: `task ${type}`, kind: "internal", startMs: one.sinceMs } as const;
    this.#record(account, one.span, { ...span, endMs, isError, attributes });
  }

  #attempt(
    one: Traced,
    { seq, account, type, moving }: { seq: number; account: string; type: string; moving: Moving },
    { outcome, isError, endMs }: Outcome,
  ): void {
    if (one.held === null) return;
    const { token, sinceMs: startMs } = one.held;
    one.held = null;
    const place = {
      ...one.span,
      spanId: attemptSpanId(one.span, token),
      parentId: one.span.spanId,
    };
    const attributes = { ...this.#named(seq), outcome, attempts: moving.attempts };
    const span = { name: `attempt ${type}`, kind: "consumer", startMs } as const;
    this.#record(account, place, { ...span, endMs, isError, attributes });
  }

  #record(accountId: string, place: OpenSpan, span: Parameters<typeof recorded>[1]): void {
    this.#over.push(() => recorded({ ...place, accountId, service: "TaskQueue" }, span));
  }

  #named(seq: number): { task?: string } {
    return this.#queue === null ? {} : { task: taskIdOf(this.#queue, seq) };
  }
}
