import { emptyPage, type Page, type PageCache } from "#domain/search/pages.ts";
import { paddedTo16, type Quantised } from "#domain/search/vectors.ts";

/**
 * Vectors to a page: a search reads a hundred of them from all over a shard, and most of what it read with them would
 * be for nothing. The first format had 128.
 */
export const VECTORS_PER_PAGE = 8;
export const VECTORS_PER_FIRST_PAGE = 128;
/** What a page takes beside its bytes. */
const PAGE_OVERHEAD = 400;

/** `longs` is the same memory as `values`. */
type Vectors = { values: Int8Array; longs: BigInt64Array; scales: Float32Array };

export type VectorPages = ReturnType<typeof openVectorPages>;

/** The 8-bit vectors of a shard, in pages on disk; the pages that still grow are held in memory. */
// oxlint-disable-next-line max-lines-per-function -- short methods over one list of pages
export function openVectorPages(
  dimensions: number,
  perPage: number,
  flushed: number,
  read: (page: number) => Uint8Array | null,
  cache: PageCache,
) {
  const stride = paddedTo16(dimensions);
  const longsEach = stride / 8;
  const log2 = 31 - Math.clz32(perPage);
  const pages = new Map<number, Page<Vectors>>();
  let sweepAt = 4_096;
  let growing = new Map<number, Vectors>();
  const bytes = perPage * stride + perPage * 4;

  const load = (page: number): Vectors => {
    const data = read(page);
    if (data === null) throw new Error(`Vector page ${page} of a search shard is missing`);
    return unpacked(data, perPage);
  };
  if (flushed % perPage !== 0) {
    const last = Math.floor(flushed / perPage);
    // A page whose units were all removed before it was written is not there.
    const data = read(last);
    if (data !== null) growing.set(last, unpacked(data, perPage));
  }
  /** Pages below this one do not grow: most reads need not look for theirs among those that do. */
  let firstGrowing = Math.floor(flushed / perPage);

  function added(index: number): Page<Vectors> {
    if (pages.size >= sweepAt) {
      for (const [other, { data }] of pages) if (data === null) pages.delete(other);
      sweepAt = Math.max(4_096, pages.size * 2);
    }
    const page = emptyPage<Vectors>();
    pages.set(index, page);
    return page;
  }

  function pageOf(index: number): Vectors {
    const open = index < firstGrowing ? undefined : growing.get(index);
    if (open !== undefined) return open;
    const page = pages.get(index) ?? added(index);
    if (page.data !== null) {
      page.used = true;
      return page.data;
    }
    return cache.get(
      page,
      () => load(index),
      () => bytes + PAGE_OVERHEAD,
    );
  }

  /** The page that was last looked at past the cache. */
  let peeked: { index: number; page: Vectors } | null = null;

  return {
    /** A view of a vector for work that passes all of them in order and must not push others out of the cache. */
    peek(slot: number): Quantised {
      const index = slot >>> log2;
      const page = growing.get(index) ?? pages.get(index)?.data ?? null;
      if (page === null && peeked?.index !== index) peeked = { index, page: load(index) };
      const from = page ?? peeked?.page;
      if (from === undefined) throw new Error("unreachable");
      const within = slot & (perPage - 1);
      return {
        values: from.values.subarray(within * stride, (within + 1) * stride),
        scale: from.scales[within] ?? 0,
      };
    },
    put(slot: number, vector: Quantised): void {
      const index = Math.floor(slot / perPage);
      let page = growing.get(index);
      if (page === undefined) {
        page = unpacked(new Uint8Array(bytes), perPage);
        growing.set(index, page);
      }
      const within = slot % perPage;
      page.values.set(vector.values.subarray(0, stride), within * stride);
      page.scales[within] = vector.scale;
    },
    /** Copies a vector's values, eight at a time, to `at` and answers its scale. */
    copy(slot: number, longs: BigInt64Array, at: number): number {
      const page = pageOf(slot >>> log2);
      const within = slot & (perPage - 1);
      const from = within * longsEach;
      // So few are copied faster here than by `set`, which wants a view of each.
      for (let i = 0; i < longsEach; i++) longs[at + i] = page.longs[from + i] ?? 0n;
      return page.scales[within] ?? 0;
    },
    /** The pages that grew since they were last written. */
    *open(): Generator<[number, Uint8Array]> {
      for (const [index, page] of growing) yield [index, packed(page)];
    },
    flushed(end: number): void {
      const last = Math.floor(end / perPage);
      const still = end % perPage === 0 ? undefined : growing.get(last);
      growing = still === undefined ? new Map() : new Map([[last, still]]);
      firstGrowing = last;
    },
  };
}

function packed({ values, scales }: Vectors): Uint8Array {
  const data = new Uint8Array(values.byteLength + scales.byteLength);
  data.set(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
  data.set(new Uint8Array(scales.buffer, scales.byteOffset, scales.byteLength), values.byteLength);
  return data;
}

function unpacked(data: Uint8Array, perPage: number): Vectors {
  const own = data.slice().buffer;
  const scales = own.byteLength - perPage * 4;
  return {
    values: new Int8Array(own, 0, scales),
    longs: new BigInt64Array(own, 0, scales / 8),
    scales: new Float32Array(own, scales),
  };
}
