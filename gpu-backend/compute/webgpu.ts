import type { Compute, Matrix, Neighbours, Run } from "./compute.ts";
import { neighboursOf } from "./compute.ts";
import { type Buffers, type Device, openDevice } from "./device.ts";
import { collector, type Links } from "./within.ts";
import { CLOSEST, DISTANCES, PAIRS, SELECT, TILE } from "./wgsl.ts";

/** How the work is cut; smaller in tests, so that little work is cut too. */
export type Sizes = {
  /** Of the distances of one block: what the card works on between two looks at the signal. */
  blockBytes: number;
  /** Points of one block. */
  pointsMax: number;
  /** Of one buffer of points, where the adapter does not allow less. */
  segmentBytes: number;
};

const SIZES: Sizes = { blockBytes: 33_554_432, pointsMax: 8_192, segmentBytes: 2_147_483_648 };
const QUERIES_MIN = 64;
const QUERIES_MAX = 16_384;
/** Fewer points than this leave most of a tile empty: threads are as fast, and nothing has to travel. */
const POINTS_MIN = 8;
const BLOCK_FIELDS = 10;
const FAR = 3.4e38;

type Kernels = Record<"distances" | "closest" | "select" | "pairs", GPUComputePipeline>;
type On = { device: Device; kernels: Kernels; sizes: Sizes };

type Options = {
  alsoSoftware: boolean;
  /** Hears what the adapter failed at, before `cpu` does it. */
  failed: (error: unknown) => void;
  sizes?: Sizes;
};

/**
 * WGSL on an adapter, where one is found. Means are summed by `cpu`, in 64 bits, so that both say the same; and `cpu`
 * does whatever the adapter fails at: it has too little memory, or it was lost.
 */
export async function openWebGpu(
  cpu: Compute,
  { alsoSoftware, failed, sizes = SIZES }: Options,
): Promise<Compute | undefined> {
  const device = await openDevice({ alsoSoftware });
  if (device === undefined) return undefined;
  const [distances, closest, select, pairs] = await Promise.all([
    device.pipeline(DISTANCES),
    device.pipeline(CLOSEST),
    device.pipeline(SELECT),
    device.pipeline(PAIRS),
  ]);
  const on: On = { device, kernels: { distances, closest, select, pairs }, sizes };
  const either = async <T>(run: Run, here: () => Promise<T>, there: () => Promise<T>) => {
    if (device.lost() !== undefined) return there();
    try {
      return await here();
    } catch (error) {
      run.signal?.throwIfAborted();
      failed(error);
      return there();
    }
  };
  return {
    kind: "webgpu",
    device: device.name,
    nearest(points, queries, k, run = {}) {
      const there = () => cpu.nearest(points, queries, k, run);
      if (points.rows < POINTS_MIN) return there();
      return either(run, () => nearest(on, points, queries, k, run), there);
    },
    within: (points, distanceMax, run = {}) =>
      either(
        run,
        () => within(on, points, distanceMax, run),
        () => cpu.within(points, distanceMax, run),
      ),
    means: (points, groups, count, run) => cpu.means(points, groups, count, run),
    async close() {
      device.close();
      await cpu.close();
    },
  };
}

type Segment = { buffer: GPUBuffer; firstPoint: number; points: number };

/** All points on the card, in as many buffers as it takes: one may hold only so much. */
async function upload({ device, sizes }: On, buffers: Buffers, points: Matrix): Promise<Segment[]> {
  const rowBytes = Math.ceil(points.dimensions / 4) * 16;
  const { maxBufferSize, maxStorageBufferBindingSize } = device.limits;
  const bytes = Math.min(maxBufferSize, maxStorageBufferBindingSize, sizes.segmentBytes);
  const rows = Math.max(1, Math.floor(bytes / rowBytes));
  const segments: Segment[] = [];
  for (let firstPoint = 0; firstPoint < points.rows; firstPoint += rows) {
    const count = Math.min(rows, points.rows - firstPoint);
    const buffer = await buffers.storage(count * rowBytes);
    await buffers.writeRows(buffer, rowsOf(points, firstPoint, count), points.dimensions);
    segments.push({ buffer, firstPoint, points: count });
  }
  return segments;
}

