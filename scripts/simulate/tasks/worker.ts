import { parentPort } from "node:worker_threads";
import { playAll } from "#scripts/simulate/tasks/seeds.ts";

/** Plays the seeds it is given, a slice at a time. */
parentPort?.on("message", ({ from, seeds }: { from: number; seeds: number }) => {
  parentPort?.postMessage(playAll(from, seeds));
});
