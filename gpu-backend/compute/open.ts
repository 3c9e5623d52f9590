import { readFile } from "node:fs/promises";
import type { Compute } from "./compute.ts";
import { openCpu } from "./cpu.ts";
import { openWebGpu } from "./webgpu.ts";

export type ComputeSettings = {
  /** `auto` takes a graphics card where one is found; `webgpu` also an adapter that is software, or else nothing. */
  device: "auto" | "cpu" | "webgpu";
  threads: number;
  /** dist/kernels/distances.wasm. */
  kernelPath: string;
};

/** Beside this file as it was written, or where scripts/build-gpu.ts put it. */
const WORKER = import.meta.url.endsWith(".mjs") ? "./compute/worker.mjs" : "./worker.ts";

/** The fastest there is on this machine. Opened when the first job comes, closed with `close()`. */
export async function openCompute(settings: ComputeSettings): Promise<Compute> {
  const { device, threads, kernelPath } = settings;
  const kernel = Uint8Array.from(await readFile(kernelPath));
  const cpu = await openCpu({ workerUrl: new URL(WORKER, import.meta.url), kernel, threads });
  if (device === "cpu") return cpu;
  const webgpu = await openWebGpu(cpu, {
    alsoSoftware: device === "webgpu",
    failed: (error) => log("webgpu-failed", error),
  }).catch((error: unknown) => log("webgpu-unusable", error));
  if (webgpu !== undefined || device === "auto") return webgpu ?? cpu;
  await cpu.close();
  throw new Error("no adapter for WebGPU was found on this machine");
}

const log = (event: string, error: unknown): undefined => {
  process.stderr.write(`${JSON.stringify({ event, error: String(error) })}\n`);
};
