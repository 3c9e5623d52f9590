import type { Corpus } from "#domain/search/engine/bm25.ts";
import type { PageCache } from "#domain/search/engine/pages.ts";
import {
  entriesOf,
  frequencyOf,
  type List,
  offsetOf,
  openSegment,
  postingOf,
  type Segment,
  type SegmentDisk,
  type SegmentHead,
  segmentWriter,
  type SegmentSink,
  TERM_PAGE,
} from "#domain/search/engine/segment.ts";

/** Where one term stands: its lists in the segments and in the tail that is not written yet. */
export type TermLists = {
  key: number;
  documentFrequency: number;
  parts: { segment: Segment; list: List }[];
  tail: readonly number[] | null;
};

export type Lexical = ReturnType<typeof openLexical>;

/** The inverted index of a shard: immutable segments on disk, oldest first, and an in-memory tail behind them. */
// oxlint-disable-next-line max-lines-per-function -- short methods over one list of segments
export function openLexical(heads: readonly SegmentHead[], disk: SegmentDisk, cache: PageCache) {
  let segments = heads.map((head) => openSegment(head, disk, cache));
  let tail = emptyTail(heads.at(-1)?.end ?? 0);

  return {
    heads: (): SegmentHead[] => segments.map((segment) => segment.head),
    segments: (ids: readonly number[]): Segment[] =>
      segments.filter((segment) => ids.includes(segment.head.id)),
    tailPassages: () => tail.passages,

    add(slot: number, counts: ReadonlyMap<number, number>, length: number): void {
      tail.passages++;
      tail.lengthSum += length;
      for (const [key, count] of counts) {
        const posting = postingOf(slot - tail.base, count);
        const list = tail.lists.get(key);
        if (list === undefined) tail.lists.set(key, [posting]);
        else list.push(posting);
      }
    },

    corpus(): Corpus {
      let { passages, lengthSum } = tail;
      for (const { head } of segments) {
        passages += head.passages;
        lengthSum += head.lengthSum;
      }
      return { passages, averageLength: passages === 0 ? 0 : lengthSum / passages };
    },

    find(key: number): TermLists {
      const lists: TermLists = {
        key,
        documentFrequency: 0,
        parts: [],
        tail: tail.lists.get(key) ?? null,
      };
      lists.documentFrequency = lists.tail?.length ?? 0;
      for (const segment of segments) {
        const list = segment.find(key);
        if (list === null) continue;
        lists.parts.push({ segment, list });
        lists.documentFrequency += list.count;
      }
      return lists;
    },

    each(lists: TermLists, use: (postings: Uint32Array, base: number) => void): void {
      for (const { segment, list } of lists.parts)
        segment.pieces(list, (postings) => use(postings, segment.head.base));
      if (lists.tail !== null) use(Uint32Array.from(lists.tail), tail.base);
    },

    frequency(lists: TermLists, slot: number): number {
      if (slot >= tail.base)
        return lists.tail === null ? 0 : frequencyIn(lists.tail, slot - tail.base);
      for (const { segment, list } of lists.parts) {
        if (slot < segment.head.end)
          return slot < segment.head.base ? 0 : segment.frequency(list, slot);
      }
      return 0;
    },

    /** All words with their passages, removed ones included; a word comes once for each segment that has it. */
    *terms(): Generator<{ key: number; count: number }> {
      for (const segment of segments)
        for (const { key, list } of entriesOf(segment)) yield { key, count: list.count };
      for (const [key, list] of tail.lists) yield { key, count: list.length };
    },
    /** No more words than these. */
    termsMax: (): number =>
      segments.reduce((sum, { head }) => sum + head.fences.length * TERM_PAGE, tail.lists.size),

    /** Writes the tail as a segment. It counts from `flushed` on, once its head is stored. */
    flush(id: number, end: number, sink: SegmentSink): SegmentHead {
      const writer = segmentWriter(id, sink);
      for (const key of Float64Array.from(tail.lists.keys()).sort()) {
        writer.term(key);
        for (const posting of tail.lists.get(key) ?? []) writer.posting(posting);
      }
      return writer.end({
        base: tail.base,
        end,
        passages: tail.passages,
        lengthSum: tail.lengthSum,
      });
    },
    flushed(head: SegmentHead): void {
      segments = [...segments, openSegment(head, disk, cache)];
      tail = emptyTail(head.end);
    },
    merged(inputs: readonly number[], head: SegmentHead): void {
      const first = segments.findIndex((segment) => inputs.includes(segment.head.id));
      for (const segment of segments) if (inputs.includes(segment.head.id)) segment.drop();
      const kept = segments.filter((segment) => !inputs.includes(segment.head.id));
      segments = [...kept.slice(0, first), openSegment(head, disk, cache), ...kept.slice(first)];
    },
  };
}

function emptyTail(base: number) {
  return { base, lists: new Map<number, number[]>(), passages: 0, lengthSum: 0 };
}

function frequencyIn(postings: readonly number[], offset: number): number {
  let low = 0;
  let high = postings.length - 1;
  while (low <= high) {
    const middle = (low + high) >>> 1;
    const posting = postings[middle] ?? 0;
    if (offsetOf(posting) === offset) return frequencyOf(posting);
    if (offsetOf(posting) < offset) low = middle + 1;
    else high = middle - 1;
  }
  return 0;
}
