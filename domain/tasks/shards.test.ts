import { expect, it } from "vitest";
import fc from "fast-check";
import { formerHomes, homeOf, lookingOrder, placeOf } from "./shards.ts";

const opens = fc.array(fc.nat(1_000), { minLength: 1, maxLength: 8 });
const chance = fc.array(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), {
  minLength: 2,
  maxLength: 2,
});
const drawn = (numbers: number[]) => () => numbers.shift() ?? 0;

it("puts a task where there is less to do, of two that differ", () => {
  fc.assert(
    fc.property(opens, chance, (open, numbers) => {
      const shard = placeOf(open, drawn([...numbers]));
      expect(open[shard]).toBeDefined();
      // Never to the fullest alone, where there is another.
      const max = Math.max(...open);
      if (open.length > 1 && open.filter((one) => one === max).length === 1)
        expect(open[shard]).toBeLessThan(max);
    }),
  );
});

it("looks everywhere once, and not last where the most is", () => {
  fc.assert(
    fc.property(opens, chance, (open, numbers) => {
      const order = lookingOrder(open, drawn([...numbers]));
      expect(order.toSorted((a, b) => a - b)).toEqual(open.map((_, shard) => shard));
    }),
  );
});

it("finds what was made under a key wherever it went while there were fewer shards", async () => {
  for (let n = 0; n < 50; n++)
    for (const shards of [2, 4, 8]) {
      const looked = [await homeOf(`key ${n}`, shards), ...(await formerHomes(`key ${n}`, shards))];
      for (let fewer = shards; fewer >= 1; fewer /= 2)
        expect(looked).toContain(await homeOf(`key ${n}`, fewer));
      expect(new Set(looked).size).toBe(looked.length);
    }
});
