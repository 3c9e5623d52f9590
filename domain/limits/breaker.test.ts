import fc from "fast-check";
import { expect, test } from "vitest";
import { BREAKER, begun, type Breaker, breaker, ended } from "#domain/limits/breaker.ts";

/** One call that takes no time; whether it was made. */
function call(of: Breaker, fails: boolean, nowMs: number): boolean {
  const started = begun(of, BREAKER, nowMs);
  if (!("call" in started)) return false;
  ended(of, BREAKER, started.call, fails, nowMs);
  return true;
}

function failing(atMs: number): Breaker {
  const of = breaker();
  for (let i = 0; i < BREAKER.callsMin; i++) call(of, true, atMs);
  return of;
}

test("a service that fails is left alone after ten calls, and says for how long", () => {
  const of = breaker();
  for (let i = 0; i < BREAKER.callsMin; i++) expect(call(of, true, 0)).toBe(true);
  expect(begun(of, BREAKER, 400)).toEqual({ retryAfterMs: 600 });
});

test("one call finds out whether it is back, and the others stay away meanwhile", () => {
  const of = failing(0);
  const trial = begun(of, BREAKER, 1_000);
  expect(trial).toHaveProperty("call");
  expect(begun(of, BREAKER, 1_001)).toHaveProperty("retryAfterMs");
  if ("call" in trial) ended(of, BREAKER, trial.call, false, 1_100);
  expect(call(of, false, 1_101)).toBe(true);
});

test("each failed trial doubles the time to the next, up to a minute", () => {
  const of = failing(0);
  const trials: number[] = [];
  for (let atMs = 1; atMs < 400_000; atMs += 10) if (call(of, true, atMs)) trials.push(atMs);
  const gaps = trials.map((atMs, i) => atMs - (trials[i - 1] ?? 0)).map((ms) => ms / 1_000);
  expect(gaps.map(Math.round)).toEqual(
    [1, 2, 4, 8, 16, 32, 60, 60, 60, 60, 60].slice(0, gaps.length),
  );
  expect(gaps.length).toBeGreaterThan(8);
});

test("a trial of which nobody hears again does not keep the service shut for good", () => {
  const of = failing(0);
  expect(begun(of, BREAKER, 1_000)).toHaveProperty("call");
  expect(begun(of, BREAKER, 100_000)).toHaveProperty("retryAfterMs");
  expect(begun(of, BREAKER, 152_000)).toHaveProperty("call");
});

test("a call that began before it opened neither closes nor opens it", () => {
  const of = breaker();
  const old = begun(of, BREAKER, 0);
  for (let i = 0; i < BREAKER.callsMin; i++) call(of, true, 0);
  if ("call" in old) ended(of, BREAKER, old.call, false, 10);
  expect(begun(of, BREAKER, 20)).toHaveProperty("retryAfterMs");
  expect(begun(of, BREAKER, 1_000)).toHaveProperty("call");
});

test("no more than so many calls wait for one service, and those nobody waits for any more count no longer", () => {
  const of = breaker();
  for (let i = 0; i < BREAKER.underWayMax; i++)
    expect(begun(of, BREAKER, 0)).toHaveProperty("call");
  expect(begun(of, BREAKER, 1_000)).toHaveProperty("retryAfterMs");
  expect(begun(of, BREAKER, 151_000)).toHaveProperty("call");
});

test("a service that fails less than half of the time is never left alone", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 40 }),
      fc.integer({ min: 1, max: 2_000 }),
      (every, gapMs) => {
        const of = breaker();
        for (let i = 1; i < 300; i++) expect(call(of, i % (every + 2) === 0, i * gapMs)).toBe(true);
      },
    ),
    { numRuns: 50 },
  );
});

test("what a service failed long ago is forgotten", () => {
  const of = breaker();
  for (let i = 0; i < BREAKER.callsMin - 1; i++) call(of, true, 0);
  expect(call(of, false, 25_000)).toBe(true);
  expect(call(of, true, 25_000)).toBe(true);
  expect(call(of, false, 25_001)).toBe(true);
});
