/** How long an answer is kept for repetitions. */
export const ANSWER_LIFE_MS = 24 * 3_600_000;
/** How long a first attempt may run before a repetition may take its place: it was killed, or nobody waits for it. */
export const ATTEMPT_LEASE_MS = 30_000;

/** An answer as it is kept. */
export type StoredAnswer = { status: number; headers: Record<string, string>; body: Uint8Array };

export type OperationRecord = {
  bodyHash: string;
  startedAtMs: number;
  attempt: number;
  leaseUntilMs: number;
  answered: boolean;
};

export type Begun =
  | { state: "run"; startedAtMs: number; attempt: number }
  | { state: "answered" }
  | { state: "conflict" }
  | { state: "in-flight"; retryAfterMs: number };

/**
 * What becomes of a request under an idempotency key. `startedAtMs` stays that of the first attempt, so whatever is
 * derived from it is the same in every attempt, and differs once the key is used anew after a day.
 */
export function begin(known: OperationRecord | null, bodyHash: string, nowMs: number): Begun {
  if (known === null || known.startedAtMs + ANSWER_LIFE_MS <= nowMs) {
    return { state: "run", startedAtMs: nowMs, attempt: 1 };
  }
  if (known.bodyHash !== bodyHash) return { state: "conflict" };
  if (known.answered) return { state: "answered" };
  if (known.leaseUntilMs > nowMs)
    return { state: "in-flight", retryAfterMs: known.leaseUntilMs - nowMs };
  return { state: "run", startedAtMs: known.startedAtMs, attempt: known.attempt + 1 };
}

/** Whether an answer is what every repetition shall get. Failures of ours and refusals for the moment are tried again. */
export const isLasting = (status: number) => status < 500 && status !== 429;
