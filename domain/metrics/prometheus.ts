import { type Cell, cellFrom } from "#domain/metrics/cell.ts";
import { METRIC_NAMES, type MetricName, metricOf } from "#domain/metrics/names.ts";
import type { TotalRow } from "#domain/metrics/rollups.ts";
import { seriesFrom } from "#domain/metrics/series.ts";
import { countsBelow, sketch } from "#domain/metrics/sketch.ts";

/** What `/metrics` answers with (Prometheus exposition formats, text-based format 0.0.4). */
export const EXPOSITION_TYPE = "text/plain; version=0.0.4; charset=utf-8";
/** Upper bounds of a histogram's buckets, in seconds; each holds within the sketch's relative error of 1 %. */
export const BUCKETS = [
  0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120,
] as const;
/** How much there is now is not shown for longer than this after somebody last said so. */
const GAUGE_MS = 300_000;

/** All series as a page for Prometheus to read. */
export function exposition(rows: Iterable<TotalRow>): string {
  const byName = new Map<MetricName, { key: string; cell: Cell }[]>();
  for (const [key, row, ageMs] of rows) {
    const series = seriesFrom(key);
    const cell = cellFrom(row);
    if (series === null || cell === null) continue;
    if (metricOf(series.name).kind === "gauge" && ageMs > GAUGE_MS) continue;
    const all = byName.get(series.name);
    if (all === undefined) byName.set(series.name, [{ key, cell }]);
    else all.push({ key, cell });
  }
  return METRIC_NAMES.map((name) => family(name, byName.get(name) ?? [])).join("");
}

/** A metric that was never seen is not shown: nobody knows its labels. */
function family(name: MetricName, all: readonly { key: string; cell: Cell }[]): string {
  if (all.length === 0) return "";
  const { help, kind } = metricOf(name);
  const lines = [`# HELP ${name} ${help}.`, `# TYPE ${name} ${kind}`];
  const inOrder = [...all].sort((a, b) => (a.key < b.key ? -1 : 1));
  for (const { key, cell } of inOrder) {
    if (kind === "counter") lines.push(`${key} ${number(cell.sum)}`);
    else if (kind === "gauge") lines.push(`${key} ${number(cell.last)}`);
    else lines.push(...histogram(name, key.slice(name.length), cell));
  }
  return `${lines.join("\n")}\n`;
}

function histogram(name: string, labels: string, cell: Cell): string[] {
  const inside = labels === "" ? "" : `${labels.slice(1, -1)},`;
  const counts = countsBelow(cell.sketch ?? sketch(), BUCKETS);
  return [
    ...BUCKETS.map((bound, at) => `${name}_bucket{${inside}le="${bound}"} ${counts[at] ?? 0}`),
    `${name}_bucket{${inside}le="+Inf"} ${cell.count}`,
    `${name}_sum${labels} ${number(cell.sum)}`,
    `${name}_count${labels} ${cell.count}`,
  ];
}

/** At most nine digits that say something: sums of floats have many that do not. */
const number = (value: number): string => String(Number(value.toPrecision(12)));
