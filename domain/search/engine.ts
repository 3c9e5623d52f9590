import type { Analysed } from "#domain/search/analysis.ts";
import { CHUNK, type Kernel, openKernel } from "#domain/search/kernel.ts";
import { type Lexical, openLexical } from "#domain/search/lexical.ts";
import { mergeable, mergeSegments } from "#domain/search/merge.ts";
import type { PageCache } from "#domain/search/pages.ts";
import type { SegmentHead, SegmentSink } from "#domain/search/segment.ts";
import { openVectorPages, type VectorPages } from "#domain/search/vector-pages.ts";
import { codeOf, type Quantised } from "#domain/search/vectors.ts";

/** What an engine keeps beside its pages. Slots below `flushed` are on disk whole; the rest its owner replays. */
export type EngineState = {
  dimensions: number;
  flushed: number;
  nextSegment: number;
  segments: SegmentHead[];
  merging?: number;
};

export type PageKind = "dictionary" | "postings" | "vectors" | "columns" | "alive";

/** Where an engine lives: pages by kind, owner (a segment, else 0) and number. `atomically` is all or nothing. */
export type EngineDisk = {
  read(kind: PageKind, owner: number, page: number): Uint8Array | null;
  write(kind: PageKind, owner: number, page: number, data: Uint8Array): void;
  drop(kind: PageKind, owner: number): void;
  state(): EngineState | null;
  saveState(state: EngineState): void;
  atomically(work: () => void): void;
};

export type SlotRange = { first: number; count: number };
export type NewPassage = Analysed & { vector: Quantised };

/** Passages that wait in memory before they are written as a segment: small enough to write within a few ms. */
export const TAIL_MAX = 512;

export type Engine = {
  kernel: Kernel;
  lexical: Lexical;
  vectors: VectorPages;
  /** Where the next unit will go. */
  nextSlot(): number;
  /** Takes a unit's passages into memory and answers the first slot. Its owner has stored them already. */
  add(passages: readonly NewPassage[], level: number): number;
  /** Fills slots that a removed unit had before a restart, so that the ones behind keep their numbers. */
  skipTo(slot: number): void;
  /** Takes slots out of every answer. `saveAlive` makes it last: call it first, in the transaction that removes the unit. */
  kill(range: SlotRange): void;
  saveAlive(killed: readonly SlotRange[]): void;
  /** Passages that can be found. */
  alive(): number;
  flushedSlots(): number;
  isFlushDue(): boolean;
  isMergeDue(): boolean;
  flush(): void;
  /** A merge in steps of a few ms, or null when there is nothing to merge; each `next` is one step. */
  merge(): Generator<void, void> | null;
};

