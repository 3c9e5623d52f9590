import fc from "fast-check";
import { expect, it } from "vitest";
import {
  AT_ONCE_MAX,
  atOnce,
  healthAfter,
  HEALTHY,
  KEEPING,
  nextAttemptMs,
  type Outcome,
  outcomeOf,
  REFUSALS_MAX,
} from "./pace.ts";

const random = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
const HOUR_MS = 3_600_000;
const answer = (status: number, headers: Record<string, string> = {}) =>
  outcomeOf({ ok: true, value: { status, headers: new Headers(headers) } }, 1_000_000);
const kindOf = (status: number) => answer(status).kind;

it("tells what is the endpoint's fault from what is the message's", () => {
  expect([200, 202, 204].map(kindOf)).toEqual(["delivered", "delivered", "delivered"]);
  expect([500, 502, 503, 504, 408, 429].map(kindOf)).toEqual(Array(6).fill("unreachable"));
  expect([400, 401, 404, 405, 413, 422, 304].map(kindOf)).toEqual(Array(7).fill("refused"));
  expect(kindOf(410)).toBe("gone");
  const failed = outcomeOf({ ok: false, error: { code: "egress-failed" } }, 0);
  expect(failed).toMatchObject({ kind: "unreachable", status: null, retryAfterMs: null });
});

it("waits as long as it is asked to, in seconds or until a date, and for a day at most", () => {
  const pause = (text: string) =>
    healthAfter(HEALTHY, answer(503, { "Retry-After": text }), 1_000_000, 0).resumesAtMs -
    1_000_000;
  expect(pause("120")).toBe(120_000);
  expect(pause("Thu, 01 Jan 1970 00:17:40 GMT")).toBe(60_000);
  expect(pause("99999999")).toBe(24 * HOUR_MS);
  for (const nonsense of ["-1", "soon", "", "1e9", "Thu, 01 Jan 1970 00:00:00 GMT"])
    expect(pause(nonsense), nonsense).toBeLessThanOrEqual(1_000);
});

it("tries an endpoint that is away ever more seldom, at least once an hour, and one thing at a time", () => {
  const down: Outcome = { kind: "unreachable", status: 503, retryAfterMs: null };
  fc.assert(
    fc.property(fc.array(random, { minLength: 1, maxLength: 60 }), (randoms) => {
      let [health, nowMs] = [HEALTHY, 0];
      for (const [i, each] of randoms.entries()) {
        health = healthAfter(health, down, nowMs, each);
        const pauseMs = health.resumesAtMs - nowMs;
        const fullMs = Math.min(1_000 * 2 ** i, HOUR_MS);
        expect(pauseMs).toBeGreaterThanOrEqual(fullMs / 2);
        expect(pauseMs).toBeLessThanOrEqual(fullMs);
        expect(atOnce(health)).toBe(1);
        nowMs = health.resumesAtMs;
      }
      const back = healthAfter(health, { kind: "delivered", status: 200 }, nowMs, 0);
      expect(back).toMatchObject({ failures: 0, resumesAtMs: 0 });
      expect(atOnce(back)).toBe(AT_ONCE_MAX);
    }),
  );
});

it("sends nothing to an endpoint that is gone", () => {
  const gone = healthAfter(HEALTHY, { kind: "gone", status: 410 }, 7, 0);
  expect([gone.goneAtMs, atOnce(gone)]).toEqual([7, 0]);
});

it("gives up what was refused often enough, after hours and long before it is too old", () => {
  fc.assert(
    fc.property(fc.array(random, { minLength: REFUSALS_MAX, maxLength: REFUSALS_MAX }), (all) => {
      let nowMs = 0;
      for (const [i, each] of all.entries()) {
        const nextMs = nextAttemptMs(i + 1, nowMs, each);
        if (nextMs === null) expect(i + 1).toBe(REFUSALS_MAX);
        else expect(nextMs).toBeGreaterThan(nowMs);
        nowMs = nextMs ?? nowMs;
      }
      expect(nowMs).toBeGreaterThan(HOUR_MS);
      expect(nowMs).toBeLessThan(KEEPING.waitsMs / 10);
    }),
  );
});
