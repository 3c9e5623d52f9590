import { Worker } from "node:worker_threads";
import { type Compute, type Matrix, type Run, similarityOf } from "./compute.ts";
import type { Analysis, GraphTask } from "./graph-worker.ts";
import type { Edges } from "./page-rank.ts";

/** From each point to its neighbours, nearest first; `similarities` are cosines, and may be below 0 where weights are 0. */
export type Graph = Edges & Analysis & { similarities: Float32Array };

/** Of the share that is shown as done, what finding the neighbours counts for. */
const NEIGHBOURS_SHARE = 0.9;

/** The graph of the `k` nearest neighbours of vectors of length 1, with the rank and the community of each. */
export async function neighbourGraph(
  compute: Compute,
  points: Matrix,
  { k: wanted, seed }: { k: number; seed: number },
  { signal, progress }: Run = {},
): Promise<Graph> {
  const { k, indices, distances } = await compute.nearest(points, "others", wanted, {
    ...(signal === undefined ? {} : { signal }),
    progress: (share) => progress?.(share * NEIGHBOURS_SHARE),
  });
  const similarities = Float32Array.from(distances, similarityOf);
  const edges: Edges = {
    nodes: points.rows,
    from: Uint32Array.from(indices, (_, edge) => Math.floor(edge / k)),
    to: Uint32Array.from(indices),
    weights: similarities.map((similarity) => Math.max(0, similarity)),
  };
  const analysis = await analyse({ edges, seed }, signal);
  progress?.(1);
  return { ...edges, ...analysis, similarities };
}

/** In a thread of its own, which takes what it held with it when it ends. */
function analyse(task: GraphTask, signal: AbortSignal | undefined): Promise<Analysis> {
  const name = import.meta.url.endsWith(".mjs")
    ? "./compute/graph-worker.mjs"
    : "./graph-worker.ts";
  return new Promise((done, failed) => {
    signal?.throwIfAborted();
    const worker = new Worker(new URL(name, import.meta.url), { workerData: task });
    const abort = () => {
      failed(signal?.reason as Error);
      void worker.terminate();
    };
    signal?.addEventListener("abort", abort, { once: true });
    worker.once("message", done);
    worker.once("error", failed);
    worker.once("exit", (code) => {
      signal?.removeEventListener("abort", abort);
      failed(new Error(`the thread of a graph ended with ${code}`)); // too late where it answered
    });
  });
}
