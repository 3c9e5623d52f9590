import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  advance,
  type Change,
  CLEAR_MS,
  type Condition,
  GAP_MS,
  silent,
  SILENT_MS,
  type Standing,
} from "./advance.ts";
import type { Point } from "./signals.ts";

const STEP_MS = 15_000;
const FIVE_MINUTES: Condition = { above: 0.8, forMs: 300_000, clearMs: CLEAR_MS };

/** Points a step apart, from the first step on. */
const points = (...values: number[]): Point[] =>
  values.map((value, i) => ({ atMs: (i + 1) * STEP_MS, value }));
const all = (condition: Condition, given: readonly Point[]) =>
  advance(condition, { standing: null, seenMs: 0 }, given);
const kinds = (changes: readonly Change[]) => changes.map(({ to }) => to);
const repeated = (value: number, times: number) => Array.from({ length: times }, () => value);

describe("a rule", () => {
  it("fires once when it was wrong all the time, and clears once when it is right again", () => {
    const given = points(...repeated(0.9, 60), ...repeated(0.5, 20));
    const { changes, standing } = all(FIVE_MINUTES, given);
    expect(kinds(changes)).toEqual(["pending", "firing", "resolved"]);
    expect((changes[1]?.atMs ?? 0) - (changes[0]?.atMs ?? 0)).toBe(300_000);
    expect(standing).toBeNull();
  });

  it("says nothing of what was wrong for a moment, nor of what is just at its bound", () => {
    expect(kinds(all(FIVE_MINUTES, points(0.9, 0.95, 0.5, 0.9, 0.5)).changes)).toEqual([
      "pending",
      "dropped",
      "pending",
      "dropped",
    ]);
    expect(all(FIVE_MINUTES, points(...repeated(0.8, 60))).changes).toEqual([]);
  });

  it("tells once of a value that dances about its bound", () => {
    const dancing = Array.from({ length: 200 }, (_, i) => (i % 2 === 0 ? 0.9 : 0.7));
    const { changes } = all({ ...FIVE_MINUTES, forMs: 0 }, points(...dancing));
    expect(kinds(changes)).toEqual(["pending", "firing"]);
  });

  it("takes no gap in what was measured for time in which it was wrong", () => {
    const late = [
      { atMs: 1, value: 0.9 },
      { atMs: 1 + GAP_MS + 1, value: 0.9 },
      { atMs: 400_000, value: 0.9 },
    ];
    expect(kinds(all(FIVE_MINUTES, late).changes)).not.toContain("firing");
  });

  it("is over when it is heard of no more, and not before", () => {
    const { standing, seenMs } = all({ ...FIVE_MINUTES, forMs: 0 }, points(0.9));
    expect(silent({ standing, seenMs }, seenMs + SILENT_MS).changes).toEqual([]);
    expect(kinds(silent({ standing, seenMs }, seenMs + SILENT_MS + 1).changes)).toEqual([
      "resolved",
    ]);
    const pending = all(FIVE_MINUTES, points(0.9));
    expect(kinds(silent(pending, pending.seenMs + GAP_MS + 1).changes)).toEqual(["dropped"]);
  });
});

const series = fc
  .array(
    fc.record({ gap: fc.integer({ min: 1, max: 200_000 }), value: fc.double({ min: 0, max: 2 }) }),
    {
      maxLength: 80,
    },
  )
  .map((steps) => {
    let atMs = 0;
    return steps.map(({ gap, value }) => ({ atMs: (atMs += gap), value }));
  });
const condition = fc.record({
  above: fc.double({ min: 0, max: 1, noNaN: true }),
  forMs: fc.integer({ min: 0, max: 600_000 }),
  clearMs: fc.integer({ min: 0, max: 300_000 }),
});

describe("any series", () => {
  it("comes to the same however it is cut into rounds, whatever comes twice", () => {
    fc.assert(
      fc.property(series, condition, fc.array(fc.nat(80)), (given, rule, cuts) => {
        const whole = all(rule, given);
        let state: { standing: Standing | null; seenMs: number } = { standing: null, seenMs: 0 };
        const changes: Change[] = [];
        let from = 0;
        for (const cut of [...cuts.toSorted((a, b) => a - b), given.length]) {
          const again = Math.max(0, from - 2);
          const next = advance(rule, state, given.slice(again, cut));
          changes.push(...next.changes);
          state = next;
          from = Math.max(from, cut);
        }
        expect(changes).toEqual(whole.changes);
        expect(state.standing).toEqual(whole.standing);
      }),
    );
  });

  it("fires and is resolved by turns, and fires only after it was above for as long as it says", () => {
    fc.assert(
      fc.property(series, condition, (given, rule) => {
        const { changes } = all(rule, given);
        let phase: Change["to"] = "resolved";
        let sinceMs = 0;
        const allowed: Record<Change["to"], Change["to"][]> = {
          pending: ["resolved", "dropped"],
          firing: ["pending"],
          resolved: ["firing"],
          dropped: ["pending"],
        };
        for (const { to, atMs } of changes) {
          expect(allowed[to]).toContain(phase);
          if (to === "pending") sinceMs = atMs;
          if (to === "firing") {
            const between = given.filter(
              (one) => one.atMs >= sinceMs && one.atMs <= atMs && Number.isFinite(one.value),
            );
            expect(between.every(({ value }) => value > rule.above)).toBe(true);
            expect(atMs - sinceMs).toBeGreaterThanOrEqual(rule.forMs);
          }
          phase = to;
        }
      }),
    );
  });
});
