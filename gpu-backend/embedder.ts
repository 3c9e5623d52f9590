import { Worker } from "node:worker_threads";
import { EMBEDDED_SPACE } from "#domain/embedding/space.ts";
import type { Problem } from "#domain/shared/problem.ts";
import { err, ok, type Result } from "#domain/shared/result.ts";
import { type Batcher, createBatcher, type Priority, type Waiting } from "./batcher.ts";
import type { Settings } from "./settings.ts";
import type { Batch, FromWorker, WorkerOptions } from "./worker.ts";

export type Embedder = Awaited<ReturnType<typeof startEmbedder>>;

type Vectors = Result<Float32Array[], Problem<"too-many-requests">>;
type Pending = { ids: number[]; done: (vector: Float32Array) => void };
type Stats = { batches: number; texts: number; tokensPerS: number };
type Slot = { worker: Worker; running: Waiting[] };

const DIMENSIONS = EMBEDDED_SPACE.dimensions;
/** Before anything was measured: a slow core's word pieces a second. */
const TOKENS_PER_S_FIRST = 2_000;
const RETRY_AFTER_S_MAX = 30;

/** The batcher with its clock and its workers. `failed` is called once, when a worker ended unasked. */
export async function startEmbedder(
  settings: Pick<Settings, "limits" | "workers" | "threads" | "modelPath">,
  failed: (error: Error) => void,
) {
  const batcher = createBatcher(settings.limits);
  const pending = new Map<number, Pending>();
  const stats: Stats = { batches: 0, texts: 0, tokensPerS: TOKENS_PER_S_FIRST };
  const slots = await Promise.all(
    Array.from({ length: settings.workers }, () => startSlot(settings, failed)),
  );
  const pump = createPump(batcher, slots, pending, stats);
  let nextId = 0;

  function refusal(): Vectors {
    const seconds = Math.ceil(batcher.waitingTokens() / (stats.tokensPerS * slots.length));
    const retryAfterS = Math.min(Math.max(1, seconds), RETRY_AFTER_S_MAX);
    return err({ code: "too-many-requests", detail: "The queue of texts is full.", retryAfterS });
  }

  return {
    /** Asked before texts are cut into word pieces, so that a refusal costs nothing. */
    refuses: (priority: Priority, count: number) =>
      batcher.hasRoom(priority, count) ? undefined : refusal(),

    /** One unit vector for each row of word pieces; an abort takes back what has not begun, and never settles. */
    async embed(rows: readonly number[][], priority: Priority, signal: AbortSignal) {
      const items = rows.map((ids) => ({ id: (nextId += 1), priority, tokens: ids.length }));
      if (!batcher.offer(items, performance.now())) return refusal();
      const vectors = items.map(
        ({ id }, row) =>
          new Promise<Float32Array>((done) => pending.set(id, { ids: rows[row] ?? [], done })),
      );
      const abort = () => {
        batcher.drop(new Set(items.map(({ id }) => id)));
        const begun = new Set(slots.flatMap((slot) => slot.running.map(({ id }) => id)));
        for (const { id } of items) if (!begun.has(id)) pending.delete(id);
      };
      signal.addEventListener("abort", abort, { once: true });
      pump();
      const values = await Promise.all(vectors);
      signal.removeEventListener("abort", abort);
      return ok(values);
    },

    state: () => ({
      queue: batcher.depth(),
      running: slots.reduce((sum, slot) => sum + slot.running.length, 0),
      batches: stats.batches,
      texts: stats.texts,
      tokensPerSecond: Math.round(stats.tokensPerS),
    }),
  };
}

/** Gives every free worker what the batcher decides, now and whenever one becomes free. */
function createPump(
  batcher: Batcher,
  slots: readonly Slot[],
  pending: Map<number, Pending>,
  stats: Stats,
): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  return pump;

  function pump(): void {
    clearTimeout(timer);
    for (const slot of slots) {
      if (slot.running.length > 0) continue;
      const running = slots.filter((other) => other.running.length > 0).length;
      const decision = batcher.take(performance.now(), running);
      if (decision.kind === "wait") {
        timer = setTimeout(pump, Math.max(0, decision.untilMs - performance.now()));
      }
      if (decision.kind !== "run") return;
      void runBatch(slot, decision.items);
    }
  }

  async function runBatch(slot: Slot, items: Waiting[]): Promise<void> {
    slot.running = items;
    const startedMs = performance.now();
    const batch = padded(items.map(({ id }) => pending.get(id)?.ids ?? []));
    const vectors = await answerOf(slot.worker, batch);
    slot.running = [];
    count(stats, items, performance.now() - startedMs);
    for (const [row, { id }] of items.entries()) {
      const waiting = pending.get(id);
      pending.delete(id);
      waiting?.done(vectors.subarray(row * DIMENSIONS, (row + 1) * DIMENSIONS));
    }
    pump();
  }
}

function count(stats: Stats, items: readonly Waiting[], tookMs: number): void {
  const tokens = items.reduce((sum, item) => sum + item.tokens, 0);
  stats.tokensPerS += ((tokens * 1_000) / Math.max(tookMs, 0.1) - stats.tokensPerS) / 16;
  stats.batches += 1;
  stats.texts += items.length;
}

async function startSlot(options: WorkerOptions, failed: (error: Error) => void): Promise<Slot> {
  const { modelPath, threads } = options;
  const workerData: WorkerOptions = { modelPath, threads };
  const worker = new Worker(new URL("./worker.mjs", import.meta.url), { workerData });
  worker.setMaxListeners(0);
  await new Promise<void>((ready, broken) => {
    worker.once("message", () => ready());
    worker.once("error", broken);
  });
  worker.on("error", failed);
  worker.once("exit", () => failed(new Error("a model thread ended")));
  return { worker, running: [] };
}

function answerOf(worker: Worker, batch: Batch): Promise<Float32Array> {
  return new Promise((done) => {
    worker.once("message", (message: FromWorker) => {
      if (message.kind === "vectors") done(message.vectors);
    });
    worker.postMessage(batch, [
      batch.ids.buffer as ArrayBuffer,
      batch.lengths.buffer as ArrayBuffer,
    ]);
  });
}

function padded(rows: readonly number[][]): Batch {
  const width = Math.max(...rows.map((row) => row.length));
  const ids = new BigInt64Array(rows.length * width);
  for (const [at, row] of rows.entries()) ids.set(row.map(BigInt), at * width);
  return { ids, lengths: Int32Array.from(rows, (row) => row.length) };
}
