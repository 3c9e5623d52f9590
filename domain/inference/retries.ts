/** When what failed is tried again. Plain data, one for each server in every isolate. */
export type RetryBudget = { saved: number };

const ATTEMPTS_MAX = 3;
const PAUSE_MS = 100;
const PAUSE_MS_MAX = 2_000;
/** Ten calls pay for one repetition, so that a server that fails everybody gets a tenth more and not three times as much. */
const EARNED = 0.1;
const SAVED_MAX = 10;

export const retryBudget = (): RetryBudget => ({ saved: SAVED_MAX });

export function called(budget: RetryBudget): void {
  budget.saved = Math.min(SAVED_MAX, budget.saved + EARNED);
}

/**
 * How long to wait before the next attempt, in ms; null where there is none. `random` in [0, 1): the whole pause is drawn
 * (full jitter), so that what failed together does not come back together.
 */
export function nextAttemptInMs(
  budget: RetryBudget,
  attempts: number,
  random: number,
): number | null {
  if (attempts >= ATTEMPTS_MAX || budget.saved < 1) return null;
  budget.saved -= 1;
  return Math.floor(random * Math.min(PAUSE_MS * 2 ** attempts, PAUSE_MS_MAX));
}
