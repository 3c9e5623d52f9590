import { play } from "#scripts/simulate/play.ts";
import { command, Refusal, say, seconds } from "./launch/say.ts";

const KNOWN = ["regions"];
const PLAY = { lastsMs: 60_000, units: 120 };

/** `npm run simulate -- regions [--seeds 200] [--from 1]`: a seed that breaks a promise is named, and replays exactly. */
await command(async () => {
  const name = process.argv[2] ?? "regions";
  if (!KNOWN.includes(name))
    throw new Refusal(`there is no simulation "${name}"; there are ${KNOWN.join(", ")}`);
  const seeds = numberOf("--seeds", 200);
  const from = numberOf("--from", 1);
  const startedMs = performance.now();
  const total = { writes: 0, reads: 0, readsInCut: 0, fullCopies: 0, betweenLeaves: 0 };
  let failed = 0;
  for (let seed = from; seed < from + seeds; seed++) {
    const report = await play({ seed, ...PLAY });
    for (const key of ["writes", "reads", "readsInCut", "fullCopies", "betweenLeaves"] as const)
      total[key] += report[key];
    if (report.broken.length === 0) continue;
    failed++;
    say(
      `seed ${seed}: ${report.broken.length} broken, first: ${report.broken.slice(0, 3).join("; ")}`,
    );
  }
  say(
    `${seeds} seeds of four regions, ${PLAY.lastsMs / 1_000} s each: ${total.writes} writes, ${total.reads} reads, ` +
      `${total.readsInCut} of them while cut off, ${total.fullCopies} logs lost, ` +
      `${total.betweenLeaves} reads between two leaves; ${failed} seeds broke a promise (${seconds(startedMs)})`,
  );
  return failed === 0 ? 0 : 1;
});

function numberOf(flag: string, fallback: number): number {
  const at = process.argv.indexOf(flag);
  const given = at < 0 ? fallback : Number(process.argv[at + 1]);
  if (!Number.isInteger(given) || given < 1 || given > 1_000_000)
    throw new Refusal(`${flag} takes a whole number from 1`);
  return given;
}
