import { play, type Report } from "#scripts/simulate/play.ts";
import { tableOf } from "#scripts/simulate/table.ts";
import { command, Refusal, say, seconds } from "./launch/say.ts";

const KNOWN = ["regions"];
const FLAGS = ["--seeds", "--from"];
const PLAY = { lastsMs: 60_000, units: 120 };

/**
 * `npm run simulate -- regions [--seeds 40] [--from 1]`: four regions, a cut, a heal and kills, in simulated time. A
 * seed that breaks a promise is named and replays exactly; then this ends with 1.
 */
await command(async () => {
  const [name = "regions", ...options] = process.argv.slice(2);
  if (!KNOWN.includes(name))
    throw new Refusal(`there is no simulation "${name}"; there are ${KNOWN.join(", ")}`);
  const seeds = numberOf(options, "--seeds", 40);
  const from = numberOf(options, "--from", 1);
  const stray = options.find((option, i) =>
    i % 2 === 0 ? !FLAGS.includes(option) : FLAGS.includes(option),
  );
  if (stray !== undefined) throw new Refusal(`"${stray}" is neither ${FLAGS.join(" nor ")}`);
  const startedMs = performance.now();
  const reports: Report[] = [];
  for (let seed = from; seed < from + seeds; seed++) {
    const report = await play({ seed, ...PLAY });
    reports.push(report);
    if (report.broken.length > 0)
      say(`seed ${seed} (again: --from ${seed} --seeds 1): ${report.broken.join("; ")}`);
  }
  const failed = reports.filter(({ broken }) => broken.length > 0).length;
  say(`Four regions, ${seeds} seeds of ${PLAY.lastsMs / 1_000} s (${seconds(startedMs)})`);
  say(tableOf(reports));
  say("");
  say(failed === 0 ? "Every promise was kept." : `${failed} seeds broke a promise.`);
  return failed === 0 ? 0 : 1;
});

function numberOf(options: readonly string[], flag: string, fallback: number): number {
  const at = options.indexOf(flag);
  const given = at < 0 ? fallback : Number(options[at + 1]);
  if (!Number.isInteger(given) || given < 1 || given > 1_000_000)
    throw new Refusal(`${flag} takes a whole number from 1 to 1,000,000`);
  return given;
}
