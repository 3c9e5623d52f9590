// Exact vector work over a whole collection: on threads, and on a graphics card where there is one.
import { availableParallelism } from "node:os";
import { join } from "node:path";
import type { Compute, Matrix } from "#gpu-backend/compute/compute.ts";
import { openDevice } from "#gpu-backend/compute/device.ts";
import { kMeans } from "#gpu-backend/compute/k-means.ts";
import { nearDuplicates } from "#gpu-backend/compute/near-duplicates.ts";
import { openCompute } from "#gpu-backend/compute/open.ts";
import { randomFrom } from "#gpu-backend/compute/random.ts";
import { sharedFloats } from "#gpu-backend/compute/shared.ts";

const ROOT = join(import.meta.dirname, "../..");
const [ROWS, DIMENSIONS, NEIGHBOURS, CLUSTERS] = [20_000, 384, 10, 100];
/** A difference, its square and a sum: what each pair of numbers costs. */
const OPERATIONS = 3;

/** Vectors of length 1 around a thousand directions, every 50th nearly the one before. */
function collection(): Matrix {
  const random = randomFrom(1);
  const values = sharedFloats(ROWS * DIMENSIONS);
  const middles = Float32Array.from({ length: 1_000 * DIMENSIONS }, () => random() - 0.5);
  for (let row = 0; row < ROWS; row += 1) {
    const near = row % 50 === 49 ? row - 1 : undefined;
    const middle = Math.floor(random() * 1_000) * DIMENSIONS;
    const made = Array.from({ length: DIMENSIONS }, (_, at) =>
      near === undefined
        ? (middles[middle + at] ?? 0) + (random() - 0.5)
        : (values[near * DIMENSIONS + at] ?? 0) + (random() - 0.5) * 0.005,
    );
    const length = Math.hypot(...made);
    values.set(
      made.map((value) => value / length),
      row * DIMENSIONS,
    );
  }
  return { rows: ROWS, dimensions: DIMENSIONS, values };
}

async function timed<T>(run: () => Promise<T>): Promise<{ seconds: number; value: T }> {
  const sinceMs = performance.now();
  const value = await run();
  return { seconds: (performance.now() - sinceMs) / 1_000, value };
}

async function measured(compute: Compute, points: Matrix, peak: number | undefined) {
  const name = `${compute.kind} (${compute.device})`;
  // The first call compiles what there is to compile.
  await compute.nearest(points, { ...points, rows: 64 }, NEIGHBOURS);
  const knn = await timed(() => compute.nearest(points, "others", NEIGHBOURS));
  const rate = (ROWS * ROWS * DIMENSIONS * OPERATIONS) / knn.seconds / 1e9;
  const share =
    peak === undefined ? "" : `, ${((100 * rate) / peak).toFixed(0)} % of its ${peak.toFixed(0)}`;
  console.log(
    `${name}: ${NEIGHBOURS} nearest of each of ${ROWS} × ${DIMENSIONS}: ${knn.seconds.toFixed(2)} s, ${rate.toFixed(0)} GFLOP/s${share}`,
  );
  const clusters = await timed(() => kMeans(compute, points, { clusters: CLUSTERS, seed: 1 }));
  const { iterations, inertia } = clusters.value;
  console.log(
    `${name}: ${CLUSTERS} clusters of them: ${clusters.seconds.toFixed(2)} s, ${iterations} rounds, inertia ${inertia.toFixed(1)}`,
  );
  const same = await timed(() => nearDuplicates(compute, points, 0.95));
  console.log(
    `${name}: near duplicates of them: ${same.seconds.toFixed(2)} s, ${same.value.length} groups`,
  );
}

/** So many multiply-adds each of so many threads does, on registers alone. */
const [PEAK_THREADS, PEAK_ROUNDS] = [1_048_576, 4_096];
const PEAK = /* wgsl */ `
@group(0) @binding(0) var<storage, read_write> out: array<f32>;
@compute @workgroup_size(256)
fn main(@builtin(global_invocation_id) at: vec3u) {
  let x = f32(at.x) * 1e-9;
  var a = vec4f(x, x + 1.0, x + 2.0, x + 3.0);
  var b = a + 0.5;
  let by = vec4f(0.999 + x);
  for (var i = 0u; i < ${PEAK_ROUNDS}u; i++) {
    a = fma(a, by, b);
    b = fma(b, by, a);
  }
  let sum = a + b;
  if (sum.x + sum.y + sum.z + sum.w == 12345.678) { out[0] = 1.0; }
}
`;

/** What the adapter does at most, in GFLOP/s, as far as a loop of multiply-adds shows it. */
async function peakOfCard(): Promise<number | undefined> {
  const opened = await openDevice({ alsoSoftware: false });
  if (opened === undefined) return undefined;
  const { device } = opened;
  const pipeline = await opened.pipeline(PEAK);
  const best = await opened.scope(async (buffers) => {
    const out = await buffers.storage(16);
    const entries = [{ binding: 0, resource: { buffer: out } }];
    const group = device.createBindGroup({ layout: pipeline.getBindGroupLayout(0), entries });
    const rates: number[] = [];
    for (let round = 0; round < 5; round += 1) {
      const { seconds } = await timed(async () => {
        const encoder = device.createCommandEncoder();
        const pass = encoder.beginComputePass();
        pass.setPipeline(pipeline);
        pass.setBindGroup(0, group);
        pass.dispatchWorkgroups(PEAK_THREADS / 256);
        pass.end();
        device.queue.submit([encoder.finish()]);
        await device.queue.onSubmittedWorkDone();
      });
      rates.push((PEAK_THREADS * PEAK_ROUNDS * 16) / seconds / 1e9);
    }
    return Math.max(...rates);
  });
  opened.close();
  return best;
}

export async function benchCompute(): Promise<void> {
  const kernelPath = join(ROOT, "dist/kernels/distances.wasm");
  const points = collection();
  for (const threads of new Set([1, availableParallelism()])) {
    const cpu = await openCompute({ device: "cpu", threads, kernelPath });
    await measured(cpu, points, undefined);
    await cpu.close();
  }
  const peak = await peakOfCard();
  if (peak === undefined) {
    console.log("webgpu: skipped, no graphics card is found (tests run WGSL in software)");
    return;
  }
  const card = await openCompute({ device: "webgpu", threads: 1, kernelPath });
  await measured(card, points, peak);
  await card.close();
}
