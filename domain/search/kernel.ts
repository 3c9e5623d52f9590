import { codeBytesOf, paddedTo16, quantisedQuery } from "#domain/search/vectors.ts";

/** Slots lie in chunks of this many, in memory as on disk. */
export const CHUNK = 1024;
const WASM_PAGE = 65_536;
/** Where things lie in the kernel's memory before the first chunk. */
const QUERY_CODE = 1_024;
const QUERY = QUERY_CODE + 512;
const HISTOGRAM = QUERY + 8_192;
const FOUND = HISTOGRAM + 4 * 4_112;
const DOTS = FOUND + 4 * 1_024;
const HEAP = DOTS + 4 * 1_024;
const SCRATCH = 49_152;
const SCRATCH_BYTES = WASM_PAGE;
const CHUNKS = SCRATCH + SCRATCH_BYTES;

export const CANDIDATES_MAX = 1_024;
/** Postings that one call of `accumulate` takes. */
export const POSTINGS_MAX = SCRATCH_BYTES / 4;

type Exports = {
  memory: WebAssembly.Memory;
  distances(
    chunks: number,
    chunkBytes: number,
    slots: number,
    codeBytes: number,
    bitmapAt: number,
    distanceAt: number,
    query: number,
    histogram: number,
    bitsMax: number,
    wanted: number,
  ): number;
  within(
    chunks: number,
    chunkBytes: number,
    slots: number,
    distanceAt: number,
    cutoff: number,
    out: number,
    max: number,
  ): number;
  dots(vectors: number, stride: number, count: number, query: number, out: number): void;
  clear(chunks: number, chunkBytes: number, slots: number, scoreAt: number): void;
  accumulate(
    postings: number,
    count: number,
    chunks: number,
    chunkBytes: number,
    lengthAt: number,
    scoreAt: number,
    base: number,
    weight: number,
    flat: number,
    perWord: number,
  ): void;
  best(
    chunks: number,
    chunkBytes: number,
    slots: number,
    bitmapAt: number,
    scoreAt: number,
    k: number,
    heap: number,
  ): number;
};

/** What the shard keeps of a passage in memory. */
export type Slot = { code: Uint8Array | null; length: number; passage: number; level: number };

export type Kernel = ReturnType<typeof openKernel>;

/**
 * The memory and the scans of one shard. Every shard has an instance of its own: nothing of one tenant lies in
 * another's memory, and it is freed with its object. All calls are synchronous and none keeps a view.
 */
