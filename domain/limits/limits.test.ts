import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  type Bucket,
  chunkOf,
  give,
  mustSave,
  openBucket,
  type Quota,
  written,
} from "#domain/limits/bucket.ts";
import { limiter, type NamedAsk } from "#domain/limits/limiter.ts";

const MINUTE_MS = 60_000;
const quotaOf = (requests: number): Quota => ({ requests, periodMs: MINUTE_MS });

/** A clock that jumps from event to event; whatever a promise waits for happens at its own moment. */
function timeline() {
  const events: { atMs: number; happen: () => void }[] = [];
  let next = 0;
  const clock = { nowMs: 1_700_000_000_000 };
  function at(atMs: number, happen: () => void): void {
    let [low, high] = [next, events.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((events[middle]?.atMs ?? 0) <= atMs) low = middle + 1;
      else high = middle;
    }
    events.splice(low, 0, { atMs, happen });
  }
  const after = (ms: number) =>
    new Promise<void>((resolve) => at(clock.nowMs + ms, () => resolve()));
  async function play(): Promise<void> {
    for (let event = events[next]; event !== undefined; event = events[next]) {
      next++;
      clock.nowMs = Math.max(clock.nowMs, event.atMs);
      event.happen();
      for (let turn = 0; turn < 8; turn++) await Promise.resolve();
    }
  }
  return { clock, at, after, play };
}

type World = {
  quota: Quota;
  isolates: number;
  /** How far an isolate's clock is off, and how long a call takes each way. */
  skewMs: (isolate: number) => number;
  delayMs: () => number;
  /** Requests: when, and in which isolate. */
  requests: { atMs: number; isolate: number }[];
  /** When the object is lost and begins anew from what it wrote down. */
  restartsAtMs?: number[];
  loses?: () => boolean;
  random?: () => number;
};

type Played = { passed: number[]; calls: number; rows: number; lost: number };

/** Plays the requests over isolates and one object; gives the moments of those that passed. */
async function played(world: World): Promise<Played> {
  const { clock, at, after, play } = timeline();
  const startMs = clock.nowMs;
  const { quota, random = () => 0 } = world;
  let disk: [number, number][] = [];
  let rows = 0;
  let calls = 0;
  let lost = 0;
  const open = (): Bucket => openBucket(quota, disk, random(), clock.nowMs);
  let bucket = open();
  for (const restart of world.restartsAtMs ?? []) at(startMs + restart, () => (bucket = open()));
  const ask = async (_: string, asks: NamedAsk[]) => {
    calls++;
    await after(world.delayMs());
    const grants = give(
      asks.map((each) => ({ bucket, quota: each.quota, ask: each.ask })),
      clock.nowMs,
    );
    if (mustSave(bucket, quota)) {
      disk = written(bucket, quota, clock.nowMs).spent;
      rows++;
    }
    await after(world.delayMs());
    if (world.loses?.() !== true) return grants;
    if (asks[0]?.ask.take === true) lost++;
    return "silent" as const;
  };
  const passed: number[] = [];
  const limit = { policy: "account", name: "account", quota };
  const limiters = Array.from({ length: world.isolates }, (_, i) => {
    const now = () => clock.nowMs + world.skewMs(i);
    const one = limiter({ isolate: `i${i}`, ask, beside: () => {}, now });
    const group = one.group("object", [limit]);
    return async () => {
      const refused = await one.take(group, now());
      if (refused === null) passed.push(clock.nowMs);
    };
  });
  for (const { atMs, isolate } of world.requests.toSorted((a, b) => a.atMs - b.atMs))
    at(startMs + atMs, () => void limiters[isolate % world.isolates]?.());
  await play();
  return { passed: passed.toSorted((a, b) => a - b), calls, rows, lost };
}

/** The most that passed in any period, wherever it begins. */
function mostInAPeriod(passed: number[], periodMs: number): number {
  let most = 0;
  let from = 0;
  for (let to = 0; to < passed.length; to++) {
    while ((passed[to] ?? 0) - (passed[from] ?? 0) >= periodMs) from++;
    most = Math.max(most, to - from + 1);
  }
  return most;
}

