/** How much one write may carry, and how much may wait for its turn. */
export type GroupLimits = {
  itemsMax: number;
  bytesMax: number;
  waitingMax: number;
  /** Gathers before the first write too: for one that ends before others can come, so that none would ever wait. */
  gathersFirst?: true;
};

/** However fast they come, a write is not put off for longer. */
const GATHERS_MAX = 8;

type Sized = { bytes: number };
type Caller<T, R> = {
  items: T[];
  bytes: number;
  resolve(result: R): void;
  reject(reason: unknown): void;
};

/**
 * Many callers' items in one write: while a write is under way, whoever comes waits and shares the next one (group
 * commit, Gawlick & Kinkade 1985). Each caller is answered by the write that held its items; null when too much waits
 * already. After a write that several shared, `gather` is awaited as long as it brings more, so that those who were just
 * answered can join the next. A write that fails is repeated for each caller alone, so nobody fails for another's items.
 */
export function groupCommit<T extends Sized, R>(
  { itemsMax, bytesMax, waitingMax, gathersFirst }: GroupLimits,
  write: (items: T[]) => Promise<R>,
  gather: () => Promise<void>,
): (items: T[]) => Promise<R | null> {
  let waiting: Caller<T, R>[] = [];
  let waitingItems = 0;
  let writing = false;

  function nextGroup(): Caller<T, R>[] {
    let items = 0;
    let bytes = 0;
    let count = 0;
    for (const caller of waiting) {
      items += caller.items.length;
      bytes += caller.bytes;
      if (count > 0 && (items > itemsMax || bytes > bytesMax)) break;
      count++;
    }
    const group = waiting.slice(0, count);
    waiting = waiting.slice(count);
    for (const caller of group) waitingItems -= caller.items.length;
    return group;
  }

  async function writeFor(group: Caller<T, R>[]): Promise<void> {
    try {
      const result = await write(group.flatMap(({ items }) => items));
      for (const caller of group) caller.resolve(result);
    } catch (error) {
      const [only] = group;
      if (group.length === 1) return only?.reject(error);
      for (const caller of group) await writeFor([caller]);
    }
  }

  async function gatherAll(): Promise<void> {
    for (let before = -1, turn = 0; waiting.length > before && turn < GATHERS_MAX; turn++) {
      before = waiting.length;
      await gather();
    }
  }

  async function writeAll(): Promise<void> {
    writing = true;
    if (gathersFirst) await gather();
    while (waiting.length > 0) {
      const group = nextGroup();
      await writeFor(group);
      if (group.length > 1 || waiting.length > 0) await gatherAll();
    }
    writing = false;
  }

  return async (items) => {
    if (waitingItems + items.length > waitingMax && waitingItems > 0) return null;
    const { promise, resolve, reject } = Promise.withResolvers<R>();
    waiting.push({ items, bytes: items.reduce((sum, one) => sum + one.bytes, 0), resolve, reject });
    waitingItems += items.length;
    if (!writing) void writeAll();
    return await promise;
  };
}
