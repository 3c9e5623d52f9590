/** What an account is owed beyond what it got, at most: it may have had nothing that anybody present could do. */
const LAG_MAX = 64;

const SWEEP_OVER = 1_000;

/** One account's place in the order of a pool. */
export type Sharer = {
  account: string;
  pass: number;
  weight: number;
  /** Tasks that wait to be given out now, and all that are open. */
  ready: number;
  open: number;
  bytes: number;
};

/**
 * Fair shares of a pool between accounts, by their weights: stride scheduling (Waldspurger & Weihl 1995) with the virtual
 * time of start-time fair queueing (Goyal, Vin & Cheng 1996). Whoever has the smallest `pass` is next, and what it gets
 * moves it on by cost / weight; an account that comes back starts at the present, so nothing is saved up while away.
 * Of two accounts that always have something to do, what they got by weight differs by no more than one task of each.
 */
export class Shares {
  /** Start of what was given out last. */
  #virtual = 0;
  #sweepAt = SWEEP_OVER;
  readonly #sharers = new Map<string, Sharer>();
  readonly #weightOf: (account: string) => number;

  constructor(weightOf: (account: string) => number) {
    this.#weightOf = weightOf;
  }

  /** The account's place, made where it has none. */
  of(account: string): Sharer {
    let sharer = this.#sharers.get(account);
    if (sharer === undefined) {
      const pass = this.#virtual;
      const weight = this.#weightOf(account);
      sharer = { account, pass, weight, ready: 0, open: 0, bytes: 0 };
      if (this.#sharers.size >= this.#sweepAt) this.#sweep();
      this.#sharers.set(account, sharer);
    }
    return sharer;
  }

  find(account: string): Sharer | undefined {
    return this.#sharers.get(account);
  }

  /** Before it has one more that waits. */
  enter(sharer: Sharer): void {
    if (sharer.ready === 0) sharer.pass = Math.max(sharer.pass, this.#virtual);
  }

  charge(sharer: Sharer, cost: number): void {
    const start = Math.max(sharer.pass, this.#virtual - LAG_MAX);
    this.#virtual = Math.max(this.#virtual, start);
    sharer.pass = start + cost / sharer.weight;
  }

  /** Forgets one that has nothing open and is owed nothing. */
  leave(sharer: Sharer): void {
    if (sharer.open === 0 && sharer.pass <= this.#virtual) this.#sharers.delete(sharer.account);
  }

  /** Those that were ahead when they left are caught up with by now. */
  #sweep(): void {
    for (const sharer of this.#sharers.values()) this.leave(sharer);
    this.#sweepAt = 2 * this.#sharers.size + SWEEP_OVER;
  }
}