// oxlint-disable-next-line max-lines-per-function -- short methods over the views of one memory
export function openKernel(module: WebAssembly.Module, dimensions: number) {
  const wasm = new WebAssembly.Instance(module, {}).exports as unknown as Exports;
  const at = layout(dimensions);
  const stride = paddedTo16(dimensions);
  let chunks = 0;
  let slots = 0;
  let bytes = new Uint8Array(wasm.memory.buffer);
  let shorts = new Uint16Array(wasm.memory.buffer);
  let floats = new Float32Array(wasm.memory.buffer);
  let words = new Uint32Array(wasm.memory.buffer);
  let integers = new Int32Array(wasm.memory.buffer);
  let longs = new BigInt64Array(wasm.memory.buffer);

  const chunkOf = (slot: number): number => CHUNKS + (slot >>> 10) * at.bytes;

  function reserve(count: number): void {
    const wanted = Math.ceil(count / CHUNK);
    if (wanted <= chunks) return;
    chunks = wanted;
    const missing = CHUNKS + chunks * at.bytes - wasm.memory.buffer.byteLength;
    if (missing <= 0) return;
    wasm.memory.grow(Math.ceil(missing / WASM_PAGE));
    bytes = new Uint8Array(wasm.memory.buffer);
    shorts = new Uint16Array(wasm.memory.buffer);
    floats = new Float32Array(wasm.memory.buffer);
    words = new Uint32Array(wasm.memory.buffer);
    integers = new Int32Array(wasm.memory.buffer);
    longs = new BigInt64Array(wasm.memory.buffer);
  }

  function setBit(bitmapAt: number, slot: number, on: boolean): void {
    const byte = chunkOf(slot) + bitmapAt + ((slot & (CHUNK - 1)) >> 3);
    const bit = 1 << (slot & 7);
    bytes[byte] = on ? (bytes[byte] ?? 0) | bit : (bytes[byte] ?? 0) & ~bit;
  }

  return {
    dimensions,
    slots: () => slots,
    memoryBytes: () => wasm.memory.buffer.byteLength,

    /** Appends a slot, alive, and answers its number. */
    add(slot: Slot): number {
      const number = slots;
      reserve(number + 1);
      slots++;
      const chunk = chunkOf(number);
      const within = number & (CHUNK - 1);
      if (slot.code !== null) bytes.set(slot.code, chunk + within * at.codeBytes);
      shorts[(chunk + at.lengths) / 2 + within] = slot.length;
      bytes[chunk + at.passages + within] = slot.passage;
      bytes[chunk + at.levels + within] = slot.level;
      setBit(at.alive, number, true);
      return number;
    },
    kill: (slot: number): void => setBit(at.alive, slot, false),
    isAlive: (slot: number): boolean =>
      slot < slots &&
      (((bytes[chunkOf(slot) + at.alive + ((slot & (CHUNK - 1)) >> 3)] ?? 0) >> (slot & 7)) & 1) ===
        1,
    lengthOf: (slot: number): number =>
      shorts[(chunkOf(slot) + at.lengths) / 2 + (slot & (CHUNK - 1))] ?? 0,
    passageOf: (slot: number): number =>
      bytes[chunkOf(slot) + at.passages + (slot & (CHUNK - 1))] ?? 0,
    levelOf: (slot: number): number => bytes[chunkOf(slot) + at.levels + (slot & (CHUNK - 1))] ?? 0,

    /** The lasting part of a chunk, as it lies in memory. */
    columns: (chunk: number): Uint8Array =>
      bytes.slice(CHUNKS + chunk * at.bytes, CHUNKS + chunk * at.bytes + at.alive),
    aliveBits: (chunk: number): Uint8Array =>
      bytes.slice(
        CHUNKS + chunk * at.bytes + at.alive,
        CHUNKS + chunk * at.bytes + at.alive + CHUNK / 8,
      ),
    /** Puts chunks back as `columns` and `aliveBits` gave them; `count` is the number of slots up to their end. */
    restore(chunk: number, columns: Uint8Array, alive: Uint8Array, count: number): void {
      reserve(count);
      slots = Math.max(slots, count);
      bytes.set(columns, CHUNKS + chunk * at.bytes);
      bytes.set(alive, CHUNKS + chunk * at.bytes + at.alive);
    },

    /** From here on scans that are `filtered` see only slots whose bit is set here and which are alive. */
    allow(bits: Uint8Array): void {
      for (let chunk = 0; chunk * CHUNK < slots; chunk++) {
        const from = CHUNKS + chunk * at.bytes;
        for (let i = 0; i < CHUNK / 8; i++) {
          bytes[from + at.allowed + i] =
            (bits[chunk * (CHUNK / 8) + i] ?? 0) & (bytes[from + at.alive + i] ?? 0);
        }
      }
    },

    /** About `count` slots with the fewest bits different from the query, or all of them when there are fewer. */
    nearest(code: Uint8Array, count: number, filtered: boolean): Uint32Array {
      bytes.set(code, QUERY_CODE);
      words.fill(0, HISTOGRAM / 4, HISTOGRAM / 4 + dimensions + 1);
      const bitmap = filtered ? at.allowed : at.alive;
      const cutoff = wasm.distances(
        CHUNKS,
        at.bytes,
        slots,
        at.codeBytes,
        bitmap,
        at.distances,
        QUERY_CODE,
        HISTOGRAM,
        dimensions,
        count,
      );
      const found = wasm.within(
        CHUNKS,
        at.bytes,
        slots,
        at.distances,
        cutoff,
        FOUND,
        CANDIDATES_MAX,
      );
      return words.slice(FOUND / 4, FOUND / 4 + found);
    },

    /** Cosines of the query with vectors that `copy` puts where it is told, in the order of `wanted`. */
    cosines(
      query: Float32Array,
      wanted: Uint32Array,
      copy: (slot: number, longs: BigInt64Array, at: number) => number,
    ): Float32Array {
      const { values, scale } = quantisedQuery(query);
      bytes.set(new Uint8Array(values.buffer), QUERY);
      const cosines = new Float32Array(wanted.length);
      const scales = new Float32Array(wanted.length);
      const batch = Math.min(Math.floor(SCRATCH_BYTES / stride), CANDIDATES_MAX);
      for (let first = 0; first < wanted.length; first += batch) {
        const count = Math.min(batch, wanted.length - first);
        for (let i = 0; i < count; i++) {
          scales[first + i] = copy(wanted[first + i] ?? 0, longs, (SCRATCH + i * stride) / 8);
        }
        wasm.dots(SCRATCH, stride, count, QUERY, DOTS);
        for (let i = 0; i < count; i++) {
          const cosine = (integers[DOTS / 4 + i] ?? 0) * scale * (scales[first + i] ?? 0);
          cosines[first + i] = Math.max(-1, Math.min(1, cosine));
        }
      }
      return cosines;
    },

    clearScores: (): void => wasm.clear(CHUNKS, at.bytes, slots, at.scores),
    /** Adds a term's share of BM25 to every slot in `postings` (see segment.ts for their form). */
    accumulate(
      postings: Uint32Array,
      base: number,
      weight: number,
      flat: number,
      perWord: number,
    ): void {
      for (let from = 0; from < postings.length; from += POSTINGS_MAX) {
        const piece =
          postings.length <= POSTINGS_MAX ? postings : postings.subarray(from, from + POSTINGS_MAX);
        words.set(piece, SCRATCH / 4);
        wasm.accumulate(
          SCRATCH,
          piece.length,
          CHUNKS,
          at.bytes,
          at.lengths,
          at.scores,
          base,
          weight,
          flat,
          perWord,
        );
      }
    },
    scoreOf: (slot: number): number =>
      floats[(chunkOf(slot) + at.scores) / 4 + (slot & (CHUNK - 1))] ?? 0,
    /** The slots with the highest accumulated scores, in no order; `floor` is the lowest of them once there are `k`. */
    best(k: number, filtered: boolean): { slots: Uint32Array; floor: number } {
      const bitmap = filtered ? at.allowed : at.alive;
      const found = wasm.best(CHUNKS, at.bytes, slots, bitmap, at.scores, k, HEAP);
      const best = new Uint32Array(found);
      for (let i = 0; i < found; i++) best[i] = words[HEAP / 4 + i * 2 + 1] ?? 0;
      return { slots: best, floor: found === k ? (floats[HEAP / 4] ?? 0) : 0 };
    },
  };
}

function layout(dimensions: number) {
  const codeBytes = codeBytesOf(dimensions);
  const lengths = CHUNK * codeBytes;
  const passages = lengths + CHUNK * 2;
  const levels = passages + CHUNK;
  const alive = levels + CHUNK;
  const allowed = alive + CHUNK / 8;
  const distances = allowed + CHUNK / 8;
  const scores = distances + CHUNK * 2;
  return {
    codeBytes,
    lengths,
    passages,
    levels,
    alive,
    allowed,
    distances,
    scores,
    bytes: scores + CHUNK * 4,
  };
}
