import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  BURN_SIGNALS,
  burnOf,
  burnPoint,
  type Counted,
  SLO_NAMES,
  sloState,
  sumOver,
} from "./slo.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const NOW = 40 * DAY;

/** 1,000 requests every 5 minutes over the last `days`, of which `bad` go wrong in the last `hours`. */
function counted(days: number, bad: number, hours: number): Counted[] {
  const all: Counted[] = [];
  for (let atMs = NOW - days * DAY + 5 * MINUTE; atMs <= NOW; atMs += 5 * MINUTE)
    all.push({ atMs, total: 1_000, bad: atMs > NOW - hours * HOUR ? bad : 0 });
  return all;
}

describe("an objective", () => {
  it("has all of its budget while nothing goes wrong, or nothing is asked", () => {
    for (const all of [counted(30, 0, 1), []])
      expect(sloState("reads", all, NOW)).toMatchObject({ budgetLeft: 1, burn: { "1h": 0 } });
  });

  it("spends its budget in 30 days at a burn rate of 1, and 2 % of it in an hour at 14.4", () => {
    // 99.9 %: one of a thousand may go wrong.
    expect(sloState("search-index", counted(30, 1, 30 * 24), NOW).budgetLeft).toBeCloseTo(0, 6);
    const hour = sloState("search-index", counted(30, 14.4, 1), NOW);
    expect(hour.burn["1h"]).toBeCloseTo(14.4, 6);
    expect(1 - hour.budgetLeft).toBeCloseTo(0.02, 6);
  });

  it("counts no error twice and none that is older than 30 days", () => {
    expect(sloState("reads", [{ atMs: NOW - 31 * DAY, total: 10, bad: 10 }], NOW).errors).toBe(0);
    expect(sumOver(counted(1, 1, 1), HOUR, NOW)).toEqual({ total: 12_000, bad: 12 });
  });
});

describe("a burn rate's point", () => {
  it("is as high as the lower of its windows: what is over wakes nobody", () => {
    const over = counted(3, 100, 1).map((one) =>
      one.atMs > NOW - 10 * MINUTE ? { ...one, bad: 0 } : one,
    );
    expect(burnPoint("slo.burn-1h", "reads", over, NOW).value).toBe(0);
    const brief = counted(3, 0, 1).map((one) => (one.atMs === NOW ? { ...one, bad: 1_000 } : one));
    const { value } = burnPoint("slo.burn-6h", "search-index", brief, NOW);
    expect(value).toBeCloseTo(1_000 / 72, 6);
  });

  it("says nothing of a single failed request in an idle hour, and pages where all fail", () => {
    const asked = (...minutes: [minutesAgo: number, total: number, bad: number][]): Counted[] =>
      minutes.map(([ago, total, bad]) => ({ atMs: NOW - ago * MINUTE, total, bad }));
    for (const name of SLO_NAMES) {
      const values = (counted: Counted[]) =>
        BURN_SIGNALS.map((signal) => burnPoint(signal, name, counted, NOW).value);
      expect(values(asked([50, 3, 0], [2, 1, 1])), name).toEqual([0, 0, 0]);
      expect(values(asked([50, 99, 0], [2, 1, 1])), name).toEqual([0, 0, 0]);
      const down = asked([40, 1, 1], [30, 1, 1], [20, 1, 1], [3, 1, 1], [1, 1, 1]);
      for (const value of values(down)) expect(value, name).toBeGreaterThan(14.4);
    }
  });

  it("is never below 0, nor above what all errors would burn", () => {
    const some = fc.array(
      fc
        .record({
          atMs: fc.integer({ min: NOW - DAY, max: NOW }),
          total: fc.integer({ min: 0, max: 1_000 }),
        })
        .chain(({ atMs, total }) =>
          fc.integer({ min: 0, max: total }).map((bad) => ({ atMs, total, bad })),
        ),
    );
    fc.assert(
      fc.property(some, (all) => {
        const { value } = burnPoint("slo.burn-1h", "identity", all, NOW);
        expect(value).toBeGreaterThanOrEqual(0);
        expect(value).toBeLessThanOrEqual(burnOf({ total: 1, bad: 1 }, 0.9995));
      }),
    );
  });
});
