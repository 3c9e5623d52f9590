import { play, type Report } from "#scripts/simulate/play.ts";
import { tableOf } from "#scripts/simulate/table.ts";
import { playShared } from "#scripts/simulate/tasks/seeds.ts";
import { tableOfTasks } from "#scripts/simulate/tasks/summary.ts";
import { command, Refusal, say, seconds } from "./launch/say.ts";

const FLAGS = ["--seeds", "--from"];
const PLAY = { lastsMs: 60_000, units: 120 };

/** What can be simulated: each answers how many seeds broke a promise. */
const SIMULATIONS: Record<string, { seeds: number; run: typeof tasks }> = {
  tasks: { seeds: 2_000, run: tasks },
  regions: { seeds: 40, run: regions },
};

/**
 * `npm run simulate -- [tasks] [--seeds 2000] [--from 1]`: queues, capacity and their leases under kills, failed writes,
 * bad clocks and bad weather. `-- regions`: four regions, a cut, a heal and kills. All in simulated time: a seed that
 * breaks a promise is named and replays exactly; then this ends with 1.
 */
await command(async () => {
  const given = process.argv.slice(2);
  const isNamed = given[0] !== undefined && !given[0].startsWith("--");
  const [name = "tasks", options] = isNamed ? [given[0], given.slice(1)] : ["tasks", given];
  const simulation = SIMULATIONS[name];
  if (simulation === undefined)
    throw new Refusal(
      `there is no simulation "${name}"; there are ${Object.keys(SIMULATIONS).join(", ")}`,
    );
  const seeds = numberOf(options, "--seeds", simulation.seeds);
  const from = numberOf(options, "--from", 1);
  const stray = options.find((option, i) =>
    i % 2 === 0 ? !FLAGS.includes(option) : FLAGS.includes(option),
  );
  if (stray !== undefined) throw new Refusal(`"${stray}" is neither ${FLAGS.join(" nor ")}`);
  const failed = await simulation.run(from, seeds);
  say("");
  say(failed === 0 ? "Every promise was kept." : `${failed} seeds broke a promise.`);
  return failed === 0 ? 0 : 1;
});

async function tasks(from: number, seeds: number): Promise<number> {
  const startedMs = performance.now();
  const sum = await playShared(from, seeds);
  const perSecond = Math.round((seeds * 1_000) / (performance.now() - startedMs));
  for (const { seed, broken } of sum.failed) sayBroken("tasks", seed, broken);
  say(`Queues and capacity, ${seeds} seeds (${seconds(startedMs)}, ${perSecond} seeds/s)`);
  say(tableOfTasks(sum));
  return sum.failedSeeds;
}

async function regions(from: number, seeds: number): Promise<number> {
  const startedMs = performance.now();
  const reports: Report[] = [];
  for (let seed = from; seed < from + seeds; seed++) {
    const report = await play({ seed, ...PLAY });
    reports.push(report);
    if (report.broken.length > 0) sayBroken("regions", seed, report.broken);
  }
  say(`Four regions, ${seeds} seeds of ${PLAY.lastsMs / 1_000} s (${seconds(startedMs)})`);
  say(tableOf(reports));
  return reports.filter(({ broken }) => broken.length > 0).length;
}

function sayBroken(name: string, seed: number, broken: readonly string[]): void {
  say(`seed ${seed} (again: ${name} --from ${seed} --seeds 1): ${broken.join("; ")}`);
}

function numberOf(options: readonly string[], flag: string, fallback: number): number {
  const at = options.indexOf(flag);
  const given = at < 0 ? fallback : Number(options[at + 1]);
  if (!Number.isInteger(given) || given < 1 || given > 1_000_000)
    throw new Refusal(`${flag} takes a whole number from 1 to 1,000,000`);
  return given;
}
