import { codeBytesOf, paddedTo16, type Quantised } from "#domain/search/engine/vectors.ts";

/** The middles of a shard's lists, in 7 bits: list `i` is `values[i * stride …] * scales[i]`. */
export type Centroids = { count: number; values: Int8Array; scales: Float32Array };

/**
 * A vector as the scan knows it: the list it is in, the signs of what it differs by from that list's middle, and two
 * numbers. With `q` the query, `m` the middle, `r` the difference and `s` its signs, `q·v = q·m + q·r` is estimated as
 * `q·m + alpha (q·s) + delta`, where `delta = m·r - alpha (m·s)` is what the middle itself makes of the same error
 * (after RaBitQ, Gao & Long 2024, arXiv:2405.12497). Alpha is in 1/32,768, delta in 1/16,384.
 */
export type Code = { list: number; bits: Uint8Array; alpha: number; delta: number };

/** A slot that no list holds: removed before it was ever written. */
export const NO_LIST = 0xffff;
const ALPHA = 32_768;
const DELTA = 16_384;
/** Of a code whose numbers nobody wrote down: they only order, and all are ordered alike. */
export const ALPHA_UNKNOWN = ALPHA / 16;

/** One list around nothing: how a shard too small for lists keeps its codes. */
export const flat = (dimensions: number): Centroids => ({
  count: 1,
  values: new Int8Array(paddedTo16(dimensions)),
  scales: new Float32Array(1),
});

export function encoded(
  { values, scale }: Quantised,
  dimensions: number,
  centroids: Centroids,
  list: number,
): Code {
  const bits = new Uint8Array(codeBytesOf(dimensions));
  const middle = list * paddedTo16(dimensions);
  const middleScale = centroids.scales[list] ?? 0;
  let squares = 0;
  let sizes = 0;
  let along = 0;
  let signed = 0;
  for (let i = 0; i < dimensions; i++) {
    const m = (centroids.values[middle + i] ?? 0) * middleScale;
    const r = (values[i] ?? 0) * scale - m;
    squares += r * r;
    along += m * r;
    if (r > 0) {
      bits[i >> 3] = (bits[i >> 3] ?? 0) | (1 << (i & 7));
      sizes += r;
      signed += m;
    } else {
      sizes -= r;
      signed -= m;
    }
  }
  const alpha = sizes > 0 ? squares / sizes : 0;
  return {
    list,
    bits,
    alpha: Math.max(0, Math.min(65_535, Math.round(alpha * ALPHA))),
    delta: Math.max(-32_768, Math.min(32_767, Math.round((along - alpha * signed) * DELTA))),
  };
}
