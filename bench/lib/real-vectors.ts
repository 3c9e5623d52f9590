import { createHash } from "node:crypto";
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  readSync,
  renameSync,
  statSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { setPriority } from "node:os";
import { type Backend, buildBackend, startBackend } from "#gpu-backend/process.ts";
import { inRoot } from "#scripts/launch/paths.ts";
import { say } from "#scripts/launch/say.ts";

export const DIMENSIONS = 384;
const BYTES = DIMENSIONS * 4;
/** Texts of a block are sent shortest first, so that a batch is hardly padded; a block is the unit of resuming. */
const BLOCK = 4_096;
const PER_REQUEST = 32;
const IN_FLIGHT = 4;

export type Vectors = { all: Float32Array; count: number; file: string };

/** Vector `n` of a set, without a copy. */
export const vectorAt = (vectors: Float32Array, n: number): Float32Array =>
  vectors.subarray(n * DIMENSIONS, (n + 1) * DIMENSIONS);

/**
 * The embeddings of texts by the product's own model, float32 one after the other, made once and kept under
 * .cache/bench by what they are made of. What was made before an interruption is not made again.
 */
export async function realVectors(
  name: string,
  texts: readonly string[],
  options: { nice?: number; budgetMs?: number } = {},
): Promise<Vectors> {
  const file = cacheFile(name, texts, "f32");
  if (!existsSync(file)) await embedAll(name, texts, file, options);
  const made = existsSync(file) ? file : `${file}.part`;
  const all = readFloats(made);
  return { all, count: all.length / DIMENSIONS, file: made };
}

export function cacheFile(name: string, texts: readonly string[], ending: string): string {
  const hash = createHash("sha256");
  for (const text of texts) hash.update(text).update("\0");
  mkdirSync(inRoot(".cache", "bench"), { recursive: true });
  return inRoot(".cache", "bench", `${name}-${hash.digest("hex").slice(0, 16)}.${ending}`);
}

/** The first `count` vectors of a file. (readFileSync refuses files above 2 GiB.) */
export function readFloats(
  file: string,
  count = Number.POSITIVE_INFINITY,
): Float32Array<ArrayBuffer> {
  const size = Math.min(count, Math.floor(statSync(file).size / BYTES)) * BYTES;
  const bytes = new Uint8Array(size);
  const handle = openSync(file, "r");
  for (let at = 0; at < size;) at += readSync(handle, bytes, at, Math.min(size - at, 1 << 28), at);
  closeSync(handle);
  return new Float32Array(bytes.buffer);
}

/** Written beside and moved; in parts, since one write takes 2 GiB at most. */
export function writeFloats(file: string, all: Float32Array): void {
  const bytes = new Uint8Array(all.buffer, all.byteOffset, all.byteLength);
  const output = openSync(`${file}.part`, "w");
  for (let at = 0; at < bytes.length;)
    at += writeSync(output, bytes, at, Math.min(bytes.length - at, 1 << 28));
  closeSync(output);
  renameSync(`${file}.part`, file);
}

async function embedAll(
  name: string,
  texts: readonly string[],
  file: string,
  { nice = 15, budgetMs = Number.POSITIVE_INFINITY }: { nice?: number; budgetMs?: number },
): Promise<void> {
  const part = `${file}.part`;
  const before = existsSync(part) ? Math.floor(statSync(part).size / (BLOCK * BYTES)) * BLOCK : 0;
  if (existsSync(part)) truncateSync(part, before * BYTES);
  await buildBackend();
  const backend = await startBackend({ WISHUB_GPU_WORKERS: "2" });
  if (backend.child.pid !== undefined) setPriority(backend.child.pid, nice);
  const output = openSync(part, "a");
  const startedMs = performance.now();
  try {
    for (let first = before; first < texts.length; first += BLOCK) {
      if (performance.now() - startedMs > budgetMs) return;
      const block = texts.slice(first, first + BLOCK);
      writeSync(output, new Uint8Array((await embedBlock(backend, block)).buffer));
      const done = first + block.length;
      const perSecond = (done - before) / ((performance.now() - startedMs) / 1_000);
      say(
        `  ${name}: ${done} of ${texts.length} texts embedded, ${perSecond.toFixed(0)}/s, ${((texts.length - done) / perSecond / 60).toFixed(1)} min left`,
      );
    }
  } finally {
    closeSync(output);
    backend.child.kill();
    await backend.ended;
  }
  renameSync(part, file);
}

async function embedBlock(backend: Backend, texts: readonly string[]): Promise<Float32Array> {
  const order = texts.map((_, n) => n).sort((a, b) => lengthAt(texts, a) - lengthAt(texts, b));
  const requests = Array.from({ length: Math.ceil(order.length / PER_REQUEST) }, (_, n) =>
    order.slice(n * PER_REQUEST, (n + 1) * PER_REQUEST),
  ).values();
  const all = new Float32Array(texts.length * DIMENSIONS);
  const lane = async () => {
    for (const places of requests) {
      const vectors = await backend.vectors(places.map((place) => texts[place] ?? ""));
      for (const [n, place] of places.entries()) all.set(vectors[n] ?? [], place * DIMENSIONS);
    }
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, lane));
  return all;
}

const lengthAt = (texts: readonly string[], n: number): number => texts[n]?.length ?? 0;

/** The nearest `k` by dot product, computed in full; kept in a file because it takes a minute at 100,000. */
export function exactNearest(
  name: string,
  vectors: Float32Array,
  queries: Float32Array,
  k: number,
): Uint32Array {
  const hash = createHash("sha256");
  for (const part of [vectors, queries])
    hash.update(new Uint8Array(part.buffer, part.byteOffset, part.byteLength));
  const file = inRoot(".cache", "bench", `${name}-top${k}-${hash.digest("hex").slice(0, 16)}.u32`);
  if (existsSync(file)) {
    const bytes = readFileSync(file);
    return new Uint32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
  }
  const count = queries.length / DIMENSIONS;
  if (vectors.length > 100_000 * DIMENSIONS)
    say(`  working out the exact ${k} nearest of ${count} queries, which takes minutes once …`);
  const nearest = new Uint32Array(count * k);
  for (let n = 0; n < count; n++) nearest.set(nearestOf(vectors, vectorAt(queries, n), k), n * k);
  writeFileSync(`${file}.part`, nearest);
  renameSync(`${file}.part`, file);
  return nearest;
}

function nearestOf(vectors: Float32Array, query: Float32Array, k: number): number[] {
  const best: { place: number; score: number }[] = [];
  let worst = Number.NEGATIVE_INFINITY;
  for (let place = 0, at = 0; at < vectors.length; place++, at += DIMENSIONS) {
    let score = 0;
    for (let d = 0; d < DIMENSIONS; d++) score += (vectors[at + d] ?? 0) * (query[d] ?? 0);
    if (score <= worst && best.length === k) continue;
    let where = best.length;
    while (where > 0 && (best[where - 1]?.score ?? 0) < score) where--;
    best.splice(where, 0, { place, score });
    if (best.length > k) best.pop();
    worst = best.at(-1)?.score ?? worst;
  }
  return best.map(({ place }) => place);
}

/** The share of the exact nearest that were found, over all queries. */
export function recallOf(
  found: readonly (readonly number[])[],
  exact: Uint32Array,
  k: number,
): number {
  let hits = 0;
  for (const [n, places] of found.entries()) {
    const right = new Set(exact.subarray(n * k, (n + 1) * k));
    hits += places.filter((place) => right.has(place)).length;
  }
  return hits / (found.length * k);
}
