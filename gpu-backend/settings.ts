import { availableParallelism, totalmem } from "node:os";
import { join } from "node:path";
import { err, ok, type Result } from "#domain/shared/result.ts";
import { jobSettingsFrom } from "./jobs/settings.ts";
import type { LaneSettings } from "./jobs/lane.ts";
import type { BatchLimits } from "./batcher.ts";
import type { ComputeSettings } from "./compute/open.ts";
import type { RerankEndpoint } from "./rerank.ts";

export type Settings = {
  host: string;
  port: number;
  token: string | undefined;
  /** Standard input is a pipe from whoever started this; its end is their end. */
  parentPipe: boolean;
  /** Threads that run the model side by side, and the threads each of them computes with. */
  workers: number;
  threads: number;
  limits: BatchLimits;
  /** The ONNX file, and the folder with the vocabulary and the glossary. */
  modelPath: string;
  wordsPath: string;
  compute: ComputeSettings;
  /** Where documents are re-ranked; without it nobody does. */
  rerank: RerankEndpoint | undefined;
  /** What jobs may hold at once. */
  memoryBytes: number;
  /** Null: no jobs are pulled. */
  jobs: LaneSettings | null;
};

const DEVICES = ["auto", "cpu", "webgpu"] as const;
const MEGABYTE = 1_048_576;
/** A laptop's other programs need the rest. */
const MEMORY_SHARE = 0.25;

/**
 * Batches are small because a batch cannot be interrupted: a query waits for the one that is running, and on a CPU
 * larger ones are hardly faster (`npm run bench -- gpu`).
 */
const LIMITS: BatchLimits = {
  itemsMax: 32,
  tokensMax: { query: 512, document: 256 },
  waitMs: 5,
  queueMax: { query: 1_024, document: 4_096 },
  queryBatchesMax: 8,
};

/** One setting that cannot be understood is one sentence, and nothing starts. */
export function settingsFrom(env: NodeJS.ProcessEnv, dist: string): Result<Settings, string> {
  const cores = availableParallelism();
  const workers = whole(env, "WISHUB_GPU_WORKERS", cores >= 4 ? 2 : 1, 1, 16);
  // One core is left to the product, which lives beside this on a laptop.
  const threads = whole(
    env,
    "WISHUB_GPU_THREADS",
    Math.max(1, Math.floor((cores - 1) / (workers ?? 1))),
    1,
    64,
  );
  const port = whole(env, "WISHUB_GPU_PORT", 8788, 0, 65_535);
  const queue = whole(env, "WISHUB_GPU_QUEUE", LIMITS.queueMax.document, 1, 65_536);
  const most = Math.floor(totalmem() / MEGABYTE);
  const memory = whole(env, "WISHUB_GPU_MEMORY_MB", Math.floor(most * MEMORY_SHARE), 1, 999_999);
  if (memory === undefined) return err("WISHUB_GPU_MEMORY_MB is not a number from 1 to 999999.");
  const device = DEVICES.find((name) => name === (env["WISHUB_GPU_DEVICE"] || "auto"));
  if (device === undefined) return err("WISHUB_GPU_DEVICE is none of auto, cpu and webgpu.");
  if (workers === undefined) return err("WISHUB_GPU_WORKERS is not a number from 1 to 16.");
  if (threads === undefined) return err("WISHUB_GPU_THREADS is not a number from 1 to 64.");
  if (port === undefined) return err("WISHUB_GPU_PORT is not a number from 0 to 65535.");
  if (queue === undefined) return err("WISHUB_GPU_QUEUE is not a number from 1 to 65536.");
  const host = env["WISHUB_GPU_HOST"] || "127.0.0.1";
  const token = env["WISHUB_GPU_TOKEN"] || undefined;
  if (token === undefined && !isLoopback(host)) {
    return err(
      `WISHUB_GPU_HOST ${host} can be reached from outside: set WISHUB_GPU_TOKEN as well.`,
    );
  }
  const rerank = env["WISHUB_GPU_RERANK_URL"] || undefined;
  if (rerank !== undefined && !/^https?:/.test(URL.parse(rerank)?.protocol ?? ""))
    return err("WISHUB_GPU_RERANK_URL is not a URL of http:// or https://.");
  const jobs = jobSettingsFrom(env);
  if (!jobs.ok) return jobs;
  const queueMax = { query: Math.min(queue, LIMITS.queueMax.query), document: queue };
  return ok({
    host,
    port,
    token,
    parentPipe: env["WISHUB_PARENT_PIPE"] === "1",
    workers,
    threads,
    limits: { ...LIMITS, queueMax },
    modelPath: env["WISHUB_GPU_MODEL"] || join(dist, "gpu", "minilm.onnx"),
    wordsPath: env["WISHUB_GPU_WORDS"] || join(dist, "assets", "model"),
    compute: {
      device,
      threads: Math.max(1, cores - 1),
      kernelPath: join(dist, "kernels", "distances.wasm"),
    },
    rerank:
      rerank === undefined
        ? undefined
        : {
            url: rerank,
            key: env["WISHUB_GPU_RERANK_KEY"] || undefined,
            model: env["WISHUB_GPU_RERANK_MODEL"] || undefined,
          },
    memoryBytes: memory * MEGABYTE,
    jobs: jobs.value,
  });
}

function whole(
  env: NodeJS.ProcessEnv,
  name: string,
  otherwise: number,
  least: number,
  most: number,
) {
  const text = env[name];
  if (text === undefined || text === "") return otherwise;
  if (!/^\d{1,6}$/.test(text)) return undefined;
  const value = Number(text);
  return value >= least && value <= most ? value : undefined;
}

const isLoopback = (host: string) =>
  host === "localhost" || host === "::1" || /^127(\.\d{1,3}){3}$/.test(host);
