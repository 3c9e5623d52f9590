import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "#scripts/launch/free-port.ts";
import { installPeers, peer } from "./install.ts";
import { redisInstalled, redisReady } from "./stack.ts";

type Job = { id?: string };
type Queue = {
  add(name: string, data: object, options: object): Promise<Job>;
  close(): Promise<void>;
};
type Worker = {
  on(event: "completed", listener: (job: Job) => void): void;
  waitUntilReady(): Promise<unknown>;
  close(force?: boolean): Promise<void>;
};
type Bullmq = {
  Queue: new (name: string, options: object) => Queue;
  Worker: new (name: string, run: () => Promise<null>, options: object) => Worker;
};

/** `always`: on disk before it is answered, as ours is. `everysec`: what a crash loses is a second's. */
export type Fsync = "always" | "everysec";

/** Round trips a second of BullMQ on Debian's Redis: a job is added, run and done, `concurrency` of them at a time. */
export async function bullmqPerSecond(
  data: object,
  concurrency: number,
  fsync: Fsync,
  durationMs: number,
): Promise<number> {
  await installPeers(["bullmq", "ioredis"]);
  await redisInstalled();
  const folder = mkdtempSync(join(tmpdir(), "wishub-bench-bullmq-"));
  const port = await freePort();
  const args = `--port ${port} --bind 127.0.0.1 --dir ${folder} --appendonly yes --appendfsync ${fsync}`;
  const redis = spawn("redis-server", args.split(" ").concat("--save", ""), { stdio: "ignore" });
  try {
    await redisReady(port);
    return await measured(port, data, concurrency, durationMs);
  } finally {
    redis.kill("SIGKILL");
    await once(redis, "exit");
    rmSync(folder, { recursive: true, force: true });
  }
}

async function measured(port: number, data: object, concurrency: number, durationMs: number) {
  const { Queue, Worker } = peer<Bullmq>("bullmq");
  const connection = { host: "127.0.0.1", port, maxRetriesPerRequest: null };
  const queue = new Queue("bench", { connection });
  const worker = new Worker("bench", async () => null, { connection, concurrency });
  await worker.waitUntilReady();
  const waiting = new Map<string, () => void>();
  worker.on("completed", ({ id = "" }) => {
    waiting.get(id)?.();
    waiting.delete(id);
  });
  let done = 0;
  let next = 0;
  const startedAt = performance.now();
  const loop = async () => {
    while (performance.now() - startedAt < durationMs) {
      const jobId = `job-${next++}`;
      const { promise, resolve } = Promise.withResolvers<void>();
      waiting.set(jobId, resolve);
      await queue.add("job", data, { jobId, removeOnComplete: true });
      await promise;
      done++;
    }
  };
  await Promise.all(Array.from({ length: concurrency }, loop));
  const seconds = (performance.now() - startedAt) / 1_000;
  await worker.close(true);
  await queue.close();
  return done / seconds;
}
