import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  placementOf,
  shardOfAccount,
  type ShardMap,
  unitShardNames,
} from "#domain/units/shard-map.ts";

const HOUR = 3_600_000;
const NOW = 1_000 * HOUR;

/** A history of at least one shard that opened, each at some time, some of them full later. */
const maps: fc.Arbitrary<ShardMap> = fc
  .array(
    fc.record({
      openedAtMs: fc.integer({ min: 1, max: NOW }),
      lastsMs: fc.option(fc.nat(40 * HOUR)),
    }),
    { minLength: 1, maxLength: 12 },
  )
  .map((history) => ({
    version: history.length,
    shards: history.map(({ openedAtMs, lastsMs }, shard) => ({
      shard,
      openedAtMs,
      fullAtMs: lastsMs === null || openedAtMs + lastsMs > NOW ? null : openedAtMs + lastsMs,
    })),
  }));
/** The same map as it was read at `atMs`. */
const readAt = (map: ShardMap, atMs: number): ShardMap => ({
  ...map,
  shards: map.shards
    .filter(({ openedAtMs }) => openedAtMs <= atMs)
    .map((row) => ({ ...row, fullAtMs: (row.fullAtMs ?? NOW + 1) > atMs ? null : row.fullAtMs })),
});

describe("the shard map", () => {
  it("gives new units to shards that are open and bound, and to no other", () => {
    fc.assert(
      fc.property(maps, fc.integer({ min: 0, max: 12 }), (map, bound) => {
        const { open } = placementOf(map, bound, NOW);
        const full = map.shards.filter(({ fullAtMs }) => fullAtMs !== null);
        expect(open.filter((shard) => shard >= bound)).toEqual([]);
        expect(open.filter((shard) => full.some((one) => one.shard === shard))).toEqual([]);
        const left = map.shards.filter((one) => one.shard < bound && !full.includes(one));
        expect(open).toHaveLength(left.length);
      }),
    );
  });

  it("lets an operation that is repeated within a day find the shard it wrote to under any older map", () => {
    fc.assert(
      fc.property(maps, fc.nat(24 * HOUR), fc.string(), (map, agoMs, account) => {
        const then = placementOf(readAt(map, NOW - agoMs), 99, NOW - agoMs);
        const wrote = shardOfAccount(account, then.open);
        const now = placementOf(map, 99, NOW);
        const looked = [now.open, ...now.before].map((open) => shardOfAccount(account, open));
        if (wrote !== null) expect(looked).toContain(wrote);
      }),
    );
  });

  it("looks nowhere else once a day has passed since its last change", () => {
    const map = { version: 2, shards: [{ shard: 0, openedAtMs: 0, fullAtMs: NOW - 30 * HOUR }] };
    expect(placementOf(map, 1, NOW)).toEqual({ open: [], before: [] });
  });
});

describe("the shard of an account", () => {
  const accounts = Array.from({ length: 2_000 }, (_, i) => `a0_${i}`);

  it("is one of those open, evenly so over all accounts", () => {
    const counts = [0, 0, 0, 0];
    for (const account of accounts) {
      const shard = shardOfAccount(account, [0, 1, 2, 3]) ?? -1;
      counts[shard] = (counts[shard] ?? 0) + 1;
    }
    expect(Math.min(...counts)).toBeGreaterThan(430);
    expect(counts.reduce((sum, count) => sum + count)).toBe(2_000);
  });

  it("changes only to a shard that is added, or when its own is full", () => {
    for (const account of accounts) {
      const before = shardOfAccount(account, [0, 1, 2]) ?? -1;
      expect([before, 3]).toContain(shardOfAccount(account, [0, 1, 2, 3]));
      const left = [0, 1, 2].filter((shard) => shard !== before);
      expect(left).toContain(shardOfAccount(account, left));
      expect(shardOfAccount(account, [before])).toBe(before);
    }
  });

  it("is none where none is open", () => {
    expect(shardOfAccount("a0_x", [])).toBeNull();
  });
});

describe("the units family's bindings", () => {
  it("are taken in the order of their numbers, whatever else is bound", () => {
    const names = Array.from({ length: 12 }, (_, i) => `UNITS_${i}`);
    const bound = [...names.toReversed(), "CATALOG_0", "UNITS", "UNITS_01", "UNITS_x"];
    expect(unitShardNames(bound)).toEqual({ ok: true, value: names });
  });

  it.each([
    [[], "UNITS_0"],
    [["UNITS_1"], "UNITS_0"],
    [["UNITS_0", "UNITS_2"], "UNITS_1"],
  ])("are refused with a gap: %j lacks %s", (bound, missing) => {
    const names = unitShardNames(bound);
    expect(!names.ok && names.error).toContain(missing);
  });
});
