type Limits = {
  waitingMax: number;
  bytesMax: number;
  shareMax: number;
  /** A share goes on until it has this much; whatever comes last may be larger. */
  shareBytes: number;
  leaseMs: number;
};

/**
 * Work that arrives in pieces and is done in shares, one share at a time: whoever comes by while nobody has one takes
 * what waits, up to `shareMax`, and comes back for what has gathered meanwhile. So a share grows with the load, and nobody waits when
 * there is none. Nothing here is remembered for good: a share that is not brought back counts as lost after `leaseMs`.
 */
export function handout<T extends { bytes: number }>({
  waitingMax,
  bytesMax,
  shareMax,
  shareBytes,
  leaseMs,
}: Limits) {
  let waiting: T[] = [];
  let waitingBytes = 0;
  let heldUntilMs = 0;

  function share(nowMs: number): T[] {
    let count = 0;
    for (let bytes = 0; count < Math.min(shareMax, waiting.length) && bytes < shareBytes; count++)
      bytes += waiting[count]?.bytes ?? 0;
    const items = waiting.slice(0, count);
    waiting = waiting.slice(count);
    for (const { bytes } of items) waitingBytes -= bytes;
    heldUntilMs = items.length > 0 ? nowMs + leaseMs : 0;
    return items;
  }

  return {
    /** Answers those that found no room. */
    add(items: readonly T[]): T[] {
      for (const [taken, item] of items.entries()) {
        if (waiting.length >= waitingMax || waitingBytes + item.bytes > bytesMax)
          return items.slice(taken);
        waiting.push(item);
        waitingBytes += item.bytes;
      }
      return [];
    },

    /** For somebody who comes by: empty while somebody else has a share. */
    take: (nowMs: number): T[] => (nowMs < heldUntilMs ? [] : share(nowMs)),

    /** For whoever has done a share. */
    next: share,

    /** For whoever has done a share and takes no other: who comes by next takes what waits. */
    end(): void {
      heldUntilMs = 0;
    },

    /** All that waits, where nobody has a share and so nobody comes back for it. */
    abandoned(nowMs: number): T[] {
      if (nowMs < heldUntilMs) return [];
      const items = waiting;
      waiting = [];
      waitingBytes = 0;
      return items;
    },

    waiting: (): number => waiting.length,
  };
}
