// The gpu-backend: one text at a time and in batches, on 1 and 2 threads, how true its quantised vectors
// are, and exact work over 20,000 vectors.
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { type Backend, buildBackend, cosine, startBackend } from "#gpu-backend/process.ts";
import { referenceModel } from "#scripts/build-onnx.ts";
import { benchCompute } from "./lib/compute.ts";

const DATA = process.env["WISHUB_DATA"] ?? join(import.meta.dirname, "../../shared/data");
const QUERY = { headers: { "x-wishub-priority": "query" } };

type Xquad = { data: { paragraphs: { context: string; qas: { question: string }[] }[] }[] };

function xquad(language: string) {
  const set = JSON.parse(readFileSync(join(DATA, `xquad/xquad.${language}.json`), "utf8")) as Xquad;
  const paragraphs = set.data.flatMap((article) => article.paragraphs);
  return {
    paragraphs: paragraphs.map(({ context }) => context),
    questions: paragraphs.flatMap(({ qas }) => qas.map(({ question }) => question)),
  };
}

async function timed(run: () => Promise<unknown>): Promise<number> {
  const startedMs = performance.now();
  await run();
  return performance.now() - startedMs;
}

async function latencies(backend: Backend, texts: string[]): Promise<string> {
  const ms: number[] = [];
  for (const text of texts) ms.push(await timed(() => backend.vectors([text], QUERY)));
  ms.sort((a, b) => a - b);
  const at = (share: number) => (ms[Math.floor(ms.length * share)] ?? 0).toFixed(1);
  return `p50 ${at(0.5)} ms, p95 ${at(0.95)} ms, p99 ${at(0.99)} ms`;
}

async function rate(count: number, run: () => Promise<unknown>): Promise<number> {
  return Math.round((count * 1_000) / (await timed(run)));
}

async function inRequests(backend: Backend, texts: string[], size: number): Promise<void> {
  for (let at = 0; at < texts.length; at += size) await backend.vectors(texts.slice(at, at + size));
}

async function atOnce(backend: Backend, texts: string[], connections: number): Promise<void> {
  const left = texts.values();
  const one = async () => {
    for (const text of left) await backend.vectors([text], QUERY);
  };
  await Promise.all(Array.from({ length: connections }, one));
}

async function speed(env: Record<string, string>, name: string): Promise<void> {
  const backend = await startBackend(env);
  const en = xquad("en");
  const short = en.questions.slice(0, 640);
  const paragraphs = en.paragraphs.slice(0, 96);
  await inRequests(backend, short.slice(0, 64), 32); // warm
  console.log(
    `${name}: an English question, nothing else running: ${await latencies(backend, short.slice(0, 300))}`,
  );
  console.log(
    `${name}: a Chinese question: ${await latencies(backend, xquad("zh").questions.slice(0, 300))}`,
  );
  const alone = await rate(320, () => inRequests(backend, short.slice(0, 320), 1));
  const together = await rate(short.length, () => inRequests(backend, short, 32));
  const concurrent = await rate(short.length, () => atOnce(backend, short, 16));
  console.log(
    `${name}: questions one by one ${alone}/s, 32 a request ${together}/s (× ${(together / alone).toFixed(1)}), 16 connections ${concurrent}/s (× ${(concurrent / alone).toFixed(1)})`,
  );
  console.log(
    `${name}: paragraphs 32 a request ${await rate(paragraphs.length, () => inRequests(backend, paragraphs, 32))}/s`,
  );
  const documents = backend.vectors(en.paragraphs);
  console.log(
    `${name}: an English question while ${en.paragraphs.length} paragraphs are embedded: ${await latencies(backend, short.slice(0, 40))}`,
  );
  await documents;
  backend.child.kill();
  await backend.ended;
}

async function truth(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "wishub-bench-"));
  const reference = join(folder, "reference.onnx");
  writeFileSync(reference, referenceModel());
  const [served, full] = await Promise.all([
    startBackend(),
    startBackend({ WISHUB_GPU_MODEL: reference }),
  ]);
  for (const language of ["en", "zh"]) {
    const { questions, paragraphs } = xquad(language);
    const texts = [...questions.slice(0, 512), ...paragraphs.slice(0, 128)];
    const [ours, theirs] = [await served.vectors(texts), await full.vectors(texts)];
    const cosines = ours.map((vector, at) => cosine(vector, theirs[at] ?? vector));
    const mean = cosines.reduce((sum, value) => sum + value, 0) / cosines.length;
    const lowest = Math.min(...cosines).toFixed(4);
    console.log(
      `cosine to unquantised weights, ${texts.length} texts (${language}): mean ${mean.toFixed(4)}, lowest ${lowest}`,
    );
  }
  for (const backend of [served, full]) backend.child.kill();
  await Promise.all([served.ended, full.ended]);
  rmSync(folder, { recursive: true });
}

await buildBackend();
await benchCompute();
if (existsSync(join(DATA, "xquad"))) {
  await truth();
  await speed({}, `default (${availableParallelism()} cores)`);
  await speed({ WISHUB_GPU_THREADS: "2" }, "2 threads");
  await speed({ WISHUB_GPU_WORKERS: "2" }, "2 workers");
} else {
  console.log(`gpu: skipped, ${join(DATA, "xquad")} is not there`);
}
