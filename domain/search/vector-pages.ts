import { emptyPage, type Page, type PageCache } from "#domain/search/pages.ts";
import { paddedTo16, type Quantised } from "#domain/search/vectors.ts";

/** Vectors to a row: one row each reads half as fast, and rows written are what a deployment pays for. */
const VECTORS_PER_PAGE_LOG2 = 7;
export const VECTORS_PER_PAGE = 2 ** VECTORS_PER_PAGE_LOG2;

/** `longs` is the same memory as `values`. */
type Vectors = { values: Int8Array; longs: BigInt64Array; scales: Float32Array };

export type VectorPages = ReturnType<typeof openVectorPages>;

/** The 8-bit vectors of a shard, in pages on disk; the pages that still grow are held in memory. */
// oxlint-disable-next-line max-lines-per-function -- short methods over one list of pages
export function openVectorPages(
  dimensions: number,
  flushed: number,
  read: (page: number) => Uint8Array | null,
  cache: PageCache,
) {
  const stride = paddedTo16(dimensions);
  const longsEach = stride / 8;
  const pages: Page<Vectors>[] = [];
  let growing = new Map<number, Vectors>();
  const bytes = VECTORS_PER_PAGE * stride + VECTORS_PER_PAGE * 4;

  const load = (page: number): Vectors => {
    const data = read(page);
    if (data === null) throw new Error(`Vector page ${page} of a search shard is missing`);
    return unpacked(data, stride);
  };
  if (flushed % VECTORS_PER_PAGE !== 0) {
    const last = Math.floor(flushed / VECTORS_PER_PAGE);
    // A page whose units were all removed before it was written is not there.
    const data = read(last);
    if (data !== null) growing.set(last, unpacked(data, stride));
  }
  /** Pages below this one do not grow: most reads need not look for theirs among those that do. */
  let firstGrowing = Math.floor(flushed / VECTORS_PER_PAGE);

  function pageOf(index: number): Vectors {
    const open = index < firstGrowing ? undefined : growing.get(index);
    if (open !== undefined) return open;
    const page = (pages[index] ??= emptyPage());
    if (page.data !== null) {
      page.used = true;
      return page.data;
    }
    return cache.get(
      page,
      () => load(index),
      () => bytes,
    );
  }

  /** The page that was last looked at past the cache. */
  let peeked: { index: number; page: Vectors } | null = null;

  return {
    /** A view of a vector for work that passes all of them in order and must not push others out of the cache. */
    peek(slot: number): Quantised {
      const index = slot >>> VECTORS_PER_PAGE_LOG2;
      const page = growing.get(index) ?? pages[index]?.data ?? null;
      if (page === null && peeked?.index !== index) peeked = { index, page: load(index) };
      const from = page ?? peeked?.page;
      if (from === undefined) throw new Error("unreachable");
      const within = slot & (VECTORS_PER_PAGE - 1);
      return {
        values: from.values.subarray(within * stride, (within + 1) * stride),
        scale: from.scales[within] ?? 0,
      };
    },
    put(slot: number, vector: Quantised): void {
      const index = Math.floor(slot / VECTORS_PER_PAGE);
      let page = growing.get(index);
      if (page === undefined) {
        page = unpacked(new Uint8Array(bytes), stride);
        growing.set(index, page);
      }
      const within = slot % VECTORS_PER_PAGE;
      page.values.set(vector.values.subarray(0, stride), within * stride);
      page.scales[within] = vector.scale;
    },
    /** Copies a vector's values, eight at a time, to `at` and answers its scale. */
    copy(slot: number, longs: BigInt64Array, at: number): number {
      const page = pageOf(slot >>> VECTORS_PER_PAGE_LOG2);
      const within = slot & (VECTORS_PER_PAGE - 1);
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
      const last = Math.floor(end / VECTORS_PER_PAGE);
      const still = end % VECTORS_PER_PAGE === 0 ? undefined : growing.get(last);
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

function unpacked(data: Uint8Array, stride: number): Vectors {
  const own = data.slice().buffer;
  return {
    values: new Int8Array(own, 0, VECTORS_PER_PAGE * stride),
    longs: new BigInt64Array(own, 0, (VECTORS_PER_PAGE * stride) / 8),
    scales: new Float32Array(own, VECTORS_PER_PAGE * stride),
  };
}
