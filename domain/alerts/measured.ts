import type { MetricGroup } from "#domain/metrics/merged.ts";
import type { Labels as MetricLabels, MetricName } from "#domain/metrics/names.ts";
import type { PointView } from "#domain/metrics/view.ts";
import type { Labels, Series, Signal } from "./signals.ts";
import type { Counted, SloName } from "./slo.ts";

const MINUTE_MS = 60_000;
/** A second's worth of answers of D1's shard, one after the other: what is in flight beyond it waits. */
const DB_QUERIES_AT_ONCE = 100;

/** From which metric a signal comes, one series for each value of the labels `by`; only what has `labels`. */
type Source = {
  name: MetricName;
  by: readonly string[];
  labels?: MetricLabels;
  isPrompt?: true;
} & (
  | { value(point: PointView): number | null }
  /** The share of what was counted that has this value of this label, which is one of `by`. */
  | { share: { label: string; isBad(value: string): boolean } }
);

const inMs = (seconds: number | null): number | null => (seconds === null ? null : seconds * 1_000);
const isFailure = (outcome: string): boolean => outcome !== "ok" && outcome !== "completed";
const isServerError = (status: string): boolean => status.startsWith("5");

/** Of the installation as a whole. */
export const SOURCES: Partial<Record<Signal, Source>> = {
  "api.p99": {
    name: "wishub_http_request_duration_seconds",
    by: [],
    isPrompt: true,
    value: ({ p99 }) => inMs(p99),
  },
  "api.errors": {
    name: "wishub_http_request_duration_seconds",
    by: ["status"],
    share: { label: "status", isBad: isServerError },
  },
  "agent.p95": {
    name: "wishub_task_duration_seconds",
    by: ["pool"],
    value: ({ p95 }) => inMs(p95),
  },
  "agent.failures": {
    name: "wishub_task_duration_seconds",
    by: ["pool", "outcome"],
    share: { label: "outcome", isBad: isFailure },
  },
  "db.pool": {
    name: "wishub_db_queries_in_flight",
    by: ["database"],
    value: ({ max }) => max / DB_QUERIES_AT_ONCE,
  },
  "db.p95": {
    name: "wishub_db_query_duration_seconds",
    by: ["database"],
    value: ({ p95 }) => inMs(p95),
  },
  "queue.backlog": { name: "wishub_queue_backlog", by: ["queue"], value: ({ last }) => last },
  "queue.delay": {
    name: "wishub_queue_message_delay_seconds",
    by: ["queue"],
    value: ({ max }) => inMs(max),
  },
};

/** Of one account; how much waits in its queue, and how long, its queue is asked itself. */
export const ACCOUNT_SOURCES: Partial<Record<Signal, Source>> = {
  "api.p99": {
    name: "wishub_account_request_duration_seconds",
    by: [],
    labels: { waits: "no" },
    value: ({ p99 }) => inMs(p99),
  },
  "api.errors": {
    name: "wishub_account_request_duration_seconds",
    by: ["status"],
    share: { label: "status", isBad: isServerError },
  },
  "agent.p95": {
    name: "wishub_account_task_duration_seconds",
    by: ["pool"],
    value: ({ p95 }) => inMs(p95),
  },
  "agent.failures": {
    name: "wishub_account_task_duration_seconds",
    by: ["pool", "outcome"],
    share: { label: "outcome", isBad: isFailure },
  },
};

/** How much waits in a queue, and since when its oldest does; null where nothing does. */
export type Waiting = { waiting: number; oldestMs: number | null };
/** What an account's own queue is called. */
export const OWN_QUEUE = "tasks-account";

/**
 * What queues say of themselves, beside what was measured of others. Of the delays of what was taken from a queue the
 * newest counts where it is longer than what waits now has waited: one that is taken from too slowly may have nothing old in it.
 */
