import { brownOutAfter, isTaken, NO_BROWN_OUT } from "#domain/resources/brown-out.ts";
import { CAUTION, expected, nothingSeen, observed } from "#domain/resources/forecast.ts";
import { Machines } from "#domain/resources/machines.ts";
import { type PoolRule, STEP_MS } from "#domain/resources/pools.ts";
import type { Seen, Wanted } from "#domain/resources/provider.ts";
import {
  type Changes,
  type Control,
  noChanges,
  type Reservation,
  type Rows,
} from "#domain/resources/rows.ts";
import { scaled, STEADY } from "#domain/resources/scaling.ts";
import { fits, most, NOTHING, plus, shareOf, times, type Units } from "#domain/resources/units.ts";
import { extended, isFree, LEASE_LOST, leaseAfter } from "#domain/shared/lease.ts";
import { LIMITS } from "#domain/shared/limits.ts";
import type { Problem } from "#domain/shared/problem.ts";
import { err, ok, type Result } from "#domain/shared/result.ts";

/** What one shard of the pool's queue has: tasks that wait, and tasks that are worked on. */
export type Load = { waiting: number; working: number };
/** Its id is nobody else's. */
export type Ask = { id: string; accountId: string; units: Units; priority: number; lifeMs: number };

type Done<T> = { answer: T; changes: Changes };
type Refused = Problem<"invalid-request" | "too-many-requests" | "overloaded">;
type Lost = Problem<"not-found" | "lease-lost">;

/** A shard that has not been heard of for so long is forgotten. */
const REPORT_LASTS_MS = 3 * STEP_MS;

/**
 * The capacity of one pool: its machines, who holds what of them, how many there shall be and what is refused while it
 * is full. Kept in memory; where a write of changes fails it is thrown away and loaded again.
 */
export class Allocator {
  readonly #rule: PoolRule;
  readonly #machines: Machines;
  readonly #reservations: Map<string, Reservation>;
  readonly #loads = new Map<string, Load & { atMs: number }>();
  #control: Control;
  /** Reservations that found no room since the last step: they count as wanted. */
  #unmet = NOTHING;

