import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { unitIdFrom, unitShardOf } from "#domain/units/id.ts";

describe("a unit id", () => {
  it("names one of the open shards, and the same one for the same operation", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.string(),
        fc.uniqueArray(fc.integer({ min: 0, max: 46_655 }), { minLength: 1 }),
        async (seed, open) => {
          const id = await unitIdFrom(seed, open);
          expect(open).toContain(unitShardOf(id ?? ""));
          expect(await unitIdFrom(seed, open)).toBe(id);
        },
      ),
    );
  });

  it("differs for different operations", async () => {
    const ids = await Promise.all(
      Array.from({ length: 1_000 }, async (_, i) => await unitIdFrom(`op ${i}`, [0, 1])),
    );
    expect(new Set(ids).size).toBe(1_000);
  });

  it("spreads evenly over the open shards", async () => {
    const ids = await Promise.all(
      Array.from({ length: 2_000 }, async (_, i) => await unitIdFrom(`op ${i}`, [0, 1])),
    );
    const first = ids.filter((id) => unitShardOf(id ?? "") === 0).length;
    expect(first).toBeGreaterThan(880);
    expect(first).toBeLessThan(1_120);
  });

  it("is not made where no shard takes new units", async () => {
    expect(await unitIdFrom("op", [])).toBeNull();
  });

  it.each([
    "",
    "u",
    "u0_",
    "u00_aaaaaaaaaaaaaaaaaaaaaaaaaa",
    "u1000_aaaaaaaaaaaaaaaaaaaaaaaaaa",
    "x0_aaaaaaaaaaaaaaaaaaaaaaaaaa",
    "u0_aaaaaaaaaaaaaaaaaaaaaaaaaw",
    "u0_aaaaaaaaaaaaaaaaaaaaaaaaaaa",
  ])("names no shard when it is none of ours: %j", (text) => expect(unitShardOf(text)).toBeNull());
});
