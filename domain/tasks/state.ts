import { err, ok, type Result } from "#domain/shared/result.ts";

/** The states of a task: those of A2A 1.0 (specification 4.1.3), which every other protocol shows in its own words. */
export const TASK_STATES = [
  "submitted",
  "working",
  "input-required",
  "auth-required",
  "completed",
  "failed",
  "canceled",
  "rejected",
] as const;
export type TaskState = (typeof TASK_STATES)[number];

const ENDS = ["completed", "failed", "canceled", "rejected"] as const;
/** It waits for whoever asked for it; what they send makes it `submitted` again. */
const WAITS = ["input-required", "auth-required"] as const;

/** Where each state may go. What has ended stays as it is, so an end is told once. */
const NEXT: Record<TaskState, readonly TaskState[]> = {
  submitted: ["working", ...WAITS, ...ENDS],
  // Back to `submitted`: whoever worked on it let it go, or was lost, and it is handed out once more.
  working: ["working", "submitted", ...WAITS, ...ENDS],
  "input-required": ["submitted", "working", ...ENDS],
  "auth-required": ["submitted", "working", ...ENDS],
  completed: [],
  failed: [],
  canceled: [],
  rejected: [],
};

/** Nothing comes after it. */
export const hasEnded = (state: TaskState): boolean => NEXT[state].length === 0;

/** Nobody works on it: it has ended, or waits for whoever asked for it. */
export const isAtRest = (state: TaskState): boolean =>
  hasEnded(state) || (WAITS as readonly TaskState[]).includes(state);

/** The state a task is in after it is told to be in `to`, or why it cannot be. */
export const moved = (from: TaskState, to: TaskState): Result<TaskState, { from: TaskState }> =>
  NEXT[from].includes(to) ? ok(to) : err({ from });
