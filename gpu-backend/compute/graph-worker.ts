import { parentPort, workerData } from "node:worker_threads";
import { communities } from "./communities.ts";
import { type Edges, pageRank } from "./page-rank.ts";

export type GraphTask = { edges: Edges; seed: number };
export type Analysis = { rank: Float64Array; community: Uint32Array };

const { edges, seed } = workerData as GraphTask;
parentPort?.postMessage({
  rank: pageRank(edges),
  community: communities(edges, seed),
} satisfies Analysis);
