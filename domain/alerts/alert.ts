import type { Told } from "./round.ts";
import type { Severity } from "./rules.ts";
import type { AlertState, AlertView } from "./model.ts";
import { isLabelled, type Labels, type Signal, valueText } from "./signals.ts";

/** One time that one thing was wrong, from the first point to the last. */
export type Alert = {
  id: string;
  ruleId: string;
  signal: Signal;
  severity: Severity;
  state: AlertState;
  labels: Labels;
  above: number;
  value: number;
  sinceMs: number;
  firedAtMs: number | null;
  resolvedAtMs: number | null;
};

export type Silence = {
  id: string;
  ruleId: string | null;
  labels: Labels;
  fromMs: number;
  untilMs: number;
  reason: string;
};
export type Route = { id: string; severities: readonly Severity[]; rules: readonly string[] };

/** What became of an alert with one change of its state; null where it never fired, and is forgotten. */
export function changed(
  alert: Alert | null,
  { rule, labels, change }: Told,
  newId: () => string,
): Alert | null {
  const { to, atMs, value } = change;
  const { id: ruleId, signal, severity, above } = rule;
  switch (to) {
    case "pending":
      return {
        id: newId(),
        ruleId,
        signal,
        severity,
        state: "pending",
        labels,
        above,
        value,
        sinceMs: atMs,
        firedAtMs: null,
        resolvedAtMs: null,
      };
    case "firing":
      return alert === null ? null : { ...alert, state: "firing", value, firedAtMs: atMs };
    case "resolved":
      return alert === null ? null : { ...alert, state: "resolved", value, resolvedAtMs: atMs };
    case "dropped":
      return null;
  }
}

/** Whether nobody is to be told of it now. */
export const isSilenced = (
  { ruleId, labels }: Pick<Alert, "ruleId" | "labels">,
  silences: readonly Silence[],
  nowMs: number,
): boolean =>
  silences.some(
    (one) =>
      one.fromMs <= nowMs &&
      nowMs < one.untilMs &&
      (one.ruleId === null || one.ruleId === ruleId) &&
      isLabelled(labels, one.labels),
  );

/** Those that want to hear of it. */
export const routesOf = <R extends Route>(alert: Alert, routes: readonly R[]): R[] =>
  routes.filter(
    ({ severities, rules }) =>
      severities.includes(alert.severity) && (rules.length === 0 || rules.includes(alert.ruleId)),
  );

/** One sentence that says what is wrong, where, and how much. */
export function summaryOf({ ruleId, signal, labels, value, above, state }: Alert): string {
  const names = Object.entries(labels).map(([name, text]) => `${name} ${text}`);
  const where = names.length === 0 ? "" : ` (${names.join(", ")})`;
  const what = state === "resolved" ? "is back at" : "is at";
  return `${ruleId}${where}: ${signal} ${what} ${valueText(signal, value)}, the bound is ${valueText(signal, above)}`;
}

export const alertViewOf = (alert: Alert, silenced: boolean): AlertView => ({
  id: alert.id,
  rule: alert.ruleId,
  signal: alert.signal,
  severity: alert.severity,
  state: alert.state,
  labels: alert.labels,
  above: alert.above,
  value: alert.value,
  summary: summaryOf(alert),
  silenced,
  since: timeOf(alert.sinceMs),
  firedAt: alert.firedAtMs === null ? null : timeOf(alert.firedAtMs),
  resolvedAt: alert.resolvedAtMs === null ? null : timeOf(alert.resolvedAtMs),
});

const timeOf = (ms: number): string => new Date(ms).toISOString();
