/** Messages a minute, and how many may come at once where none came for a while. */
export type Pace = { perMinute: number; burst: number };

/**
 * Whether one may go now (GCRA: ITU-T I.371): `freeAtMs` is when all that went is paid for, to be kept for the next one;
 * else how long to wait.
 */
export function paced(
  freeAtMs: number,
  { perMinute, burst }: Pace,
  nowMs: number,
): { freeAtMs: number } | { waitMs: number } {
  const intervalMs = 60_000 / perMinute;
  const from = Math.max(freeAtMs, nowMs);
  const waitMs = from - nowMs - intervalMs * (burst - 1);
  return waitMs > 0 ? { waitMs: Math.ceil(waitMs) } : { freeAtMs: from + intervalMs };
}

/**
 * What comes in a conversation whose other side may be a machine that answers by itself: a person writes this much, and
 * two machines tell each other no more.
 */
export const THREAD_PACE: Pace = { perMinute: 0.5, burst: 20 };

/** How often one message is tried: once, and three times more (`max_retries` of its queue). */
export const ATTEMPTS_MAX = 4;
/** The life of a message on its way. */
export const LIFE_MS = 86_400_000;
/** A queue has lost what nobody took up after this long; longer each time, because a queue may also be slow. */
const HANDED_MS = 5_000;
const HANDED_MS_MAX = 60_000;
/** Longer than an attempt takes: two calls outside of at most 10 s each. */
export const TAKEN_MS = 30_000;

export const handedMs = (sends: number): number =>
  Math.min(HANDED_MS * 2 ** Math.min(sends, 10), HANDED_MS_MAX);

/** Seconds until a message that was refused is tried again: 2, 4, 8. */
export const retryS = (attempts: number): number => 2 ** Math.min(Math.max(attempts, 1), 6);