const rowsOf = ({ values, dimensions }: Matrix, first: number, count: number) =>
  values.subarray(first * dimensions, (first + count) * dimensions);

/** Queries that one block takes against so many points. */
const queriesFor = ({ blockBytes, pointsMax }: Sizes, points: number) =>
  Math.min(
    QUERIES_MAX,
    Math.max(QUERIES_MIN, Math.floor(blockBytes / 4 / Math.min(points, pointsMax))),
  );

/** A block with more pairs than this is done again in halves; one of the fewest queries has no more. */
const pairsFor = ({ pointsMax }: Sizes) => QUERIES_MIN * pointsMax;

type Block = {
  queries: number;
  points: number;
  k: number;
  firstQuery: number;
  firstPoint: number;
  others: boolean;
  /** Of the segment. */
  firstRow: number;
  distanceMax: number;
};

/** What the blocks of one call share: the points, and room for queries and distances. */
async function openBlocks(on: On, buffers: Buffers, points: Matrix, queriesMax: number) {
  const { device, kernels, sizes } = on;
  const quads = Math.ceil(points.dimensions / 4);
  const segments = await upload(on, buffers, points);
  const queries = await buffers.storage(queriesMax * quads * 16);
  const distances = await buffers.storage(queriesMax * Math.min(points.rows, sizes.pointsMax) * 4);
  const uniform = await buffers.uniform(BLOCK_FIELDS * 4);

  function describe(block: Block): void {
    const words = new ArrayBuffer(BLOCK_FIELDS * 4);
    const { firstQuery, firstPoint, firstRow, others, k } = block;
    const [q, p] = [block.queries, block.points];
    new Uint32Array(words).set([q, p, quads, k, firstQuery, firstPoint, Number(others), firstRow]);
    new Float32Array(words)[8] = block.distanceMax;
    new Uint32Array(words)[9] = pairsFor(sizes);
    device.device.queue.writeBuffer(uniform, 0, words);
  }

  const bound = (pipeline: GPUComputePipeline, given: GPUBuffer[]) =>
    device.device.createBindGroup({
      layout: pipeline.getBindGroupLayout(0),
      entries: [uniform, ...given].map((buffer, binding) => ({ binding, resource: { buffer } })),
    });

  return {
    distances,
    put: (matrix: Matrix, first: number, count: number) =>
      buffers.writeRows(queries, rowsOf(matrix, first, count), matrix.dimensions),

    /** Every part of the points once, in order; `from` leaves out what comes before it. */
    *parts(from = 0) {
      for (const { buffer, firstPoint, points: count } of segments)
        for (let firstRow = 0; firstRow < count; firstRow += sizes.pointsMax) {
          const part = Math.min(sizes.pointsMax, count - firstRow);
          if (firstPoint + firstRow + part <= from) continue;
          yield { buffer, firstRow, firstPoint: firstPoint + firstRow, points: part };
        }
    },

    /** The distances of a block, and then what another kernel makes of them. */
    submit(
      points: GPUBuffer,
      block: Block,
      then: { pipeline: GPUComputePipeline; given: GPUBuffer[]; groups: [number, number] },
    ): void {
      describe(block);
      const encoder = device.device.createCommandEncoder();
      const pass = encoder.beginComputePass();
      pass.setPipeline(kernels.distances);
      pass.setBindGroup(0, bound(kernels.distances, [queries, points, distances]));
      pass.dispatchWorkgroups(Math.ceil(block.points / TILE), Math.ceil(block.queries / TILE));
      pass.setPipeline(then.pipeline);
      pass.setBindGroup(0, bound(then.pipeline, [distances, ...then.given]));
      pass.dispatchWorkgroups(...then.groups);
      pass.end();
      device.device.queue.submit([encoder.finish()]);
    },
  };
}

