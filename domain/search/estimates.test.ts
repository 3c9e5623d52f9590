import fc from "fast-check";
import { expect, test } from "vitest";
import { bestFirst } from "#domain/search/estimates.ts";

test("estimates are sorted best first, each with its slot, equal ones as they came", () => {
  const pair = fc.tuple(fc.float({ noNaN: true }), fc.nat(0xffff_ffff));
  fc.assert(
    fc.property(fc.array(pair, { maxLength: 1_024 }), (pairs) => {
      // Minus zero is below zero by its bits, and not in any other way.
      const given = pairs.map(([estimate, slot]): [number, number] => [estimate + 0, slot]);
      const words = new Uint32Array(given.length * 2);
      const floats = new Float32Array(words.buffer);
      for (const [i, [estimate, slot]] of given.entries()) {
        floats[i * 2] = estimate;
        words[i * 2 + 1] = slot;
      }
      const { slots, estimates } = bestFirst(new Int32Array(words.buffer));
      const sorted = given.toSorted(([a], [b]) => (a === b ? 0 : b > a ? 1 : -1));
      expect([...slots]).toEqual(sorted.map(([, slot]) => slot));
      expect([...estimates]).toEqual(sorted.map(([estimate]) => estimate));
    }),
  );
});
