import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { play } from "#scripts/simulate/play.ts";
import { HOME, SIMULATED } from "#scripts/simulate/regions.ts";
import { tableOf } from "#scripts/simulate/table.ts";

describe("four regions under kills, splits, lost logs, a cut and a heal", () => {
  test("lose, double and hide no unit, whatever the seed", async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 2 ** 31 - 1 }), async (seed) => {
        const { broken, promises, regions, cut, kills, splits } = await play({
          seed,
          lastsMs: 40_000,
          units: 60,
        });
        expect(broken).toEqual([]);
        // What is never looked at cannot break.
        for (const { checked } of Object.values(promises)) expect(checked).toBeGreaterThan(500);
        expect(Object.keys(regions).sort()).toEqual([...SIMULATED].sort());
        expect(regions[cut]?.readsInCut).toBeGreaterThan(4);
        expect(regions[HOME]?.readsInCut).toBe(0);
        expect(kills).toBeGreaterThan(5);
        expect(splits).toBeGreaterThan(1);
      }),
      { numRuns: 12 },
    );
  });

  test("are played the same way by the same seed", async () => {
    const once = await play({ seed: 99, lastsMs: 10_000, units: 20 });
    expect(await play({ seed: 99, lastsMs: 10_000, units: 20 })).toEqual(once);
    expect(await play({ seed: 98, lastsMs: 10_000, units: 20 })).not.toEqual(once);
  });

  test("are reported with a line for each region and each promise", async () => {
    const table = tableOf([await play({ seed: 7, lastsMs: 10_000, units: 20 })]);
    for (const word of [...SIMULATED, "lost", "doubled", "unfindable", "older", "kept"])
      expect(table).toMatch(new RegExp(`^${word}\\b`, "m"));
  });
});