/** A seeded sequence of numbers from 0 to 1. */
function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

const worlds = fc.record({
  seed: fc.integer(),
  requests: fc.integer({ min: 1_000, max: 1_500 }),
  isolates: fc.integer({ min: 1, max: 60 }),
  delayMs: fc.integer({ min: 0, max: 400 }),
  bursts: fc.array(
    fc.record({
      beginsMs: fc.integer({ min: 0, max: 150_000 }),
      lastsMs: fc.integer({ min: 1, max: 30_000 }),
      share: fc.double({ min: 0.1, max: 1.5, noNaN: true }),
    }),
    { minLength: 1, maxLength: 3 },
  ),
});
/** Answers that took longer than the one about the token that came back a period later. */
const SLOW_ANSWERS: Drawn[] = [
  {
    seed: 12,
    requests: 1_033,
    isolates: 4,
    delayMs: 188,
    bursts: [
      { beginsMs: 92_432, lastsMs: 10_411, share: 0.800876991080516 },
      { beginsMs: 96_525, lastsMs: 16_582, share: 0.8749171540077972 },
      { beginsMs: 45_174, lastsMs: 12_156, share: 0.7309193098380153 },
    ],
  },
  {
    seed: -2_093_671_383,
    requests: 1_361,
    isolates: 4,
    delayMs: 377,
    bursts: [
      { beginsMs: 74_470, lastsMs: 18_062, share: 1.0573108008817047 },
      { beginsMs: 29_621, lastsMs: 25_047, share: 0.23144746509919176 },
    ],
  },
];
type Drawn = typeof worlds extends fc.Arbitrary<infer T> ? T : never;

function worldOf({ seed, requests, isolates, delayMs, bursts }: Drawn): World {
  const random = seeded(seed);
  return {
    quota: quotaOf(requests),
    isolates,
    skewMs: (i) => ((i * 7_919) % 20_000) - 10_000,
    delayMs: () => Math.floor(random() * delayMs),
    requests: bursts.flatMap(({ beginsMs, lastsMs, share }) =>
      Array.from({ length: Math.floor(requests * share) }, () => ({
        atMs: beginsMs + Math.floor(random() * lastsMs),
        isolate: Math.floor(random() ** 2 * isolates),
      })),
    ),
  };
}

describe("many isolates under one limit", () => {
  test("in no period do more requests pass than the quota, whatever bursts come where", async () => {
    await fc.assert(
      fc.asyncProperty(worlds, async (drawn) => {
        const world = worldOf(drawn);
        const { passed } = await played(world);
        expect(mostInAPeriod(passed, MINUTE_MS)).toBeLessThanOrEqual(world.quota.requests);
      }),
      { numRuns: 60, examples: SLOW_ANSWERS.map((each): [Drawn] => [each]) },
    );
  });

  test("a burst of twice the quota gets it all but one leased chunk", async () => {
    await fc.assert(
      fc.asyncProperty(worlds, async (drawn) => {
        const { requests, isolates } = drawn;
        const burst = [{ beginsMs: 0, lastsMs: 20_000, share: 2 }];
        const world = worldOf({ ...drawn, bursts: burst });
        const { passed } = await played(world);
        expect(passed.length, `${requests} over ${isolates}`).toBeGreaterThanOrEqual(
          requests - chunkOf(world.quota),
        );
      }),
      { numRuns: 40 },
    );
  });

  test("leases whose answers get lost never let more pass", async () => {
    await fc.assert(
      fc.asyncProperty(worlds, async (drawn) => {
        const random = seeded(drawn.seed + 1);
        const world = { ...worldOf(drawn), loses: () => random() < 0.3 };
        // A request whose own answer is lost is let through: only a bucket that answers stops anybody.
        const { passed, lost } = await played(world);
        expect(mostInAPeriod(passed, MINUTE_MS)).toBeLessThanOrEqual(world.quota.requests + lost);
      }),
      { numRuns: 40 },
    );
  });

  test("an object that is lost in the middle forgets less than a hundredth each time", async () => {
    await fc.assert(
      fc.asyncProperty(
        worlds,
        fc.array(fc.integer({ min: 0, max: 90_000 }), { maxLength: 3 }),
        async (drawn, restartsAtMs) => {
          const burst = [{ beginsMs: 0, lastsMs: 30_000, share: 2 }];
          const random = seeded(drawn.seed + 2);
          const world = { ...worldOf({ ...drawn, bursts: burst }), restartsAtMs, random };
          const { passed } = await played(world);
          const { requests } = world.quota;
          expect(mostInAPeriod(passed, MINUTE_MS)).toBeLessThanOrEqual(
            requests * (1 + 0.01 * restartsAtMs.length),
          );
        },
      ),
      { numRuns: 40 },
    );
  });
});

