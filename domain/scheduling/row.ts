import type { TaskState } from "#domain/tasks/state.ts";

/**
 * Where a task stands in its queue. `waiting`: whoever may can be given it. `delayed`: waiting until `untilMs`, after an
 * attempt failed. `blocked`: tasks that it comes after are open. `leased`: somebody works on it until `untilMs`.
 */
export type Standing = "waiting" | "delayed" | "blocked" | "leased";

/** What of a task never changes while it is in the queue. Times are ms since 1970, null where there is none. */
export type Planned = {
  account: string;
  type: string;
  /** Capabilities that whoever does it must have, sorted, each once. */
  requires: readonly string[];
  /** Where it is done best: a region, a host, whatever who leases names too. A hint. */
  near: string | null;
  /** 0–9, 9 first. */
  priority: number;
  /** What it counts in its account's share of a shared pool. */
  cost: number;
  createdAtMs: number;
  /** After it nobody wants the result. */
  deadlineMs: number | null;
  attemptsMax: number;
  /** What all attempts together may take, in ms. */
  budgetMs: number | null;
  /** Places of tasks of this queue that must be completed first. */
  after: readonly number[];
  /** What its input takes in storage. */
  bytes: number;
};

/** What of a task moves while it is in the queue. */
export type Moving = {
  standing: Standing;
  /** Of its newest lease; grows with each lease of the task and never repeats. 0: none yet. */
  token: number;
  /** Whether who got that lease may still say what became of it. */
  isHeld: boolean;
  /** The agent that has it, where it is an agent's. */
  holder: string | null;
  leasedAtMs: number;
  /** End of the lease, or of the delay. */
  untilMs: number;
  attempts: number;
  /** What the attempts took so far. */
  spentMs: number;
};

/** A task that is open, as it is stored beside its input. `seq`: its place, which never repeats in its queue. */
export type TaskRow = { seq: number } & Planned & Moving;

/**
 * Why it ended otherwise than completed. `attempts`: there were as many as it may have; `refused`: whoever worked on it
 * said that it is in vain; `budget`: they took as long as they may; `dependency`: one that it came after was not
 * completed; `asked`: somebody canceled it.
 */
export const END_CAUSES = [
  "attempts",
  "refused",
  "deadline",
  "budget",
  "dependency",
  "asked",
] as const;
export type EndCause = (typeof END_CAUSES)[number];
export type End = {
  state: Extract<TaskState, "completed" | "failed" | "canceled">;
  cause: EndCause | null;
  reason: string | null;
  atMs: number;
};

/** Which task it is, and what whoever tells of it says of it. */
type Of = { seq: number; account: string; type: string };

/** What is to be written; all changes of one command, and of all that share its transaction, or none of them. */
export type Change =
  | { kind: "added"; row: TaskRow }
  | ({ kind: "moved"; moving: Moving } & Of)
  | ({ kind: "ended"; moving: Moving; end: End } & Of)
  /** A task that had failed is open again. */
  | { kind: "revived"; row: TaskRow };

/** What a command answers, and what must be stored before anybody is told. */
export type Outcome<T> = { answer: T; changes: Change[] };

/** Of a task that nobody has been given. */
export const FRESH: Moving = {
  standing: "waiting",
  token: 0,
  isHeld: false,
  holder: null,
  leasedAtMs: 0,
  untilMs: 0,
  attempts: 0,
  spentMs: 0,
};
