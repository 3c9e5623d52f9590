import { expect, it } from "vitest";
import type { MetricGroup } from "#domain/metrics/merged.ts";
import { METRICS } from "#domain/metrics/names.ts";
import type { PointView } from "#domain/metrics/view.ts";
import {
  ACCOUNT_SOURCES,
  countedOf,
  objectivesOf,
  queueSeries,
  seriesOf,
  SOURCES,
} from "./measured.ts";
import { ACCOUNT_SIGNALS, SIGNAL_NAMES } from "./signals.ts";

const point = (atMs: number, more: Partial<PointView>): PointView => ({
  atMs,
  count: 0,
  sum: 0,
  min: 0,
  max: 0,
  last: 0,
  p50: null,
  p90: null,
  p95: null,
  p99: null,
  ...more,
});
const status = (of: string, ...counts: number[]): MetricGroup => ({
  labels: { route: "GET /v1/units/{id}", status: of },
  points: counts.map((count, i) => point(i * 60_000, { count })),
});
const sourceOf = (signal: keyof typeof SOURCES) => {
  const source = SOURCES[signal];
  if (source === undefined) throw new Error(`nothing measures ${signal}`);
  return source;
};

it("names metrics that there are, by labels that they have, for all that is not measured elsewhere", () => {
  for (const signal of SIGNAL_NAMES) {
    const source = SOURCES[signal];
    expect(source === undefined, signal).toBe(/^(system|slo)\./.test(signal));
    if (source === undefined) continue;
    for (const label of source.by) expect(METRICS[source.name].labels).toContain(label);
  }
  for (const signal of ACCOUNT_SIGNALS) {
    const source = ACCOUNT_SOURCES[signal];
    expect(source === undefined, signal).toBe(signal.startsWith("queue."));
    if (source === undefined) continue;
    const { labels } = METRICS[source.name];
    expect(labels[0]).toBe("account");
    for (const label of [...source.by, ...Object.keys(source.labels ?? {})])
      expect(labels).toContain(label);
  }
});

it("reads times in ms, at the end of their minute, and none where nothing was asked", () => {
  const points = [point(0, { p99: 2.5 }), point(60_000, {})];
  expect(seriesOf(sourceOf("api.p99"), [{ labels: {}, points }])).toEqual([
    { labels: {}, points: [{ atMs: 60_000, value: 2_500 }] },
  ]);
});

it("takes the share of errors over all statuses of a minute", () => {
  const groups = [status("2xx", 98, 10), status("5xx", 2), status("4xx", 100)].map(
    ({ labels, points }) => ({ labels: { status: labels["status"] ?? "" }, points }),
  );
  expect(seriesOf(sourceOf("api.errors"), groups)).toEqual([
    {
      labels: {},
      points: [
        { atMs: 60_000, value: 0.01 },
        { atMs: 120_000, value: 0 },
      ],
    },
  ]);
});

it("tells pools of agents apart", () => {
  const of = (pool: string, outcome: string, count: number) => ({
    labels: { pool, outcome },
    points: [point(0, { count })],
  });
  const found = seriesOf(sourceOf("agent.failures"), [
    of("a", "ok", 9),
    of("a", "failed", 1),
    of("b", "ok", 5),
  ]);
  expect(found.map(({ labels, points }) => [labels, points[0]?.value])).toEqual([
    [{ pool: "a" }, 0.1],
    [{ pool: "b" }, 0],
  ]);
});

it("takes what a queue says of itself, and what was taken from it too late", () => {
  const nowMs = 600_000;
  const taken = (queue: string, atMs: number, value: number) => ({
    labels: { queue },
    points: [{ atMs, value }],
  });
  const delays = [
    taken("stuck", 60_000, 400),
    taken("slow", 540_000, 45_000),
    taken("unasked", 540_000, 7),
  ];
  const asked = new Map([
    ["stuck", { waiting: 12_000, oldestMs: 500_000 }],
    ["slow", { waiting: 1, oldestMs: 599_000 }],
    ["empty", { waiting: 0, oldestMs: null }],
  ]);
  const [backlog, delay] = queueSeries(asked, nowMs, {
    backlog: [taken("tasks-gpu", 540_000, 9), taken("slow", 540_000, 99)],
    delay: delays,
  });
  const values = ([, series]: NonNullable<typeof delay>) =>
    Object.fromEntries(series.map(({ labels, points }) => [labels["queue"], points[0]?.value]));
  if (backlog === undefined || delay === undefined) throw new Error("nothing is said");
  expect(values(backlog)).toEqual({ stuck: 12_000, slow: 1, empty: 0, "tasks-gpu": 9 });
  expect(values(delay)).toEqual({ stuck: 100_000, slow: 45_000, empty: 0, unasked: 7 });
});

it("counts requests for the objectives that their routes are about", () => {
  expect(objectivesOf("GET /v1/units/{id}")).toEqual(["units", "reads"]);
  expect(objectivesOf("POST /v1/search")).toEqual(["search-index", "reads"]);
  expect(objectivesOf("GET /v1/agents")).toEqual(["reads"]);
  expect(objectivesOf("POST /v1/inference/chat")).toEqual(["inference"]);
  expect(objectivesOf("GET /metrics")).toEqual(["monitoring"]);
  expect(objectivesOf("GET /v1/alerts/rules")).toEqual(["monitoring"]);
  expect(objectivesOf("POST /oauth/token")).toEqual(["identity"]);
  expect(objectivesOf("POST /v1/sessions")).toEqual(["identity"]);
  expect(objectivesOf("POST /v1/units")).toEqual([]);
  const counted = countedOf([status("2xx", 99), status("5xx", 1)], 60_000);
  expect(counted.get("units")).toEqual([{ atMs: 60_000, total: 100, bad: 1 }]);
  expect(counted.get("reads")).toEqual(counted.get("units"));
});