async function nearest(
  on: On,
  points: Matrix,
  given: Matrix | "others",
  wanted: number,
  { signal, progress }: Run,
): Promise<Neighbours> {
  const queries = given === "others" ? points : given;
  const k = neighboursOf(points, given, wanted);
  const rows = queries.rows;
  const indices = new Uint32Array(rows * k);
  const distances = new Float32Array(rows * k);
  if (k === 0) return { k, rows, indices, distances };
  const step = Math.min(rows, queriesFor(on.sizes, points.rows));
  const pipeline = k === 1 ? on.kernels.closest : on.kernels.select;
  await on.device.scope(async (buffers) => {
    const blocks = await openBlocks(on, buffers, points, step);
    const [at, near] = [await buffers.storage(step * k * 4), await buffers.storage(step * k * 4)];
    const staging = await buffers.staging(step * k * 4);
    const far = new Float32Array(step * k).fill(FAR);
    for (let firstQuery = 0; firstQuery < rows; firstQuery += step) {
      signal?.throwIfAborted();
      const count = Math.min(step, rows - firstQuery);
      await blocks.put(queries, firstQuery, count);
      on.device.device.queue.writeBuffer(near, 0, far);
      for (const { buffer, ...part } of blocks.parts()) {
        const block = { ...part, queries: count, k, firstQuery, distanceMax: 0 };
        const groups: [number, number] = [k === 1 ? Math.ceil(count / 64) : count, 1];
        const then = { pipeline, given: [at, near], groups };
        blocks.submit(buffer, { ...block, others: given === "others" }, then);
      }
      const bytes = count * k * 4;
      indices.set(new Uint32Array(await buffers.read(at, staging, bytes)), firstQuery * k);
      distances.set(new Float32Array(await buffers.read(near, staging, bytes)), firstQuery * k);
      progress?.((firstQuery + count) / rows);
    }
  });
  return { k, rows, indices, distances };
}

async function within(
  on: On,
  points: Matrix,
  distanceMax: number,
  { signal, progress }: Run,
): Promise<Links> {
  const found = collector(points.rows);
  const pairsMax = pairsFor(on.sizes);
  if (points.rows < 2) return found.links();
  const step = Math.min(points.rows, queriesFor(on.sizes, points.rows));
  await on.device.scope(async (buffers) => {
    const blocks = await openBlocks(on, buffers, points, step);
    const count = await buffers.storage(4);
    const pairs = await buffers.storage(pairsMax * 16);
    const [countStaging, staging] = [
      await buffers.staging(4),
      await buffers.staging(pairsMax * 16),
    ];

    async function look(firstQuery: number, queries: number): Promise<void> {
      await blocks.put(points, firstQuery, queries);
      for (const { buffer, ...part } of blocks.parts(firstQuery + 1)) {
        signal?.throwIfAborted();
        on.device.device.queue.writeBuffer(count, 0, new Uint32Array(1));
        const block = { ...part, queries, firstQuery, distanceMax, k: 0, others: true };
        const groups: [number, number] = [Math.ceil(part.points / 64), queries];
        blocks.submit(buffer, block, { pipeline: on.kernels.pairs, given: [count, pairs], groups });
        const [there = 0] = new Uint32Array(await buffers.read(count, countStaging, 4));
        if (there > pairsMax) return inHalves(firstQuery, queries);
        if (there === 0) continue;
        const bytes = await buffers.read(pairs, staging, there * 16);
        const words = new Uint32Array(bytes);
        const floats = new Float32Array(bytes);
        for (let at = 0; at < words.length; at += 4)
          found.add(words[at] ?? 0, words[at + 1] ?? 0, floats[at + 2] ?? 0);
      }
    }

    // Pairs that were added already are found again: a forest takes them twice as once.
    async function inHalves(firstQuery: number, queries: number): Promise<void> {
      const half = Math.ceil(queries / 2);
      await look(firstQuery, half);
      await look(firstQuery + half, queries - half);
    }

    for (let firstQuery = 0; firstQuery < points.rows; firstQuery += step) {
      const queries = Math.min(step, points.rows - firstQuery);
      await look(firstQuery, queries);
      progress?.((firstQuery + queries) / points.rows);
    }
  });
  return found.links();
}
