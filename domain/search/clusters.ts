import type { Centroids } from "#domain/search/codes.ts";
import { ASSIGNED_MAX, openKernel } from "#domain/search/kernel.ts";
import { paddedTo16, type Quantised } from "#domain/search/vectors.ts";

/** Passages from which on a shard has lists: below, looking at every code costs less than knowing where to look. */
export const LISTS_FROM = 4_096;
const LISTS_MAX = 2_048;
const SAMPLES_PER_LIST = 16;
const ROUNDS = 3;
/** Vectors assigned in one step: about a ms. */
const STEP = ASSIGNED_MAX;

export const listsFor = (passages: number): number =>
  Math.min(LISTS_MAX, Math.round(5 * Math.sqrt(passages)));
export const samplesFor = (lists: number): number => lists * SAMPLES_PER_LIST;

/**
 * Middles of `count` groups of the sampled vectors (Lloyd's k-means), with a yield every few ms. The same sample gives
 * the same middles: the first ones are spread over it, and a group that loses its last vector gets another one.
 */
export function* clustersOf(
  sample: readonly Quantised[],
  count: number,
  dimensions: number,
  module: WebAssembly.Module,
): Generator<void, Centroids> {
  const stride = paddedTo16(dimensions);
  let centroids = quantisedRows(
    Float32Array.from({ length: count * stride }, (_, i) =>
      valueAt(sample[Math.floor((Math.floor(i / stride) * sample.length) / count)], i % stride),
    ),
    count,
    stride,
  );
  for (let round = 0; round < ROUNDS; round++) {
    const kernel = openKernel(module, dimensions, centroids);
    const sums = new Float32Array(count * stride);
    const members = new Uint32Array(count);
    for (let first = 0; first < sample.length; first += STEP) {
      const some = sample.slice(first, first + STEP);
      for (const [n, list] of kernel.listsOf(some).entries()) {
        const { values, scale } = some[n] ?? NOTHING;
        members[list] = (members[list] ?? 0) + 1;
        const row = sums.subarray(list * stride, (list + 1) * stride);
        for (let i = 0; i < dimensions; i++) row[i] = (row[i] ?? 0) + (values[i] ?? 0) * scale;
      }
      yield;
    }
    for (let list = 0; list < count; list++) {
      const held = members[list] ?? 0;
      const spare = sample[(Math.imul(list + 1, 0x9e37_79b1) >>> 0) % sample.length];
      for (let i = 0; i < dimensions; i++) {
        const at = list * stride + i;
        sums[at] = held === 0 ? valueAt(spare, i) : (sums[at] ?? 0) / held;
      }
    }
    centroids = quantisedRows(sums, count, stride);
  }
  return centroids;
}

const NOTHING: Quantised = { values: new Int8Array(), scale: 0 };

const valueAt = (vector: Quantised | undefined, index: number): number =>
  vector === undefined ? 0 : (vector.values[index] ?? 0) * vector.scale;

function quantisedRows(rows: Float32Array, count: number, stride: number): Centroids {
  const centroids = {
    count,
    values: new Int8Array(count * stride),
    scales: new Float32Array(count),
  };
  for (let row = 0; row < count; row++) {
    let most = 0;
    for (let i = 0; i < stride; i++) most = Math.max(most, Math.abs(rows[row * stride + i] ?? 0));
    if (most === 0) continue;
    const scale = Math.fround(most / 63);
    centroids.scales[row] = scale;
    for (let i = 0; i < stride; i++)
      centroids.values[row * stride + i] = Math.round((rows[row * stride + i] ?? 0) / scale);
  }
  return centroids;
}

/** Centroids as one row on disk, with how many vectors each list held then: sizes, values, scales. */
export function packedCentroids({ values, scales }: Centroids, sizes: Uint32Array): Uint8Array {
  const data = new Uint8Array(sizes.byteLength + values.length + scales.byteLength);
  data.set(new Uint8Array(sizes.buffer));
  data.set(new Uint8Array(values.buffer), sizes.byteLength);
  data.set(new Uint8Array(scales.buffer), sizes.byteLength + values.length);
  return data;
}

export function unpackedCentroids(
  data: Uint8Array,
  count: number,
): { centroids: Centroids; sizes: Uint32Array } {
  const { buffer } = data.slice();
  const scales = data.length - count * 4;
  const centroids = {
    count,
    values: new Int8Array(buffer.slice(count * 4, scales)),
    scales: new Float32Array(buffer.slice(scales)),
  };
  return { centroids, sizes: new Uint32Array(buffer.slice(0, count * 4)) };
}
