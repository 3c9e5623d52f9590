import type { Centroids } from "#domain/search/engine/codes.ts";
import { CHUNK, type Columns, type Slot } from "#domain/search/engine/columns.ts";
import {
  BLOCKS,
  CANDIDATES_MAX,
  type Exports,
  layout,
  SCRATCH_BYTES,
} from "#domain/search/engine/layout.ts";
import { openMiddles } from "#domain/search/engine/middles.ts";
import { biasOf, quantised, type QuantisedQuery } from "#domain/search/engine/vectors.ts";

const WASM_PAGE = 65_536;

/** Postings that one call of `accumulate` takes. */
export const POSTINGS_MAX = SCRATCH_BYTES / 4;

/** How close the closest lists are to a query: the highest product of it with a middle, and the most a list is worth. */
export type Peaks = { product: number; worth: number };
const NO_PEAKS: Peaks = { product: -Infinity, worth: -Infinity };
/** Of 32-bit numbers. */
const LOWEST = -3.402_823_466_385_288_6e38;

/** How far a search looks, and for what (`Kernel.nearest`). */
export type Looked = {
  gap: number;
  count: number;
  least: number;
  margin: number;
  slack: number;
  peaks?: Peaks | undefined;
};

/** Slots and what their cosines with the query are about. */
export type Estimated = { slots: Uint32Array; estimates: Float32Array };

export type Kernel = ReturnType<typeof openKernel>;

/**
 * The memory and the scans of one shard. Every shard has an instance of its own: nothing of one tenant lies in
 * another's memory, and it is freed with its object. All calls are synchronous and none keeps a view.
 */