test("a steady caller just under the limit is never refused, and almost never waits", async () => {
  const quota = quotaOf(6_000);
  const requests = Array.from({ length: 15_000 }, (_, i) => ({
    atMs: Math.floor(i * (MINUTE_MS / 5_600)),
    isolate: i % 4,
  }));
  const { passed, calls, rows } = await played({
    quota,
    isolates: 4,
    skewMs: () => 0,
    delayMs: () => 10,
    requests,
  });
  expect(passed.length).toBe(15_000);
  expect(calls).toBeLessThan(15_000 / 10);
  expect(rows).toBeLessThan(15_000 / 50);
});

test("what is refused is refused in the isolate, without asking for each", async () => {
  const requests = Array.from({ length: 20_000 }, (_, i) => ({ atMs: i, isolate: 0 }));
  const world = { quota: quotaOf(1_000), isolates: 1, skewMs: () => 0, delayMs: () => 2, requests };
  const { passed, calls } = await played(world);
  expect(passed.length).toBeGreaterThanOrEqual(960);
  expect(calls).toBeLessThan(250);
});

test("what is leased and not heard of again counts from the last moment at which it can have been spent", () => {
  const quota = quotaOf(1_000);
  const bucket = openBucket(quota, [], 0, 0);
  const at = (nowMs: number, holder: string, want: number, take: boolean) =>
    give(
      [{ bucket, quota, ask: { take, lease: { holder, held: 0, unspent: 0, want } } }],
      nowMs,
    )[0];
  const silent = at(0, "silent", 40, false)?.granted ?? 0;
  expect(silent).toBe(40);
  at(200, "other", 0, false);
  // It may spend them until 5 s; by 6 s the rest of the quota is spent by somebody else.
  let taken = 0;
  while (at(5_500, "other", 0, true)?.taken === true) taken++;
  expect(taken).toBe(960);
  expect(at(64_900, "other", 0, true)?.taken).toBe(false);
  expect(at(68_000, "other", 0, true)?.taken).toBe(true);
});

test("tokens that a lease left unspent come back when its holder says so, and only once", () => {
  const quota = quotaOf(1_000);
  const bucket = openBucket(quota, [], 0, 0);
  const at = (nowMs: number, held: number, unspent: number) =>
    give(
      [{ bucket, quota, ask: { take: false, lease: { holder: "a", held, unspent, want: 10 } } }],
      nowMs,
    )[0];
  expect(at(0, 0, 0)?.remaining).toBe(990);
  expect(at(7_000, 0, 7)?.remaining).toBe(987); // three were spent, ten are leased again
  expect(at(8_000, 10, 7)?.remaining).toBe(987);
});

test("what was leased before a pause has come back after it, though nobody asked meanwhile", () => {
  const quota = quotaOf(1_000);
  const bucket = openBucket(quota, [], 0, 0);
  const at = (nowMs: number, holder: string, want: number) =>
    give(
      [{ bucket, quota, ask: { take: false, lease: { holder, held: 0, unspent: 0, want } } }],
      nowMs,
    )[0];
  expect(at(0, "silent", 40)?.granted).toBe(40);
  expect(at(67_000, "other", 0)?.remaining).toBe(1_000);
});
