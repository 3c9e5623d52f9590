import { z } from "zod";
import { capabilityName } from "#domain/agents/model.ts";

/** How sure it is that an agent can do something: it says so, it has done it, it does it time and again for others. */
export const GRADES = ["declared", "exercised", "verified"] as const;
export type Grade = (typeof GRADES)[number];

/** What came of one task. */
export type Outcome = {
  /** What kind of task it was: capabilities, by name. None where nobody said. */
  classes: readonly string[];
  /** Who asked for it, and whether that is the agent's own account. */
  accountId: string;
  isOwn: boolean;
  done: boolean;
  /** From asking to the end; null where nobody measured. */
  latencyMs: number | null;
  credits: number | null;
};

/**
 * Outcomes of one class, added up. Each is worth less as it ages; sums are as of `atMs`. `completed` counts all that were
 * ever done, `clients` names other accounts that they were done for.
 */
export type Tally = {
  atMs: number;
  done: number;
  failed: number;
  logMs: number;
  timed: number;
  credits: number;
  priced: number;
  completed: number;
  clients: string[];
};

/** What an agent did: of all tasks, and by class. */
export type Observed = { all: Tally; classes: Record<string, Tally> };

/** What the registry knows of an agent beside what it says of itself. */
export type Quality = {
  observed: Observed;
  /** It has stopped answering, or begins to time and again. */
  isOut: boolean;
  lastAnsweredAtMs: number | null;
};

const CLASSES_PER_TASK_MAX = 8;

/** What kind of task it is, its caller may say with all of the request or with the message: JSON of both. */
export function classesIn(metadata: string | null, message: string): string[] {
  const classes = classesOf(metadata === null ? null : JSON.parse(metadata));
  if (classes.length > 0) return classes;
  return classesOf((JSON.parse(message) as { metadata?: unknown }).metadata);
}

/** What kind of task it is, as its caller says in its metadata: `capabilities`, or one `capability`. */
export function classesOf(metadata: unknown): string[] {
  const { capabilities, capability } = (
    typeof metadata === "object" && metadata !== null ? metadata : {}
  ) as { capabilities?: unknown; capability?: unknown };
  const named: unknown[] = Array.isArray(capabilities) ? capabilities : [capability];
  const names = named.slice(0, CLASSES_PER_TASK_MAX).flatMap((one) => {
    const known = capabilityName.safeParse(one);
    return known.success ? [known.data] : [];
  });
  return [...new Set(names)];
}

/** After so long an outcome counts half. */
export const HALF_LIFE_MS = 14 * 86_400_000;
/** What an account's tasks for its own agents count: they show that it works, not that others are content. */
const OWN_WEIGHT = 0.25;
const CLIENTS_KEPT = 4;
export const CLASSES_MAX = 24;

/** What is expected of an agent nobody knows, and how many tasks that is worth. */
const PRIOR = { success: 0.7, weight: 4 };
/** Half of what latency, or cost, can take away is gone at these. */
const SLOW = { ms: 60_000, share: 0.15 };
const DEAR = { credits: 10, share: 0.1 };
/** Verified: so many done, for so many other accounts, and this likely to be done again. */
const VERIFIED = { completed: 5, clients: 2, success: 0.8 };

export const emptyTally = (atMs: number): Tally => ({
  atMs,
  done: 0,
  failed: 0,
  logMs: 0,
  timed: 0,
  credits: 0,
  priced: 0,
  completed: 0,
  clients: [],
});

/** The sums as they count at a later time; a clock that goes back changes nothing. */
function aged(tally: Tally, nowMs: number): Tally {
  if (nowMs <= tally.atMs) return tally;
  const left = 2 ** ((tally.atMs - nowMs) / HALF_LIFE_MS);
  return {
    ...tally,
    atMs: nowMs,
    done: tally.done * left,
    failed: tally.failed * left,
    logMs: tally.logMs * left,
    timed: tally.timed * left,
    credits: tally.credits * left,
    priced: tally.priced * left,
  };
}

function added(before: Tally, outcome: Outcome, nowMs: number): Tally {
  const tally = { ...aged(before, nowMs) };
  const { accountId, isOwn, done, latencyMs, credits } = outcome;
  const weight = isOwn ? OWN_WEIGHT : 1;
  if (!done) return { ...tally, failed: tally.failed + weight };
  if (latencyMs !== null) {
    tally.logMs += weight * Math.log(Math.max(1, latencyMs));
    tally.timed += weight;
  }
  if (credits !== null) {
    tally.credits += weight * credits;
    tally.priced += weight;
  }
  const isNew = !isOwn && !tally.clients.includes(accountId);
  return {
    ...tally,
    done: tally.done + weight,
    completed: tally.completed + 1,
    clients: isNew ? [...tally.clients, accountId].slice(-CLIENTS_KEPT) : tally.clients,
  };
}

