import type { Ask, Given, Held } from "#domain/scheduling/queue.ts";
import type { Clock } from "#scripts/simulate/tasks/clock.ts";
import type { Judge } from "#scripts/simulate/tasks/judge.ts";
import type { World } from "#scripts/simulate/tasks/producer.ts";
import type { Shard } from "#scripts/simulate/tasks/shard.ts";

/** `slow`: how much longer than others it takes; beyond a lease's end where it is large. */
export type Traits = Pick<Ask, "types" | "capabilities" | "near" | "holder"> & { slow: number };
type Way = "complete" | "fail";
type Work = { shard: Shard; held: Held; leaseMs: number };

const SAYS_AGAIN_MS = 300;
const SAYS_MAX = 6;

/** Takes tasks, works on them, says what became of them until it is heard; is killed, and is slower than it thought. */
export class Agent {
  readonly #clock: Clock;
  readonly #shards: readonly [Shard, ...Shard[]];
  readonly #judge: Judge;
  #traits: Traits;
  #lives = 1;
  #takesMax = 3;
  #isRetired = false;

  constructor(traits: Traits, { clock, shards, judge }: World) {
    this.#traits = traits;
    this.#clock = clock;
    this.#shards = shards;
    this.#judge = judge;
    this.#next();
  }

  /** Forgets what it works on, and begins anew after a while. */
  kill(): void {
    const life = ++this.#lives;
    this.#clock.after(2_000 * this.#clock.random(), () => {
      if (this.#lives === life) this.#next();
    });
  }

  /** From now on it can do all and is quick: whatever is left will be done. */
  heal(types: readonly string[], capabilities: readonly string[]): void {
    this.#traits = { ...this.#traits, types, capabilities, slow: 0.1 };
    this.#takesMax = 8;
  }

  /** Finishes what it has and takes nothing more. */
  retire(): void {
    this.#isRetired = true;
  }

  /** Whoever found nothing comes back later. */
  #next(found = 1): void {
    const life = this.#lives;
    const ms = found > 0 ? 400 : 1_500;
    this.#clock.after(ms * this.#clock.random(), () => {
      if (this.#lives === life && !this.#isRetired) this.#lease();
    });
  }

  #lease(): void {
    const clock = this.#clock;
    const shard = clock.oneOf(this.#shards);
    const { slow: _slow, ...leaser } = this.#traits;
    const ask: Ask = {
      ...leaser,
      limit: 1 + clock.below(this.#takesMax),
      leaseMs: 400 + clock.below(3_000),
    };
    const life = this.#lives;
    let isAnswered = false;
    clock.carry(() =>
      shard.ask({
        run: (queue, nowMs) => {
          const { answer, changes } = queue.lease(ask, nowMs);
          return { answer, changes: { rows: changes } };
        },
        check: (given, disk, nowMs) => this.#judge.leased(shard, ask, given, disk, nowMs),
        told: (given) => {
          this.#judge.gave(shard, given);
          clock.carry(() => {
            // A lease whose answer is late or lost is one that nobody works on: it runs out.
            if (isAnswered || this.#lives !== life) return;
            isAnswered = true;
            for (const one of given) this.#work(shard, one, ask.leaseMs);
            this.#next(given.length);
          });
        },
      }),
    );
    clock.after(1_000, () => {
      if (isAnswered || this.#lives !== life) return;
      isAnswered = true;
      this.#next();
    });
  }

  #work(shard: Shard, { seq, token }: Given, leaseMs: number): void {
    const clock = this.#clock;
    const work = { shard, held: { seq, token, by: this.#traits.holder }, leaseMs };
    const takesMs = -Math.log(1 - clock.random()) * 700 * this.#traits.slow;
    const beats = clock.chance(0.7);
    for (let ms = leaseMs / 2; beats && ms < takesMs; ms += leaseMs / 2) this.#beat(work, ms);
    const way: Way = clock.chance(0.8) ? "complete" : "fail";
    this.#later(takesMs, () => this.#say(work, way, 0));
  }

  #later(ms: number, run: () => void): void {
    const life = this.#lives;
    this.#clock.after(ms, () => {
      if (this.#lives === life) run();
    });
  }

  #beat({ shard, held, leaseMs }: Work, ms: number): void {
    this.#later(ms, () =>
      this.#clock.carry(() =>
        shard.ask({
          run: (queue, nowMs) => {
            const { answer, changes } = queue.heartbeat(held, leaseMs, nowMs);
            return { answer, changes: { rows: changes } };
          },
          check: (answer, disk, nowMs) => this.#judge.said(shard, held, answer, disk, nowMs),
        }),
      ),
    );
  }

  #say(work: Work, way: Way, tries: number): void {
    const { shard, held } = work;
    const clock = this.#clock;
    const [random, isFinal] = [clock.random(), clock.chance(0.1)];
    let isHeard = false;
    clock.carry(() =>
      shard.ask({
        run: (queue, nowMs) => {
          const { answer, changes } =
            way === "complete"
              ? queue.complete(held, nowMs)
              : queue.fail({ ...held, reason: null, isFinal, delayMs: null }, nowMs, random);
          return { answer, changes: { rows: changes } };
        },
        check: (answer, disk, nowMs) => this.#judge.said(shard, held, answer, disk, nowMs),
        told: (answer) => {
          if (way === "complete" && answer.ok) this.#judge.completed(shard, held);
          clock.carry(() => {
            isHeard = true;
          });
        },
      }),
    );
    this.#later(SAYS_AGAIN_MS, () => {
      if (!isHeard && tries < SAYS_MAX) this.#say(work, way, tries + 1);
    });
  }
}
