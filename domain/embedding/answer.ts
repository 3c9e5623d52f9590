import { normOf } from "#domain/shared/norm.ts";

/** Workers AI's answer to an embedding model, and ours in its place. */
export type EmbeddingAnswer = { shape: [number, number]; data: number[][]; pooling: "mean" };

/** Plain, because an error's class does not survive RPC. */
export type EmbeddingRefusal = { refused: "no-model-bound" | "overloaded"; detail: string };

export type Priority = "query" | "document";

/** One run takes at most these; a caller with more makes several runs. */
export const RUN_TEXTS_MAX = 128;
export const RUN_TEXT_CHARS_MAX = 65_536;

/** The answer's vectors at unit length, or null for anything but `count` finite, non-zero ones of that many dimensions. */
export function vectorsOf(
  answer: unknown,
  count: number,
  dimensions: number,
): Float32Array[] | null {
  if (typeof answer !== "object" || answer === null || !("data" in answer)) return null;
  const { data } = answer;
  if (!Array.isArray(data) || data.length !== count) return null;
  const vectors: Float32Array[] = [];
  for (const row of data as unknown[]) {
    const vector = isFloats(row) ? unit(Float32Array.from(row)) : null;
    if (vector?.length !== dimensions) return null;
    vectors.push(vector);
  }
  return vectors;
}

/** Vectors of an OpenAI-shaped answer (floats or base64 of little-endian floats), in the order of their `index`. */
export function openAiVectorsOf(
  answer: unknown,
  count: number,
  dimensions: number,
): Float32Array[] | null {
  if (typeof answer !== "object" || answer === null || !("data" in answer)) return null;
  const { data } = answer;
  if (!Array.isArray(data) || data.length !== count) return null;
  const rows: unknown[] = Array.from({ length: count }, () => null);
  for (const [place, item] of (data as unknown[]).entries()) {
    if (typeof item !== "object" || item === null || !("embedding" in item)) return null;
    const index = "index" in item && typeof item.index === "number" ? item.index : place;
    if (!(index in rows)) return null;
    rows[index] = typeof item.embedding === "string" ? floatsOf(item.embedding) : item.embedding;
  }
  return vectorsOf({ data: rows }, count, dimensions);
}

/** Rows after one another as little-endian floats, and back; null where the bytes are not `count` such rows. */
export function packRows(rows: readonly Float32Array[]): Uint8Array<ArrayBuffer> {
  const width = rows[0]?.length ?? 0;
  const floats = new Float32Array(rows.length * width);
  for (const [i, row] of rows.entries()) floats.set(row, i * width);
  return new Uint8Array(floats.buffer);
}

export function unpackRows(
  bytes: ArrayBuffer,
  count: number,
  dimensions: number,
): Float32Array[] | null {
  if (bytes.byteLength !== count * dimensions * 4) return null;
  const rows = Array.from(
    { length: count },
    (_, i) => new Float32Array(bytes, i * dimensions * 4, dimensions),
  );
  return vectorsOf({ data: rows }, count, dimensions);
}

function isFloats(row: unknown): row is number[] | Float32Array {
  if (row instanceof Float32Array) return true;
  return Array.isArray(row) && row.every((value) => typeof value === "number");
}

function unit(vector: Float32Array): Float32Array | null {
  const length = normOf(vector);
  if (!Number.isFinite(length) || length < 1e-6) return null;
  // Already of unit length to rounding: kept bit for bit, so that a cached and a fresh vector are the same.
  return Math.abs(length - 1) < 1e-5 ? vector : vector.map((value) => value / length);
}

function floatsOf(base64: string): Float32Array | null {
  try {
    // Not Uint8Array.fromBase64, which Node 24 lacks.
    const bytes = Uint8Array.from(atob(base64), (char) => char.charCodeAt(0));
    return bytes.length % 4 === 0 ? new Float32Array(bytes.buffer) : null;
  } catch {
    return null; // not base64: the same as no vector
  }
}
