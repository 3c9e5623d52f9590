import { describe, expect, it } from "vitest";
import { Gathering } from "#domain/metrics/gathering.ts";
import { ACCOUNTS_KEPT, type Keeping, PLATFORM_KEPT } from "#domain/metrics/keeping.ts";
import { type MetricGroup, mergedGroups } from "#domain/metrics/merged.ts";
import type { LabelsOf, MetricName } from "#domain/metrics/names.ts";
import { Rollups } from "#domain/metrics/rollups.ts";
import {
  ACCOUNT_SOURCES,
  countedOf,
  OWN_QUEUE,
  queueSeries,
  seriesOf,
  SOURCES,
} from "./measured.ts";
import { round, type Told, type Tracked } from "./round.ts";
import { DEFAULT_RULES, type Reach, standingRules } from "./rules.ts";
import { type Series, type Signal, SIGNAL_NAMES, SIGNALS } from "./signals.ts";
import { BURN_SIGNALS, burnSeries, SLO_NAMES, type SloName } from "./slo.ts";

// From what is written where it happens to what people are told, on a clock of its own.

const MINUTE_MS = 60_000;
const T0 = 1_700_000_000_000 - (1_700_000_000_000 % 3_600_000);
const MINE = "a0_mine";

type Write = <N extends MetricName>(name: N, labels: LabelsOf<N>, value: number) => void;
type Played = (write: Write, isWrong: boolean) => void;
const times = (count: number, work: () => void) => {
  for (let i = 0; i < count; i++) work();
};
const HTTP = "wishub_http_request_duration_seconds";
const TASKS = "wishub_task_duration_seconds";
const route = "GET /v1/units/{id}";

/** A minute of the installation in which that signal is wrong, or all is well. */
const OF_PLATFORM: Partial<Record<Signal, Played>> = {
  "api.p99": (write, isWrong) => {
    times(95, () => write(HTTP, { route, status: "2xx" }, 0.02));
    times(5, () => write(HTTP, { route, status: "2xx" }, isWrong ? 2.5 : 0.02));
    // What waits for a task takes as long as there is none.
    times(20, () => write(HTTP, { route: "POST /v1/tasks/lease", status: "2xx" }, 25));
  },
  "api.errors": (write, isWrong) => {
    times(97, () => write(HTTP, { route, status: "2xx" }, 0.02));
    times(3, () => write(HTTP, { route, status: isWrong ? "5xx" : "4xx" }, 0.02));
  },
  "agent.p95": (write, isWrong) => {
    times(20, () => write(TASKS, { pool: "gpu", outcome: "ok" }, isWrong ? 45 : 4));
  },
  "agent.failures": (write, isWrong) => {
    times(9, () => write(TASKS, { pool: "gpu", outcome: "ok" }, 1));
    write(TASKS, { pool: "gpu", outcome: isWrong ? "failed" : "ok" }, 1);
  },
  "db.pool": (write, isWrong) =>
    write("wishub_db_queries_in_flight", { database: "units-0" }, isWrong ? 90 : 9),
  "db.p95": (write, isWrong) => {
    const labels = { database: "units-0", outcome: "ok" };
    times(20, () => write("wishub_db_query_duration_seconds", labels, isWrong ? 0.8 : 0.01));
  },
  "queue.backlog": (write, isWrong) =>
    write("wishub_queue_backlog", { queue: "unit-index" }, isWrong ? 12_000 : 12),
  "queue.delay": (write, isWrong) =>
    write("wishub_queue_message_delay_seconds", { queue: "unit-index" }, isWrong ? 45 : 1),
};

