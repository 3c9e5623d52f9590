/** What passes before the second attempt, the third, …: 8 attempts within 27.6 hours (Standard Webhooks 1.0, "retries"). */
const S = 1_000;
const MIN = 60 * S;
const H = 60 * MIN;
export const WAITS_MS = [5 * S, 5 * MIN, 30 * MIN, 2 * H, 5 * H, 10 * H, 10 * H] as const;
export const TRIES_MAX = WAITS_MS.length + 1;
/** Sooner by up to this share, so that what failed together does not come back together. */
const JITTER = 0.05;
/** Whoever asks for more patience is tried once a day. */
const ASKED_MS_MAX = 24 * H;

/** When the attempt after the `tries`th failed one is made; null when there is none. `random` in [0, 1). */
export function nextTryMs(
  tries: number,
  nowMs: number,
  random: number,
  askedMs: number | null = null,
): number | null {
  const waitMs = WAITS_MS[tries - 1];
  if (waitMs === undefined) return null;
  const asked = Math.min(askedMs ?? 0, ASKED_MS_MAX);
  return nowMs + Math.max(Math.ceil(waitMs * (1 - JITTER * random)), asked);
}