// oxlint-disable-next-line max-lines-per-function -- short methods over the views of one memory
export function openKernel(module: WebAssembly.Module, dimensions: number, centroids: Centroids) {
  const wasm = new WebAssembly.Instance(module, {}).exports as unknown as Exports;
  const at = layout(dimensions, centroids.count);
  const { stride, codeBytes } = at;
  let chunks = 0;
  let slots = 0;
  let bytes = new Uint8Array();
  let shorts = new Uint16Array();
  let floats = new Float32Array();
  let words = new Uint32Array();
  let integers = new Int32Array();
  grow(at.chunks);
  const middles = openMiddles(wasm, at, centroids, () => ({ bytes, floats, words, integers }));

  function grow(to: number): void {
    const missing = to - wasm.memory.buffer.byteLength;
    if (missing > 0) wasm.memory.grow(Math.ceil(missing / WASM_PAGE));
    const { buffer } = wasm.memory;
    if (bytes.buffer === buffer) return;
    bytes = new Uint8Array(buffer);
    shorts = new Uint16Array(buffer);
    floats = new Float32Array(buffer);
    words = new Uint32Array(buffer);
    integers = new Int32Array(buffer);
  }

  const chunkOf = (slot: number): number => at.chunks + (slot >>> 10) * at.chunkBytes;

  /** Makes room for this many chunks: of slots, or of blocks, of which there are more than slots would fill. */
  function reserve(count: number): void {
    if (count <= chunks) return;
    chunks = count;
    grow(at.chunks + chunks * at.chunkBytes);
    words[at.blocks / 4] = chunks * BLOCKS;
  }

  /** Puts the codes in these columns into their lists: `count` slots from `within` on, the first of them `slot`. */
  function place(columns: Columns, within: number, slot: number, count: number): void {
    const most = Math.floor(SCRATCH_BYTES / (codeBytes + 6) / 2) * 2;
    for (let done = 0; done < count;) {
      const some = Math.min(most, count - done);
      const from = within + done;
      const lists = at.scratch + some * codeBytes;
      bytes.set(columns.codes.subarray(from * codeBytes, (from + some) * codeBytes), at.scratch);
      shorts.set(columns.lists.subarray(from, from + some), lists / 2);
      shorts.set(columns.alphas.subarray(from, from + some), lists / 2 + some);
      shorts.set(columns.deltas.subarray(from, from + some), lists / 2 + 2 * some);
      const taken = wasm.place(
        at.scratch,
        codeBytes,
        lists,
        lists + 2 * some,
        lists + 4 * some,
        some,
        slot + done,
        at.chunks,
        at.chunkBytes,
        at.codes,
        at.alive,
        at.heads,
        at.blocks,
      );
      done += taken;
      if (taken < some) reserve(chunks + 1);
    }
  }

  /** Hands postings (see segment.ts for their form) to what reads them in the memory's scratch. */
  function inScratch(postings: Uint32Array, use: (count: number) => void): void {
    for (let from = 0; from < postings.length; from += POSTINGS_MAX) {
      const piece =
        postings.length <= POSTINGS_MAX ? postings : postings.subarray(from, from + POSTINGS_MAX);
      words.set(piece, at.scratch / 4);
      use(piece.length);
    }
  }

  function setBit(bitmapAt: number, slot: number, on: boolean): void {
    const byte = chunkOf(slot) + bitmapAt + ((slot & (CHUNK - 1)) >> 3);
    const bit = 1 << (slot & 7);
    bytes[byte] = on ? (bytes[byte] ?? 0) | bit : (bytes[byte] ?? 0) & ~bit;
  }

  return {
    dimensions,
    centroids,
    slots: () => slots,
    memoryBytes: () => wasm.memory.buffer.byteLength,

    /** Appends a slot that its columns hold at `within`, alive, and answers its number. */
    add(columns: Columns, within: number, slot: Slot): number {
      const number = slots;
      reserve(Math.ceil((number + 1) / CHUNK));
      slots++;
      const chunk = chunkOf(number);
      const inChunk = number & (CHUNK - 1);
      shorts[(chunk + at.lengths) / 2 + inChunk] = slot.length;
      bytes[chunk + at.passages + inChunk] = slot.passage;
      bytes[chunk + at.levels + inChunk] = slot.level;
      setBit(at.alive, number, true);
      place(columns, within, number, 1);
      return number;
    },
    kill: (slot: number): void => setBit(at.alive, slot, false),
    isAlive(slot: number): boolean {
      if (slot >= slots) return false;
      const byte = bytes[chunkOf(slot) + at.alive + ((slot & (CHUNK - 1)) >> 3)] ?? 0;
      return ((byte >> (slot & 7)) & 1) === 1;
    },
    lengthOf: (slot: number): number =>
      shorts[(chunkOf(slot) + at.lengths) / 2 + (slot & (CHUNK - 1))] ?? 0,
    passageOf: (slot: number): number =>
      bytes[chunkOf(slot) + at.passages + (slot & (CHUNK - 1))] ?? 0,
    levelOf: (slot: number): number => bytes[chunkOf(slot) + at.levels + (slot & (CHUNK - 1))] ?? 0,

    aliveBits(chunk: number): Uint8Array {
      const from = at.chunks + chunk * at.chunkBytes + at.alive;
      return bytes.slice(from, from + CHUNK / 8);
    },
    /** Puts a chunk back; `end` is the number of slots up to its end. Chunks come in order. */
    restore(chunk: number, columns: Columns, alive: Uint8Array, end: number): void {
      reserve(chunk + 1);
      slots = Math.max(slots, end);
      const from = at.chunks + chunk * at.chunkBytes;
      shorts.set(columns.lengths, (from + at.lengths) / 2);
      bytes.set(columns.passages, from + at.passages);
      bytes.set(columns.levels, from + at.levels);
      bytes.set(alive, from + at.alive);
      place(columns, 0, chunk * CHUNK, end - chunk * CHUNK);
    },
    setAlive: (chunk: number, alive: Uint8Array): void =>
      bytes.set(alive, at.chunks + chunk * at.chunkBytes + at.alive),

    /** From here on scans that are `filtered` see only slots which are alive and of this level or above. */
    allow: (lowest: number): void =>
      void wasm.allow(
        at.chunks,
        at.chunkBytes,
        slots,
        at.alive,
        at.levels,
        lowest,
        at.allowed,
        at.marked,
      ),
    /** Marks the slots in `postings` for `allowMarked`. */
    mark: (postings: Uint32Array, base: number): void =>
      inScratch(postings, (count) =>
        wasm.mark(at.scratch, count, at.chunks, at.chunkBytes, base, at.marked),
      ),
    /** From here on filtered scans see, of what they saw, only what is marked, and nothing is marked any more. */
    allowMarked: (): void =>
      void wasm.allowMarked(at.chunks, at.chunkBytes, slots, at.marked, at.allowed),

    /** Called before any slot is added: room for lists of these sizes, each in one piece. */
    keep(counts: Uint32Array): void {
      let blocks = 0;
      for (const count of counts) blocks += Math.ceil(count / 16);
      reserve(Math.ceil(blocks / BLOCKS));
      words.set(counts, at.worths / 4);
      words[at.blocks / 4 + 1] = wasm.keep(at.worths, centroids.count, 0, at.heads);
    },

    listsOf: middles.listsOf,

    /**
     * The `count` slots that seem closest to the query, best first, with what their cosines are about; none below
     * `least`. Lists are looked at whose middles are about half as close as the closest one is, and `gap`: the smaller
     * that is, the more; the best first, until one is worth less than the lowest of `count` by `margin`, or than `least` by
     * `slack`, and is not about as good as the best. `peaks` are those of other kernels, if theirs may be closer.
     */
    nearest(query: Float32Array, asked: Looked, filtered: boolean): Estimated & { peaks: Peaks } {
      const { gap, count, least, margin, slack, peaks = NO_PEAKS } = asked;
      floats.set(query, at.floats / 4);
      let size = 0;
      for (let i = 0; i < query.length; i++) size += Math.abs(query[i] ?? 0);
      const step = wasm.tables(at.floats, codeBytes, at.tables);
      const { values, scale } = quantised(query);
      bytes.set(new Uint8Array(values.buffer), at.query);
      floats[at.peaks / 4] = Math.max(LOWEST, peaks.product);
      floats[at.peaks / 4 + 1] = Math.max(LOWEST, peaks.worth);
      const lists = wasm.probe(
        at.centroids,
        stride,
        centroids.count,
        at.scales,
        at.heads,
        at.query,
        scale,
        biasOf(values),
        gap,
        at.products,
        at.worths,
        at.buckets,
        at.probed,
        at.peaks,
      );
      const found = wasm.scan(
        at.probed,
        lists,
        at.heads,
        at.products,
        at.chunks,
        at.chunkBytes,
        at.codes,
        codeBytes,
        filtered ? at.allowed : at.alive,
        at.tables,
        step,
        size,
        at.estimates,
        Math.min(count, CANDIDATES_MAX),
        at.heap,
        least,
        at.worths,
        at.peaks,
        margin,
        slack,
      );
      wasm.order(at.heap, found);
      const estimated = {
        slots: new Uint32Array(found),
        estimates: new Float32Array(found),
        peaks: { product: floats[at.peaks / 4] ?? 0, worth: floats[at.peaks / 4 + 1] ?? 0 },
      };
      for (let i = 0; i < found; i++) {
        estimated.slots[i] = words[at.heap / 4 + i * 2 + 1] ?? 0;
        estimated.estimates[i] = floats[at.heap / 4 + i * 2] ?? 0;
      }
      return estimated;
    },

    /** Cosines of the query with vectors that `copy` puts at the word it is told, in the order of `wanted`. */
    cosines(
      { values, scale }: QuantisedQuery,
      wanted: Uint32Array,
      copy: (slot: number, into: Int32Array, at: number) => number,
    ): Float32Array {
      bytes.set(new Uint8Array(values.buffer), at.query);
      const cosines = new Float32Array(wanted.length);
      const scales = new Float32Array(wanted.length);
      const batch = Math.min(Math.floor(SCRATCH_BYTES / stride), CANDIDATES_MAX);
      for (let first = 0; first < wanted.length; first += batch) {
        const count = Math.min(batch, wanted.length - first);
        for (let i = 0; i < count; i++) {
          scales[first + i] = copy(wanted[first + i] ?? 0, integers, (at.scratch + i * stride) / 4);
        }
        wasm.dots(at.scratch, stride, count, at.query, at.dots);
        for (let i = 0; i < count; i++) {
          const cosine = (integers[at.dots / 4 + i] ?? 0) * scale * (scales[first + i] ?? 0);
          cosines[first + i] = Math.max(-1, Math.min(1, cosine));
        }
      }
      return cosines;
    },

    clearScores: (): void => void wasm.clear(at.chunks, at.chunkBytes, slots, at.scores),
    /** Adds a term's share of BM25 to every slot in `postings`. */
    accumulate(
      postings: Uint32Array,
      base: number,
      weight: number,
      flatNorm: number,
      perWord: number,
    ): void {
      inScratch(postings, (count) =>
        wasm.accumulate(
          at.scratch,
          count,
          at.chunks,
          at.chunkBytes,
          at.lengths,
          at.scores,
          base,
          weight,
          flatNorm,
          perWord,
        ),
      );
    },
    scoreOf: (slot: number): number =>
      floats[(chunkOf(slot) + at.scores) / 4 + (slot & (CHUNK - 1))] ?? 0,
    /** The slots with the highest accumulated scores, in no order; `floor` is the lowest of them once there are `k`. */
    best(k: number, filtered: boolean): { slots: Uint32Array; floor: number } {
      const bitmap = filtered ? at.allowed : at.alive;
      const found = wasm.best(at.chunks, at.chunkBytes, slots, bitmap, at.scores, k, at.heap);
      const best = new Uint32Array(found);
      for (let i = 0; i < found; i++) best[i] = words[at.heap / 4 + i * 2 + 1] ?? 0;
      return { slots: best, floor: found === k ? (floats[at.heap / 4] ?? 0) : 0 };
    },
  };
}
