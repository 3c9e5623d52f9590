import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Outcome } from "#domain/delivery/pace.ts";
import { TOPIC_NAMES } from "#domain/topics/topics.ts";
import { topicsFor } from "./change.ts";
import { laneFrom, laneText, placeOf, traceparentOf, webhookIdOf } from "./events.ts";
import { topicsOfPattern } from "#domain/topics/topics.ts";
import { eventPattern, matcherOf } from "./patterns.ts";
import { nextTryMs, TRIES_MAX, WAITS_MS } from "./schedule.ts";
import {
  attemptsAtOnce,
  ENDS_AFTER_MS,
  isDown,
  type Standing,
  STANDING_WELL,
  standingAfter,
} from "./standing.ts";

const H = 3_600_000;
const delivered: Outcome = { kind: "delivered", status: 204 };
const broken: Outcome = { kind: "unreachable", status: 500, retryAfterMs: null };
const after = (standing: Standing, outcomes: Outcome[], atMs = 0, random = 0): Standing =>
  outcomes.reduce((before, outcome) => standingAfter(before, outcome, atMs, random), standing);

describe("what a webhook wants", () => {
  it("is a type, all that begin so, or everything", () => {
    for (const good of ["unit.searchable", "unit.*", "*", "custom.tide.high", "task.a_b-c"])
      expect(eventPattern.safeParse(good).success, good).toBe(true);
    for (const bad of ["", "unit.", ".unit", "un*", "unit.*.x", "Unit.x", "unit..x", "a b"])
      expect(eventPattern.safeParse(bad).success, bad).toBe(false);
    const wants = matcherOf(["unit.*", "task.completed"]);
    const said = ["unit.published", "unit.a.b", "task.completed", "task.failed", "unity.x", "unit"];
    expect(said.map(wants)).toEqual([true, true, true, false, false, false]);
    expect(matcherOf(["*"])("whatever")).toBe(true);
  });

  it("is read from the topics that can have it, and of * only what its maker may read", () => {
    expect(topicsOfPattern("unit.*")).toEqual(["unit.events"]);
    expect(topicsOfPattern("custom.tide")).toEqual(["agent.events"]);
    expect(topicsOfPattern("*")).toEqual(TOPIC_NAMES);
    const readable = TOPIC_NAMES.filter((one) => one !== "audit.logs");
    const topics = (events: string[], more = {}) => topicsFor({ events, ...more }, { readable });
    expect(topics(["unit.*", "task.*"])).toEqual({
      ok: true,
      value: ["unit.events", "agent.tasks"],
    });
    expect(topics(["*"])).toEqual({ ok: true, value: readable });
    expect(topics(["audit.recorded"])).toMatchObject({ ok: false, error: { code: "forbidden" } });
    expect(topics(["*"], { topics: ["audit.logs"] })).toMatchObject({ ok: false });
    expect(topics(["unit.*", "nothing.such"])).toMatchObject({
      ok: false,
      error: { code: "invalid-request", errors: [{ pointer: "/events/1" }] },
    });
    expect(topics(["unit.*"], { topics: ["agent.tasks"] })).toMatchObject({ ok: false });
  });

  it("has ids that name where it lies in the log, and nothing else has", () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...TOPIC_NAMES),
        fc.nat({ max: 15 }),
        fc.nat({ max: 2 ** 40 }),
        (topic, partition, offset) => {
          const lane = { topic, partition };
          expect(laneFrom(laneText(lane))).toEqual(lane);
          const id = webhookIdOf(lane, offset);
          // No full stop: what is signed is `id.timestamp.body`.
          expect(id).toMatch(/^[a-z0-9_-]{1,64}$/);
          expect(placeOf(id)).toEqual({ ...lane, offset });
        },
      ),
    );
    const trace = `00-${"a".repeat(32)}-${"b".repeat(16)}-01`;
    const text = (said: object) =>
      JSON.stringify({
        id: "1",
        ...said,
        time: "2026-01-01T00:00:00Z",
        data: { traceparent: trace },
      });
    expect(traceparentOf(text({ traceparent: trace }))).toBe(trace);
    expect(traceparentOf(text({}))).toBeNull();
    for (const other of ["", "evt_no-topic_0_1", "evt_unit-events_x_1", "2026-01-01T00:00:00Z"])
      expect(placeOf(other)).toBeNull();
  });
});

