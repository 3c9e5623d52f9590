import fc from "fast-check";
import { expect, test } from "vitest";
import { roomStep } from "#domain/search/leaves/room.ts";

const FULL = 1_000;

test("a leaf divides when it is full, moves when most of it is dead, and begins again when all of it is", () => {
  expect(roomStep({ alive: 999, slots: 1_300 }, FULL)).toBe("nothing");
  expect(roomStep({ alive: 1_000, slots: 1_000 }, FULL)).toBe("divide");
  expect(roomStep({ alive: 100, slots: 599 }, FULL)).toBe("nothing");
  expect(roomStep({ alive: 100, slots: 600 }, FULL)).toBe("compact");
  expect(roomStep({ alive: 700, slots: 1_399 }, FULL)).toBe("nothing");
  expect(roomStep({ alive: 700, slots: 1_400 }, FULL)).toBe("compact");
  expect(roomStep({ alive: 0, slots: 62 }, FULL)).toBe("nothing");
  expect(roomStep({ alive: 0, slots: 63 }, FULL)).toBe("empty");
});

test("whatever is added and removed, a leaf that is left alone has less than twice its bound in slots, and a move is paid for by as many removals as it copies", () => {
  fc.assert(
    fc.property(fc.nat(3 * FULL), fc.nat(3 * FULL), (alive, dead) => {
      const step = roomStep({ alive, slots: alive + dead }, FULL);
      if (step === "nothing") expect(alive + dead).toBeLessThan(2 * FULL);
      if (step === "compact") expect(dead).toBeGreaterThanOrEqual(alive);
    }),
  );
});

test("a leaf of any size moves once 50,000 are dead and more than are alive", () => {
  const large = 2_000_000;
  expect(roomStep({ alive: 10_000, slots: 59_999 }, large)).toBe("nothing");
  expect(roomStep({ alive: 10_000, slots: 60_000 }, large)).toBe("compact");
  expect(roomStep({ alive: 900_000, slots: 1_799_999 }, large)).toBe("nothing");
  expect(roomStep({ alive: 900_000, slots: 1_800_000 }, large)).toBe("compact");
  expect(roomStep({ alive: 0, slots: 6_250 }, large)).toBe("empty");
});
