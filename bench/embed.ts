import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { passagesOf } from "#domain/units/passages.ts";
import { build as buildKernels } from "#scripts/build-kernels.ts";
import { build as buildModel } from "#scripts/build-model.ts";
import { DIST, inRoot } from "#scripts/launch/paths.ts";
import { command, isCommand, say } from "#scripts/launch/say.ts";
import { openBuiltModel } from "#scripts/model/embed.ts";

const LANGUAGES = ["en", "zh"] as const;

type Language = (typeof LANGUAGES)[number];
type Retrieval = { paragraphs: string[]; questions: { text: string; paragraph: number }[] };
type XQuad = { data: { paragraphs: { context: string; qas: { question: string }[] }[] }[] };
type Vectors = {
  passages: { vector: Float32Array; paragraph: number }[];
  questions: Float32Array[];
};

/** Times the kernel and measures what its vectors find, without a server: one thread, nothing cached. */
async function main(): Promise<void> {
  await buildKernels({ log: say });
  await buildModel({ log: say });
  const model = openBuiltModel(DIST);
  for (const tokens of [14, 64, 130, 256]) {
    const ids = Array.from({ length: tokens }, (_, i) => 2_000 + ((i * 997) % 20_000));
    const took = timed(60, () => model.forward(ids));
    say(
      `${tokens} tokens: p50 ${took.p50.toFixed(2)} ms, best ${took.best.toFixed(2)} ms, slowest slice ${slowestSlice(model, ids).toFixed(2)} ms`,
    );
  }
  const folder = join(process.env["WISHUB_DATA"] ?? inRoot("..", "shared", "data"), "xquad");
  if (!existsSync(folder)) return say("XQuAD is not there: retrieval skipped");
  retrieval(model, folder);
}

function retrieval(model: ReturnType<typeof openBuiltModel>, folder: string): void {
  const data = Object.fromEntries(
    LANGUAGES.map((language) => [language, read(folder, language)]),
  ) as Record<Language, Retrieval>;
  const vectors = {} as Record<Language, Vectors>;
  for (const language of LANGUAGES) {
    const startedMs = performance.now();
    const passages = data[language].paragraphs.flatMap((text, paragraph) =>
      passagesOf("", text).map((passage) => ({ vector: model.embed(passage), paragraph })),
    );
    const seconds = (performance.now() - startedMs) / 1_000;
    say(
      `${language}: ${passages.length} passages, ${(passages.length / seconds).toFixed(1)} passages/s`,
    );
    vectors[language] = {
      passages,
      questions: data[language].questions.map(({ text }) => model.embed(text)),
    };
  }
  const gold = data.en.questions.map(({ paragraph }) => paragraph);
  for (const [from, to] of [
    ["en", "en"],
    ["zh", "zh"],
    ["zh", "en"],
    ["en", "zh"],
  ] as const) {
    const score = reciprocalRank(vectors[from].questions, gold, vectors[to].passages);
    say(
      `XQuAD ${from} → ${to}, semantic, MRR@10 over ${gold.length} questions: ${score.toFixed(4)}`,
    );
  }
}

/** A paragraph scores as its best passage, as a unit does. */
function reciprocalRank(
  questions: Float32Array[],
  gold: number[],
  passages: Vectors["passages"],
): number {
  let sum = 0;
  for (const [i, question] of questions.entries()) {
    const best = new Map<number, number>();
    for (const { vector, paragraph } of passages) {
      best.set(paragraph, Math.max(best.get(paragraph) ?? -1, dot(question, vector)));
    }
    const right = best.get(gold[i] ?? -1) ?? -1;
    const rank = 1 + [...best.values()].filter((score) => score > right).length;
    if (rank <= 10) sum += 1 / rank;
  }
  return sum / questions.length;
}

function read(folder: string, language: Language): Retrieval {
  const { data } = JSON.parse(
    readFileSync(join(folder, `xquad.${language}.json`), "utf8"),
  ) as XQuad;
  const all = data.flatMap(({ paragraphs }) => paragraphs);
  return {
    paragraphs: all.map(({ context }) => context),
    questions: all.flatMap(({ qas }, paragraph) =>
      qas.map(({ question }) => ({ text: question, paragraph })),
    ),
  };
}

/** With the budget of workers/embedding/model.ts: how long a reader waits while a document is embedded. */
function slowestSlice(model: ReturnType<typeof openBuiltModel>, ids: number[]): number {
  let slowest = 0;
  model.begin(ids, 1);
  for (let done = false; !done;) {
    const startedMs = performance.now();
    done = model.step(1, 48_000_000);
    slowest = Math.max(slowest, performance.now() - startedMs);
  }
  return slowest;
}

function timed(times: number, work: () => unknown): { p50: number; best: number } {
  for (let i = 0; i < 20; i += 1) work();
  const took = Array.from({ length: times }, () => {
    const startedMs = performance.now();
    work();
    return performance.now() - startedMs;
  }).sort((a, b) => a - b);
  return { p50: took[times >> 1] ?? 0, best: took[0] ?? 0 };
}

const dot = (a: Float32Array, b: Float32Array): number =>
  a.reduce((sum, value, i) => sum + value * (b[i] ?? 0), 0);

if (isCommand(import.meta)) await command(main);
