import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Allocator } from "#domain/resources/allocator.ts";
import { POOL_RULES, type PoolRule, STEP_MS } from "#domain/resources/pools.ts";
import { simulatedProvider } from "#domain/resources/provider.ts";
import type { Changes, Control, Machine, Reservation } from "#domain/resources/rows.ts";
import { fits, NOTHING, plus, type Units } from "#domain/resources/units.ts";

const RULE = POOL_RULES.gpu;
const QUARTER: Units = { cpuMilli: 2_000, gpuMilli: 250, memoryMiB: 1_024 };

/** A pool with what it wrote down, so that it can be killed and loaded at any time. */
class Kept {
  nowMs = 1_000_000;
  readonly machines = new Map<string, Machine>();
  readonly reservations = new Map<string, Reservation>();
  control: Control | null = null;
  readonly rule: PoolRule;
  pool: Allocator;

  constructor(rule: PoolRule = RULE) {
    this.rule = rule;
    this.pool = this.loaded();
    for (let i = 0; i < 2; i++) this.look();
  }

  loaded(): Allocator {
    return new Allocator(this.rule, {
      machines: [...this.machines.values()],
      reservations: [...this.reservations.values()],
      control: this.control,
    });
  }

  kill(): void {
    this.pool = this.loaded();
  }

  done<T>({ answer, changes }: { answer: T; changes: Changes }): T {
    for (const [id, one] of changes.machines)
      if (one === null) this.machines.delete(id);
      else this.machines.set(id, one);
    for (const [id, one] of changes.reservations)
      if (one === null) this.reservations.delete(id);
      else this.reservations.set(id, one);
    this.control = changes.control ?? this.control;
    return answer;
  }

  reserve(id: string, accountId = "a", { units = QUARTER, priority = 4, lifeMs = 60_000 } = {}) {
    const ask = { id, accountId, units, priority, lifeMs };
    return this.done(this.pool.reserve(ask, this.nowMs));
  }

  look(): Reservation[] {
    const seen = this.pool.wanted.map(({ id, sinceMs }) => ({
      id,
      isReady: this.nowMs - sinceMs >= this.rule.startsInMs,
    }));
    return this.done(this.pool.step(seen, this.nowMs)).reclaimed;
  }

  /** Steps for so long, while the queue has this. */
  pass(ms: number, load?: { waiting: number; working: number }): void {
    for (const endMs = this.nowMs + ms; this.nowMs < endMs;) {
      this.nowMs += STEP_MS;
      if (load !== undefined) this.pool.report("shard", load, this.nowMs);
      this.look();
    }
  }
}

describe("a pool's capacity", () => {
  test("is there at the first look, and is never given twice", () => {
    const kept = new Kept();
    expect(kept.pool.view().machines).toEqual({ ready: 1, starting: 0, leaving: 0, max: 16 });
    for (let i = 0; i < 4; i++) expect(kept.reserve(`r${i}`)).toMatchObject({ ok: true });
    expect(kept.reserve("r4")).toMatchObject({ ok: false, error: { code: "overloaded" } });
    expect(kept.pool.view().share).toBe(1);
    // What found no room makes room.
    kept.look();
    kept.pass(70_000);
    expect(kept.reserve("r4")).toMatchObject({ ok: true });
  });

  test("is the same reservation when it is asked for again under the same id", () => {
    const kept = new Kept();
    const first = kept.reserve("r");
    expect(kept.reserve("r")).toEqual(first);
    expect(kept.pool.view().reservations).toBe(1);
  });

  test("is taken back from whoever does not renew, and then refused to its old token", () => {
    const kept = new Kept();
    const made = kept.reserve("r", "a", { lifeMs: 15_000 });
    if (!made.ok) throw new Error(made.error.code);
    kept.nowMs += 14_999;
    expect(kept.look()).toEqual([]);
    kept.nowMs += 1;
    expect(kept.look()).toMatchObject([{ id: "r" }]);
    const late = kept.pool.renew("r", "a", made.value.lease.token, 1_000, kept.nowMs);
    expect(late.answer).toMatchObject({ error: { code: "not-found" } });
    expect(kept.pool.view().reserved).toEqual(NOTHING);
  });

  test("is renewed and released under its token only, and by its account only", () => {
    const kept = new Kept();
    const made = kept.reserve("r");
    if (!made.ok) throw new Error(made.error.code);
    const { token } = made.value.lease;
    expect(kept.pool.release("r", "b", token).answer).toMatchObject({
      error: { code: "not-found" },
    });
    expect(kept.pool.release("r", "a", token + 1).answer).toMatchObject({
      error: { code: "lease-lost" },
    });
    expect(kept.pool.renew("r", "a", token, 90_000, kept.nowMs).answer).toMatchObject({ ok: true });
    kept.pass(80_000);
    expect(kept.done(kept.pool.release("r", "a", token))).toMatchObject({ ok: true });
    expect(kept.pool.view().reservations).toBe(0);
  });

  test("of a shared pool goes to one account up to its share", () => {
    const kept = new Kept({
      ...RULE,
      scaling: { ...RULE.scaling, machinesMin: 4, machinesMax: 4 },
    });
    for (let i = 0; i < 8; i++) expect(kept.reserve(`r${i}`)).toMatchObject({ ok: true });
    expect(kept.reserve("r8")).toMatchObject({ error: { code: "too-many-requests" } });
    expect(kept.reserve("r8", "b")).toMatchObject({ ok: true });
  });

  test("grows above 60 %, shrinks below 30 %, and empties a machine before it goes", () => {
    const kept = new Kept();
    kept.pass(120_000, { waiting: 8, working: 8 });
    const grown = kept.pool.view().machines.ready;
    expect(grown).toBeGreaterThan(6);
    for (let i = 0; i < 6; i++) kept.reserve(`r${i}`, "a", { lifeMs: 2_000_000 });
    kept.pass(1_800_000);
    // Two machines hold the six; most of the others are gone.
    expect(kept.pool.view()).toMatchObject({ reservations: 6, machines: { starting: 0 } });
    expect(kept.machines.size).toBeLessThan(grown - 2);
    expect(kept.machines.size).toBeGreaterThan(1);
    kept.pass(1_200_000);
    expect([...kept.machines.values()]).toMatchObject([{ isReady: true, isLeaving: false }]);
    expect(kept.pool.isBusy).toBe(false);
  });

  test("refuses what matters least when it has been full for three minutes, and not before", () => {
    const kept = new Kept({ ...RULE, scaling: { ...RULE.scaling, machinesMax: 2 } });
    const full = { waiting: 50, working: 8 };
    kept.pass(180_000, full);
    expect(kept.pool.view().floor).toBe(0);
    kept.pass(100_000, full);
    expect(kept.pool.report("shard", full, kept.nowMs)).toEqual({ floor: 2 });
    expect(kept.reserve("r", "a", { priority: 1 })).toMatchObject({
      error: { code: "overloaded", retryAfterS: 60 },
    });
    kept.pass(1_000_000, full);
    expect(kept.pool.view().floor).toBe(7);
    kept.pass(700_000, { waiting: 0, working: 1 });
    expect(kept.pool.view().floor).toBe(0);
  });

  test("that was on a machine which is gone is gone", () => {
    const kept = new Kept();
    const made = kept.reserve("r");
    if (!made.ok) throw new Error(made.error.code);
    kept.done(kept.pool.step([], kept.nowMs));
    expect(kept.pool.view()).toMatchObject({
      reservations: 0,
      machines: { ready: 0, starting: 1 },
    });
    kept.pass(70_000);
    expect(kept.pool.view().machines.ready).toBe(1);
  });

  test("stays as it is while its provider does not answer", () => {
    const kept = new Kept();
    kept.reserve("r");
    kept.done(kept.pool.step(null, kept.nowMs));
    expect(kept.pool.view()).toMatchObject({ reservations: 1, machines: { ready: 1 } });
  });
});

