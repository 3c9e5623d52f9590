import { percentiles } from "#bench/lib/load.ts";
import { ourEngine } from "#bench/lib/our-engine.ts";
import { DIMENSIONS, readFloats, vectorAt } from "#bench/lib/real-vectors.ts";
import type { FromChild, ToChild, VectorEngine } from "./engine.ts";
import { hnswlib } from "./hnswlib.ts";
import { lancedb } from "./lancedb.ts";
import { usearch } from "./usearch.ts";
import { zvec } from "./zvec.ts";

// One engine in a process of its own, told what to do by bench/vectors.ts.

const ENGINES: Record<string, () => VectorEngine> = {
  ours: ourEngine,
  hnswlib,
  usearch,
  lancedb,
  zvec,
};
const LIMIT = 10;
const ROUND_MS = 400;
/** There with --expose-gc, which parent.ts gives. */
const collect = (globalThis as { gc?: () => void }).gc;

let engine: VectorEngine | null = null;
let vectors = new Float32Array();
let count = 0;
let queries: unknown[] = [];
let before = 0;

process.once("disconnect", () => process.kill(process.pid, "SIGKILL"));
process.on("message", (message: ToChild) => {
  done(message).then(
    (answer) => process.send?.(answer),
    (error: unknown) =>
      process.send?.({
        error: error instanceof Error ? (error.stack ?? error.message) : String(error),
      }),
  );
});

async function done(message: ToChild): Promise<FromChild> {
  switch (message.ask) {
    case "load":
      return load(message);
    case "build":
      return await measured(async () => await engine?.build(vectors, count));
    case "answers":
      if (message.setting !== null) engine?.turn(message.setting);
      return { answers: await answers() };
    case "time":
      return await timed();
    case "memory":
      return { grownBytes: resident() - before };
  }
}

function load(message: Extract<ToChild, { ask: "load" }>): FromChild {
  vectors = readFloats(message.vectors, message.count);
  count = message.count;
  engine = ENGINES[message.engine]?.() ?? null;
  if (engine === null) throw new Error(`no engine ${message.engine}`);
  const asked = readFloats(message.queries);
  queries = Array.from({ length: asked.length / DIMENSIONS }, (_, n) =>
    engine?.prepared(vectorAt(asked, n)),
  );
  before = resident();
  const { built, knob, settings } = engine;
  return { built, knob, settings };
}

async function answers(): Promise<(readonly number[])[]> {
  const all: (readonly number[])[] = [];
  for (const query of queries) all.push((await engine?.search(query, LIMIT)) ?? []);
  return all;
}

/** CPU of the whole process, so that neither a second thread nor other work on the machine changes the rate. */
async function timed(): Promise<FromChild> {
  const took: number[] = [];
  const ends = performance.now() + ROUND_MS;
  const { cpuMs = 0, wallMs = 0 } = await measured(async () => {
    for (let n = 0; performance.now() < ends; n++) {
      const askedAt = performance.now();
      const answer = engine?.search(queries[n % queries.length], LIMIT);
      if (answer instanceof Promise) await answer;
      took.push(performance.now() - askedAt);
    }
  });
  took.sort((a, b) => a - b);
  return { cpuMs: cpuMs / took.length, wallMs: wallMs / took.length, p50Ms: percentiles(took).p50 };
}

async function measured(work: () => Promise<unknown>): Promise<FromChild> {
  const from = process.cpuUsage();
  const startedAt = performance.now();
  await work();
  const { user, system } = process.cpuUsage(from);
  return { cpuMs: (user + system) / 1_000, wallMs: performance.now() - startedAt };
}

function resident(): number {
  collect?.();
  collect?.();
  return process.memoryUsage.rss();
}
