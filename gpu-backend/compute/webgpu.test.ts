import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { clouds, promises } from "./compute.contract.ts";
import type { Compute, Neighbours } from "./compute.ts";
import { openCpu } from "./cpu.ts";
import { kMeans } from "./k-means.ts";
import { useSoftwareAdapter } from "./software-adapter.ts";
import { openWebGpu, type Sizes } from "./webgpu.ts";

const kernel = Uint8Array.from(
  readFileSync(join(import.meta.dirname, "../../dist/kernels/distances.wasm")),
);
const workerUrl = new URL("./worker.ts", import.meta.url);
const openThreads = () => openCpu({ workerUrl, kernel, threads: 1 });
const LONG_MS = 240_000;

/** A graphics card, or else a driver that computes on the CPU; a sentence where there is neither. */
async function open(sizes?: Sizes): Promise<Compute | string> {
  const given = {
    failed: (error: unknown) => {
      throw error; // what threads did instead would prove nothing
    },
    ...(sizes === undefined ? {} : { sizes }),
  };
  const cpu = await openThreads();
  const card = await openWebGpu(cpu, { alsoSoftware: false, ...given });
  if (card !== undefined) return card;
  const why = useSoftwareAdapter();
  const software = await openWebGpu(cpu, { alsoSoftware: true, ...given });
  if (software !== undefined) return software;
  await cpu.close();
  return why ?? "the Vulkan driver that Chromium brings does not serve here";
}

// So small that little work is cut too: into blocks, parts and buffers.
promises("WGSL", () => open({ blockBytes: 65_536, pointsMax: 192, segmentBytes: 32_768 }));

describe("WGSL beside threads, on 20,000 × 384", () => {
  const points = clouds(20_000, 384, 200, 0.6);
  const queries = { ...points, rows: 128, values: points.values.subarray(0, 128 * 384) };

  it("finds the same neighbours at the same distances", { timeout: LONG_MS }, async (context) => {
    const [here, cpu] = [await open(), await openThreads()];
    context.skip(typeof here === "string", typeof here === "string" ? here : "");
    if (typeof here === "string") return;
    const [ours, theirs] = [
      await here.nearest(points, queries, 8),
      await cpu.nearest(points, queries, 8),
    ];
    for (const [at, distance] of ours.distances.entries())
      expect(Math.abs(distance - (theirs.distances[at] ?? 0))).toBeLessThanOrEqual(1e-5 * distance);
    expect(shareOfSame(ours, theirs)).toBeGreaterThanOrEqual(0.999);
    await Promise.all([here.close(), cpu.close()]);
  });

  it("clusters with the same inertia", { timeout: LONG_MS }, async (context) => {
    const [here, cpu] = [await open(), await openThreads()];
    context.skip(typeof here === "string", typeof here === "string" ? here : "");
    if (typeof here === "string") return;
    const options = { clusters: 64, seed: 5, iterationsMax: 2 };
    const [ours, theirs] = [
      await kMeans(here, points, options),
      await kMeans(cpu, points, options),
    ];
    expect(Math.abs(ours.inertia - theirs.inertia)).toBeLessThanOrEqual(1e-4 * theirs.inertia);
    await Promise.all([here.close(), cpu.close()]);
  });
});

/** In any order: what is as far may change places. */
function shareOfSame(ours: Neighbours, theirs: Neighbours): number {
  let same = 0;
  for (let row = 0; row < ours.rows; row += 1) {
    const [first, last] = [row * ours.k, (row + 1) * ours.k];
    const wanted = new Set(theirs.indices.subarray(first, last));
    for (const index of ours.indices.subarray(first, last)) same += wanted.has(index) ? 1 : 0;
  }
  return same / (ours.rows * ours.k);
}
