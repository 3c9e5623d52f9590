import {
  countsOf,
  importUnits,
  rounded,
  settled,
  spaceOf,
  vectorsOf,
  withVectors,
} from "./lib/corpus.ts";
import { dictionaryUnits, questionsAbout } from "./lib/data.ts";
import { httpRequest, type Load, load, loadLine } from "./lib/load.ts";
import { memoryBelow, type Product, product } from "./lib/product.ts";

// Search through HTTP at 10,000 units, 16 connections, every query distinct, so no result can come from a cache.

const UNITS = 10_000;
const CONNECTIONS = 16;
const DURATION_MS = 5_000;
const ROUNDS = 7;
/** Queries are not repeated within a window; the product has no cache of results anyway. */
const WINDOW_MS = 1_000;

const drafts = await dictionaryUnits(UNITS);
const questions = questionsAbout(drafts);

const withGpu = await product({ gpu: true });
const { vectors } = await vectorsOf(
  drafts.map(({ title, body }) => `${title}\n${body}`),
  withGpu.gpuUrl ?? "",
);
const asked = (await vectorsOf(questions, withGpu.gpuUrl ?? "")).vectors;
try {
  const space = await spaceOf(withGpu);
  await filled(withGpu, withVectors(drafts, vectors, space), "gpu-backend beside it");
  await embedded(withGpu, "query embedded, gpu-backend beside it (goal 200)");
} finally {
  await withGpu.stop();
}

const alone = await product({ gpu: false });
try {
  const space = await spaceOf(alone);
  await filled(alone, withVectors(drafts, vectors, space), "EmbeddedAI alone");
  const given = ["hybrid", "semantic", "lexical"].map((mode) => ({
    name: `${mode}, vector given${mode === "hybrid" ? " (goal 1500)" : ""}`,
    bodies: questions.map((query, index) =>
      JSON.stringify(
        mode === "lexical"
          ? { query, mode }
          : { query, mode, vector: rounded(asked[index]), space },
      ),
    ),
  }));
  await inTurns(alone, given);
  // Another collection to ask and to merge: the public one, of which the search above knew that nothing is in it.
  await importUnits(
    alone,
    questions.slice(0, 200).map((body, n) => ({ title: `Asked ${n}`, body, visibility: "public" })),
  );
  await settled(alone, 120_000);
  const both = questions.map((query, index) =>
    JSON.stringify({ query, vector: rounded(asked[index]), space }),
  );
  await inTurns(alone, [{ name: "hybrid, vector given, two collections", bodies: both }]);
  await embedded(alone, "query embedded, EmbeddedAI alone (goal 80)");
  for (const { command, megabytes } of memoryBelow(alone.pid)) {
    process.stdout.write(`  ${command.padEnd(16)} ${megabytes.toFixed(0)} MB\n`);
  }
} finally {
  await alone.stop();
}

async function filled(target: Product, units: object[], name: string): Promise<void> {
  const startedAt = performance.now();
  const imported = await importUnits(target, units);
  await settled(target, 300_000);
  const seconds = (performance.now() - startedAt) / 1_000;
  const counts = await countsOf(target);
  process.stdout.write(
    `${name}: import of ${imported.accepted} units with vectors: accepted at ${(imported.accepted / imported.seconds).toFixed(0)}/s, searchable at ${((counts["searchable"] ?? 0) / seconds).toFixed(0)}/s (goal 300), rejected ${counts["rejected"] ?? 0}\n`,
  );
}

/** Short windows of each in turns, and the median window: what the machine does meanwhile hits all alike. */
async function inTurns(target: Product, kinds: { name: string; bodies: string[] }[]) {
  const windows = kinds.map((): Load[] => []);
  for (let round = 0; round <= ROUNDS; round++) {
    for (const [index, { bodies }] of kinds.entries()) {
      const from = round * Math.floor(bodies.length / (ROUNDS + 1));
      const measured = await load({
        url: target.url,
        connections: CONNECTIONS,
        durationMs: WINDOW_MS,
        request: (n) =>
          httpRequest("POST", "/v1/search", target.headers, bodies[(from + n) % bodies.length]),
      });
      if (round > 0) windows[index]?.push(measured); // the first warms up
    }
  }
  for (const [index, { name }] of kinds.entries()) {
    const sorted = windows[index]?.sort((a, b) => a.perSecond - b.perSecond) ?? [];
    const median = sorted[Math.floor(sorted.length / 2)];
    if (median) process.stdout.write(`${loadLine(name, median)}\n`);
  }
}

async function embedded(target: Product, name: string): Promise<void> {
  for (const [language, offset] of [
    ["en", 0],
    ["zh", 1],
  ] as const) {
    const own = questions.filter((_, index) => index % 2 === offset);
    await printed(
      target,
      null,
      own.slice(-100).map((query) => JSON.stringify({ query: `${query}?` })),
    );
    await printed(
      target,
      `${language}: ${name}`,
      own.map((query) => JSON.stringify({ query })),
    );
  }
}

async function printed(target: Product, name: string | null, bodies: string[]): Promise<void> {
  const requests = bodies.map((body) => httpRequest("POST", "/v1/search", target.headers, body));
  const measured = await load({
    url: target.url,
    connections: CONNECTIONS,
    durationMs: name === null ? 2_000 : DURATION_MS,
    request: (n) => requests[n] ?? null,
  });
  if (name !== null) process.stdout.write(`${loadLine(name, measured)}\n`);
}