export function queueSeries(
  queues: ReadonlyMap<string, Waiting>,
  nowMs: number,
  measured: { backlog: readonly Series[]; delay: readonly Series[] } = { backlog: [], delay: [] },
): [Signal, Series[]][] {
  const newest = new Map(
    measured.delay.map(({ labels, points }) => [labels["queue"] ?? "", newestIn(points, nowMs)]),
  );
  const of = (value: (one: Waiting, queue: string) => number): Series[] =>
    [...queues].map(([queue, one]) => ({
      labels: { queue },
      points: [{ atMs: nowMs, value: value(one, queue) }],
    }));
  const delay = ({ oldestMs }: Waiting, queue: string): number =>
    Math.max(oldestMs === null ? 0 : nowMs - oldestMs, newest.get(queue) ?? 0);
  const unasked = (all: readonly Series[]) =>
    all.filter(({ labels }) => !queues.has(labels["queue"] ?? ""));
  return [
    ["queue.backlog", [...unasked(measured.backlog), ...of(({ waiting }) => waiting)]],
    ["queue.delay", [...unasked(measured.delay), ...of(delay)]],
  ];
}

/** Of the last two minutes, which may not be over yet. */
const newestIn = (points: Series["points"], nowMs: number): number => {
  const last = points.at(-1);
  return last === undefined || last.atMs <= nowMs - 2 * MINUTE_MS ? 0 : last.value;
};

/** A signal's series of what its metric's groups hold; a point's time is the end of its minute. */
export function seriesOf(source: Source, groups: readonly MetricGroup[]): Series[] {
  if ("value" in source)
    return groups.map(({ labels, points }) => ({
      labels,
      points: points.flatMap((point) => {
        const value = source.value(point);
        return value === null ? [] : [{ atMs: point.atMs + MINUTE_MS, value }];
      }),
    }));
  const { label, isBad } = source.share;
  const without = (labels: MetricLabels): Labels =>
    Object.fromEntries(Object.entries(labels).filter(([name]) => name !== label));
  const byRest = Map.groupBy(groups, ({ labels }) => JSON.stringify(without(labels)));
  return [...byRest.values()].map((same) => {
    const counted = new Map<number, { total: number; bad: number }>();
    for (const { labels, points } of same)
      for (const { atMs, count } of points) {
        const { total, bad } = counted.get(atMs) ?? { total: 0, bad: 0 };
        const more = isBad(labels[label] ?? "") ? count : 0;
        counted.set(atMs, { total: total + count, bad: bad + more });
      }
    const points = [...counted]
      .toSorted(([one], [other]) => one - other)
      .map(([atMs, { total, bad }]) => ({
        atMs: atMs + MINUTE_MS,
        value: total === 0 ? 0 : bad / total,
      }));
    return { labels: without(same[0]?.labels ?? {}), points };
  });
}

/** Which objective a route counts for, by the beginning of its path; the first that fits. */
const OBJECTIVES: readonly (readonly [RegExp, SloName])[] = [
  [/ \/v1\/inference(\/|$)/, "inference"],
  [/ (\/metrics$|\/v1\/(metrics|alerts|slos|logs|traces|usage)(\/|$))/, "monitoring"],
  [
    / (\/oauth\/|\/sso\/|\/scim\/|\/v1\/(sessions|keys|people|members|oauth|identity-providers))/,
    "identity",
  ],
  [/^GET \/v1\/units(\/|$)/, "units"],
  [/^POST \/v1\/search(\/|$)/, "search-index"],
];
const ANY_READ = /^GET \/v1\//;

/** The objectives that a route's requests count for: `GET /v1/units/{id}` is a unit that is asked for, and a read. */
export function objectivesOf(route: string): SloName[] {
  const own = OBJECTIVES.find(([pattern]) => pattern.test(route))?.[1];
  const isRead =
    own === "units" || own === "search-index" || (own === undefined && ANY_READ.test(route));
  return [...(own === undefined ? [] : [own]), ...(isRead ? (["reads"] as const) : [])];
}

/** Requests by route and status as what the objectives count, in stretches of `stepMs`. */
export function countedOf(groups: readonly MetricGroup[], stepMs: number): Map<SloName, Counted[]> {
  const sums = new Map<SloName, Map<number, Counted>>();
  for (const { labels, points } of groups)
    for (const name of objectivesOf(labels["route"] ?? "")) {
      const of = sums.get(name) ?? new Map<number, Counted>();
      sums.set(name, of);
      for (const { atMs: startMs, count } of points) {
        const atMs = startMs + stepMs;
        const sum = of.get(atMs) ?? { atMs, total: 0, bad: 0 };
        sum.total += count;
        if (isServerError(labels["status"] ?? "")) sum.bad += count;
        of.set(atMs, sum);
      }
    }
  return new Map([...sums].map(([name, of]) => [name, [...of.values()]]));
}
