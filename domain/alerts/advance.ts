import type { Point } from "./signals.ts";

/** What is compared: above the threshold for so long is wrong, below it for so long is right again. */
export type Condition = { above: number; forMs: number; clearMs: number };

/** What is known of one thing that a rule is about, while something is wrong with it. */
export type Standing = {
  phase: "pending" | "firing";
  /** The first point above the threshold. */
  sinceMs: number;
  /** While it fires: the first of the points below it that came last, or null. */
  belowSinceMs: number | null;
  value: number;
};
export type Change = {
  to: "pending" | "firing" | "resolved" | "dropped";
  atMs: number;
  value: number;
};

/** Two points further apart than this say nothing of the time between them. */
export const GAP_MS = 120_000;
/** What fires and is heard of no more is over after so long: whoever measured it is gone, or what it was about. */
export const SILENT_MS = 15 * 60_000;
/** A value that has come back stays back for so long before anybody is told: one that dances is told of once. */
export const CLEAR_MS = 60_000;

export type Advanced = { standing: Standing | null; seenMs: number; changes: Change[] };

/**
 * Takes the points that came after `seenMs` and says what became of it, in order. It is the same whether they come one
 * by one or together, so a round that was late misses nothing. Older points, and what is no number, say nothing.
 */
export function advance(
  condition: Condition,
  before: { standing: Standing | null; seenMs: number },
  points: readonly Point[],
): Advanced {
  let { standing, seenMs } = before;
  const changes: Change[] = [];
  for (const { atMs, value } of points) {
    if (atMs <= seenMs || !Number.isFinite(value)) continue;
    if (standing?.phase === "pending" && atMs - seenMs > GAP_MS) {
      changes.push({ to: "dropped", atMs, value });
      standing = null;
    }
    seenMs = atMs;
    const next = withPoint(condition, standing, { atMs, value });
    standing = next.standing;
    changes.push(...next.changes);
  }
  return { standing, seenMs, changes };
}

/** The same where nothing was measured for long: what was about to fire does not, what fires is over. */
export function silent({ standing, seenMs }: Omit<Advanced, "changes">, nowMs: number): Advanced {
  const quietMs = nowMs - seenMs;
  const isOver = standing !== null && quietMs > (standing.phase === "pending" ? GAP_MS : SILENT_MS);
  if (!isOver) return { standing, seenMs, changes: [] };
  const to = standing.phase === "pending" ? "dropped" : "resolved";
  return { standing: null, seenMs, changes: [{ to, atMs: nowMs, value: standing.value }] };
}

function withPoint(
  { above, forMs, clearMs }: Condition,
  standing: Standing | null,
  { atMs, value }: Point,
): { standing: Standing | null; changes: Change[] } {
  const isAbove = value > above;
  if (standing?.phase === "firing") {
    if (isAbove) return { standing: { ...standing, belowSinceMs: null, value }, changes: [] };
    const belowSinceMs = standing.belowSinceMs ?? atMs;
    if (atMs - belowSinceMs < clearMs)
      return { standing: { ...standing, belowSinceMs, value }, changes: [] };
    return { standing: null, changes: [{ to: "resolved", atMs, value }] };
  }
  if (!isAbove) {
    const changes: Change[] = standing === null ? [] : [{ to: "dropped", atMs, value }];
    return { standing: null, changes };
  }
  const sinceMs = standing?.sinceMs ?? atMs;
  const changes: Change[] = standing === null ? [{ to: "pending", atMs, value }] : [];
  const pending: Standing = { phase: "pending", sinceMs, belowSinceMs: null, value };
  if (atMs - sinceMs < forMs) return { standing: pending, changes };
  changes.push({ to: "firing", atMs, value });
  return { standing: { ...pending, phase: "firing" }, changes };
}
