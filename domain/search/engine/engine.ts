import type { Analysed } from "#domain/search/engine/analysis.ts";
import { LISTS_FROM, unpackedCentroids } from "#domain/search/engine/clusters.ts";
import { flat } from "#domain/search/engine/codes.ts";
import type { EngineDisk, EngineState } from "#domain/search/engine/disk.ts";
import { CHUNK } from "#domain/search/engine/columns.ts";
import type { Kernel } from "#domain/search/engine/kernel.ts";
import { type Lexical, openLexical } from "#domain/search/engine/lexical.ts";
import { mergeable, mergeSegments } from "#domain/search/engine/merge.ts";
import type { PageCache } from "#domain/search/engine/pages.ts";
import { isRegroupDue, type ListsState, regrouped } from "#domain/search/engine/regroup.ts";
import type { SegmentHead, SegmentSink } from "#domain/search/engine/segment.ts";
import { openSlots, type Slots } from "#domain/search/engine/slots.ts";
import {
  openVectorPages,
  readingFirst,
  type StoredPages,
  type VectorPages,
} from "#domain/search/engine/vector-pages.ts";
import { type Quantised } from "#domain/search/engine/vectors.ts";

export type SlotRange = { first: number; count: number };
export type NewPassage = Analysed & { vector: Quantised };

/** Passages that wait in memory before they are written as a segment: small enough to write within a few ms. */
export const TAIL_MAX = 512;

/** For a recall@10 of 0.99 of 100,000 real vectors (`npm run bench -- vectors`). */
export const GAP = 0.085;

export type Engine = {
  readonly kernel: Kernel;
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
  /** How many lists there are, and how far from the query a search looks into them (`Kernel.nearest`). */
  lists(): { count: number; gap: number };
  /** Changes how far a search looks. */
  tune(gap: number): void;
  isFlushDue(): boolean;
  isMergeDue(): boolean;
  flush(): void;
  /** A merge of segments or a regrouping of vectors in steps of a few ms, or null when neither is due. */
  merge(): Generator<void, void> | null;
  /** Ends what is under way: from here on nothing is written. */
  close(): void;
};

