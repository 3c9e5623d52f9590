import { setTimeout as sleep } from "node:timers/promises";
import type { Compute } from "#gpu-backend/compute/compute.ts";
import type { Memory } from "#gpu-backend/compute/memory.ts";
import { type ComputeSettings, openCompute } from "#gpu-backend/compute/open.ts";
import { createHttp } from "./http.ts";
import { type Lane, type LaneDeps, type LaneSettings, startLane } from "./lane.ts";

type Parts = Pick<LaneDeps, "embedder" | "tokenise" | "rerank" | "ocr"> & {
  compute: ComputeSettings;
  memory: Memory;
};

/** The lane of jobs of this process; what computes is opened when the first job needs it. */
export function openJobs(settings: LaneSettings, { compute: computing, ...parts }: Parts): Lane {
  let compute: Promise<Compute> | undefined;
  return startLane(settings, {
    http: createHttp(fetch),
    ...parts,
    compute: () =>
      (compute ??= openCompute(computing).catch((error: unknown) => {
        compute = undefined;
        throw error;
      })),
    wait: (ms, signal) => sleep(ms, undefined, { signal }),
    log: (event, about) => process.stderr.write(`${JSON.stringify({ event, ...about })}\n`),
  });
}
