import { randomFrom } from "#scripts/simulate/random.ts";

/** A machine of the simulation. Its clock is `skewMs` off; `lives` counts its restarts. */
export type Machine = { region: string; isUp: boolean; lives: number; skewMs: number };

/** What the network does to messages. Times in ms, chances in [0, 1]. */
export type Weather = { lost: number; doubled: number; delayMs(from: string, to: string): number };

type Due = { atMs: number; order: number; run: () => void };

/**
 * A network of machines in simulated time: messages are late, lost, doubled and overtake each other; machines stop and
 * regions are cut off. Everything follows from the seed.
 */
export class Network {
  nowMs = 1_000_000;
  readonly random: () => number;
  readonly #weather: Weather;
  readonly #due: Due[] = [];
  readonly #cut = new Set<string>();
  #order = 0;

  constructor(seed: number, weather: (random: () => number) => Weather) {
    this.random = randomFrom(seed);
    this.#weather = weather(this.random);
  }

  clockOf({ skewMs }: Machine): number {
    return this.nowMs + skewMs;
  }

  cutOff(region: string, isCut: boolean): void {
    if (isCut) this.#cut.add(region);
    else this.#cut.delete(region);
  }

  isConnected(a: string, b: string): boolean {
    return a === b || !(this.#cut.has(a) || this.#cut.has(b));
  }

  after(ms: number, run: () => void): void {
    const due = { atMs: this.nowMs + ms, order: this.#order++, run };
    let at = this.#due.push(due) - 1;
    // A binary heap: the earliest first, and in the order they were made.
    while (at > 0) {
      const above = (at - 1) >> 1;
      const parent = this.#due[above];
      if (parent === undefined || !isBefore(due, parent)) break;
      this.#due[at] = parent;
      this.#due[above] = due;
      at = above;
    }
  }

  wait(ms: number): Promise<void> {
    return new Promise((resolve) => this.after(ms, resolve));
  }

  /** Runs what is due until a time, letting every promise settle between two events. */
  async runUntil(untilMs: number): Promise<void> {
    for (;;) {
      const [next] = this.#due;
      if (next === undefined || next.atMs > untilMs) break;
      this.#removeFirst();
      this.nowMs = next.atMs;
      next.run();
      await new Promise((resolve) => setImmediate(resolve));
    }
    this.nowMs = Math.max(this.nowMs, untilMs);
  }

  /** Sends a request whose answer may come never, once or several times; each time `heard` is told. */
  send<T>(
    from: Machine,
    to: Machine,
    work: () => T | Promise<T>,
    heard: (answer: T) => void,
  ): void {
    const life = from.lives;
    this.#carry(from.region, to.region, () => {
      if (!to.isUp) return;
      const theirLife = to.lives;
      void Promise.resolve(work()).then((answer) =>
        this.#carry(to.region, from.region, () => {
          if (to.lives === theirLife && from.isUp && from.lives === life) heard(answer);
        }),
      );
    });
  }

  /** The same for somebody who waits: the first answer, or an exception after `timeoutMs`. */
  call<T>(from: Machine, to: Machine, work: () => T | Promise<T>, timeoutMs: number): Promise<T> {
    return new Promise((resolve, reject) => {
      this.send(from, to, work, resolve);
      this.after(timeoutMs, () => reject(new Unreachable()));
    });
  }

  #carry(from: string, to: string, arrive: () => void): void {
    const copies = this.random() < this.#weather.doubled ? 2 : 1;
    for (let copy = 0; copy < copies; copy++) {
      const isLost = from !== to && this.random() < this.#weather.lost;
      this.after(this.#weather.delayMs(from, to), () => {
        if (!isLost && this.isConnected(from, to)) arrive();
      });
    }
  }

  #removeFirst(): void {
    const last = this.#due.pop();
    if (last === undefined || this.#due.length === 0) return;
    let at = 0;
    for (;;) {
      let best = at * 2 + 1;
      const left = this.#due[best];
      const right = this.#due[best + 1];
      if (left === undefined) break;
      const child = right !== undefined && isBefore(right, left) ? right : left;
      if (child === right) best++;
      if (!isBefore(child, last)) break;
      this.#due[at] = child;
      at = best;
    }
    this.#due[at] = last;
  }
}

export class Unreachable extends Error {}

const isBefore = (a: Due, b: Due): boolean =>
  a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order);
