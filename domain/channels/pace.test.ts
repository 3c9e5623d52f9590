import fc from "fast-check";
import { expect, it } from "vitest";
import { handedMs, paced, retryS } from "./pace.ts";

it("lets no more go in any minute than there may, beyond what may come at once", () => {
  const pace = fc.record({
    perMinute: fc.integer({ min: 1, max: 6_000 }),
    burst: fc.integer({ min: 1, max: 100 }),
  });
  fc.assert(
    fc.property(
      pace,
      fc.array(fc.integer({ min: 0, max: 5_000 }), { maxLength: 300 }),
      (p, steps) => {
        let [freeAtMs, nowMs] = [0, 1_000_000];
        const went: number[] = [];
        for (const step of steps) {
          nowMs += step;
          const outcome = paced(freeAtMs, p, nowMs);
          if ("waitMs" in outcome) {
            expect(outcome.waitMs).toBeGreaterThan(0);
            // As long as it says, and then it goes.
            expect(paced(freeAtMs, p, nowMs + outcome.waitMs)).toHaveProperty("freeAtMs");
          } else {
            freeAtMs = outcome.freeAtMs;
            went.push(nowMs);
          }
        }
        for (const from of went)
          expect(went.filter((at) => at >= from && at < from + 60_000).length).toBeLessThanOrEqual(
            p.perMinute + p.burst,
          );
      },
    ),
  );
});

it("hands over again what a queue lost after 5 s, and later each time, at most after a minute", () => {
  expect([0, 1, 2, 3, 4, 1_000].map(handedMs)).toEqual([
    5_000, 10_000, 20_000, 40_000, 60_000, 60_000,
  ]);
});

it("tries what was refused again after 2, 4 and 8 s", () => {
  expect([1, 2, 3].map(retryS)).toEqual([2, 4, 8]);
});