/** The same of an account. */
const OWN_HTTP = "wishub_account_request_duration_seconds";
const OWN_TASKS = "wishub_account_task_duration_seconds";
const ofAccount = (account: string): Partial<Record<Signal, Played>> => ({
  "api.p99": (write, isWrong) => {
    times(95, () => write(OWN_HTTP, { account, status: "2xx", waits: "no" }, 0.02));
    times(5, () => write(OWN_HTTP, { account, status: "2xx", waits: "no" }, isWrong ? 2.5 : 0.02));
    times(20, () => write(OWN_HTTP, { account, status: "2xx", waits: "yes" }, 25));
  },
  "api.errors": (write, isWrong) => {
    times(97, () => write(OWN_HTTP, { account, status: "2xx", waits: "no" }, 0.02));
    times(3, () =>
      write(OWN_HTTP, { account, status: isWrong ? "5xx" : "4xx", waits: "yes" }, 0.02),
    );
  },
  "agent.p95": (write, isWrong) => {
    times(20, () =>
      write(OWN_TASKS, { account, pool: "account", outcome: "ok" }, isWrong ? 45 : 4),
    );
  },
  "agent.failures": (write, isWrong) => {
    times(9, () => write(OWN_TASKS, { account, pool: "account", outcome: "ok" }, 1));
    write(OWN_TASKS, { account, pool: "account", outcome: isWrong ? "failed" : "ok" }, 1);
  },
});

/** What a queue says when it is asked. */
const IN_QUEUE: Partial<Record<Signal, (isWrong: boolean, nowMs: number) => Series[]>> = {
  "queue.backlog": (isWrong, nowMs) => queued(isWrong ? 12_000 : 12, 1_000, nowMs)[0]?.[1] ?? [],
  "queue.delay": (isWrong, nowMs) => queued(3, isWrong ? 45_000 : 400, nowMs)[1]?.[1] ?? [],
};
const queued = (waiting: number, ageMs: number, nowMs: number) =>
  queueSeries(new Map([[OWN_QUEUE, { waiting, oldestMs: nowMs - ageMs }]]), nowMs);
/** What a host's launcher says every 15 seconds. */
const hosts = (value: number, nowMs: number): Series[] => [
  {
    labels: { host: "one" },
    points: [45, 30, 15, 0].map((ago) => ({ atMs: nowMs - ago * 1_000, value })),
  },
];

/** Ten minutes that are well, half an hour that is wrong, half an hour that is well. */
function watched(signal: Signal, reach: Reach): Told[] {
  const rollups = new Rollups(
    { series: [], nextId: 1, keeping: keepingOf(reach), read: () => null },
    T0,
  );
  const gathering = new Gathering(reach === "account" ? 60 : 1);
  const [mine, others] = [ofAccount(MINE), ofAccount("a0_other")];
  const source = (reach === "account" ? ACCOUNT_SOURCES : SOURCES)[signal];
  const tracked = new Map<string, Tracked>();
  const rules = standingRules([], reach);
  const told: Told[] = [];
  for (let minute = 0; minute < 70; minute++) {
    const isWrong = minute >= 10 && minute < 40;
    const startMs = T0 + minute * MINUTE_MS;
    const nowMs = startMs + MINUTE_MS;
    const write: Write = (name, labels, value) =>
      gathering.record(name, labels, value, startMs + 30_000);
    if (reach === "platform") OF_PLATFORM[signal]?.(write, isWrong);
    else {
      mine[signal]?.(write, isWrong);
      // Whatever another account does.
      others[signal]?.(write, true);
    }
    rollups.take(gathering.take(startMs + 30_000), nowMs);
    let series: Series[];
    if (source === undefined) {
      const bound = DEFAULT_RULES.find((one) => one.signal === signal)?.above ?? Number.NaN;
      series =
        IN_QUEUE[signal]?.(isWrong, nowMs) ?? hosts(isWrong ? bound + 0.05 : bound / 2, nowMs);
    } else {
      const { name, by, isPrompt = false } = source;
      const labels = reach === "account" ? { ...source.labels, account: MINE } : {};
      const span = { fromMs: nowMs - 5 * MINUTE_MS, toMs: nowMs, stepMs: MINUTE_MS };
      const found = rollups.groups({ name, by, labels, isPrompt, ...span });
      series = seriesOf(source, mergedGroups(found ?? []));
    }
    told.push(...round(rules, new Map([[signal, series]]), tracked, { nowMs, floorMs: 0 }));
  }
  return told;
}
const keepingOf = (reach: Reach): Keeping => (reach === "account" ? ACCOUNTS_KEPT : PLATFORM_KEPT);

