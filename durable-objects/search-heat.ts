import { spreadAfter } from "#domain/regions/replicas.ts";

/** Longer than a burst: a replica begins with a copy of the whole leaf. */
const WINDOW_MS = 5_000;

/** Counts an object's reads, one a call, and answers over how many replicas beside itself they are to spread. */
export function heatMeter(nowMs: () => number = Date.now): () => number {
  let sinceMs = nowMs();
  let calls = 0;
  let spread = 0;
  return () => {
    const ageMs = nowMs() - sinceMs;
    calls++;
    if (ageMs >= WINDOW_MS) {
      spread = spreadAfter(spread, (calls * 1_000) / ageMs);
      sinceMs += ageMs;
      calls = 0;
    }
    return spread;
  };
}
