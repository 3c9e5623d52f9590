import {
  type Ask,
  type Given,
  type Lease,
  type Queue,
  speaksFor,
} from "#domain/scheduling/queue.ts";
import { LIMITS } from "#domain/shared/limits.ts";
import { redriven } from "#domain/scheduling/redrive.ts";
import type { Change, Outcome, TaskRow } from "#domain/scheduling/row.ts";
import { LEASE_LOST } from "#domain/shared/lease.ts";
import type { Problem } from "#domain/shared/problem.ts";
import { err, ok, type Result } from "#domain/shared/result.ts";
import {
  type Once,
  stateOf,
  type TaskDraft,
  type TaskHeld,
  type TaskLeased,
  type TaskPlaced,
  type TaskSettled,
} from "#domain/tasks/record.ts";
import type { TaskSettlement } from "#domain/tasks/settlement.ts";
import type { TaskMeasures } from "#objects/task-measures.ts";
import type { TaskPool } from "#objects/task-pool.ts";
import type { Why } from "#domain/tasks/happenings.ts";
import type { TaskRows } from "#objects/task-rows.ts";
import type { TaskSeen } from "#objects/task-seen.ts";
import type { TaskTelling } from "#objects/task-telling.ts";
import { ENDED, endOf } from "#objects/task-tables.ts";
import type { TraceLink } from "#objects/tracing.ts";

const NOT_HERE: Problem<"not-found"> = { code: "not-found" };
const BEHIND: Problem<"overloaded"> = { code: "overloaded", retryAfterS: 5 };

/** Of what one lease may carry; one more may come on top. */
const GIVEN_BYTES_MAX = LIMITS.leasedBytesMax;
const NOTHING_GIVEN = { priority: 0, input: "null" };

type Written = { change: Change; draft?: TaskDraft | undefined; result?: string | null };
type Creation = {
  drafts: readonly TaskDraft[];
  once: Once | null;
  trace: TraceLink | undefined;
};
/** What goes with a command's changes: a result beside the first, and why the task moved. */
type Beside = { result?: string | null; why?: Why };

/** What is asked of a queue, decided by it and written: all inside a transaction of whoever calls. */
export class TaskCommands {
  readonly #rows: TaskRows;
  readonly #seen: TaskSeen;
  /** The account that all tasks here are of; null where several share the queue. */
  readonly #own: string | null;
  readonly #telling: TaskTelling;
  readonly #measures: TaskMeasures;
  #nowMs = 0;
  /** What the inputs take that were given out in this transaction. */
  #givenBytes = 0;
  /** In this transaction: tasks that became ready to be given out, and how many more have ended than before. */
  ready = 0;
  ended = 0;

  constructor(
    rows: TaskRows,
    seen: TaskSeen,
    telling: TaskTelling,
    own: string | null,
    { measures }: Pick<TaskPool, "measures">,
  ) {
    this.#measures = measures;
    this.#telling = telling;
    this.#rows = rows;
    this.#seen = seen;
    this.#own = own;
  }

  begin(nowMs: number): void {
    this.#nowMs = nowMs;
    this.ready = 0;
    this.ended = 0;
    this.#givenBytes = 0;
  }

  /** Ends a task whatever it does; one that has ended stays as it is. */
  cancel(
    queue: Queue,
    seq: number,
    { account, reason }: { account: string | null; reason: string | null },
    nowMs: number,
  ): Result<TaskSettled, Problem> {
    const row = this.mine(seq, account);
    if (row === null) return err(NOT_HERE);
    if (row.state >= ENDED)
      return err({ code: "conflict", detail: `the task is ${endOf(row)?.state} already` });
    const canceled = this.apply(queue.cancel(seq, reason, nowMs));
    return canceled.ok
      ? ok({ state: "canceled", leasedUntilMs: null, notBeforeMs: null })
      : canceled;
  }

