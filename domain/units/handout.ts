type Limits = { waitingMax: number; shareMax: number; leaseMs: number };

/**
 * Work that arrives in pieces and is done in shares, one share at a time: whoever comes by while nobody has one takes
 * what waits, up to `shareMax`, and comes back for what has gathered meanwhile. So a share grows with the load, and nobody waits when
 * there is none. Nothing here is remembered for good: a share that is not brought back counts as lost after `leaseMs`.
 */
export function handout<T>({ waitingMax, shareMax, leaseMs }: Limits) {
  let waiting: T[] = [];
  let heldUntilMs = 0;

  function share(nowMs: number): T[] {
    const items = waiting.slice(0, shareMax);
    waiting = waiting.slice(shareMax);
    heldUntilMs = items.length > 0 ? nowMs + leaseMs : 0;
    return items;
  }

  return {
    /** Answers those that found no room. */
    add(items: readonly T[]): T[] {
      const room = Math.max(0, waitingMax - waiting.length);
      waiting.push(...items.slice(0, room));
      return items.slice(room);
    },

    /** For somebody who comes by: empty while somebody else has a share. */
    take: (nowMs: number): T[] => (nowMs < heldUntilMs ? [] : share(nowMs)),

    /** For whoever has done a share. */
    next: share,

    /** For whoever has done a share and takes no other: what waits, for somebody else to see to. */
    end(): T[] {
      const items = waiting;
      waiting = [];
      heldUntilMs = 0;
      return items;
    },
  };
}
