import { HOME } from "#scripts/simulate/regions.ts";
import type { RegionReport, Report } from "#scripts/simulate/play.ts";
import { PROMISES, type Promised } from "#scripts/simulate/promises.ts";

/** What all seeds came to, for people: a line a region and a line a promise. */
export function tableOf(reports: readonly Report[]): string {
  const sum = (of: (report: Report) => number) => reports.reduce((all, each) => all + of(each), 0);
  const names = Object.keys(PROMISES) as Promised[];
  return [
    `${count(sum(({ writes }) => writes))} writes, ${count(sum(({ kills }) => kills))} kills, ` +
      `${count(sum(({ splits }) => splits))} splits, ${count(sum(({ fullCopies }) => fullCopies))} logs lost, ` +
      `${count(reports.length)} cuts and heals of one region, ` +
      `${Math.round(sum(({ cutMs }) => cutMs) / reports.length / 1_000)} s each`,
    "",
    ...regionLines(reports),
    "",
    columns(["promise", "checked", "broken", "which is"], [12, 13, 9, 0]),
    ...names.map((name) =>
      columns(
        [
          name,
          count(sum(({ promises }) => promises[name].checked)),
          count(sum(({ promises }) => promises[name].broken)),
          PROMISES[name],
        ],
        [12, 13, 9, 0],
      ),
    ),
  ].join("\n");
}

const WIDTHS = [13, 10, 14, 12, 16, 14, 18];

function regionLines(reports: readonly Report[]): string[] {
  const byRegion = new Map<string, RegionReport[]>();
  for (const { regions } of reports)
    for (const [region, report] of Object.entries(regions))
      byRegion.set(region, [...(byRegion.get(region) ?? []), report]);
  const head = [
    "region",
    "reads",
    "answered near",
    "cut off",
    "said partial",
    "stale p50 ms",
    "stale p99 ms",
    "p99 ms, cut off",
  ];
  return [
    columns(head, [...WIDTHS, 0]),
    ...[...byRegion].map(([region, mine]) => {
      const sum = (of: (report: RegionReport) => number) =>
        mine.reduce((all, each) => all + of(each), 0);
      const ages = mine.flatMap(({ agesMs }) => agesMs).sort((a, b) => a - b);
      const cutAges = mine.flatMap(({ cutAgesMs }) => cutAgesMs).sort((a, b) => a - b);
      const reads = sum((each) => each.reads);
      return columns(
        [
          region === HOME ? `${region} (home)` : region,
          count(reads),
          share(
            sum(({ near }) => near),
            sum(({ leaves }) => leaves),
          ),
          count(sum(({ readsInCut }) => readsInCut)),
          share(
            sum(({ partial }) => partial),
            reads,
          ),
          ms(ages, 0.5),
          ms(ages, 0.99),
          ms(cutAges, 0.99),
        ],
        [...WIDTHS, 0],
      );
    }),
  ];
}

const count = (number: number): string => number.toLocaleString("en");
const share = (part: number, all: number): string =>
  all === 0 ? "-" : `${((100 * part) / all).toFixed(1)} %`;

/** The nearest rank. */
const ms = (sorted: readonly number[], rank: number): string => {
  const found = sorted[Math.max(0, Math.ceil(rank * sorted.length) - 1)];
  return found === undefined ? "-" : count(Math.max(0, Math.round(found)));
};

const columns = (cells: readonly string[], widths: readonly number[]): string =>
  cells
    .map((cell, i) => cell.padEnd(widths[i] ?? 0))
    .join("  ")
    .trimEnd();