// oxlint-disable-next-line max-lines-per-function -- short methods over the same four parts
export function openEngine(
  module: WebAssembly.Module,
  dimensions: number,
  disk: EngineDisk,
  cache: PageCache,
  listsFrom = LISTS_FROM,
): Engine {
  const state = disk.state() ?? {
    dimensions,
    flushed: 0,
    nextSegment: 1,
    segments: [],
    pagedFrom: 0,
  };
  state.pagedFrom ??= state.flushed;
  const lexical = openLexical(
    state.segments,
    { read: (part, segment, page) => wordsOf(disk.read(part, segment, page)) },
    cache,
  );
  const vectors = vectorsOf(state, disk, cache);
  const sink: SegmentSink = {
    write: (part, segment, page, data) =>
      disk.write(
        part,
        segment,
        page,
        new Uint8Array(data.buffer, data.byteOffset, data.byteLength),
      ),
  };
  let slots = restoredSlots(module, disk, state);
  let alive = 0;
  for (let slot = 0; slot < state.flushed; slot++) if (slots.kernel.isAlive(slot)) alive++;
  dropUnfinished();
  let isClosed = false;

  return {
    get kernel() {
      return slots.kernel;
    },
    lexical,
    vectors,
    nextSlot: () => slots.kernel.slots(),
    alive: () => alive,
    flushedSlots: () => state.flushed,
    lists: () => ({ count: state.lists?.count ?? 1, gap: state.lists?.gap ?? GAP }),
    add(passages, level) {
      const first = slots.kernel.slots();
      for (const [passage, { counts, length, vector }] of passages.entries()) {
        const slot = slots.add(vector, { length, passage, level });
        vectors.put(slot, vector);
        lexical.add(slot, counts, length);
        alive++;
      }
      return first;
    },
    skipTo(slot) {
      while (slots.kernel.slots() < slot) slots.skip();
    },
    kill({ first, count }) {
      for (let slot = first; slot < first + count; slot++) {
        if (!slots.kernel.isAlive(slot)) continue;
        slots.kernel.kill(slot);
        alive--;
      }
    },
    saveAlive(killed) {
      const chunks = new Map<number, Uint8Array>();
      for (const { first, count } of killed) {
        for (let slot = first; slot < Math.min(first + count, state.flushed); slot++) {
          const chunk = Math.floor(slot / CHUNK);
          const bits = chunks.get(chunk) ?? slots.kernel.aliveBits(chunk);
          const byte = (slot % CHUNK) >> 3;
          bits[byte] = (bits[byte] ?? 0) & ~(1 << (slot & 7));
          chunks.set(chunk, bits);
        }
      }
      for (const [chunk, bits] of chunks) disk.write("alive", 0, chunk, bits);
    },
    tune(gap) {
      if (state.lists === undefined) return;
      state.lists = { ...state.lists, gap };
      disk.saveState(state);
    },
    isFlushDue: () => lexical.tailPassages() >= TAIL_MAX,
    isMergeDue: () =>
      mergeable(state.segments).length > 0 || isRegroupDue(state.lists, alive, listsFrom),
    flush() {
      const end = slots.kernel.slots();
      if (end === state.flushed) return;
      let head: SegmentHead | null = null;
      disk.atomically(() => {
        head = lexical.flush(state.nextSegment, end, sink);
        for (let chunk = Math.floor(state.flushed / CHUNK); chunk * CHUNK < end; chunk++) {
          disk.write("alive", 0, chunk, slots.kernel.aliveBits(chunk));
        }
        const generation = state.lists?.generation ?? 0;
        for (const [chunk, data] of slots.open()) disk.write("columns", generation, chunk, data);
        for (const [page, data] of vectors.open()) disk.write("vectorpages", 0, page, data);
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
      slots.flushed(end);
    },
    merge() {
      const inputs = mergeable(state.segments);
      if (inputs.length > 0) return merging(inputs);
      return isRegroupDue(state.lists, alive, listsFrom) ? regrouping() : null;
    },
    close() {
      isClosed = true;
      vectors.close();
    },
  };

  /** What a merge or a regrouping has written that did not come to its end. */
  function dropUnfinished(): void {
    if (state.merging !== undefined) dropSegments(disk, [state.merging]);
    if (state.grouping !== undefined) dropLists(disk, state.grouping);
    delete state.merging;
    delete state.grouping;
  }

  function* merging(inputs: readonly SegmentHead[]): Generator<void, void> {
    dropUnfinished();
    // Noted first: what a crash leaves of a merge is dropped at the next start.
    const id = state.nextSegment++;
    state.merging = id;
    disk.saveState(state);
    const ids = inputs.map((head) => head.id);
    const head = yield* untilClosed(mergeSegments(id, lexical.segments(ids), slots.kernel, sink));
    if (head === null) return;
    const kept = state.segments.filter((segment) => !ids.includes(segment.id));
    const first = state.segments.findIndex((segment) => ids.includes(segment.id));
    const segments = [...kept.slice(0, first), head, ...kept.slice(first)];
    disk.atomically(() => {
      const { merging: _done, ...rest } = state;
      disk.saveState({ ...rest, segments });
      dropSegments(disk, ids);
    });
    delete state.merging;
    state.segments = segments;
    lexical.merged(ids, head);
  }

  function* regrouping(): Generator<void, void> {
    dropUnfinished();
    const generation = state.nextSegment++;
    state.grouping = generation;
    disk.saveState(state);
    const from = { module, disk, vectors, slots, alive };
    const regroup = yield* untilClosed(regrouped(from, generation));
    if (regroup === null) return;
    const old = state.lists?.generation ?? 0;
    const lists = { ...state.lists, ...regroup.lists };
    disk.atomically(() => {
      for (const [chunk, data] of regroup.slots.open())
        disk.write("columns", generation, chunk, data);
      const { grouping: _done, ...rest } = state;
      disk.saveState({ ...rest, lists });
      dropLists(disk, old);
    });
    delete state.grouping;
    state.lists = lists;
    slots = regroup.slots;
  }

  /** Runs on until its owner has forgotten this engine: null then. */
  function* untilClosed<T>(work: Generator<void, T>): Generator<void, T | null> {
    for (let step = work.next(); ; step = work.next()) {
      if (step.done === true) return step.value;
      yield;
      if (isClosed) return null;
    }
  }
}

function restoredSlots(
  module: WebAssembly.Module,
  disk: EngineDisk,
  { dimensions, flushed, lists }: EngineState,
): Slots {
  const generation = lists?.generation ?? 0;
  const known = lists === undefined ? null : storedCentroids(disk, lists);
  const slots = openSlots(module, dimensions, known?.centroids ?? flat(dimensions), known?.sizes);
  for (let chunk = 0; chunk * CHUNK < flushed; chunk++) {
    const columns = disk.read("columns", generation, chunk);
    const bits = disk.read("alive", 0, chunk);
    if (columns === null || bits === null)
      throw new Error(`Chunk ${chunk} of a search shard is missing`);
    slots.restore(chunk, columns, bits, flushed);
  }
  return slots;
}

function storedCentroids(disk: EngineDisk, { generation, count }: ListsState) {
  const rows: Uint8Array[] = [];
  for (let row = disk.read("centroids", generation, 0); row !== null;) {
    rows.push(row);
    row = disk.read("centroids", generation, rows.length);
  }
  if (rows.length === 0) throw new Error("The lists of a search shard have no middles");
  return unpackedCentroids(rows, count);
}

function vectorsOf(state: EngineState, disk: EngineDisk, cache: PageCache): VectorPages {
  const { dimensions, flushed, pagedFrom = 0 } = state;
  const stored: StoredPages = {
    read: (page) => disk.read("vectorpages", 0, page),
    readMany: (pages) => disk.readMany("vectorpages", 0, pages),
  };
  const first = (page: number) => disk.read("vectors", 0, page);
  return openVectorPages(
    dimensions,
    flushed,
    pagedFrom === 0 ? stored : readingFirst(dimensions, pagedFrom, first, stored),
    cache.frames,
  );
}

function dropLists(disk: EngineDisk, generation: number): void {
  disk.drop("columns", generation);
  disk.drop("centroids", generation);
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
