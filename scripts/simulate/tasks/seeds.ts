import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
import { play } from "#scripts/simulate/tasks/play.ts";
import { addTo, emptySummary, type Summary, summaryOf } from "#scripts/simulate/tasks/summary.ts";

const SLICE = 200;
const THREADS_MAX = 8;

/** Plays these seeds here, one after the other. */
export function playAll(from: number, seeds: number): Summary {
  const sum = emptySummary();
  for (let seed = from; seed < from + seeds; seed++) addTo(sum, summaryOf(play(seed)));
  return sum;
}

/** The same on every core, where there are enough seeds to share out; the sum does not depend on who played what. */
export async function playShared(from: number, seeds: number): Promise<Summary> {
  if (seeds <= SLICE) return playAll(from, seeds);
  const slices: { from: number; seeds: number }[] = [];
  for (let first = from; first < from + seeds; first += SLICE)
    slices.push({ from: first, seeds: Math.min(SLICE, from + seeds - first) });
  const threads = Math.min(THREADS_MAX, availableParallelism(), slices.length);
  const parts = await Promise.all(Array.from({ length: threads }, () => worked(slices)));
  const sum = emptySummary();
  for (const part of parts) addTo(sum, part);
  sum.failed.sort((a, b) => a.seed - b.seed);
  return sum;
}

/** One thread, which takes slices until none are left. */
function worked(slices: { from: number; seeds: number }[]): Promise<Summary> {
  const sum = emptySummary();
  const worker = new Worker(new URL("./worker.ts", import.meta.url), {
    // Much is made and soon forgotten.
    resourceLimits: { maxYoungGenerationSizeMb: 64 },
  });
  return new Promise((resolve, reject) => {
    const next = () => {
      const slice = slices.pop();
      if (slice !== undefined) return worker.postMessage(slice);
      void worker.terminate();
      resolve(sum);
    };
    worker.on("message", (part: Summary) => {
      addTo(sum, part);
      next();
    });
    worker.on("error", reject);
    next();
  });
}
