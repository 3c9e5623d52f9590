import type { TaskShown } from "#domain/tasks/record.ts";

/** What whoever works on a task said of it on the way: how far it is (0–1), and anything they want to be known. */
export type TaskEvent = { n: number; atMs: number; progress: number | null; data: string | null };

/**
 * Where a reader of a task's news is: the last event it was told, and how the task stood then. States in between that
 * nobody read are not told: the newest one is what counts.
 */
export type Mark = { n: number; stood: string };

/** Opaque to clients; what `Last-Event-ID` carries. */
export const markText = ({ n, stood }: Mark): string => `${n}.${stood}`;

export function markFrom(text: string): Mark | null {
  const [, n, stood] = /^(\d{1,9})\.([a-z0-9-]{1,64})$/.exec(text) ?? [];
  return n === undefined || stood === undefined ? null : { n: Number(n), stood };
}

/** Before anything was told. */
export const NOTHING_TOLD: Mark = { n: 0, stood: "" };

/** How a task stands, in the letters of a mark. Nothing comes after an end but another try. */
export const stoodOf = ({ end, standing, token }: TaskShown): string =>
  `${end?.state ?? standing}-${token}`;

/** What is new of a task, and the mark after it. */
export type TaskNews = { task: TaskShown; events: TaskEvent[]; mark: Mark };