const command = fc.record({
  kind: fc.constantFrom("reserve", "reserve", "renew", "release", "pass", "kill", "lose", "load"),
  id: fc.integer({ min: 0, max: 12 }),
  account: fc.constantFrom("a", "b", "c"),
  gpu: fc.integer({ min: 0, max: 1_000 }),
  life: fc.integer({ min: 1_000, max: 90_000 }),
  token: fc.integer({ min: -1, max: 1 }),
});

test("whatever happens, no machine is overbooked, nothing outlives its lease by more than a step, and nothing is forgotten", () => {
  fc.assert(
    fc.property(fc.array(command, { maxLength: 80 }), (commands) => {
      const kept = new Kept();
      let newest = 0;
      for (const { kind, id, account, gpu, life, token } of commands) {
        const name = `${account}${id}`;
        const units = { cpuMilli: 100, gpuMilli: gpu, memoryMiB: 10 };
        const known = kept.reservations.get(name);
        const held = (known?.lease.token ?? 0) + token;
        if (kind === "reserve") {
          const made = kept.reserve(name, account, { units, lifeMs: life });
          if (made.ok && known === undefined) {
            expect(made.value.lease.token).toBeGreaterThan(newest);
            newest = made.value.lease.token;
          }
        } else if (kind === "renew")
          expect(kept.done(kept.pool.renew(name, account, held, life, kept.nowMs)).ok).toBe(
            known !== undefined && token === 0,
          );
        else if (kind === "release")
          expect(kept.done(kept.pool.release(name, account, held)).ok).toBe(
            known !== undefined && token === 0,
          );
        else if (kind === "pass") kept.pass(life);
        else if (kind === "load") kept.pass(STEP_MS, { waiting: id * 3, working: id });
        else if (kind === "kill") {
          const before = kept.pool.view();
          kept.kill();
          // What queues have is told again; what was written is there.
          expect(kept.pool.view().reserved).toEqual(before.reserved);
          expect(kept.pool.view().machines).toEqual(before.machines);
          expect(kept.pool.view().floor).toBe(before.floor);
        } else kept.done(kept.pool.step([], kept.nowMs));
        check(kept);
      }
    }),
    { numRuns: 200 },
  );
});

function check({ machines, reservations, rule, nowMs }: Kept): void {
  const used = new Map<string, Units>();
  for (const { machineId, units, lease } of reservations.values()) {
    expect(machines.has(machineId)).toBe(true);
    used.set(machineId, plus(used.get(machineId) ?? NOTHING, units));
    expect(nowMs - lease.untilMs).toBeLessThan(STEP_MS + 90_000);
  }
  for (const units of used.values()) expect(fits(units, rule.machine)).toBe(true);
  expect(machines.size).toBeLessThanOrEqual(rule.scaling.machinesMax * 2);
}

test("the simulated provider has a machine ready after its time", async () => {
  let nowMs = 0;
  const provider = simulatedProvider(60_000, () => nowMs);
  expect(await provider([{ id: "m1", sinceMs: 0 }])).toEqual([{ id: "m1", isReady: false }]);
  nowMs = 60_000;
  expect(await provider([{ id: "m1", sinceMs: 0 }])).toEqual([{ id: "m1", isReady: true }]);
});