const THRESHOLDS = SIGNAL_NAMES.filter((name) => !name.startsWith("slo."));

it("are eleven thresholds and six objectives", () => {
  expect(THRESHOLDS).toHaveLength(11);
  expect(SLO_NAMES).toHaveLength(6);
  const about = DEFAULT_RULES.map(({ signal }) => signal);
  expect(about.toSorted()).toEqual(SIGNAL_NAMES.toSorted());
});

describe.each([
  ...THRESHOLDS.map((signal) => ({ signal, reach: "platform" as const })),
  ...THRESHOLDS.filter((name) => SIGNALS[name].of === "account").map((signal) => ({
    signal,
    reach: "account" as const,
  })),
])("the rule on $signal of the $reach", ({ signal, reach }) => {
  it("fires once and clears once, from what is measured on", () => {
    const told = watched(signal, reach);
    expect(told.map(({ rule, change }) => [rule.signal, change.to])).toEqual([
      [signal, "pending"],
      [signal, "firing"],
      [signal, "resolved"],
    ]);
    const minutes = told.map(({ change }) => (change.atMs - T0) / MINUTE_MS);
    const forMinutes = signal === "system.cpu" ? 5 : 1;
    expect(minutes[0]).toBeGreaterThan(10);
    expect(minutes[0]).toBeLessThanOrEqual(11);
    expect(minutes[1]).toBe((minutes[0] ?? 0) + forMinutes);
    expect(minutes[2]).toBeGreaterThan(40);
    expect(minutes[2]).toBeLessThanOrEqual(42);
  });
});

const ROUTE_OF: Record<SloName, string> = {
  reads: "GET /v1/agents",
  inference: "POST /v1/inference/chat",
  "search-index": "POST /v1/search",
  units: route,
  monitoring: "GET /v1/metrics",
  identity: "POST /oauth/token",
};
const FIVE_MINUTES = 5 * MINUTE_MS;
const HOUR_MS = 3_600_000;

/** A day in which all is answered, half an hour in which nothing is, and another day. */
function outage(slo: SloName): Told[] {
  const beginsMs = T0 + 24 * HOUR_MS;
  const endsMs = beginsMs + HOUR_MS / 2;
  const groups = (["2xx", "5xx"] as const).map((status): MetricGroup => ({
    labels: { route: ROUTE_OF[slo], status },
    points: Array.from({ length: 48 * 12 }, (_, i) => T0 + i * FIVE_MINUTES)
      .filter((atMs) => (atMs >= beginsMs && atMs < endsMs) === (status === "5xx"))
      .map((atMs) => ({ atMs, ...ASKED })),
  }));
  const counted = countedOf(groups, FIVE_MINUTES);
  const rules = standingRules([], "platform");
  const tracked = new Map<string, Tracked>();
  const told: Told[] = [];
  for (let nowMs = T0; nowMs <= T0 + 48 * HOUR_MS; nowMs += FIVE_MINUTES) {
    const measured = new Map(
      BURN_SIGNALS.map((signal): [Signal, Series[]] => [
        signal,
        burnSeries(signal, counted, nowMs),
      ]),
    );
    told.push(...round(rules, measured, tracked, { nowMs, floorMs: 0 }));
  }
  return told;
}
const ASKED = {
  count: 300,
  sum: 3,
  min: 0.01,
  max: 0.01,
  last: 0.01,
  p50: null,
  p90: null,
  p95: null,
  p99: null,
};

describe.each(SLO_NAMES)("the objective %s", (slo) => {
  it.each(BURN_SIGNALS)("fires once and clears once by %s", (signal) => {
    const told = outage(slo).filter(
      ({ rule, labels }) => rule.signal === signal && labels["slo"] === slo,
    );
    expect(told.map(({ change }) => change.to)).toEqual(["pending", "firing", "resolved"]);
    const hours = told.map(({ change }) => (change.atMs - T0) / HOUR_MS);
    expect(hours[1]).toBeGreaterThan(24);
    expect(hours[1]).toBeLessThan(24.5);
    expect(hours[2]).toBeGreaterThan(24.5);
    expect(hours[2]).toBeLessThan(24.5 + 6.3);
  });
});
