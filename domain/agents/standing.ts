import {
  answered,
  asked,
  closed,
  type Health,
  healthy,
  isOut,
  type OpenTask,
  seen,
  silenced,
  silentAtMs,
} from "#domain/agents/health.ts";
import {
  emptyTally,
  type Observed,
  observed,
  type Outcome,
  type Quality,
  saysMore,
} from "#domain/agents/quality.ts";

import type { TaskState } from "#domain/tasks/state.ts";

/** What an agent's object keeps of what the agent does, and what of it the registry was told. */
export type Standing = {
  observed: Observed | null;
  health: Health;
  told: Quality | null;
  toldAtMs: number | null;
};

/**
 * How a task ended: done; failed, as the agent says; lost, of which it never said anything; or dropped, by nobody's fault
 * (its caller took it back, or has to go on with it).
 */
export type Ending = "done" | "failed" | "lost" | "dropped";

/** What happens between an agent and its tasks. */
export type Doing =
  | { kind: "asked"; task: Omit<OpenTask, "askedAtMs"> }
  /** It said something of a task that goes on. */
  | { kind: "heard" }
  | { kind: "ended"; id: string; ending: Ending; credits: number | null }
  /** A task that nobody watched: of an agent outside, which its caller heard of at the end. */
  | { kind: "outcome"; outcome: Outcome; isAnswer: boolean }
  /** Its program is there. */
  | { kind: "seen" };

export const unknown = (): Standing => ({
  observed: null,
  health: healthy(),
  told: null,
  toldAtMs: null,
});

export function after(standing: Standing, doing: Doing, nowMs: number): Standing {
  const { health } = standing;
  switch (doing.kind) {
    case "asked":
      return { ...standing, health: asked(health, { ...doing.task, askedAtMs: nowMs }) };
    case "heard":
      return { ...standing, health: answered(health, nowMs) };
    case "seen":
      return { ...standing, health: seen(health, nowMs) };
    case "outcome": {
      const known = observed(standing.observed, doing.outcome, nowMs);
      return {
        ...standing,
        observed: known,
        health: doing.isAnswer ? answered(health, nowMs) : health,
      };
    }
    case "ended":
      return ended(standing, doing, nowMs);
  }
}

function ended(standing: Standing, doing: Ended, nowMs: number): Standing {
  const { health } = closed(standing.health, doing.id);
  const { ending } = doing;
  if (ending === "dropped") return { ...standing, health };
  const next = { ...standing, health: ending === "lost" ? health : answered(health, nowMs) };
  const outcome = outcomeOf(standing, doing, nowMs);
  if (outcome === null) return next;
  return { ...next, observed: observed(next.observed, outcome, nowMs) };
}
type Ended = Extract<Doing, { kind: "ended" }>;

/** What came of a task by what happens now; null where nothing did, or nobody watched. */
export function outcomeOf({ health }: Standing, doing: Doing, nowMs: number): Outcome | null {
  if (doing.kind === "outcome") return doing.outcome;
  if (doing.kind !== "ended" || doing.ending === "dropped") return null;
  const { task } = closed(health, doing.id);
  if (task === null) return null; // given up already, or one too many to be watched
  const { classes, accountId, isOwn, askedAtMs } = task;
  const { ending, credits } = doing;
  const latencyMs = nowMs - askedAtMs;
  return { classes, accountId, isOwn, done: ending === "done", latencyMs, credits };
}

/** What falls due by itself: an agent that has said nothing for too long. */
export function passed(standing: Standing, nowMs: number): Standing {
  const silentMs = silentAtMs(standing.health);
  if (silentMs === null || silentMs > nowMs) return standing;
  const { health, unanswered } = silenced(standing.health, nowMs);
  let known = standing.observed;
  for (const { classes, accountId, isOwn } of unanswered) {
    const outcome = { classes, accountId, isOwn, done: false, latencyMs: null, credits: null };
    known = observed(known, outcome, nowMs);
  }
  return { ...standing, health, observed: known };
}

/** The registry is told of small things no oftener. */
const TOLD_EVERY_MS = 60_000;

/** When something falls due: silence, the end of being left out, or telling the registry. Null where nothing does. */
export function dueMs(standing: Standing, nowMs: number): number | null {
  const { health, told, toldAtMs } = standing;
  const due = [silentAtMs(health)];
  if (told?.isOut === true) due.push(health.outUntilMs);
  if (isOut(health, nowMs) !== (told?.isOut ?? false)) due.push(nowMs);
  else if (standing.observed !== null && saysMore(told, qualityOf(standing, nowMs), nowMs))
    due.push(toldAtMs === null ? nowMs : toldAtMs + TOLD_EVERY_MS);
  const some = due.filter((one) => one !== null);
  return some.length === 0 ? null : Math.min(...some);
}

/** What the registry is to be told now; null where it knows enough. */
export function toTell(standing: Standing, nowMs: number): Quality | null {
  const due = dueMs({ ...standing, health: { ...standing.health, open: [] } }, nowMs);
  return due !== null && due <= nowMs ? qualityOf(standing, nowMs) : null;
}

const qualityOf = ({ observed: known, health }: Standing, nowMs: number): Quality => ({
  observed: known ?? { all: emptyTally(nowMs), classes: {} },
  isOut: isOut(health, nowMs),
  lastAnsweredAtMs: health.lastAnsweredAtMs,
});

export function endingOf(state: TaskState): Ending {
  if (state === "completed") return "done";
  return state === "canceled" ? "dropped" : "failed";
}