// oxlint-disable-next-line max-lines-per-function -- short methods over the same four parts
export function openEngine(
  module: WebAssembly.Module,
  dimensions: number,
  disk: EngineDisk,
  cache: PageCache,
): Engine {
  const state = disk.state() ?? { dimensions, flushed: 0, nextSegment: 1, segments: [] };
  const kernel = openKernel(module, state.dimensions);
  const lexical = openLexical(
    state.segments,
    { read: (part, segment, page) => wordsOf(disk.read(part, segment, page)) },
    cache,
  );
  const vectors = openVectorPages(
    state.dimensions,
    state.flushed,
    (page) => disk.read("vectors", 0, page),
    cache,
  );
  const sink: SegmentSink = {
    write: (part, segment, page, data) =>
      disk.write(
        part,
        segment,
        page,
        new Uint8Array(data.buffer, data.byteOffset, data.byteLength),
      ),
  };
  let alive = restoreChunks(kernel, disk, state.flushed);
  if (state.merging !== undefined) dropSegments(disk, [state.merging]);

  return {
    kernel,
    lexical,
    vectors,
    nextSlot: () => kernel.slots(),
    alive: () => alive,
    flushedSlots: () => state.flushed,
    add(passages, level) {
      const first = kernel.slots();
      for (const [passage, { counts, length, vector }] of passages.entries()) {
        const slot = kernel.add({
          code: codeOf(vector.values, state.dimensions),
          length,
          passage,
          level,
        });
        vectors.put(slot, vector);
        lexical.add(slot, counts, length);
        alive++;
      }
      return first;
    },
    skipTo(slot) {
      while (kernel.slots() < slot)
        kernel.kill(kernel.add({ code: null, length: 0, passage: 0, level: 0 }));
    },
    kill({ first, count }) {
      for (let slot = first; slot < first + count; slot++) {
        if (!kernel.isAlive(slot)) continue;
        kernel.kill(slot);
        alive--;
      }
    },
    saveAlive(killed) {
      const chunks = new Map<number, Uint8Array>();
      for (const { first, count } of killed) {
        for (let slot = first; slot < Math.min(first + count, state.flushed); slot++) {
          const chunk = Math.floor(slot / CHUNK);
          const bits = chunks.get(chunk) ?? kernel.aliveBits(chunk);
          const byte = (slot % CHUNK) >> 3;
          bits[byte] = (bits[byte] ?? 0) & ~(1 << (slot & 7));
          chunks.set(chunk, bits);
        }
      }
      for (const [chunk, bits] of chunks) disk.write("alive", 0, chunk, bits);
    },
    isFlushDue: () => lexical.tailPassages() >= TAIL_MAX,
    isMergeDue: () => mergeable(state.segments).length > 0,
    flush() {
      const end = kernel.slots();
      if (end === state.flushed) return;
      let head: SegmentHead | null = null;
      disk.atomically(() => {
        head = lexical.flush(state.nextSegment, end, sink);
        for (let chunk = Math.floor(state.flushed / CHUNK); chunk * CHUNK < end; chunk++) {
          disk.write("columns", 0, chunk, kernel.columns(chunk));
          disk.write("alive", 0, chunk, kernel.aliveBits(chunk));
        }
        for (const [page, data] of vectors.open()) disk.write("vectors", 0, page, data);
        const next = {
          ...state,
          flushed: end,
          nextSegment: state.nextSegment + 1,
          segments: [...state.segments, head],
        };
        disk.saveState(next);
      });
      if (head === null) return;
      state.segments = [...state.segments, head];
      state.flushed = end;
      state.nextSegment++;
      lexical.flushed(head);
      vectors.flushed(end);
    },
    merge() {
      const inputs = mergeable(state.segments);
      return inputs.length === 0 ? null : merging(inputs);
    },
  };

  function* merging(inputs: readonly SegmentHead[]): Generator<void, void> {
    const id = state.nextSegment;
    // Noted first: what a crash leaves of a merge is dropped at the next start.
    state.nextSegment++;
    state.merging = id;
    disk.saveState(state);
    const ids = inputs.map((head) => head.id);
    const head = yield* mergeSegments(id, lexical.segments(ids), kernel, sink);
    const kept = state.segments.filter((segment) => !ids.includes(segment.id));
    const first = state.segments.findIndex((segment) => ids.includes(segment.id));
    const segments = [...kept.slice(0, first), head, ...kept.slice(first)];
    disk.atomically(() => {
      delete state.merging;
      disk.saveState({ ...state, segments });
      dropSegments(disk, ids);
    });
    state.segments = segments;
    lexical.merged(ids, head);
  }
}

function restoreChunks(kernel: Kernel, disk: EngineDisk, flushed: number): number {
  let alive = 0;
  for (let chunk = 0; chunk * CHUNK < flushed; chunk++) {
    const columns = disk.read("columns", 0, chunk);
    const bits = disk.read("alive", 0, chunk);
    if (columns === null || bits === null)
      throw new Error(`Chunk ${chunk} of a search shard is missing`);
    kernel.restore(chunk, columns, bits, Math.min(flushed, (chunk + 1) * CHUNK));
    for (let slot = chunk * CHUNK; slot < Math.min(flushed, (chunk + 1) * CHUNK); slot++)
      if (kernel.isAlive(slot)) alive++;
  }
  return alive;
}

function dropSegments(disk: EngineDisk, ids: readonly number[]): void {
  for (const id of ids) {
    disk.drop("dictionary", id);
    disk.drop("postings", id);
  }
}

function wordsOf(data: Uint8Array | null): Uint32Array {
  if (data === null) throw new Error("A page of a search segment is missing");
  return data.byteOffset % 4 === 0
    ? new Uint32Array(data.buffer, data.byteOffset, data.byteLength / 4)
    : new Uint32Array(data.slice().buffer);
}
