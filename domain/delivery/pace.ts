import { LIMITS } from "#domain/shared/limits.ts";
import type { Problem } from "#domain/shared/problem.ts";
import type { Result } from "#domain/shared/result.ts";

/** What an attempt says: of the endpoint as a whole, or of the one thing that was sent. */
export type Outcome =
  | { kind: "delivered"; status: number }
  /** It cannot take anything now; `retryAfterMs` where it said how long. */
  | { kind: "unreachable"; status: number | null; retryAfterMs: number | null }
  /** It takes other things, but not this one. */
  | { kind: "refused"; status: number }
  /** It wants nothing any more (Standard Webhooks: 410). */
  | { kind: "gone"; status: number | null };

/** How an endpoint is doing. Plain data: it is stored, and shown to its owner. */
export type Health = {
  /** Attempts in a row that did not reach it. */
  failures: number;
  /** Nothing is sent before. */
  resumesAtMs: number;
  lastAttemptMs: number | null;
  lastStatus: number | null;
  goneAtMs: number | null;
};

export const HEALTHY: Health = {
  failures: 0,
  resumesAtMs: 0,
  lastAttemptMs: null,
  lastStatus: null,
  goneAtMs: null,
};

/** An endpoint that answers nobody is tried after some 1, 2, 4 … seconds, and at least once an hour. */
const PAUSE_MS = 1_000;
const PAUSE_MS_MAX = 3_600_000;
/** Whoever asks for more patience is tried once a day. */
const RETRY_AFTER_MS_MAX = 86_400_000;
/** What was refused comes again after some 5 s, 20 s, 80 s … at most an hour: 8 attempts take two to four hours. */
const REFUSED_MS = 5_000;
const REFUSED_FACTOR = 4;
const REFUSED_MS_MAX = 3_600_000;
/** As often as one thing may be refused before it is given up. */
export const REFUSALS_MAX = 8;
/** What an endpoint's object keeps: for how long what waits, and how much of what was given up. */
export type Keeping = { waitsMs: number; deadMax: number };
/** However long an endpoint is away, what waits for it is not older. */
export const KEEPING: Keeping = { waitsMs: 14 * 86_400_000, deadMax: LIMITS.deadDeliveriesMax };
/** Sent at once to an endpoint that is well; to one that was not, a single one finds out. */
export const AT_ONCE_MAX = 8;

const HTTP_DATE = /^[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/;

type Answer = Result<{ status: number; headers: Headers }, Problem>;

export function outcomeOf(answer: Answer, nowMs: number): Outcome {
  if (!answer.ok) {
    const { retryAfterS } = answer.error;
    const retryAfterMs = retryAfterS === undefined ? null : retryAfterS * 1_000;
    return { kind: "unreachable", status: null, retryAfterMs };
  }
  const { status, headers } = answer.value;
  if (status >= 200 && status < 300) return { kind: "delivered", status };
  if (status === 410) return { kind: "gone", status };
  if (status >= 500 || status === 408 || status === 429)
    return { kind: "unreachable", status, retryAfterMs: retryAfterMs(headers, nowMs) };
  return { kind: "refused", status };
}

/** `random` in [0, 1): pauses differ, so that endpoints which went together do not come back to all at once. */
export function healthAfter(
  health: Health,
  outcome: Outcome,
  nowMs: number,
  random: number,
): Health {
  const seen = { lastAttemptMs: nowMs, lastStatus: outcome.status };
  if (outcome.kind === "gone") return { ...health, ...seen, goneAtMs: nowMs };
  if (outcome.kind !== "unreachable") return { ...HEALTHY, ...seen };
  const failures = health.failures + 1;
  const ownMs = jittered(
    Math.min(PAUSE_MS * 2 ** Math.min(failures - 1, 30), PAUSE_MS_MAX),
    random,
  );
  const askedMs = Math.min(outcome.retryAfterMs ?? 0, RETRY_AFTER_MS_MAX);
  // Answers of attempts that began together: the longest pause stands.
  const resumesAtMs = Math.max(health.resumesAtMs, nowMs + Math.max(ownMs, askedMs));
  return { ...health, ...seen, failures, resumesAtMs };
}

/** When what was refused for the `refusals`th time is sent again; null when it is given up. */
export function nextAttemptMs(refusals: number, nowMs: number, random: number): number | null {
  if (refusals >= REFUSALS_MAX) return null;
  const delayMs = Math.min(REFUSED_MS * REFUSED_FACTOR ** (refusals - 1), REFUSED_MS_MAX);
  return nowMs + jittered(delayMs, random);
}

/** How many may be under way at once. */
export const atOnce = ({ failures, goneAtMs }: Health): number => {
  if (goneAtMs !== null) return 0;
  return failures > 0 ? 1 : AT_ONCE_MAX;
};

/** Between half of it and all. */
const jittered = (ms: number, random: number): number => Math.ceil(ms * (0.5 + random / 2));

/** RFC 9110, 10.2.3: seconds, or a date. */
function retryAfterMs(headers: Headers, nowMs: number): number | null {
  const text = headers.get("Retry-After")?.trim() ?? "";
  if (/^\d{1,9}$/.test(text)) return Number(text) * 1_000;
  if (!HTTP_DATE.test(text)) return null;
  const atMs = Date.parse(text);
  return Number.isNaN(atMs) ? null : Math.max(0, atMs - nowMs);
}