/** What is known after one more outcome. Of too many classes the one that says least is forgotten. */
export function observed(before: Observed | null, outcome: Outcome, nowMs: number): Observed {
  const all = added(before?.all ?? emptyTally(nowMs), outcome, nowMs);
  const classes = { ...before?.classes };
  for (const name of new Set(outcome.classes)) {
    if (!Object.hasOwn(classes, name) && Object.keys(classes).length >= CLASSES_MAX) {
      const least = Object.entries(classes)
        .map(([known, tally]) => ({ known, weight: weightOf(aged(tally, nowMs)) }))
        .toSorted((a, b) => a.weight - b.weight)[0];
      if (least !== undefined) delete classes[least.known];
    }
    classes[name] = added(tallyOf({ all, classes }, name) ?? emptyTally(nowMs), outcome, nowMs);
  }
  return { all, classes };
}

const weightOf = ({ done, failed }: Tally): number => done + failed;

function tallyOf(known: Observed | null, name: string): Tally | null {
  if (known === null || !Object.hasOwn(known.classes, name)) return null;
  return known.classes[name] ?? null;
}

/** How likely the next task is done: the mean of a beta distribution that begins at `expected`. */
const successOf = (tally: Tally | null, expected: number): number =>
  tally === null
    ? expected
    : (tally.done + PRIOR.weight * expected) / (weightOf(tally) + PRIOR.weight);

export function gradeOf(quality: Quality | null, capability: string, nowMs: number): Grade {
  const tally = tallyOf(quality?.observed ?? null, capability);
  if (tally === null || tally.completed === 0) return "declared";
  const { completed, clients } = tally;
  const isVerified =
    completed >= VERIFIED.completed &&
    clients.length >= VERIFIED.clients &&
    successOf(aged(tally, nowMs), PRIOR.success) >= VERIFIED.success;
  return isVerified ? "verified" : "exercised";
}

export const qualityView = z.object({
  /** What a match multiplies similarity with, 0 to 1. */
  value: z.number(),
  /** How likely such a task is done; of several capabilities the least likely. */
  success: z.number(),
  /** What that is taken from: the tasks of the capabilities asked for, or all of them. */
  of: z.enum(["capabilities", "all-tasks", "nothing"]),
  tasks: z.int(),
  /** The geometric mean. */
  latencyMs: z.number().nullable(),
  credits: z.number().nullable(),
  lastAnsweredAt: z.string().nullable(),
});
export type QualityView = z.infer<typeof qualityView>;

/**
 * What to expect of an agent in a task that needs these capabilities. A capability that little is known of is expected to
 * go like the agent's other tasks, and an agent that little is known of like most.
 */
export function qualityFor(
  quality: Quality | null,
  required: readonly string[],
  nowMs: number,
): QualityView {
  const known = quality?.observed ?? null;
  const all = known === null ? null : aged(known.all, nowMs);
  const overall = successOf(all, PRIOR.success);
  const tallies = required.flatMap((name) => {
    const tally = tallyOf(known, name);
    return tally === null ? [] : [aged(tally, nowMs)];
  });
  const isByClass = tallies.length > 0;
  const success = Math.min(
    ...(tallies.length < required.length || !isByClass ? [overall] : []),
    ...tallies.map((tally) => successOf(tally, overall)),
  );
  const shown = isByClass ? tallies : all === null ? [] : [all];
  const latencyMs = meanMs(shown);
  const credits = meanCredits(shown);
  const slow = latencyMs === null ? 0.5 : latencyMs / (latencyMs + SLOW.ms);
  const dear = credits === null ? 0.5 : credits / (credits + DEAR.credits);
  const lastMs = quality?.lastAnsweredAtMs ?? null;
  return {
    value: success * (1 - SLOW.share * slow) * (1 - DEAR.share * dear),
    success,
    of: isByClass ? "capabilities" : all === null ? "nothing" : "all-tasks",
    tasks: shown.reduce((sum, { completed }) => sum + completed, 0),
    latencyMs: latencyMs === null ? null : Math.round(latencyMs),
    credits,
    lastAnsweredAt: lastMs === null ? null : new Date(lastMs).toISOString(),
  };
}

function meanMs(tallies: readonly Tally[]): number | null {
  const timed = tallies.reduce((sum, tally) => sum + tally.timed, 0);
  if (timed <= 0) return null;
  return Math.exp(tallies.reduce((sum, tally) => sum + tally.logMs, 0) / timed);
}

function meanCredits(tallies: readonly Tally[]): number | null {
  const priced = tallies.reduce((sum, tally) => sum + tally.priced, 0);
  if (priced <= 0) return null;
  return tallies.reduce((sum, tally) => sum + tally.credits, 0) / priced;
}

/** By so much an expectation has to move before others are told. */
const MOVED = 0.05;

/** Whether a match would be another one if it knew this: a grade, how much is known, or what is expected. */
export function saysMore(told: Quality | null, known: Quality, nowMs: number): boolean {
  const names = [null, ...Object.keys(known.observed.classes)];
  return names.some((name) => {
    const [before, after] = [told, known].map((one) => {
      const view = qualityFor(one, name === null ? [] : [name], nowMs);
      return { ...view, grade: name === null ? "declared" : gradeOf(one, name, nowMs) };
    });
    if (before === undefined || after === undefined) return false;
    return (
      before.grade !== after.grade ||
      after.tasks >= 2 * before.tasks + 1 ||
      Math.abs(before.value - after.value) >= MOVED
    );
  });
}
