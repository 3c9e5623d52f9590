import type { AggregateRow } from "./book.ts";
import { addCounts, type Counts, HOUR_MS } from "./use.ts";

export const DAY_MS = 24 * HOUR_MS;
/** Steps that one answer shows. */
export const STEPS_MAX = 750;

export type UsageLine = Counts & { caller: string; operation: string };
export type UsageStep = { atMs: number; isSealed: boolean; lines: UsageLine[] };

/** Hours, in as many parts as there are, as steps of an hour or a day in the order of time. A step is sealed when all its parts are. */
export function stepsOf(
  hours: readonly { hourMs: number; isSealed: boolean; uses: readonly AggregateRow[] }[],
  stepMs: number,
): UsageStep[] {
  const steps = new Map<number, { isSealed: boolean; lines: Map<string, UsageLine> }>();
  for (const { hourMs, isSealed, uses } of hours) {
    const atMs = hourMs - (hourMs % stepMs);
    const step = steps.get(atMs) ?? { isSealed: true, lines: new Map() };
    steps.set(atMs, step);
    if (!isSealed) step.isSealed = false;
    for (const [caller, operation, calls, failed, units] of uses) {
      const name = `${caller} ${operation}`;
      const line = step.lines.get(name);
      if (line === undefined) step.lines.set(name, { caller, operation, calls, failed, units });
      else addCounts(line, { calls, failed, units });
    }
  }
  return [...steps]
    .sort(([a], [b]) => a - b)
    .map(([atMs, { isSealed, lines }]) => ({
      atMs,
      isSealed,
      lines: [...lines.values()].sort(byName),
    }));
}

const byName = (a: UsageLine, b: UsageLine): number =>
  a.operation === b.operation ? (a.caller < b.caller ? -1 : 1) : a.operation < b.operation ? -1 : 1;

export function totalOf(steps: readonly UsageStep[]): Counts {
  const total = { calls: 0, failed: 0, units: 0 };
  for (const { lines } of steps) for (const line of lines) addCounts(total, line);
  return total;
}
