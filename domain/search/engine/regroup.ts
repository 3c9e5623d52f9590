import {
  clustersOf,
  listsFor,
  packedCentroids,
  type Sample,
  samplesFor,
} from "#domain/search/engine/clusters.ts";
import { CHUNK } from "#domain/search/engine/columns.ts";
import type { EngineDisk } from "#domain/search/engine/disk.ts";
import { type Centroids, NO_LIST } from "#domain/search/engine/codes.ts";
import { type Kernel, openKernel } from "#domain/search/engine/kernel.ts";
import { ASSIGNED_MAX } from "#domain/search/engine/layout.ts";
import { openSlots, type Slots } from "#domain/search/engine/slots.ts";
import type { VectorPages } from "#domain/search/engine/vector-pages.ts";
import { paddedTo16, type Quantised } from "#domain/search/engine/vectors.ts";

/** Vectors read or coded in one step: about a ms. */
const STEP = ASSIGNED_MAX;
/** Grown by this since its lists were made, a shard gets new ones; a large one sooner, since there more is read for nothing. */
const [GROWTH, GROWTH_LARGE] = [2, 1.5];
const LARGE = 200_000;

/** Of a shard's lists: where they are on disk, how many, how many passages they were made for, and how far to look. */
export type ListsState = { generation: number; count: number; passages: number; gap?: number };

export const isRegroupDue = (
  lists: ListsState | undefined,
  alive: number,
  listsFrom: number,
): boolean => {
  if (lists === undefined) return alive >= listsFrom;
  return alive >= lists.passages * (lists.passages < LARGE ? GROWTH : GROWTH_LARGE);
};

type From = {
  module: WebAssembly.Module;
  disk: EngineDisk;
  vectors: VectorPages;
  slots: Slots;
  alive: number;
};

/**
 * Groups a shard's vectors anew beside the lists in use, which are read, added to and removed from meanwhile. Yields
 * every few ms; what it answers counts once its owner has stored the state and taken the slots in place of the old.
 */
export function* regrouped(
  from: From,
  generation: number,
): Generator<void, { slots: Slots; lists: ListsState }> {
  const { module, disk, vectors, slots, alive } = from;
  const { kernel } = slots;
  const count = listsFor(alive);
  const sample = yield* sampled(slots, vectors, Math.min(alive, samplesFor(count)));
  const centroids = yield* clustersOf(sample, count, kernel.dimensions, module);
  const lists = yield* assigned(from, centroids);
  const sizes = new Uint32Array(count);
  for (const list of lists) if (list !== NO_LIST) sizes[list] = (sizes[list] ?? 0) + 1;
  for (const [row, data] of packedCentroids(centroids, sizes).entries())
    disk.write("centroids", generation, row, data);
  const next = openSlots(module, kernel.dimensions, centroids, sizes);
  // Slots that come while others are coded are coded in turn: nothing waits between the last look and the end.
  while (next.kernel.slots() < kernel.slots()) {
    const slot = next.kernel.slots();
    const vector = kernel.isAlive(slot) ? vectors.peek(slot) : null;
    if (vector === null) next.skip();
    else next.add(vector, aboutOf(kernel, slot), lists[slot]);
    if ((slot + 1) % CHUNK === 0) {
      for (const [chunk, data] of next.open()) disk.write("columns", generation, chunk, data);
      next.flushed(slot + 1);
    }
    if (slot % STEP === STEP - 1) yield;
  }
  for (let chunk = 0; chunk * CHUNK < kernel.slots(); chunk++)
    next.kernel.setAlive(chunk, kernel.aliveBits(chunk));
  return { slots: next, lists: { generation, count, passages: alive } };
}

/** The lists of the slots there are when it begins. */
function* assigned(
  { module, vectors, slots: { kernel } }: From,
  centroids: Centroids,
): Generator<void, Uint16Array> {
  const { listsOf } = openKernel(module, kernel.dimensions, centroids);
  const lists = new Uint16Array(kernel.slots()).fill(NO_LIST);
  for (let first = 0; first < lists.length; first += STEP) {
    const some: { slot: number; vector: Quantised }[] = [];
    for (let slot = first; slot < Math.min(first + STEP, lists.length); slot++)
      if (kernel.isAlive(slot)) some.push({ slot, vector: vectors.peek(slot) });
    const found = listsOf(some.map(({ vector }) => vector));
    for (const [i, { slot }] of some.entries()) lists[slot] = found[i] ?? NO_LIST;
    yield;
  }
  return lists;
}

const aboutOf = (kernel: Kernel, slot: number) => ({
  length: kernel.lengthOf(slot),
  passage: kernel.passageOf(slot),
  level: kernel.levelOf(slot),
});

/** Vectors from all over the shard, page by page. */
function* sampled(slots: Slots, vectors: VectorPages, wanted: number): Generator<void, Sample> {
  const stride = paddedTo16(slots.kernel.dimensions);
  const values = new Int8Array(wanted * stride);
  const scales = new Float32Array(wanted);
  let count = 0;
  const run = STEP;
  const runs = Math.ceil(slots.kernel.slots() / run);
  const step = coprime(1 + Math.floor(runs * 0.618), runs);
  for (let i = 0, at = 0; i < runs && count < wanted; i++) {
    for (let slot = at * run; slot < (at + 1) * run; slot++) {
      const vector = slots.kernel.isAlive(slot) ? vectors.peek(slot) : null;
      if (vector === null || count === wanted) continue;
      values.set(vector.values, count * stride);
      scales[count++] = vector.scale;
    }
    at = (at + step) % runs;
    yield;
  }
  return { count, values, scales };
}

/** The next step at least this long that visits every run before it comes back. */
function coprime(step: number, runs: number): number {
  const common = (a: number, b: number): number => (b === 0 ? a : common(b, a % b));
  let best = step;
  while (common(best, runs) !== 1) best++;
  return best;
}
