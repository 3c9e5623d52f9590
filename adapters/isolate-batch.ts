/** Whoever keeps a promise alive after the answer: a request's execution context, or an object's state. */
export type Keeper = { waitUntil(promise: Promise<unknown>): void };

export type Batching<T> = {
  /** As many as are handed over at once; four times as many may be held while others are on their way. */
  itemsMax: number;
  /** How long the first item of a batch waits for others, in ms. */
  everyMs: number;
  /** Hands a batch over. What it throws is reported and its items are counted as dropped: it repeats what is to be repeated. */
  send(items: T[]): Promise<void>;
  /** Hears of what was dropped, as it happens. */
  onDropped?(items: number): void;
};

export type IsolateBatch<T> = {
  /** False where there was no room and the item was dropped. */
  add(keeper: Keeper, item: T): boolean;
  /** Hands over what waits, now. */
  flush(): Promise<void>;
  readonly waiting: number;
  readonly dropped: number;
};

const HELD_BATCHES = 4;
/** A request that was cancelled takes its promise with it: what it was to hand over, or wait for, is not heard of again. */
const LOST_AFTER_MS = 15_000;

/**
 * Gathers what the requests of one isolate observe and hands it over in batches, beside whichever request is there: no
 * request waits for another's promise, and what is read costs no message of its own. What an isolate holds when it
 * ends is lost, `everyMs` of it at most while requests come.
 */
export function isolateBatch<T>({
  itemsMax,
  everyMs,
  send,
  onDropped,
}: Batching<T>): IsolateBatch<T> {
  let waiting: T[] = [];
  let dropped = 0;
  let wakesAtMs = -Infinity;
  /** When each batch on its way left. */
  let underWay: number[] = [];

  const drop = (items: number): void => {
    dropped += items;
    onDropped?.(items);
  };

  async function flush(): Promise<void> {
    if (waiting.length === 0) return;
    const items = waiting;
    waiting = [];
    const leftMs = Date.now();
    underWay.push(leftMs);
    try {
      await send(items);
    } catch (error) {
      drop(items.length);
      console.error({
        event: "batch-undelivered",
        items: items.length,
        error: String(error),
      });
    } finally {
      const at = underWay.indexOf(leftMs);
      if (at !== -1) underWay.splice(at, 1);
    }
  }

  const mayLeave = (nowMs: number): boolean => {
    if (underWay.length < HELD_BATCHES) return true;
    underWay = underWay.filter((leftMs) => nowMs - leftMs < LOST_AFTER_MS);
    return underWay.length < HELD_BATCHES;
  };

  return {
    add(keeper, item) {
      const nowMs = Date.now();
      if (waiting.length >= itemsMax * HELD_BATCHES) {
        drop(1);
        return false;
      }
      waiting.push(item);
      if (waiting.length >= itemsMax) {
        if (mayLeave(nowMs)) keeper.waitUntil(flush());
      } else if (nowMs > wakesAtMs + everyMs) {
        // Nobody is to wake, or whoever was is late: cancelled with its request.
        wakesAtMs = nowMs + everyMs;
        keeper.waitUntil(
          scheduler.wait(everyMs).then(async () => {
            wakesAtMs = -Infinity;
            await flush();
          }),
        );
      }
      return true;
    },
    flush,
    get waiting() {
      return waiting.length;
    },
    get dropped() {
      return dropped;
    },
  };
}

/**
 * Work that an isolate does every so often while something comes, beside whichever request is there. A request may be
 * asked to wait for what others bring meanwhile (`waits`); an object would be kept from sleeping, so the next one that
 * passes by does it.
 */
export function isolateBeat(everyMs: number, beat: (env: Env) => Promise<void>) {
  let doneMs = -Infinity;
  let wakesAtMs = -Infinity;

  async function done(env: Env): Promise<void> {
    wakesAtMs = -Infinity;
    doneMs = Date.now();
    await beat(env);
  }

  return (env: Env, keeper: Keeper, nowMs: number, waits: boolean): void => {
    if (nowMs - doneMs >= everyMs) {
      doneMs = nowMs;
      keeper.waitUntil(done(env));
    } else if (waits && nowMs > wakesAtMs + everyMs) {
      wakesAtMs = nowMs + everyMs;
      keeper.waitUntil(scheduler.wait(everyMs).then(async () => await done(env)));
    }
  };
}
