import { PROMISES, type Promised, type Tally } from "#scripts/simulate/tasks/judge.ts";
import type { Report } from "#scripts/simulate/tasks/play.ts";

/** Many seeds together. Plain: threads hand it over. */
export type Summary = {
  seeds: number;
  operations: number;
  operationsMin: number;
  agentsMin: number;
  kills: number;
  killsMin: number;
  failedWrites: number;
  ends: Record<string, number>;
  promises: Tally;
  /** How many broke a promise, and some of them. */
  failedSeeds: number;
  failed: { seed: number; broken: string[] }[];
};

/** Of the seeds that broke a promise, so many are told one by one. */
const FAILED_MAX = 20;
const NAMES = Object.keys(PROMISES) as Promised[];

export const emptySummary = (): Summary => ({
  seeds: 0,
  operations: 0,
  operationsMin: Infinity,
  agentsMin: Infinity,
  kills: 0,
  killsMin: Infinity,
  failedWrites: 0,
  ends: {},
  promises: Object.fromEntries(NAMES.map((name) => [name, { checked: 0, broken: 0 }])) as Tally,
  failedSeeds: 0,
  failed: [],
});

export const summaryOf = ({
  seed,
  broken,
  agents,
  operations,
  kills,
  ...one
}: Report): Summary => ({
  ...one,
  seeds: 1,
  operations,
  operationsMin: operations,
  agentsMin: agents,
  kills,
  killsMin: kills,
  failedSeeds: broken.length > 0 ? 1 : 0,
  failed: broken.length > 0 ? [{ seed, broken }] : [],
});

export function addTo(sum: Summary, more: Summary): void {
  sum.seeds += more.seeds;
  sum.operations += more.operations;
  sum.operationsMin = Math.min(sum.operationsMin, more.operationsMin);
  sum.agentsMin = Math.min(sum.agentsMin, more.agentsMin);
  sum.kills += more.kills;
  sum.killsMin = Math.min(sum.killsMin, more.killsMin);
  sum.failedWrites += more.failedWrites;
  for (const [how, count] of Object.entries(more.ends))
    sum.ends[how] = (sum.ends[how] ?? 0) + count;
  for (const name of NAMES) {
    sum.promises[name].checked += more.promises[name].checked;
    sum.promises[name].broken += more.promises[name].broken;
  }
  sum.failedSeeds += more.failedSeeds;
  sum.failed.push(...more.failed.slice(0, FAILED_MAX - sum.failed.length));
}

export function tableOfTasks({ seeds, ends, promises, ...sum }: Summary): string {
  const number = (value: number) => Math.round(value).toLocaleString("en");
  const tasks = Object.values(ends).reduce((all, count) => all + count, 0);
  const lines = [
    `${number(sum.operations / seeds)} operations a seed (the least ${sum.operationsMin}), at least ${sum.agentsMin} agents, ` +
      `${(sum.kills / seeds).toFixed(1)} kills (the least ${sum.killsMin}), ${number(sum.failedWrites)} writes that failed`,
    `${number(tasks)} tasks: ${Object.entries(ends)
      .map(([how, count]) => `${number(count)} ${how}`)
      .join(", ")}`,
    "",
    `${"promise".padEnd(10)} ${"looked at".padStart(12)} ${"broken".padStart(7)}`,
  ];
  for (const name of NAMES) {
    const { checked, broken } = promises[name];
    lines.push(
      `${name.padEnd(10)} ${number(checked).padStart(12)} ${number(broken).padStart(7)}   ${PROMISES[name]}`,
    );
  }
  return lines.join("\n");
}
