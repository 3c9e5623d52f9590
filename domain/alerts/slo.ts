import type { Point, Series } from "./signals.ts";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
export const SLO_WINDOW_MS = 30 * DAY_MS;

/** What is promised: the share of what was asked that is answered well, over any 30 days. */
export const SLOS = {
  reads: { objective: 0.9999, help: "reading and searching is answered" },
  inference: { objective: 0.9995, help: "inference is answered" },
  "search-index": { objective: 0.999, help: "units that are accepted become searchable" },
  units: { objective: 0.99999, help: "stored units are there when they are asked for" },
  monitoring: { objective: 0.9999, help: "metrics, logs, traces and alerts are answered" },
  identity: { objective: 0.9995, help: "signing in, tokens and keys are answered" },
} as const;
export type SloName = keyof typeof SLOS;
export const SLO_NAMES = Object.keys(SLOS) as [SloName, ...SloName[]];

/** What was asked in a stretch of time that ended at `atMs`, and how much of it went wrong. */
export type Counted = { atMs: number; total: number; bad: number };

/** Pairs of windows (SRE Workbook, chapter 5): the long one says that it matters, the short one that it goes on. */
export const BURN_WINDOWS = {
  "slo.burn-1h": { longMs: HOUR_MS, shortMs: 5 * 60_000 },
  "slo.burn-6h": { longMs: 6 * HOUR_MS, shortMs: 30 * 60_000 },
  "slo.burn-3d": { longMs: 3 * DAY_MS, shortMs: 6 * HOUR_MS },
} as const;
export type BurnSignal = keyof typeof BURN_WINDOWS;
export const BURN_SIGNALS = Object.keys(BURN_WINDOWS) as BurnSignal[];

type Sum = { total: number; bad: number };

/** What was counted in the time that ended now. */
export function sumOver(counted: readonly Counted[], lengthMs: number, nowMs: number): Sum {
  let [total, bad] = [0, 0];
  for (const one of counted) {
    if (one.atMs <= nowMs - lengthMs || one.atMs > nowMs) continue;
    total += one.total;
    bad += one.bad;
  }
  return { total, bad };
}

/**
 * Errors that a window must hold before it says anything: where little is asked, one error is a large share of it
 * (Site Reliability Workbook, chapter 5, "Low-Traffic Services and Error Budget Alerting"). What fails for good passes
 * both however little is asked.
 */
export const LEAST_BAD = { long: 5, short: 2 } as const;

/** How many times faster than allowed errors come: at 1 the budget is spent when its 30 days end. Nothing asked, nothing burnt. */
export const burnOf = ({ total, bad }: Sum, objective: number): number =>
  total === 0 ? 0 : bad / total / (1 - objective);

/** The point of a burn signal: as high as the lower of its two windows; 0 where either has hardly any errors. */
export function burnPoint(
  signal: BurnSignal,
  name: SloName,
  counted: readonly Counted[],
  nowMs: number,
): Point {
  const { longMs, shortMs } = BURN_WINDOWS[signal];
  const { objective } = SLOS[name];
  const long = sumOver(counted, longMs, nowMs);
  const short = sumOver(counted, shortMs, nowMs);
  const isEnough = long.bad >= LEAST_BAD.long && short.bad >= LEAST_BAD.short;
  const value = isEnough ? Math.min(burnOf(long, objective), burnOf(short, objective)) : 0;
  return { atMs: nowMs, value };
}

/** What burn rules look at, of every objective. */
export const burnSeries = (
  signal: BurnSignal,
  counted: ReadonlyMap<SloName, readonly Counted[]>,
  nowMs: number,
): Series[] =>
  [...counted].map(([slo, all]) => ({
    labels: { slo },
    points: [burnPoint(signal, slo, all, nowMs)],
  }));

export type SloState = {
  id: SloName;
  objective: number;
  /** Of 30 days. */
  requests: number;
  errors: number;
  /** What is left of the errors that the objective allows, as a share; below 0 it is broken. */
  budgetLeft: number;
  burn: Record<"1h" | "6h" | "3d", number>;
};

export function sloState(id: SloName, counted: readonly Counted[], nowMs: number): SloState {
  const { objective } = SLOS[id];
  const month = sumOver(counted, SLO_WINDOW_MS, nowMs);
  const burn = (lengthMs: number) => burnOf(sumOver(counted, lengthMs, nowMs), objective);
  return {
    id,
    objective,
    requests: month.total,
    errors: month.bad,
    budgetLeft: 1 - burnOf(month, objective),
    burn: { "1h": burn(HOUR_MS), "6h": burn(6 * HOUR_MS), "3d": burn(3 * DAY_MS) },
  };
}
