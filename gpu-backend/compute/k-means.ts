import type { Compute, Matrix, Neighbours, Run } from "./compute.ts";
import { randomFrom } from "./random.ts";
import { sharedFloats } from "./shared.ts";

export type KMeansOptions = {
  clusters: number;
  /** The same points and the same seed give the same clusters. */
  seed: number;
  iterationsMax?: number;
  /** It ends where a round takes less than this share off the inertia. */
  tolerance?: number;
};

export type Clusters = {
  /** For each point its cluster and the squared distance to that cluster's centroid. */
  assignment: Uint32Array;
  distances: Float32Array;
  centroids: Matrix;
  sizes: Uint32Array;
  /** The sum of the distances. */
  inertia: number;
  iterations: number;
  converged: boolean;
};

/** Seeds are chosen among so many points, drawn by chance: every seed costs a look at all of them. */
const SAMPLE_MIN = 8_192;
const SAMPLE_PER_CLUSTER = 16;
/** Of the share that is shown as done, what the choice of the seeds counts for. */
const SEEDING_SHARE = 0.1;

/** Lloyd's algorithm from k-means++ seeds (Arthur and Vassilvitskii, 2007). Never more clusters than points. */
export async function kMeans(
  compute: Compute,
  points: Matrix,
  { clusters, seed, iterationsMax = 50, tolerance = 1e-4 }: KMeansOptions,
  { signal, progress }: Run = {},
): Promise<Clusters> {
  const run: Run = signal === undefined ? {} : { signal };
  const count = Math.min(clusters, points.rows);
  let centroids = await seeds(compute, points, count, randomFrom(seed), {
    ...run,
    progress: (share) => progress?.(share * SEEDING_SHARE),
  });
  let nearest = await compute.nearest(centroids, points, 1, run);
  let inertia = sum(nearest.distances);
  let iterations = 0;
  let converged = points.rows === 0;
  while (!converged && iterations < iterationsMax) {
    const { centroids: moved, sizes } = await compute.means(points, nearest.indices, count, run);
    refill(moved, sizes, points, nearest);
    const next = await compute.nearest(moved, points, 1, run);
    const nextInertia = sum(next.distances);
    converged = nextInertia >= inertia * (1 - tolerance);
    iterations += 1;
    // The last bits of 32-bit distances can make a round worse: it is not kept.
    if (nextInertia > inertia) break;
    [centroids, nearest, inertia] = [moved, next, nextInertia];
    progress?.(SEEDING_SHARE + ((1 - SEEDING_SHARE) * iterations) / iterationsMax);
  }
  progress?.(1);
  const { indices: assignment, distances } = nearest;
  const sizes = new Uint32Array(count);
  for (const cluster of assignment) sizes[cluster] = (sizes[cluster] ?? 0) + 1;
  return { assignment, distances, centroids, sizes, inertia, iterations, converged };
}

/** Each next seed is a point of the sample, the likelier the farther it lies from those chosen. */
async function seeds(
  compute: Compute,
  points: Matrix,
  count: number,
  random: () => number,
  { signal, progress }: Run,
): Promise<Matrix> {
  const run: Run = signal === undefined ? {} : { signal };
  const sample = sampleOf(points, Math.max(SAMPLE_MIN, SAMPLE_PER_CLUSTER * count), random);
  const { dimensions } = points;
  const chosen = { rows: count, dimensions, values: sharedFloats(count * dimensions) };
  const closest = new Float64Array(sample.rows).fill(Infinity);
  let next = Math.floor(random() * sample.rows);
  for (let at = 0; at < count; at += 1) {
    const row = sample.values.subarray(next * dimensions, (next + 1) * dimensions);
    chosen.values.set(row, at * dimensions);
    const one = { rows: 1, dimensions, values: sharedFloats(dimensions) };
    one.values.set(row);
    const { distances } = await compute.nearest(one, sample, 1, run);
    let total = 0;
    for (let point = 0; point < sample.rows; point += 1) {
      closest[point] = Math.min(closest[point] ?? 0, distances[point] ?? 0);
      total += closest[point] ?? 0;
    }
    next = pick(closest, random() * total, random);
    progress?.((at + 1) / count);
  }
  return chosen;
}

/** The point that the target falls on; where all points are the same, any. */
function pick(weights: Float64Array, target: number, random: () => number): number {
  let left = target;
  for (const [at, weight] of weights.entries()) {
    left -= weight;
    if (weight > 0 && left <= 0) return at;
  }
  return Math.floor(random() * weights.length);
}

/** Rows without repetition, by the first steps of a Fisher–Yates shuffle; all of them where they are few. */
function sampleOf(points: Matrix, most: number, random: () => number): Matrix {
  if (points.rows <= most) return points;
  const { dimensions } = points;
  const order = Uint32Array.from({ length: points.rows }, (_, at) => at);
  const values = sharedFloats(most * dimensions);
  for (let at = 0; at < most; at += 1) {
    const other = at + Math.floor(random() * (points.rows - at));
    const row = order[other] ?? 0;
    order[other] = order[at] ?? 0;
    values.set(points.values.subarray(row * dimensions, (row + 1) * dimensions), at * dimensions);
  }
  return { rows: most, dimensions, values };
}

/** Clusters that lost all their points begin anew, each at one of the points that lie worst. */
function refill(centroids: Matrix, sizes: Uint32Array, points: Matrix, nearest: Neighbours): void {
  if (!sizes.includes(0)) return;
  const { dimensions } = points;
  const far = nearest.distances;
  const worst = Uint32Array.from(far, (_, at) => at).sort(
    (a, b) => (far[b] ?? 0) - (far[a] ?? 0) || a - b,
  );
  const left = worst.values();
  for (const [group, size] of sizes.entries()) {
    if (size > 0) continue;
    const point = left.next().value ?? 0;
    const row = points.values.subarray(point * dimensions, (point + 1) * dimensions);
    centroids.values.set(row, group * dimensions);
  }
}

const sum = (values: Float32Array) => values.reduce((total, value) => total + value, 0);
