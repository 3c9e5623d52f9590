const BASE_MS = 1_000;
const MAX_MS = 600_000;

/**
 * How long a task waits after an attempt failed, in ms: twice as long each time, up to ten minutes, half of it by chance
 * ("equal jitter", Brooker 2015), so that what failed together does not come back together.
 */
export function retryDelayMs(attempts: number, random: number): number {
  const full = Math.min(MAX_MS, BASE_MS * 2 ** Math.min(attempts - 1, 20));
  return Math.round(full / 2 + (full / 2) * random);
}
