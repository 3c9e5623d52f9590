import type { Cell } from "#domain/metrics/cell.ts";
import { quantiles } from "#domain/metrics/sketch.ts";

/**
 * One step of a series. `count`: how often something was seen; `sum`: of what was seen (how much a counter grew by);
 * `last`: the newest (of several series the largest). Quantiles are a histogram's alone.
 */
export type PointView = {
  atMs: number;
  count: number;
  sum: number;
  min: number;
  max: number;
  last: number;
  p50: number | null;
  p90: number | null;
  p95: number | null;
  p99: number | null;
};

const SHARES = [0.5, 0.9, 0.95, 0.99] as const;

export function pointOf(atMs: number, { count, sum, min, max, last, sketch }: Cell): PointView {
  // The least and the largest are exact: no quantile lies outside of them.
  const found = (sketch === null ? [] : quantiles(sketch, SHARES)).map((value) =>
    value === null ? null : Math.min(max, Math.max(min, value)),
  );
  const [p50 = null, p90 = null, p95 = null, p99 = null] = found;
  return { atMs, count, sum, min, max, last, p50, p90, p95, p99 };
}
