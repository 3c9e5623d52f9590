import { RUN_TEXTS_MAX, type EmbeddingRefusal, type Priority } from "#domain/embedding/answer.ts";
import { err, ok, type Result } from "#domain/shared/result.ts";
import { vectorCache } from "#domain/embedding/vector-cache.ts";
import { log } from "#domain/observability/log.ts";
import { loadModel, type Model } from "./model.ts";

type Job = {
  texts: readonly string[];
  lane: 0 | 1;
  vectors: Float32Array[];
  underWay: boolean;
};

/** Beyond this the caller is better off being told than waiting. */
const WAITING_TEXTS_MAX = { query: 256, document: 8 * RUN_TEXTS_MAX };
const CACHE_BYTES = 8 * 2 ** 20;
/** Queries go first; but one slice in this many is a document's, or steady queries would starve them for good. */
const DOCUMENT_TURN = 16;
/** The first in line works; one further back only looks again after this much for each ahead of it. */
const LOOK_MS = 2;
const LOOK_MS_MAX = 20;
/** The requests in front may have been cancelled, which nothing tells us: then whoever notices works. */
const STALLED_MS = 50;
const LOAD_WAIT_MS = 30_000;

const cache = vectorCache(CACHE_BYTES);
const queues: Record<Priority, Job[]> = { query: [], document: [] };
let loaded: Model | null = null;
let loadingMs = -Infinity;
let workedMs = 0;
let slices = 0;

/** Embeds in this isolate's thread, one slice between two turns of its event loop. */
export async function embedHere(
  assets: Fetcher,
  texts: readonly string[],
  priority: Priority,
): Promise<Result<Float32Array[], EmbeddingRefusal>> {
  const vectors = texts.map((text) => cache.get(text));
  const missing = [...new Set(texts.filter((_, i) => !vectors[i]))];
  if (missing.length > 0) {
    const waiting = queues[priority].reduce(
      (sum, job) => sum + job.texts.length - job.vectors.length,
      0,
    );
    if (waiting + missing.length > WAITING_TEXTS_MAX[priority]) {
      return err({ refused: "overloaded", detail: `${waiting} texts are waiting to be embedded` });
    }
    const model = loaded ?? (await load(assets));
    if (!model)
      return err({
        refused: "no-model-bound",
        detail: "the embedded model is not built: run npm start",
      });
    const made = await work(model, missing, priority);
    const byText = new Map(missing.map((text, i) => [text, made[i] ?? new Float32Array()]));
    for (const [text, vector] of byText) cache.set(text, vector);
    return ok(texts.map((text, i) => vectors[i] ?? byText.get(text) ?? new Float32Array()));
  }
  return ok(vectors.filter((vector) => vector !== undefined));
}

/** A promise of one request may not be awaited by another, so those that come while one loads look for its result. */
async function load(assets: Fetcher): Promise<Model | null> {
  const untilMs = performance.now() + LOAD_WAIT_MS;
  while (performance.now() < untilMs) {
    if (loaded) return loaded;
    if (performance.now() - loadingMs < LOAD_WAIT_MS) await scheduler.wait(LOOK_MS);
    else return loadHere(assets);
  }
  return null;
}

async function loadHere(assets: Fetcher): Promise<Model | null> {
  loadingMs = performance.now();
  try {
    loaded = await loadModel(assets);
  } catch (error) {
    log("error", "embedded-model-missing", { error: String(error) });
  } finally {
    loadingMs = -Infinity;
  }
  return loaded;
}

/**
 * Every waiting request moves the work itself, in its own turns of the event loop: whatever ends with one request
 * never holds up another. Only the front of the line works, so at most two slices run in one turn.
 */
async function work(
  model: Model,
  texts: readonly string[],
  priority: Priority,
): Promise<Float32Array[]> {
  const job: Job = { texts, lane: priority === "query" ? 0 : 1, vectors: [], underWay: false };
  queues[priority].push(job);
  const mayWork = () =>
    priority === "query"
      ? queues.query.indexOf(job) <= 1
      : queues.query.length === 0 && queues.document[0] === job;
  while (job.vectors.length < job.texts.length) {
    if (mayWork() || performance.now() - workedMs > STALLED_MS) {
      slice(model);
      workedMs = performance.now();
      if (job.vectors.length < job.texts.length) await scheduler.wait(0);
    } else
      await scheduler.wait(
        Math.min(LOOK_MS_MAX, LOOK_MS * Math.max(1, queues[priority].indexOf(job))),
      );
  }
  return job.vectors;
}

function slice(model: Model): void {
  slices += 1;
  const documentsTurn = slices % DOCUMENT_TURN === 0 && queues.document.length > 0;
  const queue = queues.query.length > 0 && !documentsTurn ? queues.query : queues.document;
  const job = queue[0];
  if (!job) return;
  if (!job.underWay) model.begin(job.lane, job.texts[job.vectors.length] ?? "");
  const vector = model.slice(job.lane);
  job.underWay = vector === null;
  if (vector) job.vectors.push(vector);
  if (job.vectors.length === job.texts.length) queue.shift();
}
