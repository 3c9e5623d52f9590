import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  type BrownOut,
  brownOutAfter,
  isTaken,
  NO_BROWN_OUT,
} from "#domain/resources/brown-out.ts";
import { expected, nothingSeen, observed } from "#domain/resources/forecast.ts";
import { SCALING, scaled, STEADY } from "#domain/resources/scaling.ts";
import { shareOf } from "#domain/resources/units.ts";

const RULE = { ...SCALING, machinesMin: 1, machinesMax: 20 };

/** How many machines after one look at this demand. */
const after = (now: number, machines: number, expectedThen = 0) =>
  scaled(RULE, STEADY, { now, expected: expectedThen }, machines, 0).machines;

describe("scaling", () => {
  test("starts machines above 60 % only, and never more than there may be", () => {
    expect(after(6, 10)).toBe(10);
    expect(after(6.1, 10)).toBe(13);
    expect(after(100, 10)).toBe(20);
  });

  test("starts them for what is expected", () => {
    expect(after(1, 10, 8)).toBe(16);
  });

  test("gives them back when it was below 30 % for three minutes on end", () => {
    const demand = { now: 2, expected: 0 };
    const first = scaled(RULE, STEADY, demand, 10, 1_000);
    expect(first.machines).toBe(10);
    expect(scaled(RULE, first, demand, 10, 180_999).machines).toBe(10);
    expect(scaled(RULE, first, demand, 10, 181_000).machines).toBe(4);
    const back = scaled(RULE, first, { now: 4, expected: 0 }, 10, 90_000);
    expect(scaled(RULE, back, demand, 10, 181_000).machines).toBe(10);
  });

  test("keeps what is expected to be wanted again", () => {
    const low = { lowSinceMs: 0 };
    expect(scaled(RULE, low, { now: 0, expected: 4 }, 10, 999_999).machines).toBe(10);
  });
});

describe("brown-out", () => {
  const play = (share: number, fromMs: number, toMs: number, state: BrownOut) => {
    let now = state;
    for (let ms = fromMs; ms <= toMs; ms += 10_000) now = brownOutAfter(now, share, ms);
    return now;
  };

  test("begins after three minutes above 90 %, not at 90 % and not when it dipped in between", () => {
    expect(play(0.9, 0, 900_000, NO_BROWN_OUT).floor).toBe(0);
    expect(play(0.95, 0, 170_000, NO_BROWN_OUT).floor).toBe(0);
    expect(play(0.95, 0, 180_000, NO_BROWN_OUT).floor).toBe(2);
    const dipped = brownOutAfter(play(0.95, 0, 170_000, NO_BROWN_OUT), 0.85, 175_000);
    expect(play(0.95, 180_000, 350_000, dipped).floor).toBe(0);
  });

  test("refuses more the longer it lasts, and never priorities 7 to 9", () => {
    const worst = play(1, 0, 3_600_000, NO_BROWN_OUT);
    expect([0, 4, 6, 7, 9].map((priority) => isTaken(worst, priority))).toEqual([
      false,
      false,
      false,
      true,
      true,
    ]);
  });

  test("holds between 75 and 90 %, and ends after three minutes below", () => {
    const on = play(0.95, 0, 180_000, NO_BROWN_OUT);
    const held = play(0.8, 190_000, 3_000_000, on);
    expect(held.floor).toBe(2);
    expect(play(0.7, 3_010_000, 3_180_000, held).floor).toBe(2);
    expect(play(0.7, 3_010_000, 3_190_000, held).floor).toBe(0);
  });

  test("never changes twice within three minutes, whatever the load", () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 300 }),
        (shares) => {
          let state = NO_BROWN_OUT;
          let changedAtMs = -Infinity;
          for (const [i, share] of shares.entries()) {
            const next = brownOutAfter(state, share, i * 10_000);
            if (next.floor !== state.floor) {
              expect(i * 10_000 - changedAtMs).toBeGreaterThanOrEqual(180_000);
              changedAtMs = i * 10_000;
            }
            state = next;
          }
        },
      ),
    );
  });
});

describe("the forecast", () => {
  const after = (values: readonly number[], horizon = 6) =>
    values.reduce((state, value) => observed(state, value, horizon), nothingSeen());

  test("says nothing before it could be compared with what came", () => {
    expect(expected(after(Array.from({ length: 11 }, () => 5)), 6)).toBeNull();
  });

  test("of what stays the same is the same, and certain", () => {
    const told = expected(after(Array.from({ length: 60 }, () => 5)), 6);
    expect(told?.mean).toBeCloseTo(5, 6);
    expect(told?.deviation).toBeCloseTo(0, 6);
  });

  test("of what grows is ahead of it, and nearer than what is there now", () => {
    const told = expected(after(Array.from({ length: 120 }, (_, i) => i / 2)), 6);
    expect(told?.mean).toBeGreaterThan(61);
    expect(told?.mean).toBeLessThan(63.5);
  });

  test("is never below nothing, nor anything but a number", () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: 0, max: 1e6, noNaN: true }), { maxLength: 60 }),
        (values) => {
          const told = expected(after(values), 6);
          if (told === null) return;
          expect(told.mean).toBeGreaterThanOrEqual(0);
          expect(Number.isFinite(told.mean) && told.deviation >= 0).toBe(true);
        },
      ),
    );
  });

  test("survives being written down", () => {
    const state = after(Array.from({ length: 40 }, (_, i) => (i * 7) % 13));
    expect(JSON.parse(JSON.stringify(state))).toEqual(state);
    expect(JSON.stringify(state).length).toBeLessThan(40_000);
  });
});

test("the scarcest dimension is what counts", () => {
  const all = { cpuMilli: 1_000, gpuMilli: 100, memoryMiB: 1_000 };
  expect(shareOf({ cpuMilli: 100, gpuMilli: 50, memoryMiB: 10 }, all)).toBe(0.5);
  expect(shareOf({ cpuMilli: 0, gpuMilli: 1, memoryMiB: 0 }, { ...all, gpuMilli: 0 })).toBe(1);
});
