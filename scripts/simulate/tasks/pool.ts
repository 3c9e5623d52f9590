import { Allocator } from "#domain/resources/allocator.ts";
import { POOL_RULES, type PoolRule } from "#domain/resources/pools.ts";
import type { Changes, Control, Machine, Reservation } from "#domain/resources/rows.ts";
import { fits, NOTHING, plus, type Units } from "#domain/resources/units.ts";
import type { Clock } from "#scripts/simulate/tasks/clock.ts";
import { Host, type Kind } from "#scripts/simulate/tasks/host.ts";
import type { Judge } from "#scripts/simulate/tasks/judge.ts";
import type { World } from "#scripts/simulate/tasks/producer.ts";

type PoolDisk = {
  machines: Map<string, Machine>;
  reservations: Map<string, Reservation>;
  control: Control | null;
};
export type Pool = Host<Allocator, PoolDisk, Changes>;

/** A small pool that looks at itself often, so that a play of a minute sees it grow and shrink. */
const STARTS_IN_MS = 4_000;
export const LOOKS_EVERY_MS = 2_000;
const RULE: PoolRule = {
  ...POOL_RULES.gpu,
  startsInMs: STARTS_IN_MS,
  scaling: { ...POOL_RULES.gpu.scaling, machinesMax: 4, inAfterMs: 6_000 },
};

export function poolOf(clock: Clock, judge: Judge): Pool {
  let lookedMs = -Infinity;
  const kind: Kind<Allocator, PoolDisk, Changes> = {
    empty: () => ({ machines: new Map(), reservations: new Map(), control: null }),
    copyOf: ({ machines, reservations, control }) => ({
      machines: new Map(machines),
      reservations: new Map(reservations),
      control,
    }),
    load: ({ machines, reservations, control }) =>
      new Allocator(RULE, {
        machines: [...machines.values()],
        reservations: [...reservations.values()],
        control,
      }),
    write: (disk, { machines, reservations, control }) => {
      put(disk.machines, machines);
      put(disk.reservations, reservations);
      disk.control = control ?? disk.control;
    },
    dueMs: (pool, nowMs) => (pool.isBusy ? Math.min(lookedMs, nowMs) + LOOKS_EVERY_MS : Infinity),
    wake: (pool, nowMs) => {
      lookedMs = nowMs;
      const isCalm = clock.nowMs >= clock.calmFromMs;
      // A machine is lost now and then, and a provider cannot be reached.
      const seen = pool.wanted
        .filter(() => isCalm || !clock.chance(0.02))
        .map(({ id, sinceMs }) => ({ id, isReady: nowMs - sinceMs >= STARTS_IN_MS }));
      const { answer, changes } = pool.step(!isCalm && clock.chance(0.1) ? null : seen, nowMs);
      return { answer, changes };
    },
  };
  const host = new Host("pool", clock, kind);
  host.onWritten = (_change, disk) => looked(disk, judge);
  host.onLoaded = () => {
    lookedMs = -Infinity;
  };
  return host;
}

function put<T>(all: Map<string, T>, changed: ReadonlyMap<string, T | null>): void {
  for (const [id, one] of changed)
    if (one === null) all.delete(id);
    else all.set(id, one);
}

function looked({ machines, reservations }: PoolDisk, judge: Judge): void {
  const used = new Map<string, Units>();
  for (const { id, machineId, units } of reservations.values()) {
    judge.check("reserved", machines.has(machineId), () => `${id} is on no machine`);
    used.set(machineId, plus(used.get(machineId) ?? NOTHING, units));
  }
  for (const [id, units] of used)
    judge.check("reserved", fits(units, RULE.machine), () => `${id} is overbooked`);
}

/** Takes room on a machine, keeps it for a while, and gives it back, or is killed and forgets that it has it. */
export class Tenant {
  readonly #account: string;
  readonly #clock: Clock;
  readonly #pool: Pool;
  readonly #judge: Judge;
  readonly #world: World;
  #asked = 0;
  #newest = 0;

  constructor(account: string, pool: Pool, world: World) {
    this.#account = account;
    this.#world = world;
    this.#clock = world.clock;
    this.#judge = world.judge;
    this.#pool = pool;
    this.#next();
  }

  #next(): void {
    this.#clock.after(4_000 * this.#clock.random(), () => {
      if (this.#world.isOver) return;
      this.#take();
      this.#next();
    });
  }

  #take(): void {
    const clock = this.#clock;
    const gpuMilli = 50 + clock.below(500);
    const ask = {
      id: `${this.#account}${this.#asked++}`,
      accountId: this.#account,
      units: { cpuMilli: 1_000, gpuMilli, memoryMiB: 1_000 },
      priority: clock.below(10),
      lifeMs: 1_000 + clock.below(6_000),
    };
    let isAnswered = false;
    clock.carry(() =>
      this.#pool.ask({
        run: (pool, nowMs) => pool.reserve(ask, nowMs),
        check: (answer, disk) => {
          if (!answer.ok) return;
          const { lease } = answer.value;
          const isNew = !disk.reservations.has(ask.id);
          const before = disk.control?.newestToken ?? 0;
          if (isNew)
            this.#judge.check("fenced", lease.token > before, () => `${ask.id} ${lease.token}`);
        },
        told: (answer) =>
          clock.carry(() => {
            if (isAnswered || !answer.ok) return;
            isAnswered = true;
            const { token } = answer.value.lease;
            this.#judge.check("fenced", token > this.#newest, () => `${ask.id}: ${token} again`);
            this.#keep(ask.id, token, ask.lifeMs, clock.below(4));
          }),
      }),
    );
  }

  #keep(id: string, token: number, lifeMs: number, times: number): void {
    const clock = this.#clock;
    clock.after(lifeMs * (0.3 + 0.9 * clock.random()), () => {
      // It was killed: nobody gives back what it has.
      if (clock.chance(0.2)) return;
      // Or it says the token of somebody else.
      const said = clock.chance(0.1) ? token - 1 : token;
      clock.carry(() =>
        this.#pool.ask({
          run: (pool, nowMs) =>
            times > 0
              ? pool.renew(id, this.#account, said, lifeMs, nowMs)
              : pool.release(id, this.#account, said),
          check: (answer, disk) => {
            const isTheirs = disk.reservations.get(id)?.lease.token === said;
            this.#judge.check("fenced", answer.ok === isTheirs, () => `${id} by ${said}`);
          },
        }),
      );
      if (times > 0) this.#keep(id, token, lifeMs, times - 1);
    });
  }
}

/** All leases have run out. */
export function poolSettled(pool: Pool, judge: Judge): void {
  const { size } = pool.durable.reservations;
  judge.check("reserved", size === 0, () => `${size} were never given up`);
}
