import type { Centroids } from "#domain/search/engine/codes.ts";
import { openKernel } from "#domain/search/engine/kernel.ts";
import { ASSIGNED_MAX } from "#domain/search/engine/layout.ts";
import { paddedTo16, type Quantised } from "#domain/search/engine/vectors.ts";

/** Passages from which on a shard has lists: below, looking at every code costs less than knowing where to look. */
export const LISTS_FROM = 4_096;
/** Those of 10 million passages: a list's number has 16 bits. */
const LISTS_MAX = 16_384;
const SAMPLES_PER_LIST = 24;
const ROUNDS = 4;
/** Vectors assigned in one step: about a ms. */
const STEP = ASSIGNED_MAX;

export const listsFor = (passages: number): number =>
  Math.min(LISTS_MAX, Math.round(5 * Math.sqrt(passages)));
export const samplesFor = (lists: number): number => lists * SAMPLES_PER_LIST;

/** Sampled vectors in one piece: vector `i` is `values[i * stride …] * scales[i]`. */
export type Sample = { count: number; values: Int8Array; scales: Float32Array };

/**
 * Middles of `count` groups of the sampled vectors (Lloyd's k-means), with a yield every few ms. The same sample gives
 * the same middles: the first ones are spread over it, and a group that loses its last vector gets another one.
 */
export function* clustersOf(
  sample: Sample,
  count: number,
  dimensions: number,
  module: WebAssembly.Module,
): Generator<void, Centroids> {
  const stride = paddedTo16(dimensions);
  const rows = new Float32Array(count * stride);
  for (let list = 0; list < count; list++)
    putRow(rows, list, sample, Math.floor((list * sample.count) / count));
  let centroids = quantisedRows(rows, count, stride);
  for (let round = 0; round < ROUNDS; round++) {
    const kernel = openKernel(module, dimensions, centroids);
    const members = new Uint32Array(count);
    rows.fill(0);
    yield;
    for (let first = 0; first < sample.count; first += STEP) {
      const some = Math.min(STEP, sample.count - first);
      const found = kernel.listsOf(
        Array.from({ length: some }, (_, i) => vectorOf(sample, first + i, stride)),
      );
      for (const [i, list] of found.entries()) {
        members[list] = (members[list] ?? 0) + 1;
        addRow(rows, list, sample, first + i, stride);
      }
      yield;
    }
    for (let list = 0; list < count; list++) {
      const held = members[list] ?? 0;
      if (held === 0)
        putRow(rows, list, sample, (Math.imul(list + 1, 0x9e37_79b1) >>> 0) % sample.count);
      else
        for (let at = list * stride; at < (list + 1) * stride; at++)
          rows[at] = (rows[at] ?? 0) / held;
    }
    centroids = quantisedRows(rows, count, stride);
    yield;
  }
  return centroids;
}

const vectorOf = ({ values, scales }: Sample, at: number, stride: number): Quantised => ({
  values: values.subarray(at * stride, (at + 1) * stride),
  scale: scales[at] ?? 0,
});

function addRow(rows: Float32Array, row: number, sample: Sample, at: number, stride: number): void {
  const { values } = sample;
  const scale = sample.scales[at] ?? 0;
  for (let i = 0, to = row * stride, from = at * stride; i < stride; i++, to++, from++)
    rows[to] = (rows[to] ?? 0) + (values[from] ?? 0) * scale;
}

function putRow(rows: Float32Array, row: number, sample: Sample, at: number): void {
  const stride = sample.values.length / Math.max(1, sample.scales.length);
  rows.fill(0, row * stride, (row + 1) * stride);
  addRow(rows, row, sample, at, stride);
}

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

/** What a row of centroids has at most: two million bytes are what a row of SQLite may have on the platform. */
const ROW_BYTES = 1_000_000;

/** Centroids as they lie on disk, with how many vectors each list held then: sizes, values, scales; in rows. */
export function packedCentroids({ values, scales }: Centroids, sizes: Uint32Array): Uint8Array[] {
  const data = new Uint8Array(sizes.byteLength + values.length + scales.byteLength);
  data.set(new Uint8Array(sizes.buffer));
  data.set(new Uint8Array(values.buffer), sizes.byteLength);
  data.set(new Uint8Array(scales.buffer), sizes.byteLength + values.length);
  return Array.from({ length: Math.ceil(data.length / ROW_BYTES) }, (_, row) =>
    data.subarray(row * ROW_BYTES, (row + 1) * ROW_BYTES),
  );
}

export function unpackedCentroids(
  rows: readonly Uint8Array[],
  count: number,
): { centroids: Centroids; sizes: Uint32Array } {
  const data = new Uint8Array(rows.reduce((sum, { length }) => sum + length, 0));
  let end = 0;
  for (const row of rows) {
    data.set(row, end);
    end += row.length;
  }
  const scales = data.length - count * 4;
  const centroids = {
    count,
    values: new Int8Array(data.buffer.slice(count * 4, scales)),
    scales: new Float32Array(data.buffer.slice(scales)),
  };
  return { centroids, sizes: new Uint32Array(data.buffer.slice(0, count * 4)) };
}
