/** A vector in 8 bits a dimension: `vector[i] ≈ values[i] * scale`. */
export type Quantised = { values: Int8Array; scale: number };

/** Vectors are padded with zeros to whole SIMD registers. */
export const paddedTo16 = (dimensions: number): number => Math.ceil(dimensions / 16) * 16;

/** Bytes of a 1-bit code, padded the same way. */
export const codeBytesOf = (dimensions: number): number => Math.ceil(dimensions / 128) * 16;

/** Quantising what `restored` gives changes nothing, so a copied shard ranks exactly like the original. */
export function quantised(vector: Float32Array): Quantised {
  const most = largest(vector);
  const scale = Math.fround(most / 127);
  const values = new Int8Array(paddedTo16(vector.length));
  if (scale === 0) return { values, scale };
  for (let i = 0; i < vector.length; i++) values[i] = Math.round((vector[i] ?? 0) / scale);
  return { values, scale };
}

export function restored({ values, scale }: Quantised, dimensions: number): Float32Array {
  const vector = new Float32Array(dimensions);
  for (let i = 0; i < dimensions; i++) vector[i] = (values[i] ?? 0) * scale;
  return vector;
}

/** A query in up to 16 bits a dimension: as many as leave the sum of its products with 8-bit values in 32 bits. */
export type QuantisedQuery = { values: Int16Array; scale: number };
const QUERY_MAX = 8_191;
const SUM_MAX = 2 ** 31 - 1;

export function quantisedQuery(vector: Float32Array): QuantisedQuery {
  const most = largest(vector);
  const scale = most / Math.min(QUERY_MAX, Math.floor(SUM_MAX / (127 * vector.length)));
  const values = new Int16Array(paddedTo16(vector.length));
  if (scale > 0)
    for (let i = 0; i < vector.length; i++) values[i] = Math.round((vector[i] ?? 0) / scale);
  return { values, scale };
}

/** By index: a typed array's iterator makes an object of each number until it is optimised. */
function largest(vector: Float32Array): number {
  let most = 0;
  for (let i = 0; i < vector.length; i++) most = Math.max(most, Math.abs(vector[i] ?? 0));
  return most;
}

/** What centroids that are kept 64 higher (kernels/search/products.ts) add to a product with these values. */
export function biasOf(values: Int8Array): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i] ?? 0;
  return 64 * sum;
}
