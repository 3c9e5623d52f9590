import { randomFrom } from "#scripts/simulate/random.ts";

type Due = { atMs: number; order: number; run: () => void };

/** Time, chance and messages of one play: everything follows from the seed. Nothing here waits, so a seed takes a ms or two. */
export class Clock {
  nowMs = 1_000_000;
  /** Messages go wrong only until then. */
  calmFromMs = Infinity;
  readonly random: () => number;
  /** A binary heap, written out here: it is half of what a play does. */
  readonly #due: Due[] = [];
  #order = 0;

  constructor(seed: number) {
    this.random = randomFrom(seed);
  }

  get isCalm(): boolean {
    return this.nowMs >= this.calmFromMs;
  }

  after(ms: number, run: () => void): void {
    const due = { atMs: this.nowMs + ms, order: this.#order++, run };
    const heap = this.#due;
    let at = heap.push(due) - 1;
    while (at > 0) {
      const above = (at - 1) >> 1;
      const parent = heap[above] as Due;
      // What is made later comes after what was made for the same time.
      if (due.atMs >= parent.atMs) break;
      heap[at] = parent;
      at = above;
    }
    heap[at] = due;
  }

  /** Runs what is due until then. */
  runUntil(untilMs: number): void {
    for (let next = this.#due[0]; next !== undefined && next.atMs <= untilMs; next = this.#due[0]) {
      this.#removeFirst();
      this.nowMs = next.atMs;
      next.run();
    }
    this.nowMs = untilMs;
  }

  /** A whole number from 0 to below `count`. */
  below(count: number): number {
    return Math.floor(this.random() * count);
  }

  oneOf<T>(items: readonly [T, ...T[]]): T {
    return items[this.below(items.length)] ?? items[0];
  }

  chance(share: number): boolean {
    return this.random() < share;
  }

  /** Carries a message: late, and while it is not calm lost, doubled, or so late that others overtake it. */
  carry(arrive: () => void): void {
    const fate = this.isCalm ? 1 : this.random();
    if (fate < 0.03) return;
    for (let copy = fate < 0.07 ? 2 : 1; copy > 0; copy--)
      this.after(this.chance(0.05) ? 3_000 * this.random() : 1 + 20 * this.random(), arrive);
  }

  #removeFirst(): void {
    const heap = this.#due;
    const last = heap.pop();
    const { length } = heap;
    if (last === undefined || length === 0) return;
    let at = 0;
    for (;;) {
      let down = at * 2 + 1;
      if (down >= length) break;
      if (down + 1 < length && isBefore(heap[down + 1] as Due, heap[down] as Due)) down++;
      const child = heap[down] as Due;
      if (!isBefore(child, last)) break;
      heap[at] = child;
      at = down;
    }
    heap[at] = last;
  }
}

const isBefore = (a: Due, b: Due): boolean =>
  a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order);
