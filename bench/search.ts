import { countsOf, importUnits, settled, spaceOf, vectorsOf, withVectors } from "./lib/corpus.ts";
import { dictionaryUnits, questionsAbout } from "./lib/data.ts";
import { httpRequest, load, loadLine } from "./lib/load.ts";
import { memoryBelow, type Product, product } from "./lib/product.ts";

// Search through HTTP at 10,000 units, 16 connections, every query distinct, so no result can come from a cache.

const UNITS = 10_000;
const CONNECTIONS = 16;
const DURATION_MS = 10_000;

const drafts = await dictionaryUnits(UNITS);
const questions = questionsAbout(drafts);

const withGpu = await product({ gpu: true });
try {
  const space = await spaceOf(withGpu);
  const { vectors } = await vectorsOf(
    drafts.map(({ title, body }) => `${title}\n${body}`),
    withGpu.gpuUrl ?? "",
  );
  const asked = (await vectorsOf(questions, withGpu.gpuUrl ?? "")).vectors;
  await filled(withGpu, withVectors(drafts, vectors, space), "gpu-backend beside it");
  await embedded(withGpu, "query embedded, with the gpu-backend (goal 200)");
  await withGpu.stop();

  const alone = await product({ gpu: false });
  await filled(alone, withVectors(drafts, vectors, space), "EmbeddedAI alone");
  for (const mode of ["hybrid", "semantic", "lexical"]) {
    const bodies = questions.map((query, index) =>
      JSON.stringify(
        mode === "lexical"
          ? { query, mode }
          : { query, mode, vector: rounded(asked[index]), space },
      ),
    );
    await warm(alone, bodies);
    await printed(alone, `${mode}, vector given${mode === "hybrid" ? " (goal 1500)" : ""}`, bodies);
  }
  await embedded(alone, "query embedded, EmbeddedAI alone (goal 80)");
  for (const { command, megabytes } of memoryBelow(alone.pid))
    process.stdout.write(`  ${command.padEnd(16)} ${megabytes.toFixed(0)} MB\n`);
  await alone.stop();
} finally {
  await withGpu.stop().catch(() => undefined);
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

const rounded = (vector: Float32Array | undefined): number[] =>
  Array.from(vector ?? [], (value) => Number(value.toFixed(5)));

async function warm(target: Product, bodies: string[]): Promise<void> {
  await printed(target, null, bodies.slice(-200));
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
