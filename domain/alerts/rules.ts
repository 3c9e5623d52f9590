import { type Labels, type Signal, SIGNALS } from "./signals.ts";

export const SEVERITIES = ["info", "warning", "critical"] as const;
export type Severity = (typeof SEVERITIES)[number];

/** When something is wrong: a signal above a threshold, all the time for so long. */
export type Rule = {
  id: string;
  signal: Signal;
  above: number;
  forSeconds: number;
  severity: Severity;
  enabled: boolean;
  /** Only of what has these labels. */
  labels: Labels;
  description: string;
};
/** `default`: as the product brings it; `changed`: a default with another setting; `own`: the account's. */
export type StandingRule = Rule & { origin: "default" | "changed" | "own"; version: number };

const rule = (
  id: string,
  signal: Signal,
  above: number,
  forSeconds: number,
  severity: Severity,
  description: string,
): Rule => ({
  id,
  signal,
  above,
  forSeconds,
  severity,
  enabled: true,
  labels: {},
  description,
});

/**
 * What everybody begins with; each is a row of data that its account may change. Burn rates are those of chapter 5 of
 * Google's Site Reliability Workbook (table 5-8): two pages and a ticket, each over a long and a short window.
 */
export const DEFAULT_RULES: readonly Rule[] = [
  rule("cpu-high", "system.cpu", 0.8, 300, "warning", "A host's CPU has no room left."),
  rule("memory-high", "system.memory", 0.85, 60, "critical", "A host's memory is nearly full."),
  rule("disk-high", "system.disk", 0.9, 60, "critical", "Storage is nearly full."),
  rule("api-slow", "api.p99", 2_000, 60, "warning", "The slowest requests take too long."),
  rule("api-errors", "api.errors", 0.01, 60, "critical", "Too many requests fail on our side."),
  rule("agent-slow", "agent.p95", 30_000, 60, "warning", "Agents take too long to answer."),
  rule("agent-failures", "agent.failures", 0.05, 60, "warning", "Agents fail too often."),
  rule("db-pool", "db.pool", 0.8, 60, "warning", "A database has nearly all it can do at once."),
  rule("db-slow", "db.p95", 500, 60, "warning", "Queries of a database take too long."),
  rule("backlog", "queue.backlog", 10_000, 60, "warning", "Work piles up in a queue."),
  rule("consume-delay", "queue.delay", 30_000, 60, "warning", "Work waits too long in a queue."),
  rule("slo-burn-fast", "slo.burn-1h", 14.4, 0, "critical", "2 % of a month's errors in an hour."),
  rule("slo-burn", "slo.burn-6h", 6, 0, "critical", "5 % of a month's errors in six hours."),
  rule("slo-burn-slow", "slo.burn-3d", 1, 0, "warning", "10 % of a month's errors in three days."),
];

const DEFAULTS = new Map(DEFAULT_RULES.map((one) => [one.id, one]));
export const isDefault = (id: string): boolean => DEFAULTS.has(id);

/** Whose rules are asked for: the first account has those of the installation as well. */
export type Reach = "platform" | "account";
export const isInReach = (signal: Signal, reach: Reach): boolean =>
  reach === "platform" || SIGNALS[signal].of === "account";

/** The rules in force: the defaults, where the account has not set them otherwise, and its own. */
export function standingRules(
  changes: readonly { rule: Rule; version: number }[],
  reach: Reach,
): StandingRule[] {
  const changed = new Map(changes.map((one) => [one.rule.id, one]));
  const defaults = DEFAULT_RULES.filter(({ signal }) => isInReach(signal, reach)).map(
    (standing): StandingRule => {
      const change = changed.get(standing.id);
      if (change === undefined) return { ...standing, origin: "default", version: 0 };
      return { ...change.rule, origin: "changed", version: change.version };
    },
  );
  const own = changes
    .filter(({ rule: { id, signal } }) => !isDefault(id) && isInReach(signal, reach))
    .map(({ rule: { ...set }, version }): StandingRule => ({ ...set, origin: "own", version }));
  return [...defaults, ...own];
}
