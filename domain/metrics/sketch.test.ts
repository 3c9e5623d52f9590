import fc from "fast-check";
import { expect, test } from "vitest";
import {
  addTo,
  BINS_MAX,
  countIn,
  countsBelow,
  mergeInto,
  quantiles,
  RELATIVE_ERROR,
  sketch,
  type Sketch,
} from "#domain/metrics/sketch.ts";

const of = (values: readonly number[]): Sketch => {
  const made = sketch();
  for (const value of values) addTo(made, value);
  return made;
};
const SHARES = [0, 0.01, 0.25, 0.5, 0.9, 0.95, 0.99, 1];
/** The lower quantile, as the paper defines it: the value of rank floor(q(n − 1)). */
const exact = (values: readonly number[], share: number): number =>
  [...values].sort((a, b) => a - b)[Math.floor(share * (values.length - 1))] ?? Number.NaN;
const durations = fc.array(fc.double({ min: 1e-6, max: 1e5, noNaN: true }), {
  minLength: 1,
  maxLength: 400,
});

test("no quantile is off by more than the relative error, whatever was counted", () => {
  fc.assert(
    fc.property(durations, (values) => {
      const told = quantiles(of(values), SHARES);
      for (const [at, share] of SHARES.entries()) {
        const truth = exact(values, share);
        expect(Math.abs((told[at] ?? Infinity) - truth)).toBeLessThanOrEqual(
          truth * (RELATIVE_ERROR + 1e-9),
        );
      }
    }),
  );
});

test("merging two sketches is sketching both streams, in either order", () => {
  fc.assert(
    fc.property(durations, durations, (left, right) => {
      const merged = of(left);
      mergeInto(merged, of(right));
      const other = of(right);
      mergeInto(other, of(left));
      const whole = of([...left, ...right]);
      expect(quantiles(merged, SHARES)).toEqual(quantiles(whole, SHARES));
      expect(quantiles(other, SHARES)).toEqual(quantiles(whole, SHARES));
      expect(countIn(merged)).toBe(left.length + right.length);
    }),
  );
});

test("what is nothing or less is counted as nothing", () => {
  const made = of([0, -3, 0, 5]);
  expect(quantiles(made, [0, 0.5])).toEqual([0, 0]);
  expect(quantiles(made, [1])[0]).toBeCloseTo(5, 0);
  expect(quantiles(sketch(), [0.5])).toEqual([null]);
});

test("a sketch never holds more bins than it may, and loses only at the small end", () => {
  const made = sketch();
  for (let power = -500; power < 1_500; power++) addTo(made, 1.0202 ** power);
  expect(made.bins.size).toBeLessThanOrEqual(BINS_MAX);
  expect(countIn(made)).toBe(2_000);
  const [high] = quantiles(made, [0.99]);
  expect(Math.abs((high ?? 0) / 1.0202 ** 1_479 - 1)).toBeLessThan(0.03);
});

test("counts below a bound are those of the values, but for values within the error of it", () => {
  fc.assert(
    fc.property(durations, (values) => {
      const bounds = [0.001, 0.1, 1, 60];
      const counts = countsBelow(of(values), bounds);
      for (const [at, bound] of bounds.entries()) {
        const least = values.filter((value) => value <= bound * (1 - 2 * RELATIVE_ERROR)).length;
        const most = values.filter((value) => value <= bound * (1 + 2 * RELATIVE_ERROR)).length;
        expect(counts[at]).toBeGreaterThanOrEqual(least);
        expect(counts[at]).toBeLessThanOrEqual(most);
      }
    }),
  );
});