  constructor(rule: PoolRule, { machines, reservations, control }: Rows) {
    this.#rule = rule;
    this.#machines = new Machines(rule.machine, machines);
    this.#reservations = new Map(reservations.map((one) => [one.id, one]));
    for (const one of reservations) this.#machines.take(one);
    this.#control = control ?? {
      newestToken: 0,
      newestMachine: 0,
      scaling: STEADY,
      brownOut: NO_BROWN_OUT,
      forecast: nothingSeen(),
      steppedMs: 0,
    };
  }

  /** Room on one machine, under a lease: whoever lets it run out loses it. The same id again is the same one. */
  reserve(ask: Ask, nowMs: number): Done<Result<Reservation, Refused>> {
    const changes = noChanges();
    const known = this.reservation(ask.id, ask.accountId);
    if (known !== null) return { answer: ok(known), changes };
    this.#reclaim(nowMs, changes);
    const refused = this.#refusal(ask, nowMs);
    if (refused !== null) return { answer: err(refused), changes };
    const machine = this.#machines.bestFor(ask.units);
    if (machine === null) {
      this.#unmet = plus(this.#unmet, ask.units);
      return { answer: err(full(this.#rule)), changes };
    }
    const { id, accountId, units, priority, lifeMs } = ask;
    const lease = leaseAfter(this.#control.newestToken, nowMs, lifeMs);
    this.#setControl({ newestToken: lease.token }, changes);
    const made = {
      id,
      accountId,
      machineId: machine.id,
      units,
      priority,
      lease,
      createdAtMs: nowMs,
    };
    this.#machines.take(made);
    this.#set(made, changes);
    return { answer: ok(made), changes };
  }

  renew(
    id: string,
    accountId: string,
    token: number,
    lifeMs: number,
    nowMs: number,
  ): Done<Result<Reservation, Lost>> {
    const changes = noChanges();
    const known = this.reservation(id, accountId);
    if (known === null) return { answer: err({ code: "not-found" }), changes };
    const lease = extended(known.lease, token, nowMs, lifeMs);
    if (!lease.ok) return { answer: lease, changes };
    const renewed = { ...known, lease: lease.value };
    this.#set(renewed, changes);
    return { answer: ok(renewed), changes };
  }

  release(id: string, accountId: string, token: number): Done<Result<Reservation, Lost>> {
    const changes = noChanges();
    const known = this.reservation(id, accountId);
    if (known === null) return { answer: err({ code: "not-found" }), changes };
    if (known.lease.token !== token) return { answer: err(LEASE_LOST), changes };
    this.#drop(known, changes);
    return { answer: ok(known), changes };
  }

  /** What a shard of the pool's queue has now; answers below which priority it takes nothing. */
  report(shard: string, load: Load, nowMs: number): { floor: number } {
    this.#loads.set(shard, { ...load, atMs: nowMs });
    return { floor: this.#control.brownOut.floor };
  }

  /** Takes back what was not renewed, believes what the provider has (null: it did not answer), and scales. */
  step(seen: readonly Seen[] | null, nowMs: number): Done<{ reclaimed: Reservation[] }> {
    const changes = noChanges();
    const reclaimed = this.#reclaim(nowMs, changes);
    for (const [shard, { atMs }] of this.#loads)
      if (nowMs - atMs > REPORT_LASTS_MS) this.#loads.delete(shard);
    if (seen !== null) this.#believe(seen, changes);
    this.#scale(nowMs, changes);
    return { answer: { reclaimed }, changes };
  }

  get wanted(): Wanted[] {
    return this.#machines.wanted;
  }

  /** Whether anything goes on that another step would look at. */
  get isBusy(): boolean {
    const all = this.#machines.list;
    return (
      this.#reservations.size > 0 ||
      this.#loads.size > 0 ||
      this.#control.brownOut.floor > 0 ||
      all.length !== this.#rule.scaling.machinesMin ||
      all.some(({ isReady, isLeaving }) => !isReady || isLeaving)
    );
  }

  reservation(id: string, accountId: string): Reservation | null {
    const known = this.#reservations.get(id);
    return known?.accountId === accountId ? known : null;
  }

  reservationsOf(accountId: string): Reservation[] {
    return [...this.#reservations.values()].filter((one) => one.accountId === accountId);
  }

  /** How it stands. `share`: of what is ready, how much is in use, 0 to 1; `forecast`: machines' worth, in so long. */
  view() {
    const machines = this.#machines.list;
    const staying = this.#machines.staying;
    const capacity = times(this.#rule.machine, this.#machines.ready);
    const horizon = horizonOf(this.#rule);
    const told = expected(this.#control.forecast, horizon);
    return {
      capacity,
      reserved: this.#reserved(),
      share: Math.min(1, shareOf(this.#used(), capacity)),
      waiting: this.#sum("waiting"),
      working: this.#sum("working"),
      reservations: this.#reservations.size,
      machines: {
        ready: staying.filter(({ isReady }) => isReady).length,
        starting: staying.filter(({ isReady }) => !isReady).length,
        leaving: machines.length - staying.length,
        max: this.#rule.scaling.machinesMax,
      },
      floor: this.#control.brownOut.floor,
      forecast: told === null ? null : { inMs: horizon * STEP_MS, machines: told.mean },
    };
  }

  #refusal({ units, accountId, priority }: Ask, nowMs: number): Refused | null {
    const { machine, scaling, shareMax } = this.#rule;
    if (!fits(units, machine)) return TOO_LARGE;
    const { brownOut } = this.#control;
    if (!isTaken(brownOut, priority))
      return {
        code: "overloaded",
        detail: `the pool is too full for priorities below ${brownOut.floor}`,
        retryAfterS: 60,
      };
    const mine = this.reservationsOf(accountId);
    const held = mine.reduce((sum, one) => plus(sum, one.units), units);
    const allowed = times(machine, Math.max(1, Math.floor(scaling.machinesMax * shareMax)));
    if (fits(held, allowed) && mine.length < LIMITS.reservationsPerAccountMax) return null;
    const soonest = mine.reduce((first, { lease }) => Math.min(first, lease.untilMs), Infinity);
    return {
      code: "too-many-requests",
      detail: "the account holds all of this pool that one account may",
      retryAfterS: Math.max(1, Math.ceil(Math.min(60_000, soonest - nowMs) / 1_000)),
    };
  }

  #reclaim(nowMs: number, changes: Changes): Reservation[] {
    const ended = [...this.#reservations.values()].filter(({ lease }) => isFree(lease, nowMs));
    for (const one of ended) this.#drop(one, changes);
    return ended;
  }

  /** A machine that is gone takes its reservations with it: their holders find their lease lost. */
  #believe(seen: readonly Seen[], changes: Changes): void {
    const lost = new Set(this.#machines.believe(seen, changes));
    if (lost.size === 0) return;
    for (const one of this.#reservations.values())
      if (lost.has(one.machineId)) this.#drop(one, changes);
  }

  #scale(nowMs: number, changes: Changes): void {
    const { machine, scaling: rule } = this.#rule;
    const { steppedMs, newestMachine, scaling: before } = this.#control;
    const horizon = horizonOf(this.#rule);
    const queued = times(this.#rule.task, this.#sum("waiting"));
    const now = shareOf(plus(this.#used(), most(queued, this.#unmet)), machine);
    this.#unmet = NOTHING;
    // A step that comes early, as when a machine is waited for, is none of the series.
    const isDue = Math.abs(nowMs - steppedMs) >= STEP_MS / 2;
    const forecast = isDue
      ? observed(this.#control.forecast, now, horizon)
      : this.#control.forecast;
    const told = expected(forecast, horizon);
    const foretold = told === null ? 0 : told.mean + CAUTION * told.deviation;
    const there = this.#machines.staying.length;
    const { machines, ...scaling } = scaled(
      rule,
      before,
      { now, expected: foretold },
      there,
      nowMs,
    );
    const newest =
      machines > there
        ? this.#machines.add(machines - there, newestMachine, nowMs, changes)
        : newestMachine;
    if (machines < there) this.#machines.letGo(there - machines, changes);
    this.#machines.sweep(changes);
    const capacity = times(machine, this.#machines.ready);
    const share = this.#machines.ready === 0 ? 0 : shareOf(this.#used(), capacity);
    this.#setControl(
      {
        newestMachine: newest,
        scaling,
        brownOut: brownOutAfter(this.#control.brownOut, share, nowMs),
        forecast,
        steppedMs: isDue ? nowMs : steppedMs,
      },
      changes,
    );
  }

  #reserved(): Units {
    let sum = NOTHING;
    for (const { units } of this.#reservations.values()) sum = plus(sum, units);
    return sum;
  }

  #used(): Units {
    return plus(this.#reserved(), times(this.#rule.task, this.#sum("working")));
  }

  #sum(what: keyof Load): number {
    let sum = 0;
    for (const load of this.#loads.values()) sum += load[what];
    return sum;
  }

  #drop(one: Reservation, changes: Changes): void {
    this.#machines.giveBack(one);
    this.#reservations.delete(one.id);
    changes.reservations.set(one.id, null);
  }

  #set(one: Reservation, changes: Changes): void {
    this.#reservations.set(one.id, one);
    changes.reservations.set(one.id, one);
  }

  #setControl(part: Partial<Control>, changes: Changes): void {
    this.#control = { ...this.#control, ...part };
    changes.control = this.#control;
  }
}

/** A machine that is started at this step is ready so many steps later. */
const horizonOf = ({ startsInMs }: PoolRule): number => Math.ceil(startsInMs / STEP_MS) + 1;

const TOO_LARGE: Refused = {
  code: "invalid-request",
  errors: [{ pointer: "/units", detail: "no machine of this pool has so much" }],
};

const full = ({ startsInMs }: PoolRule): Problem<"overloaded"> => ({
  code: "overloaded",
  detail: "no machine of the pool has room",
  retryAfterS: Math.ceil(startsInMs / 1_000),
});
