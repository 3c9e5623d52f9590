import { emptyPage, type Page, type PageCache } from "#domain/search/engine/pages.ts";

/**
 * An immutable part of the inverted index over the slots `base` to `end`. A posting is one 32-bit word,
 * `slot - base` in 24 bits and the frequency in 8, so lists are searched and added up as they lie on disk.
 * Its terms are sorted by key; `fences` holds the first key of each dictionary page.
 */
export type SegmentHead = {
  id: number;
  base: number;
  end: number;
  passages: number;
  lengthSum: number;
  postings: number;
  fences: number[];
};

export const POSTING_PAGE = 16_384;
export const TERM_PAGE = 4_096;
const FREQUENCY_MAX = 255;

export const postingOf = (offset: number, frequency: number): number =>
  ((offset << 8) | Math.min(frequency, FREQUENCY_MAX)) >>> 0;
export const offsetOf = (posting: number): number => posting >>> 8;
export const frequencyOf = (posting: number): number => posting & FREQUENCY_MAX;

export type SegmentPart = "dictionary" | "postings";

/** Where segments are read from: one page as it was written. */
export type SegmentDisk = { read(part: SegmentPart, segment: number, page: number): Uint32Array };

/** A term's postings in one segment, as numbers of words from its start. */
export type List = { start: number; count: number };

export type Segment = {
  head: SegmentHead;
  find(key: number): List | null;
  /** Hands over the list in pieces that are views of cached pages: use them at once. */
  pieces(list: List, use: (postings: Uint32Array) => void): void;
  /** How often the term stands in the slot: a binary search over the list. */
  frequency(list: List, slot: number): number;
  termPage(page: number): Uint32Array;
  drop(): void;
};

const bytesOf = (data: Uint32Array): number => data.byteLength + 64;

export function openSegment(head: SegmentHead, disk: SegmentDisk, cache: PageCache): Segment {
  const terms: Page<Uint32Array>[] = head.fences.map(() => emptyPage());
  const lists: Page<Uint32Array>[] = Array.from(
    { length: Math.ceil(head.postings / POSTING_PAGE) },
    () => emptyPage(),
  );

  const read = (part: SegmentPart, pages: Page<Uint32Array>[], index: number): Uint32Array => {
    const page = pages[index];
    if (page === undefined) throw new Error(`Segment ${head.id} has no ${part} page ${index}`);
    return page.data === null
      ? cache.get(page, () => disk.read(part, head.id, index), bytesOf)
      : touched(page, page.data);
  };
  const postingAt = (index: number): number =>
    read("postings", lists, Math.floor(index / POSTING_PAGE))[index % POSTING_PAGE] ?? 0;

  return {
    head,
    termPage: (page) => read("dictionary", terms, page),
    find(key) {
      const page = lastNotAbove(head.fences, key);
      return page < 0 ? null : findInPage(read("dictionary", terms, page), key);
    },
    pieces(list, use) {
      const end = list.start + list.count;
      for (let at = list.start; at < end;) {
        const page = Math.floor(at / POSTING_PAGE);
        const stop = Math.min(end, (page + 1) * POSTING_PAGE);
        use(
          read("postings", lists, page).subarray(
            at - page * POSTING_PAGE,
            stop - page * POSTING_PAGE,
          ),
        );
        at = stop;
      }
    },
    frequency(list, slot) {
      const wanted = slot - head.base;
      let low = list.start;
      let high = list.start + list.count - 1;
      while (low <= high) {
        const middle = (low + high) >>> 1;
        const posting = postingAt(middle);
        const offset = offsetOf(posting);
        if (offset === wanted) return frequencyOf(posting);
        if (offset < wanted) low = middle + 1;
        else high = middle - 1;
      }
      return 0;
    },
    drop() {
      for (const page of [...terms, ...lists]) cache.drop(page);
    },
  };
}

function touched<T>(page: Page<T>, data: T): T {
  page.used = true;
  return data;
}

function lastNotAbove(sorted: readonly number[], key: number): number {
  let low = 0;
  let high = sorted.length - 1;
  while (low <= high) {
    const middle = (low + high) >>> 1;
    if ((sorted[middle] ?? 0) <= key) low = middle + 1;
    else high = middle - 1;
  }
  return high;
}

/** A dictionary page is `[n, high × n, low × n, start × (n + 1)]`; the last start is where the page's lists end. */
function findInPage(page: Uint32Array, key: number): List | null {
  const count = page[0] ?? 0;
  const wantedHigh = Math.floor(key / 0x200000);
  const wantedLow = key % 0x200000;
  let low = 0;
  let high = count - 1;
  while (low <= high) {
    const middle = (low + high) >>> 1;
    const order =
      (page[1 + middle] ?? 0) - wantedHigh || (page[1 + count + middle] ?? 0) - wantedLow;
    if (order === 0) {
      const start = page[1 + 2 * count + middle] ?? 0;
      return { start, count: (page[2 + 2 * count + middle] ?? 0) - start };
    }
    if (order < 0) low = middle + 1;
    else high = middle - 1;
  }
  return null;
}

export type Entry = { key: number; list: List };

/** All terms of a segment in key order. */
export function* entriesOf(segment: Segment): Generator<Entry> {
  for (let index = 0; index < segment.head.fences.length; index++) {
    const page = segment.termPage(index);
    const count = page[0] ?? 0;
    for (let i = 0; i < count; i++) {
      const key = (page[1 + i] ?? 0) * 0x200000 + (page[1 + count + i] ?? 0);
      const start = page[1 + 2 * count + i] ?? 0;
      yield { key, list: { start, count: (page[2 + 2 * count + i] ?? 0) - start } };
    }
  }
}

export type SegmentSink = {
  write(part: SegmentPart, segment: number, page: number, data: Uint32Array): void;
};

/** Writes a segment page by page, so that building one never needs it whole in memory. */
export function segmentWriter(id: number, sink: SegmentSink) {
  const fences: number[] = [];
  let keys: number[] = [];
  let starts: number[] = [];
  let page = new Uint32Array(POSTING_PAGE);
  let written = 0;

  function endTermPage(): void {
    const count = keys.length;
    if (count === 0) return;
    const data = new Uint32Array(2 + 3 * count);
    data[0] = count;
    for (const [i, key] of keys.entries()) {
      data[1 + i] = Math.floor(key / 0x200000);
      data[1 + count + i] = key % 0x200000;
      data[1 + 2 * count + i] = starts[i] ?? 0;
    }
    data[1 + 3 * count] = written;
    sink.write("dictionary", id, fences.length, data);
    fences.push(keys[0] ?? 0);
    keys = [];
    starts = [];
  }

  function endPostingPage(): void {
    const inPage = written % POSTING_PAGE;
    const index = Math.ceil(written / POSTING_PAGE) - 1;
    if (index < 0) return;
    sink.write("postings", id, index, inPage === 0 ? page : page.slice(0, inPage));
    page = new Uint32Array(POSTING_PAGE);
  }

  return {
    /** Keys come in ascending order, and every key has postings. */
    term(key: number): void {
      if (keys.length === TERM_PAGE) endTermPage();
      keys.push(key);
      starts.push(written);
    },
    posting(posting: number): void {
      page[written % POSTING_PAGE] = posting;
      written++;
      if (written % POSTING_PAGE === 0) endPostingPage();
    },
    end(about: { base: number; end: number; passages: number; lengthSum: number }): SegmentHead {
      endTermPage();
      if (written % POSTING_PAGE !== 0) endPostingPage();
      return { id, ...about, postings: written, fences };
    },
  };
}
