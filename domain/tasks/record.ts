import type { z } from "zod";
import { type PlanName, taskCostOf } from "#domain/limits/plans.ts";
import type { End, Moving, Planned } from "#domain/scheduling/row.ts";
import { callbackFailure } from "#domain/tasks/callback.ts";
import type { settledView, TaskInput, taskView } from "#domain/tasks/model.ts";
import { type QueueName, taskIdOf } from "#domain/tasks/task-id.ts";
import type { TaskState } from "#domain/tasks/state.ts";

/** A task on its way into a queue; its place, and those of `comesAfter`, are given there. */
export type TaskDraft = Omit<Planned, "after"> & {
  /** JSON text. */
  input: string;
  /** The agent that made it, where it is one. */
  madeBy: string | null;
  /** Of the drafts beside it, by their index. */
  comesAfter: readonly number[];
  /** What else is kept with it, JSON text; whoever put it there reads it. */
  details: string | null;
};

/** What must not be made twice within a day, with what must be the same then. */
export type Once = { key: string; bodyHash: string };

export type TaskPlaced = {
  seq: number;
  createdAtMs: number;
  duplicate: boolean;
  unschedulable: string | null;
};

/** A task as it is stored, without its input and result. */
export type TaskShown = { seq: number } & Omit<Planned, "after"> &
  Moving & {
    end: End | null;
    madeBy: string | null;
    details: string | null;
    progress: number | null;
    unschedulable: string | null;
  };

/** A task as whoever got it is given it. */
export type TaskLeased = {
  seq: number;
  token: number;
  untilMs: number;
  attempts: number;
  type: string;
  account: string;
  priority: number;
  deadlineMs: number | null;
  /** JSON text. */
  input: string;
  /** Of this attempt, where the task's trace is recorded: what is done for it lies below. */
  traceparent?: string;
};

/** What somebody works on. `input`: JSON text. `traceparent`: as in `TaskLeased`. */
export type TaskHeld = {
  account: string;
  type: string;
  input: string;
  isDone: boolean;
  traceparent?: string;
};

export type TaskSettled = {
  state: TaskState;
  leasedUntilMs: number | null;
  notBeforeMs: number | null;
};

const utf8 = new TextEncoder();

export function taskDraftOf(
  input: TaskInput,
  { account, plan, madeBy }: { account: string; plan?: PlanName; madeBy: string | null },
  nowMs: number,
): TaskDraft {
  const body = JSON.stringify(input.input);
  return {
    account,
    type: input.type,
    requires: [...new Set(input.requires)].sort(),
    near: input.near ?? null,
    priority: input.priority,
    cost: taskCostOf(plan),
    createdAtMs: nowMs,
    deadlineMs: input.deadline === undefined ? null : Date.parse(input.deadline),
    attemptsMax: input.attempts,
    budgetMs: input.budget?.workMs ?? null,
    bytes: utf8.encode(body).length,
    input: body,
    madeBy,
    comesAfter: [],
    details: null,
  };
}

/** A2A's states, of what is open by where it stands. */
export const stateOf = ({ standing, end }: { standing: Moving["standing"]; end: End | null }) =>
  end?.state ?? (standing === "leased" ? "working" : "submitted");

export function taskViewOf(queue: QueueName, task: TaskShown): z.infer<typeof taskView> {
  const { end, standing } = task;
  const isOpen = end === null;
  const isLeased = isOpen && standing === "leased";
  const failure = callbackFailure(task);
  return {
    id: taskIdOf(queue, task.seq),
    type: task.type,
    pool: queue.pool,
    state: stateOf(task),
    priority: task.priority,
    requires: [...task.requires],
    ...(task.near !== null && { near: task.near }),
    createdAt: timeOf(task.createdAtMs),
    deadline: task.deadlineMs === null ? null : timeOf(task.deadlineMs),
    attempts: task.attempts,
    attemptsMax: task.attemptsMax,
    leasedUntil: isLeased ? timeOf(task.untilMs) : null,
    progress: task.progress,
    ...(isLeased && task.holder !== null && { agentId: task.holder }),
    ...(isOpen && standing === "delayed" && { notBefore: timeOf(task.untilMs) }),
    ...(isOpen && task.unschedulable !== null && { unschedulable: task.unschedulable }),
    endedAt: end === null ? null : timeOf(end.atMs),
    cause: end?.cause ?? null,
    reason: end?.reason ?? null,
    ...(failure !== null && {
      callbackFailed: { at: timeOf(failure.atMs), reason: failure.reason },
    }),
  };
}

/** What a lease's holder is given, as JSON: its input is JSON already, which nobody here needs to read. */
export function leasedTaskText(queue: QueueName, task: TaskLeased): string {
  const view = {
    id: taskIdOf(queue, task.seq),
    type: task.type,
    priority: task.priority,
    attempts: task.attempts,
    deadline: task.deadlineMs === null ? null : timeOf(task.deadlineMs),
    fencingToken: task.token,
    leasedUntil: timeOf(task.untilMs),
    ...(task.traceparent !== undefined && { traceparent: task.traceparent }),
  };
  return `${JSON.stringify(view).slice(0, -1)},"input":${task.input}}`;
}

export const settledTaskView = (
  id: string,
  { state, leasedUntilMs, notBeforeMs }: TaskSettled,
): z.infer<typeof settledView> => ({
  id,
  state,
  ...(leasedUntilMs !== null && { leasedUntil: timeOf(leasedUntilMs) }),
  ...(notBeforeMs !== null && { notBefore: timeOf(notBeforeMs) }),
});

const timeOf = (ms: number): string => new Date(ms).toISOString();
