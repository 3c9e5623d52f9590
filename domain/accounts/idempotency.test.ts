import { expect, it } from "vitest";
import {
  ANSWER_LIFE_MS,
  ATTEMPT_LEASE_MS,
  begin,
  isLasting,
} from "#domain/accounts/idempotency.ts";

const known = {
  bodyHash: "b",
  startedAtMs: 0,
  attempt: 1,
  leaseUntilMs: ATTEMPT_LEASE_MS,
  answered: false,
};

it("runs what is new", () => {
  expect(begin(null, "b", 7)).toEqual({ state: "run", startedAtMs: 7, attempt: 1 });
});

it("waits for a first attempt until its lease ends, then takes its place under the same start", () => {
  expect(begin(known, "b", ATTEMPT_LEASE_MS - 1)).toEqual({ state: "in-flight", retryAfterMs: 1 });
  expect(begin(known, "b", ATTEMPT_LEASE_MS)).toEqual({ state: "run", startedAtMs: 0, attempt: 2 });
});

it("answers for 24 hours and not a millisecond longer", () => {
  const answered = { ...known, answered: true };
  expect(begin(answered, "b", ANSWER_LIFE_MS - 1)).toEqual({ state: "answered" });
  expect(begin(answered, "b", ANSWER_LIFE_MS)).toEqual({
    state: "run",
    startedAtMs: ANSWER_LIFE_MS,
    attempt: 1,
  });
});

it("refuses another body, answered or not", () => {
  expect(begin(known, "c", 1)).toEqual({ state: "conflict" });
  expect(begin({ ...known, answered: true }, "c", 1)).toEqual({ state: "conflict" });
});

it("keeps what will not change by trying again", () => {
  expect([200, 201, 404, 409, 412].every(isLasting)).toBe(true);
  expect([429, 500, 503].some(isLasting)).toBe(false);
});
