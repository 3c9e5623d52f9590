import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { unitIdFrom, unitShardOf } from "#domain/units/id.ts";

describe("a unit id", () => {
  it("names its shard, and is the same one for the same operation", async () => {
    await fc.assert(
      fc.asyncProperty(fc.string(), fc.integer({ min: 0, max: 46_655 }), async (seed, shard) => {
        const id = await unitIdFrom(seed, shard);
        expect(unitShardOf(id)).toBe(shard);
        expect(await unitIdFrom(seed, shard)).toBe(id);
      }),
    );
  });

  it("differs for different operations", async () => {
    const ids = await Promise.all(
      Array.from({ length: 1_000 }, async (_, i) => await unitIdFrom(`op ${i}`, 0)),
    );
    expect(new Set(ids).size).toBe(1_000);
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
