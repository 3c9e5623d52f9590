import { expect, test } from "vitest";
import { play } from "#scripts/simulate/play.ts";

test.each(Array.from({ length: 12 }, (_, i) => i + 1))(
  "four regions keep their promises through crashes, splits, a cut and a heal (seed %i)",
  async (seed) => {
    const report = await play({ seed, lastsMs: 40_000, units: 60 });
    expect(report.broken).toEqual([]);
    expect(report.readsInCut).toBeGreaterThan(4);
    expect(report.leaves).toBeGreaterThan(2);
    expect(report.fullCopies).toBeGreaterThan(0);
  },
);

test("plays a seed the same way every time", async () => {
  const once = await play({ seed: 99, lastsMs: 10_000, units: 20 });
  expect(await play({ seed: 99, lastsMs: 10_000, units: 20 })).toEqual(once);
});
