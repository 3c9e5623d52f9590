import type { Lane } from "#domain/scheduling/lanes.ts";
import type { EndCause, Moving, Standing, TaskRow } from "#domain/scheduling/row.ts";
import type { Sharer } from "#domain/scheduling/share.ts";
import { isSpent } from "#domain/shared/lease.ts";

/** A task that is open, as its queue keeps it in memory: all there is to decide with, and no more. */
export type Entry = {
  readonly seq: number;
  readonly sharer: Sharer;
  readonly lane: Lane;
  /** Its place in the order of what waits; the smallest goes first. */
  readonly rank: number;
  readonly cost: number;
  readonly bytes: number;
  readonly attemptsMax: number;
  /** Infinity where there is none. */
  readonly deadlineMs: number;
  readonly budgetMs: number;
  standing: Standing | "ended";
  token: number;
  isHeld: boolean;
  holder: string | null;
  leasedAtMs: number;
  untilMs: number;
  attempts: number;
  spentMs: number;
  /** How many open tasks it comes after. */
  blockedBy: number;
  /** When something happens to it by itself; Infinity: never. */
  dueMs: number;
  /** Where it lies in the heap of its lane and account, and in that of what falls due; -1: it does not. */
  laneAt: number;
  dueAt: number;
};

export const movingOf = (entry: Entry): Moving => ({
  standing: entry.standing === "ended" ? "waiting" : entry.standing,
  token: entry.token,
  isHeld: entry.isHeld,
  holder: entry.holder,
  leasedAtMs: entry.leasedAtMs,
  untilMs: entry.untilMs,
  attempts: entry.attempts,
  spentMs: entry.spentMs,
});

export const entryOf = (row: TaskRow, lane: Lane, sharer: Sharer, rank: number): Entry => ({
  seq: row.seq,
  sharer,
  lane,
  rank,
  cost: row.cost,
  bytes: row.bytes,
  attemptsMax: row.attemptsMax,
  deadlineMs: row.deadlineMs ?? Infinity,
  budgetMs: row.budgetMs ?? Infinity,
  standing: row.standing,
  token: row.token,
  isHeld: row.isHeld,
  holder: row.holder,
  leasedAtMs: row.leasedAtMs,
  untilMs: row.untilMs,
  attempts: row.attempts,
  spentMs: row.spentMs,
  blockedBy: 0,
  dueMs: Infinity,
  laneAt: -1,
  dueAt: -1,
});

/** When something happens to it by itself. */
export function dueOf({ standing, untilMs, deadlineMs }: Entry): number {
  if (standing === "ended") return Infinity;
  const ends = standing === "leased" || standing === "delayed" ? untilMs : Infinity;
  return Math.min(ends, deadlineMs);
}

/** What is left of its budget, in ms; at least one, so that a lease has an end to come. */
export const left = ({ budgetMs, spentMs, leasedAtMs }: Entry, nowMs: number): number =>
  Math.max(1, budgetMs - spentMs - (nowMs - leasedAtMs));

/** Counts the attempt that ends then. */
export function spend(entry: Entry, untilMs: number): void {
  if (entry.standing === "leased") entry.spentMs += Math.max(0, untilMs - entry.leasedAtMs);
}

/** Why it is tried no more, or null. */
export function whySpent({ attempts, attemptsMax, spentMs, budgetMs }: Entry): EndCause | null {
  if (spentMs >= budgetMs) return "budget";
  return isSpent(attempts, attemptsMax) ? "attempts" : null;
}
