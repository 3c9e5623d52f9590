import { parentPort, workerData } from "node:worker_threads";
import { means, type MeansTask } from "./means.ts";
import { nearest, type NearestTask } from "./nearest.ts";
import { openScan } from "./scan.ts";
import { type Links, within, type WithinTask } from "./within.ts";

export type Task =
  | { kind: "nearest"; task: NearestTask }
  | { kind: "within"; task: WithinTask }
  | { kind: "means"; task: MeansTask };

/** Only `within` has an answer of its own; the others write into memory that both sides see. */
export type Answer = Links | undefined;

const scan = openScan((workerData as { module: WebAssembly.Module }).module);

function answer({ kind, task }: Task): Answer {
  switch (kind) {
    case "nearest":
      nearest(scan, task);
      return undefined;
    case "within":
      return within(scan, task);
    case "means":
      means(task);
      return undefined;
  }
}

parentPort?.on("message", (task: Task) => parentPort?.postMessage(answer(task)));
