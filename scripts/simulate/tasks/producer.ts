import type { Planned } from "#domain/scheduling/row.ts";
import type { Clock } from "#scripts/simulate/tasks/clock.ts";
import type { Judge } from "#scripts/simulate/tasks/judge.ts";
import type { Shard } from "#scripts/simulate/tasks/shard.ts";

/** `after`: what it comes after, by its place among those that are given with it. */
type Draft = Omit<Planned, "createdAtMs" | "deadlineMs"> & {
  livesMs: number | null;
  agoMs: number;
};
/** What tasks may be; `late`: how many of them have a deadline. */
export type Setting = {
  types: [string, ...string[]];
  requires: string[][];
  near: (string | null)[];
  late: number;
};

const RETRY_MS = 400;

/** An account that gives tasks, says each once more where it hears nothing, and sometimes thinks better of it. */
export class Producer {
  readonly #account: string;
  readonly #clock: Clock;
  readonly #shards: readonly [Shard, ...Shard[]];
  readonly #judge: Judge;
  readonly #setting: Setting;
  readonly #world: World;
  #asked = 0;

  constructor(account: string, world: World) {
    this.#account = account;
    this.#world = world;
    this.#clock = world.clock;
    this.#shards = world.shards;
    this.#judge = world.judge;
    this.#setting = world.setting;
    this.#next();
  }

  #next(): void {
    this.#clock.after(2_200 * this.#clock.random(), () => {
      if (this.#world.isOver) return;
      this.#give();
      this.#next();
    });
  }

  #give(): void {
    const clock = this.#clock;
    const drafts = Array.from({ length: 1 + clock.below(4) }, (_, i) => this.#draft(i));
    this.#send(clock.oneOf(this.#shards), `${this.#account}${this.#asked++}`, drafts, 0);
  }

  #draft(place: number): Draft {
    const clock = this.#clock;
    const { types, requires, near, late } = this.#setting;
    const after = Array.from({ length: place }, (_, i) => i).filter(() => clock.chance(0.25));
    return {
      account: this.#account,
      type: clock.oneOf(types),
      requires: requires[clock.below(requires.length)] ?? [],
      near: near[clock.below(near.length)] ?? null,
      priority: clock.below(10),
      cost: 1 + clock.below(3),
      livesMs: clock.chance(late) ? 500 + clock.below(20_000) : null,
      // Some have waited elsewhere, so that age comes before priority.
      agoMs: clock.chance(0.3) ? clock.below(1_200_000) : 0,
      attemptsMax: 1 + clock.below(4),
      budgetMs: clock.chance(0.1) ? 500 + clock.below(8_000) : null,
      after,
      bytes: 10,
    };
  }

  #send(shard: Shard, key: string, drafts: Draft[], tries: number): void {
    const clock = this.#clock;
    let isAnswered = false;
    clock.carry(() =>
      shard.ask({
        run: (queue, nowMs, disk) => {
          const known = disk.keys.get(key);
          if (known !== undefined) return { answer: known, changes: { rows: [] } };
          const first = queue.next;
          const planned = drafts.map(({ livesMs, agoMs, after, ...draft }) => ({
            ...draft,
            createdAtMs: nowMs - agoMs,
            deadlineMs: livesMs === null ? null : nowMs + livesMs,
            after: after.map((place) => first + place),
          }));
          const { answer, changes } = queue.enqueue(planned, nowMs);
          if (!answer.ok) return { answer: null, changes: { rows: changes } };
          return { answer: answer.value, changes: { rows: changes, key, seqs: answer.value } };
        },
        check: (answer, disk, _nowMs, { rows }) => this.#judge.enqueued(answer, rows, disk),
        told: (seqs) => {
          if (seqs !== null) this.#judge.promised(shard, seqs);
          clock.carry(() => {
            if (isAnswered) return;
            isAnswered = true;
            if (seqs !== null && clock.chance(0.08)) this.#cancel(shard, seqs);
          });
        },
      }),
    );
    clock.after(RETRY_MS, () => {
      if (!isAnswered && tries < 8) this.#send(shard, key, drafts, tries + 1);
    });
  }

  #cancel(shard: Shard, seqs: number[]): void {
    const seq = seqs[this.#clock.below(seqs.length)] ?? 0;
    this.#clock.carry(() =>
      shard.ask({
        run: (queue, nowMs) => {
          const { answer, changes } = queue.cancel(seq, null, nowMs);
          return { answer, changes: { rows: changes } };
        },
      }),
    );
  }
}

/** What the actors of a play share. */
export type World = {
  clock: Clock;
  shards: readonly [Shard, ...Shard[]];
  judge: Judge;
  setting: Setting;
  /** From now on there is no more work and no more trouble. */
  isOver: boolean;
};
