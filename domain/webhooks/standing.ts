import type { Outcome } from "#domain/delivery/pace.ts";

/** How a webhook's endpoint does. Plain data: it is stored, and shown to its owner. */
export type Standing = {
  /** Attempts in a row that it did not take. */
  failures: number;
  failingSinceMs: number | null;
  /** Nothing is sent before: it asked for that. */
  quietUntilMs: number;
  /** Nothing new is sent before: it takes nothing, and something now and then finds out whether it does again. */
  probesAtMs: number;
  lastAttemptMs: number | null;
  lastStatus: number | null;
  /** Nothing is sent to it any more: it said so (410), or it took nothing for days. */
  ended: "gone" | "failing" | null;
};

export const STANDING_WELL: Standing = {
  failures: 0,
  failingSinceMs: null,
  quietUntilMs: 0,
  probesAtMs: 0,
  lastAttemptMs: null,
  lastStatus: null,
  ended: null,
};

/** An endpoint that took nothing for so long, over so many attempts, is sent nothing more. */
export const ENDS_AFTER_MS = 5 * 86_400_000;
const ENDS_AFTER_FAILURES = 8;
/** After so many failures in a row it is taken to be down: one that takes every second one hardly ever comes here. */
const DOWN_AFTER = 16;
const PROBE_MS = 1_000;
const PROBE_MS_MAX = 300_000;
const ASKED_MS_MAX = 86_400_000;
/** Sent at once to an endpoint that is up. */
const AT_ONCE = 16;

export const isDown = ({ failures }: Standing): boolean => failures >= DOWN_AFTER;

/** How many attempts may be under way. */
export const attemptsAtOnce = (standing: Standing): number => {
  if (standing.ended !== null) return 0;
  return isDown(standing) ? 1 : AT_ONCE;
};

/** Nothing was sent: our own breaker left it alone (adapters/egress.ts), which says for how long. */
export const isUntried = (outcome: Outcome): boolean =>
  outcome.kind === "unreachable" && outcome.status === null && outcome.retryAfterMs !== null;

/** `random` in [0, 1): pauses differ, so that endpoints which went together do not come back to all at once. */
export function standingAfter(
  standing: Standing,
  outcome: Outcome,
  nowMs: number,
  random: number,
): Standing {
  const askedMs = outcome.kind === "unreachable" ? (outcome.retryAfterMs ?? 0) : 0;
  const quietUntilMs = Math.max(standing.quietUntilMs, nowMs + Math.min(askedMs, ASKED_MS_MAX));
  if (isUntried(outcome)) return { ...standing, quietUntilMs };
  const seen = { lastAttemptMs: nowMs, lastStatus: outcome.status };
  if (outcome.kind === "delivered") return { ...STANDING_WELL, ...seen };
  const failures = standing.failures + 1;
  const failingSinceMs = standing.failingSinceMs ?? nowMs;
  const over = failures - DOWN_AFTER;
  const probeMs = over < 0 ? 0 : Math.min(PROBE_MS * 2 ** Math.min(over, 30), PROBE_MS_MAX);
  const isOver = failures >= ENDS_AFTER_FAILURES && nowMs - failingSinceMs >= ENDS_AFTER_MS;
  return {
    ...seen,
    failures,
    failingSinceMs,
    quietUntilMs: askedMs > 0 ? quietUntilMs : standing.quietUntilMs,
    probesAtMs: Math.max(standing.probesAtMs, nowMs + Math.ceil(probeMs * (0.5 + random / 2))),
    ended: outcome.kind === "gone" ? "gone" : isOver ? "failing" : standing.ended,
  };
}
