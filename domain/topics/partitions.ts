/**
 * A topic of `count` partitions has an event where its hash modulo the count says. Growing doubles the count: half of a
 * partition's keys go on in a new one, whose parent it is, from the offset on at which it stopped taking them. Whoever has
 * read the parent up to there reads the events of each key in their order.
 */
export type Parent = { partition: number; offset: number };

/** FNV-1a over UTF-16 units with MurmurHash3's last mixing, so that the lowest bits are as good as the others. 32 bits. */
export function hashOf(key: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < key.length; i++) hash = Math.imul(hash ^ key.charCodeAt(i), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

/** `count` is a power of two. */
export const partitionOf = (hash: number, count: number): number => (hash & (count - 1)) >>> 0;

/** Which of a grown topic's new partitions goes on with which half of the keys of `partition`. */
export const childOf = (partition: number, grownTo: number): number => partition + grownTo / 2;

/** Calls and bytes that one partition took in a window of time. */
export type Load = { sinceMs: number; calls: number; bytes: number };
/** A window; and what in one is more than one writer should have: half of what an object does (FACTS of the platform). */
const WINDOW_MS = 10_000;
const CALLS_MAX = 5_000;
const BYTES_MAX = 64_000_000;
/** A topic doubles at most that often: its load shows in the new partitions first. */
export const GROWS_EVERY_MS = 60_000;

export const NO_LOAD: Load = { sinceMs: 0, calls: 0, bytes: 0 };

/** The load with one call more, and whether the window that just ended was more than one partition should have. */
export function withCall(
  load: Load,
  bytes: number,
  nowMs: number,
): { load: Load; isMuch: boolean } {
  if (nowMs - load.sinceMs < WINDOW_MS)
    return {
      load: { ...load, calls: load.calls + 1, bytes: load.bytes + bytes },
      isMuch: false,
    };
  const isMuch = load.calls > CALLS_MAX || load.bytes > BYTES_MAX;
  // A window that nobody appended after was longer than it should be: what it held says little.
  const wasBusy = nowMs - load.sinceMs < 2 * WINDOW_MS;
  return { load: { sinceMs: nowMs, calls: 1, bytes }, isMuch: isMuch && wasBusy };
}
