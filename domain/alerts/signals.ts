/** One measurement. */
export type Point = { atMs: number; value: number };
/** What was measured of one thing: its labels say which, its points are in the order of time. */
export type Series = { labels: Labels; points: readonly Point[] };
export type Labels = Readonly<Record<string, string>>;

type About = {
  /** `share`: from 0 to 1. `burn`: error budgets per budget, 1 spends it all in its window. */
  unit: "share" | "ms" | "count" | "burn";
  /** `platform`: of the installation alone, for the first account; `account`: of each account's own requests, agents and queues. */
  of: "platform" | "account";
  help: string;
};

/** What a rule can be about. */
export const SIGNALS = {
  "system.cpu": { unit: "share", of: "platform", help: "CPU in use, of each host" },
  "system.memory": { unit: "share", of: "platform", help: "memory in use, of each host" },
  "system.disk": {
    unit: "share",
    of: "platform",
    help: "the disk that holds the state; deployed, the storage of objects",
  },
  "api.p99": {
    unit: "ms",
    of: "account",
    help: "the slowest hundredth of requests, of those that wait for nothing and nobody",
  },
  "api.errors": { unit: "share", of: "account", help: "requests answered with 5xx" },
  "agent.p95": {
    unit: "ms",
    of: "account",
    help: "the slowest twentieth of what agents were asked",
  },
  "agent.failures": { unit: "share", of: "account", help: "work of agents that failed" },
  "db.pool": { unit: "share", of: "platform", help: "queries in flight, of what a shard takes" },
  "db.p95": { unit: "ms", of: "platform", help: "the slowest twentieth of queries" },
  "queue.backlog": { unit: "count", of: "account", help: "work that waits in a queue" },
  "queue.delay": { unit: "ms", of: "account", help: "how long the oldest in a queue has waited" },
  "slo.burn-1h": { unit: "burn", of: "platform", help: "over 1 hour and the last 5 minutes" },
  "slo.burn-6h": { unit: "burn", of: "platform", help: "over 6 hours and the last 30 minutes" },
  "slo.burn-3d": { unit: "burn", of: "platform", help: "over 3 days and the last 6 hours" },
} as const satisfies Record<string, About>;
export type Signal = keyof typeof SIGNALS;
export const SIGNAL_NAMES = Object.keys(SIGNALS) as [Signal, ...Signal[]];
/** What every account's rules may be about; the first account's watch the same of the whole installation, and the rest. */
export const ACCOUNT_SIGNALS = SIGNAL_NAMES.filter((name) => SIGNALS[name].of === "account");

/** The same text for the same labels, whatever order they came in. */
export const labelsText = (labels: Labels): string =>
  JSON.stringify(Object.entries(labels).toSorted(([one], [other]) => (one < other ? -1 : 1)));

/** Whether something has all of these labels, and perhaps more. */
export const isLabelled = (labels: Labels, wanted: Labels): boolean =>
  Object.entries(wanted).every(([name, value]) => labels[name] === value);

/** A value as people read it: 87 %, 2,140 ms. */
export function valueText(signal: Signal, value: number): string {
  const { unit } = SIGNALS[signal];
  if (unit === "share") return `${(value * 100).toFixed(1)} %`;
  if (unit === "burn") return `${value.toFixed(1)} times the budget`;
  const whole = Math.round(value).toLocaleString("en-US");
  return unit === "ms" ? `${whole} ms` : whole;
}
