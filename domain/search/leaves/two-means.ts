import { affinity } from "#domain/search/leaves/tree.ts";
import { type Quantised, quantised, restored } from "#domain/search/engine/vectors.ts";

const ROUNDS = 12;
/** No half is made smaller than this while the means are sought, or accepted smaller than that in the end. */
const SHARE_SOUGHT = 0.3;
const SHARE_MIN = 0.15;

/**
 * Two directions that divide units by meaning into parts of similar size, in 8 bits a dimension: spherical 2-means
 * (Dhillon & Modha 2001) with the cut kept between 30 % and 70 %. Null where nothing divides them, as when all are
 * equal. Deterministic: a split that is begun again comes to the same.
 */
export function twoMeans(units: readonly (readonly Quantised[])[]): Int8Array[] | null {
  const dimensions = units[0]?.[0]?.values.length ?? 0;
  if (dimensions === 0 || units.length < 2) return null;
  const points = units.map((vectors) => directionOf(vectors, dimensions));
  let [a, b] = farApart(points, dimensions);
  for (let round = 0; round < ROUNDS; round++) {
    const side = difference(a, b);
    const order = points
      .map((point) => ({ point, lean: dot(point, side) }))
      .sort((one, other) => other.lean - one.lean);
    const leaning = order.filter(({ lean }) => lean > 0).length;
    const cut = Math.min(
      Math.max(leaning, Math.ceil(order.length * SHARE_SOUGHT)),
      Math.floor(order.length * (1 - SHARE_SOUGHT)),
    );
    const sorted = order.map(({ point }) => point);
    [a, b] = [meanOf(sorted.slice(0, cut), dimensions), meanOf(sorted.slice(cut), dimensions)];
  }
  const centroids = [quantised(a).values, quantised(b).values];
  const first = units.filter(
    (vectors) => affinity(centroids[0], vectors) >= affinity(centroids[1], vectors),
  ).length;
  const smaller = Math.min(first, units.length - first) / units.length;
  return smaller >= SHARE_MIN ? centroids : null;
}

/** Where the passages of one unit point together, at unit length. */
function directionOf(vectors: readonly Quantised[], dimensions: number): Float32Array {
  return meanOf(
    vectors.map((vector) => restored(vector, dimensions)),
    dimensions,
  );
}

function meanOf(points: readonly Float32Array[], dimensions: number): Float32Array {
  const mean = new Float32Array(dimensions);
  for (const point of points)
    for (let i = 0; i < dimensions; i++) mean[i] = (mean[i] ?? 0) + (point[i] ?? 0);
  const length = Math.sqrt(dot(mean, mean));
  if (length > 0) for (let i = 0; i < dimensions; i++) mean[i] = (mean[i] ?? 0) / length;
  return mean;
}

/** The point that is farthest from the middle, and the one that is farthest from it. */
function farApart(
  points: readonly Float32Array[],
  dimensions: number,
): [Float32Array, Float32Array] {
  const first = farthest(points, meanOf(points, dimensions));
  return [first, farthest(points, first)];
}

function farthest(points: readonly Float32Array[], from: Float32Array): Float32Array {
  let best = from;
  let least = Infinity;
  for (const point of points) {
    const near = dot(point, from);
    if (near < least) [best, least] = [point, near];
  }
  return best;
}

const difference = (a: Float32Array, b: Float32Array): Float32Array =>
  a.map((value, i) => value - (b[i] ?? 0));

function dot(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] ?? 0) * (b[i] ?? 0);
  return sum;
}
