import type { Compute, Matrix, Means, Neighbours, Run } from "./compute.ts";
import { neighboursOf } from "./compute.ts";
import { openPool, type Pool } from "./pool.ts";
import { sharedFloats, sharedInts } from "./shared.ts";
import { collector, type Links } from "./within.ts";
import type { Task } from "./worker.ts";

type Options = {
  /** compute/worker.ts, or what it was built to. */
  workerUrl: URL;
  /** dist/kernels/distances.wasm, as bytes. */
  kernel: Uint8Array<ArrayBuffer>;
  threads: number;
  /** Pairs of vectors that one task compares: a few hundredths of a second, so that an abort is soon heard. */
  pairsPerTask?: number;
};

type On = { pool: Pool; pairsPerTask: number };

const PAIRS_PER_TASK = 2_097_152;
/** Rows that the kernel takes at a time (scan.ts): a task of fewer would copy the points for little. */
const ROWS_STEP = 64;

/** Worker threads with 128-bit SIMD (WebAssembly). */
export async function openCpu(options: Options): Promise<Compute> {
  const { workerUrl, kernel, threads, pairsPerTask = PAIRS_PER_TASK } = options;
  const pool = openPool(workerUrl, await WebAssembly.compile(kernel), threads);
  const on: On = { pool, pairsPerTask };
  return {
    kind: "cpu",
    device: threads === 1 ? "1 thread" : `${threads} threads`,
    nearest: (points, queries, k, run = {}) => nearest(on, points, queries, k, run),
    within: (points, distanceMax, run = {}) => within(on, points, distanceMax, run),
    means: (points, groups, count, run = {}) => means(pool, points, groups, count, run),
    close: () => pool.close(),
  };
}

async function nearest(
  { pool, pairsPerTask }: On,
  points: Matrix,
  given: Matrix | "others",
  wanted: number,
  run: Run,
): Promise<Neighbours> {
  const queries = given === "others" ? points : given;
  const k = neighboursOf(points, given, wanted);
  const indices = sharedInts(queries.rows * k);
  const distances = sharedFloats(queries.rows * k);
  const fixed = {
    points: points.values,
    pointCount: points.rows,
    queries: queries.values,
    dimensions: points.dimensions,
    k,
    others: given === "others",
    indices,
    distances,
  };
  const rows = k === 0 ? 0 : queries.rows;
  const tasks = rangesOf(rows, pairsPerTask / points.rows).map((range): Task => ({
    kind: "nearest",
    task: { ...fixed, ...range },
  }));
  await pool.all(tasks, run);
  return { k, rows: queries.rows, indices, distances };
}

async function within(
  { pool, pairsPerTask }: On,
  points: Matrix,
  distanceMax: number,
  run: Run,
): Promise<Links> {
  const found = collector(points.rows);
  const fixed = {
    points: points.values,
    pointCount: points.rows,
    dimensions: points.dimensions,
    distanceMax,
  };
  const tasks = rangesOf(points.rows, pairsPerTask / points.rows).map((range): Task => ({
    kind: "within",
    task: { ...fixed, ...range },
  }));
  await pool.all(tasks, run, (links) => {
    for (const [at, from] of links?.from.entries() ?? [])
      found.add(from, links?.to[at] ?? 0, links?.distances[at] ?? 0);
  });
  return found.links();
}

async function means(
  pool: Pool,
  points: Matrix,
  given: Uint32Array,
  count: number,
  run: Run,
): Promise<Means> {
  const { dimensions } = points;
  const groups = sharedInts(points.rows);
  groups.set(given);
  const centroids = { rows: count, dimensions, values: sharedFloats(count * dimensions) };
  const sizes = sharedInts(count);
  const fixed = {
    points: points.values,
    pointCount: points.rows,
    dimensions,
    groups,
    centroids: centroids.values,
    sizes,
  };
  const each = Math.max(1, Math.ceil(count / pool.threads));
  const tasks = Array.from({ length: Math.ceil(count / each) }, (_, at): Task => ({
    kind: "means",
    task: { ...fixed, from: at * each, to: Math.min(count, (at + 1) * each) },
  }));
  await pool.all(tasks, run);
  return { centroids, sizes };
}

function rangesOf(rows: number, wanted: number): { from: number; to: number }[] {
  const each = Math.max(1, Math.floor(Math.min(wanted, rows) / ROWS_STEP)) * ROWS_STEP;
  return Array.from({ length: Math.ceil(rows / each) }, (_, at) => ({
    from: at * each,
    to: Math.min(rows, (at + 1) * each),
  }));
}
