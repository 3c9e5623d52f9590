import { describe, expect, it } from "vitest";
import { flowsOf, levelsOf, stretchAt } from "./figures.ts";

const point = (count: number, p95: number | null = null) => ({
  at: "2026-01-01T00:00:00.000Z",
  count,
  sum: count * 2,
  min: 0,
  max: 0,
  last: count,
  p50: null,
  p90: null,
  p95,
  p99: null,
});
const metric = (kind: "counter" | "gauge" | "histogram", groups: [object, ...unknown[]][]) => ({
  name: "m",
  kind,
  stepSeconds: 10,
  groups: groups.map(([labels, ...points]) => ({
    labels: labels as Record<string, string>,
    points: points as ReturnType<typeof point>[],
  })),
});

describe("what goes through a part", () => {
  it("is added up over outcomes, with the share that failed and the slowest stretch", () => {
    const answer = metric("histogram", [
      [{ class: "Account", outcome: "ok" }, point(20, 0.1), point(10, 0.3)],
      [{ class: "Account", outcome: "failed" }, point(10, 0.2)],
      [{ class: "Topic", outcome: "ok" }, point(60, 0.01)],
      [{ class: "Agent", outcome: "ok" }],
    ]);
    expect(flowsOf(answer, "class", 10)).toEqual([
      { name: "Topic", perSecond: 6, p95Seconds: 0.01, failedShare: 0 },
      { name: "Account", perSecond: 4, p95Seconds: 0.3, failedShare: 0.25 },
    ]);
  });

  it("is what a counter grew by, and a server's own statuses are its failures", () => {
    const counted = metric("counter", [[{ queue: "a" }, point(5)]]);
    expect(flowsOf(counted, "queue", 10)).toMatchObject([{ perSecond: 1, p95Seconds: null }]);
    const answered = metric("histogram", [
      [{ route: "GET /", status: "5xx" }, point(1, 0.1)],
      [{ route: "GET /", status: "4xx" }, point(3, 0.1)],
    ]);
    expect(flowsOf(answered, "route", 10)).toMatchObject([{ failedShare: 0.25 }]);
  });
});

it("how much there is, is the newest that was seen", () => {
  const gauge = metric("gauge", [[{ host: "a" }, point(3), point(7)], [{ host: "b" }]]);
  expect(levelsOf(gauge, "host")).toEqual([{ name: "a", value: 7 }]);
});

describe("a stretch", () => {
  it("is a minute that ends at a whole step, when all of it has been told", () => {
    const nowMs = Date.parse("2026-01-01T00:05:33.000Z");
    expect(stretchAt(nowMs, "platform")).toEqual({
      from: "2026-01-01T00:04:20.000Z",
      to: "2026-01-01T00:05:20.000Z",
      step: 10,
    });
    expect(stretchAt(nowMs, "account")).toEqual({
      from: "2026-01-01T00:04:00.000Z",
      to: "2026-01-01T00:05:00.000Z",
      step: 60,
    });
  });
});
