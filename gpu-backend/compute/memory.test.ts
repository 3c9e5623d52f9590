import fc from "fast-check";
import { expect, it } from "vitest";
import { bytesOf, createMemory } from "./memory.ts";

it("never promises more than there is, with a fifth on top, and takes back all of it", () => {
  const wishes = fc.array(fc.tuple(fc.nat(2_000), fc.boolean()), { maxLength: 60 });
  fc.assert(
    fc.property(wishes, (steps) => {
      const memory = createMemory(3_000);
      const held: { give: () => void; bytes: number }[] = [];
      for (const [bytes, giveBack] of steps) {
        if (giveBack) {
          const one = held.shift();
          one?.give();
          one?.give(); // twice changes nothing
        } else {
          const admitted = memory.admit(bytes);
          if (admitted.ok) held.push({ give: admitted.value, bytes });
        }
        const really = held.reduce((sum, one) => sum + Math.ceil(one.bytes * 1.2), 0);
        expect(memory.used()).toBe(really);
        expect(really).toBeLessThanOrEqual(3_000);
      }
      for (const { give } of held) give();
      expect(memory.used()).toBe(0);
    }),
  );
});

it("tells what has to wait from what will never fit", () => {
  const memory = createMemory(1_200);
  expect(memory.admit(1_001)).toMatchObject({ ok: false, error: { code: "body-too-large" } });
  expect(memory.admit(1_000)).toMatchObject({ ok: true });
  expect(memory.admit(1)).toMatchObject({ ok: false, error: { code: "overloaded" } });
});

it("counts vectors and the lists of their neighbours", () => {
  expect(bytesOf(1_000, 384)).toBe(1_536_000);
  expect(bytesOf(1_000, 384, 10)).toBe(1_616_000);
});