  /** `trace`: of whoever asks, where it is recorded. */
  create(
    queue: Queue,
    { drafts, once, trace }: Creation,
    nowMs: number,
  ): Result<TaskPlaced[], Problem> {
    const known = once === null ? null : this.known(queue, drafts.length, once, nowMs);
    if (known !== null) return known;
    // What happens here is told in order: while nobody hears of it, nothing new is taken.
    if (this.#telling.isBehind) return err(BEHIND);
    const first = queue.next;
    const planned = drafts.map(({ comesAfter, ...draft }) => ({
      ...draft,
      // The order of places is the order of time.
      createdAtMs: nowMs,
      after: comesAfter.map((at) => first + at),
    }));
    const { answer, changes } = queue.enqueue(planned, nowMs);
    if (!answer.ok) return answer;
    if (trace !== undefined) this.#telling.traces.begin(first, drafts.length, trace);
    this.#store(changes.map((change, i) => ({ change, draft: drafts[i] })));
    if (once !== null) this.#seen.add(once, first, nowMs);
    return ok(answer.value.map((seq) => this.#placed(queue, seq, false, nowMs)));
  }

  /** What was made under a key, or what speaks against making it; null where it may be made now. */
  known(
    queue: Queue,
    drafts: number,
    once: Once,
    nowMs: number,
  ): Result<TaskPlaced[], Problem> | null {
    const first = this.#seen.find(once, nowMs);
    if (first === null || !first.ok) return first;
    return ok(Array.from({ length: drafts }, (_, i) => this.#placed(queue, first.value + i, true)));
  }

  #placed(queue: Queue, seq: number, duplicate: boolean, createdAtMs?: number): TaskPlaced {
    return {
      seq,
      createdAtMs: createdAtMs ?? this.#rows.one(seq)?.created_at_ms ?? 0,
      duplicate,
      unschedulable: queue.look(seq, Date.now())?.unschedulable ?? null,
    };
  }

  /** Null where this transaction has given out as much as may lie in memory: the next one goes on. */
  lease(queue: Queue, ask: Ask, nowMs: number): TaskLeased[] | null {
    if (this.#givenBytes >= GIVEN_BYTES_MAX) return null;
    const given = this.apply(queue.lease(ask, nowMs));
    for (const { bytes } of given) this.#givenBytes += bytes;
    return this.#leased(given);
  }

  /** Gives what waits to the agents that are sent tasks; the last of a transaction that anybody is told of. */
  push(queue: Queue, nowMs: number): void {
    this.#telling.give(
      queue,
      nowMs,
      (outcome) => this.apply(outcome),
      (all) => this.#leased(all),
    );
    this.#telling.write();
  }

  /** Takes back what an agent has; it does not count as an attempt. */
  recall(queue: Queue, holder: string | null, only?: Lease): number {
    return this.apply(queue.recall(holder, only), { why: "recalled" });
  }

  #leased(all: readonly Given[]): TaskLeased[] {
    if (all.length === 0) return [];
    const rows = this.#rows.given(all.map(({ seq }) => seq));
    return all.map(({ seq, token, untilMs, attempts, type, account, deadlineMs }) => {
      const given = rows.get(seq) ?? NOTHING_GIVEN;
      const task = { seq, token, untilMs, attempts, type, account, deadlineMs, ...given };
      const traceparent = this.#telling.traces.attemptOf(seq, token);
      return traceparent === undefined ? task : { ...task, traceparent };
    });
  }

  /** Puts failed tasks back (domain/scheduling/redrive.ts). */
  redrive(queue: Queue, rows: readonly TaskRow[], nowMs: number): Result<number, Problem> {
    const cameToNothing = (seq: number) => this.#cameToNothing(seq);
    const store = (changes: Change[]) => this.#store(changes.map((change) => ({ change })));
    return redriven(queue, rows, { cameToNothing, store }, nowMs);
  }

  #cameToNothing(seq: number): boolean {
    const row = this.#rows.one(seq);
    const end = row === null ? null : endOf(row);
    return end !== null && end.state !== "completed";
  }

  /** Whether a result may come from whoever says so; it is looked for where results lie from then on. */
  expectResult(
    queue: Queue,
    { seq, token, account, ...speaker }: Omit<TaskSettlement, "said">,
    prefix: string,
  ): Result<null, Problem> {
    if (this.mine(seq, account) === null) return err(NOT_HERE);
    const moving = queue.look(seq, this.#nowMs)?.moving;
    const isTheirs = moving?.isHeld === true && moving.token === token;
    if (!isTheirs || !speaksFor(moving.holder, speaker))
      return this.#isDone(seq, token) ? ok(null) : err(LEASE_LOST);
    this.#telling.expectBlob(seq, prefix);
    return ok(null);
  }

  #isDone(seq: number, token: number): boolean {
    const row = this.#rows.one(seq);
    return row !== null && endOf(row)?.state === "completed" && row.token === token;
  }

  settle(queue: Queue, one: TaskSettlement, nowMs: number): Result<TaskSettled, Problem> {
    if (one.account !== null && this.#own === null && this.mine(one.seq, one.account) === null)
      return err(NOT_HERE);
    // What accounts share is worked on by the platform's own: an account only made it.
    if (one.account !== null && this.#own === null) return err(LEASE_LOST);
    const result = one.said.how === "complete" ? one.said.result : null;
    const why = one.said.how === "heartbeat" ? one.said : null;
    const stand = this.apply(commanded(queue, one, nowMs), { result, why });
    if (!stand.ok) return stand.error.code === "not-found" ? this.#late(one) : stand;
    if (one.said.how === "heartbeat") this.#say(one.seq, one.said, nowMs);
    const { state, untilMs } = stand.value;
    switch (state) {
      case "done":
        return ok({ state: "completed", leasedUntilMs: null, notBeforeMs: null });
      case "dead":
        return ok({ state: "failed", leasedUntilMs: null, notBeforeMs: null });
      case "working":
        return ok({ state, leasedUntilMs: untilMs, notBeforeMs: null });
      case "waiting":
        return ok({ state: "submitted", leasedUntilMs: null, notBeforeMs: untilMs });
    }
  }

  held(seq: number, token: number): Result<TaskHeld, Problem> {
    const row = this.mine(seq, null);
    if (row === null) return err(NOT_HERE);
    const end = endOf(row);
    const isTheirs = row.token === token && (row.held === 1 || end?.state === "completed");
    if (!isTheirs || (end !== null && end.state !== "completed")) return err(LEASE_LOST);
    const traceparent = this.#telling.traces.attemptOf(seq, token);
    return ok({
      account: row.account ?? this.#own ?? "",
      type: row.type,
      input: this.#rows.input(seq) ?? "null",
      isDone: end !== null,
      ...(traceparent !== undefined && { traceparent }),
    });
  }

  #say(
    seq: number,
    { progress, data }: { progress: number | null; data: string | null },
    nowMs: number,
  ) {
    if (progress !== null || data !== null) this.#telling.say(seq, { progress, data }, nowMs);
  }

  /** Said of a task that is not open: who completed it may say so again, anybody else is too late. */
  #late(one: TaskSettlement): Result<TaskSettled, Problem> {
    const row = this.mine(one.seq, one.account);
    if (row === null) return err(NOT_HERE);
    const end = endOf(row);
    if (one.said.how !== "complete" || end?.state !== "completed" || row.token !== one.token)
      return err(LEASE_LOST);
    return ok({
      state: stateOf({ standing: "leased", end }),
      leasedUntilMs: null,
      notBeforeMs: null,
    });
  }

  mine(seq: number, account: string | null) {
    const row = this.#rows.one(seq);
    return row === null || (account !== null && (row.account ?? this.#own) !== account)
      ? null
      : row;
  }

  apply<T>({ answer, changes }: Outcome<T>, { result = null, why = null }: Beside = {}): T {
    this.#store(
      changes.map((change, i) => (i === 0 && result !== null ? { change, result } : { change })),
      why,
    );
    return answer;
  }

  #store(all: readonly Written[], why: Why = null): void {
    for (const { change, ...extras } of all) {
      this.#rows.write(change, extras);
      if (change.kind === "ended") this.ended++;
      else if (change.kind === "revived") this.ended--;
      const moving = change.kind === "moved" ? change.moving : null;
      if ((moving ?? ("row" in change ? change.row : null))?.standing === "waiting") this.ready++;
      this.#measures.note(change, this.#nowMs);
      this.#telling.note(change, this.#nowMs, why);
    }
  }
}

function commanded(queue: Queue, one: TaskSettlement, nowMs: number) {
  const { said } = one;
  switch (said.how) {
    case "heartbeat":
      return queue.heartbeat(one, said.leaseMs, nowMs);
    case "complete":
      return queue.complete(one, nowMs);
    case "fail":
      return queue.fail({ ...one, ...said }, nowMs, Math.random());
  }
}