describe("attempts", () => {
  it("are 8 over 27 hours, however chance spreads them, and later where that was asked", () => {
    const lastMs = (randoms: readonly number[]) => {
      let [atMs, tries] = [0, 1];
      for (let nextMs: number | null = 0; nextMs !== null; tries++) {
        atMs = nextMs;
        nextMs = nextTryMs(tries, atMs, randoms[tries % randoms.length] ?? 0);
      }
      expect(tries - 1).toBe(TRIES_MAX);
      return atMs;
    };
    expect(TRIES_MAX).toBe(8);
    expect(lastMs([0])).toBe(WAITS_MS.reduce((sum, one) => sum + one, 0));
    const random = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
    fc.assert(
      fc.property(fc.array(random, { minLength: 1, maxLength: 7 }), (randoms) => {
        expect(lastMs(randoms)).toBeGreaterThan(26 * H);
        expect(lastMs(randoms)).toBeLessThan(28 * H);
      }),
    );
    expect(nextTryMs(1, 0, 0.999)).toBeGreaterThanOrEqual(4_750);
    expect(nextTryMs(1, 0, 0, 60_000)).toBe(60_000);
    expect(nextTryMs(1, 0, 0, 1_000 * H)).toBe(24 * H);
  });

  it("that fail now and then slow nobody down; an endpoint that takes nothing is tried with one at a time", () => {
    const shaky = after(STANDING_WELL, [broken, broken, delivered, broken]);
    expect([shaky.failures, isDown(shaky), attemptsAtOnce(shaky)]).toEqual([1, false, 16]);
    let down = after(
      STANDING_WELL,
      Array.from({ length: 16 }, () => broken),
    );
    expect([isDown(down), attemptsAtOnce(down)]).toEqual([true, 1]);
    const waits: number[] = [];
    for (let atMs = 0, i = 0; i < 12; i++) {
      down = standingAfter(down, broken, atMs, 0.999_999);
      waits.push(Math.round((down.probesAtMs - atMs) / 1_000));
      atMs = down.probesAtMs;
    }
    expect(waits).toEqual([2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300, 300]);
    expect(standingAfter(down, delivered, 9, 0)).toEqual({
      ...STANDING_WELL,
      lastAttemptMs: 9,
      lastStatus: 204,
    });
  });

  it("end with an endpoint that says so, or that took nothing for five days", () => {
    expect(after(STANDING_WELL, [{ kind: "gone", status: 410 }]).ended).toBe("gone");
    const seven = after(
      STANDING_WELL,
      Array.from({ length: 7 }, () => broken),
    );
    // One more after a quiet week says something; two in a row would not.
    expect(after(STANDING_WELL, [broken, broken]).ended).toBeNull();
    expect(standingAfter(seven, broken, ENDS_AFTER_MS - 1, 0).ended).toBeNull();
    expect(standingAfter(seven, broken, ENDS_AFTER_MS, 0).ended).toBe("failing");
    expect(standingAfter(seven, delivered, ENDS_AFTER_MS, 0).ended).toBeNull();
    expect(attemptsAtOnce(standingAfter(seven, broken, ENDS_AFTER_MS, 0))).toBe(0);
  });

  it("that we did not make, because our breaker is open, count for nothing", () => {
    const untried: Outcome = { kind: "unreachable", status: null, retryAfterMs: 2_000 };
    expect(standingAfter(STANDING_WELL, untried, 100, 0)).toEqual({
      ...STANDING_WELL,
      quietUntilMs: 2_100,
    });
    const busy: Outcome = { kind: "unreachable", status: 429, retryAfterMs: 60_000 };
    expect(standingAfter(STANDING_WELL, busy, 100, 0)).toMatchObject({
      failures: 1,
      quietUntilMs: 60_100,
    });
  });
});
