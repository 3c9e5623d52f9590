import { importUnits, rounded, settled, spaceOf, vectorsOf, withVectors } from "./lib/corpus.ts";
import { dictionaryUnits, questionsAbout } from "./lib/data.ts";
import { httpRequest, type Load, load } from "./lib/load.ts";
import { cpuMsBelow } from "./lib/processes.ts";
import { type Product, product } from "./lib/product.ts";

// What measuring, metering and tracing cost a search: two products that differ in nothing else, asked in turns in one run.

const UNITS = 2_000;
const CONNECTIONS = 16;
const WINDOW_MS = 1_500;
const ROUNDS = 15;

const drafts = await dictionaryUnits(UNITS);
const questions = questionsAbout(drafts);

type Side = { name: string; served: Product; windows: (Load & { cpuMs: number })[] };
const served = await product({ gpu: true });
const plain = await product({ gpu: true, env: { WISHUB_OBSERVING: "0" } });
const sides: Side[] = [
  { name: "without", served: plain, windows: [] },
  { name: "with", served, windows: [] },
];
try {
  const texts = drafts.map(({ title, body }) => `${title}\n${body}`);
  const { vectors } = await vectorsOf(texts, served.gpuUrl ?? "");
  const asked = (await vectorsOf(questions, served.gpuUrl ?? "")).vectors;
  const space = await spaceOf(served);
  for (const side of sides) {
    await importUnits(side.served, withVectors(drafts, vectors, space));
    await settled(side.served, 300_000);
  }
  const bodies = questions.map((query, n) =>
    JSON.stringify({ query, mode: "hybrid", vector: rounded(asked[n]), space }),
  );
  for (let round = 0; round <= ROUNDS; round++)
    // Each goes first every other time.
    for (const { served: target, windows } of round % 2 === 0 ? sides : sides.toReversed()) {
      const before = cpuMsBelow(target.pid, "workerd");
      const from = round * Math.floor(bodies.length / (ROUNDS + 1));
      const measured = await load({
        url: target.url,
        connections: CONNECTIONS,
        durationMs: WINDOW_MS,
        request: (n) =>
          httpRequest("POST", "/v1/search", target.headers, bodies[(from + n) % bodies.length]),
      });
      const done = measured.perSecond * (WINDOW_MS / 1_000);
      const cpuMs = (cpuMsBelow(target.pid, "workerd") - before) / done;
      if (round > 0) windows.push({ ...measured, cpuMs }); // the first warms up
    }
  const [without, withAll] = sides.map(({ name, windows }) => {
    const perSecond = median(windows.map((one) => one.perSecond));
    const cpuMs = median(windows.map((one) => one.cpuMs));
    process.stdout.write(
      `${name.padEnd(8)} ${perSecond.toFixed(0)} searches/s, ${cpuMs.toFixed(3)} ms of CPU each\n`,
    );
    return { perSecond, cpuMs };
  });
  if (without === undefined || withAll === undefined) throw new Error("nothing was measured");
  const slower = 1 - withAll.perSecond / without.perSecond;
  const dearer = withAll.cpuMs / without.cpuMs - 1;
  process.stdout.write(
    `measuring, metering and tracing 1 %: ${(100 * slower).toFixed(1)} % of throughput (goal 5), ${(100 * dearer).toFixed(1)} % of CPU\n`,
  );
} finally {
  await Promise.all(sides.map(async ({ served: one }) => await one.stop()));
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}
