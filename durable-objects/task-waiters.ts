import type { Leaser } from "#domain/scheduling/lanes.ts";

type Waiter = { leaser: Leaser; wake(shard: number | null): void };

const TYPES_MAX = 1_000;

/** Who waits for tasks, in the order they came. */
export class TaskWaiters {
  readonly #waiting = new Set<Waiter>();
  /** By type, which shard said last that it has tasks, and the how many-th word of a shard that was. */
  readonly #heard = new Map<string, { shard: number; news: number }>();
  /** How often another shard has said that it has some. */
  news = 0;

  get size(): number {
    return this.#waiting.size;
  }

  /** Ends when there may be something for the leaser, or when the time is over: in the shard that it names, or here. */
  async forOne(leaser: Leaser, forMs: number): Promise<number | null> {
    const { promise, resolve } = Promise.withResolvers<number | null>();
    const timer = setTimeout(() => resolve(null), forMs);
    const waiter = { leaser, wake: resolve };
    this.#waiting.add(waiter);
    const shard = await promise;
    clearTimeout(timer);
    this.#waiting.delete(waiter);
    return shard;
  }

  /** Where there may be something for the leaser since it was told of so much; null: nowhere that was heard of. */
  since(leaser: Leaser, news: number): number | null {
    // Who was told more than there is was told by an earlier life of this object.
    if (news > this.news) return 0;
    for (const type of leaser.types) {
      const heard = this.#heard.get(type);
      if (heard !== undefined && heard.news > news) return heard.shard;
    }
    return null;
  }

  /** So many tasks can be given out here that could not before: as many of those who can do one are woken. */
  wake(count: number, hasFor: (leaser: Leaser) => boolean): void {
    let left = count;
    for (const waiter of this.#waiting) {
      if (left <= 0) return;
      if (!hasFor(waiter.leaser)) continue;
      this.#end(waiter, null);
      left--;
    }
  }

  /** Another shard has tasks of these types: whoever does such looks there, one for each type. */
  lookAt(shard: number, types: readonly string[]): void {
    this.news++;
    for (const type of types) {
      this.#heard.delete(type);
      this.#heard.set(type, { shard, news: this.news });
    }
    for (const oldest of this.#heard.keys()) {
      if (this.#heard.size <= TYPES_MAX) break;
      this.#heard.delete(oldest);
    }
    const left = new Set(types);
    for (const waiter of this.#waiting) {
      if (left.size === 0) return;
      const type = waiter.leaser.types.find((one) => left.has(one));
      if (type === undefined) continue;
      left.delete(type);
      this.#end(waiter, shard);
    }
  }

  #end(waiter: Waiter, shard: number | null): void {
    this.#waiting.delete(waiter);
    waiter.wake(shard);
  }
}
