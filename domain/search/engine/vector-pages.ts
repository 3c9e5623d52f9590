import { FRAME_BYTES, type Frames, frameTable } from "#domain/search/engine/frames.ts";
import { paddedTo16, type Quantised } from "#domain/search/engine/vectors.ts";

/** What a row of SQLite may have so that it lies in one of its pages. */
const ROW_BYTES = 4_050;
const VECTORS_PER_FIRST_PAGE = 128;

/**
 * Vectors to a page, each with its scale: few, since a search reads a hundred of them from all over a shard, and most of
 * what it read with them would be for nothing. The first format had 128.
 */
export const vectorsPerPage = (dimensions: number): number =>
  Math.max(1, Math.floor(ROW_BYTES / (paddedTo16(dimensions) + 4)));

type ReadPage = (page: number) => Uint8Array | null;

/** Where pages are read, one or many at once: a statement costs more than a page. */
export type StoredPages = {
  read: ReadPage;
  readMany(pages: readonly number[]): Iterable<readonly [page: number, data: Uint8Array]>;
};

export type VectorPages = ReturnType<typeof openVectorPages>;

/** The 8-bit vectors of a shard, in pages on disk: values, then scales. The pages that still grow are held in memory. */
// oxlint-disable-next-line max-lines-per-function -- short methods over one list of pages
export function openVectorPages(
  dimensions: number,
  flushed: number,
  { read, readMany }: StoredPages,
  frames: Frames,
) {
  const stride = paddedTo16(dimensions);
  const perPage = vectorsPerPage(dimensions);
  const scalesAt = perPage * stride;
  const bytes = scalesAt + perPage * 4;
  if (bytes > FRAME_BYTES) throw new RangeError(`${dimensions} dimensions are too many`);
  const table = frameTable();
  let growing = new Map<number, Uint8Array>();
  if (flushed % perPage !== 0) {
    const last = Math.floor(flushed / perPage);
    // A page whose units were all removed before it was written is not there.
    const data = read(last);
    if (data !== null) growing.set(last, data.slice());
  }
  /** Pages below this one do not grow: most reads need not look for theirs among those that do. */
  let firstGrowing = Math.floor(flushed / perPage);
  /** The page that was last looked at past the cache. */
  let peeked: { page: number; data: Uint8Array } | null = null;

  const load = (page: number): Uint8Array => {
    const data = read(page);
    if (data === null) throw new Error(`Vector page ${page} of a search shard is missing`);
    return data;
  };

  function peek(slot: number): Quantised {
    const page = Math.floor(slot / perPage);
    const frame = frames.find(table, page);
    let data = growing.get(page);
    if (data === undefined && frame >= 0)
      data = frames.slabOf(frame).bytes.subarray(frames.startOf(frame));
    if (data === undefined && peeked?.page !== page) peeked = { page, data: load(page) };
    return vectorIn(data ?? peeked?.data ?? new Uint8Array(), slot % perPage);
  }

  function openPage(page: number): Uint8Array {
    let data = growing.get(page);
    if (data === undefined) {
      data = new Uint8Array(bytes);
      growing.set(page, data);
    }
    return data;
  }

  return {
    /** A view of a vector for work that passes all of them in order and must not push others out of the cache. */
    peek,
    put(slot: number, vector: Quantised): void {
      const data = openPage(Math.floor(slot / perPage));
      const within = slot % perPage;
      const { buffer, byteOffset, length } = vector.values;
      data.set(new Uint8Array(buffer, byteOffset, Math.min(stride, length)), within * stride);
      viewOf(data).setFloat32(scalesAt + within * 4, vector.scale, true);
    },
    /** Reads at once what is not in memory of the pages that these slots are in. */
    fetch(slots: Uint32Array): void {
      const missing = new Set<number>();
      for (const slot of slots) {
        const page = Math.floor(slot / perPage);
        if (frames.find(table, page) < 0 && !growing.has(page)) missing.add(page);
      }
      if (missing.size < 2) return;
      for (const [page, data] of readMany([...missing])) frames.put(table, page, data);
    },
    /** Copies a vector's values to word `at`, without an object of its own, and answers its scale. */
    copy(slot: number, into: Int32Array, at: number): number {
      const page = Math.floor(slot / perPage);
      const within = slot - page * perPage;
      const open = page < firstGrowing ? undefined : growing.get(page);
      if (open !== undefined) return copied(vectorIn(open, within), into, at);
      let frame = frames.find(table, page);
      if (frame < 0) frame = frames.put(table, page, load(page));
      const { words, floats } = frames.slabOf(frame);
      const start = frames.startOf(frame);
      const from = (start + within * stride) / 4;
      for (let word = 0; word < stride / 4; word++) into[at + word] = words[from + word] ?? 0;
      return floats[(start + scalesAt) / 4 + within] ?? 0;
    },
    /** The same for work that must not push others out of the cache. */
    copyPast: (slot: number, into: Int32Array, at: number): number => copied(peek(slot), into, at),
    /** The pages that grew since they were last written. */
    open: (): Iterable<[number, Uint8Array]> => growing,
    flushed(end: number): void {
      const last = Math.floor(end / perPage);
      const still = end % perPage === 0 ? undefined : growing.get(last);
      growing = still === undefined ? new Map() : new Map([[last, still]]);
      firstGrowing = last;
    },
    /** Frees what is held in memory of pages on disk. */
    close: (): void => frames.release(table),
  };

  function copied({ values, scale }: Quantised, into: Int32Array, at: number): number {
    const bytes = new Int8Array(into.buffer, into.byteOffset + at * 4, stride);
    bytes.set(values);
    return scale;
  }

  function vectorIn(data: Uint8Array, within: number): Quantised {
    const { buffer, byteOffset } = data;
    return {
      values: new Int8Array(buffer, byteOffset + within * stride, stride),
      scale: viewOf(data).getFloat32(scalesAt + within * 4, true),
    };
  }
}

const viewOf = ({ buffer, byteOffset, byteLength }: Uint8Array): DataView =>
  new DataView(buffer, byteOffset, byteLength);

/** Pages as they are now, made of pages of the first format for slots before `pagedFrom`. */
export function readingFirst(
  dimensions: number,
  pagedFrom: number,
  first: ReadPage,
  { read }: StoredPages,
): StoredPages {
  const stride = paddedTo16(dimensions);
  const perPage = vectorsPerPage(dimensions);
  const made: ReadPage = (page) => {
    if (page * perPage >= pagedFrom) return read(page);
    const data = read(page)?.slice() ?? new Uint8Array(perPage * (stride + 4));
    const end = Math.min((page + 1) * perPage, pagedFrom);
    for (let slot = page * perPage; slot < end; slot++) {
      const old = first(Math.floor(slot / VECTORS_PER_FIRST_PAGE));
      if (old === null) continue;
      const within = slot % VECTORS_PER_FIRST_PAGE;
      const scaleAt = VECTORS_PER_FIRST_PAGE * stride + within * 4;
      const at = slot % perPage;
      data.set(old.subarray(within * stride, (within + 1) * stride), at * stride);
      data.set(old.subarray(scaleAt, scaleAt + 4), perPage * stride + at * 4);
    }
    return data;
  };
  return {
    read: made,
    *readMany(pages) {
      for (const page of pages) {
        const data = made(page);
        if (data !== null) yield [page, data];
      }
    },
  };
}
