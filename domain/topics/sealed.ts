import {
  type Block,
  blockAfter,
  indexFrom,
  offsetSince,
  type SegmentIndex,
  TAIL_READ_BYTES,
} from "./segment.ts";

/** The object store, as much of it as is needed: some bytes of an object, or its last ones; null where it is gone. */
export type SegmentStore = {
  range(key: string, at: number, size: number): Promise<Uint8Array | null>;
  end(key: string, size: number): Promise<Uint8Array | null>;
};

/** Indexes that are remembered: of a segment of 4 MB one takes some 100 kB at most. */
const INDEXES_MAX = 32;

/** Reads sealed segments, without the object that wrote them. */
export function sealedSegments(store: SegmentStore, decompress: (bytes: Uint8Array) => Uint8Array) {
  const indexes = new Map<string, SegmentIndex>();

  async function indexOf(key: string): Promise<SegmentIndex | null> {
    const known = indexes.get(key);
    if (known !== undefined) return known;
    let size = TAIL_READ_BYTES;
    for (;;) {
      const end = await store.end(key, size);
      if (end === null) return null;
      const index = indexFrom(end);
      if (index === null || (typeof index === "number" && index <= size))
        throw new Error(`${key} is no segment`);
      if (typeof index === "number") {
        size = index;
        continue;
      }
      indexes.set(key, index);
      for (const oldest of indexes.keys()) if (indexes.size > INDEXES_MAX) indexes.delete(oldest);
      return index;
    }
  }

  return {
    /** The lines of the block that holds the first event after an offset; null where the segment is gone or ends before. */
    async lines(key: string, after: number): Promise<Uint8Array | null> {
      const index = await indexOf(key);
      const block: Block | undefined =
        index?.blocks[index === null ? -1 : blockAfter(index, after)];
      if (block === undefined) return null;
      const frame = await store.range(key, block.at, block.size);
      return frame === null ? null : decompress(frame);
    },

    /** Every block of lines in its order, with when its last event was appended; ends early where the segment is gone. */
    async *blocks(key: string): AsyncGenerator<{ lines: Uint8Array; atMs: number }> {
      for (const { at, size, chunks } of (await indexOf(key))?.blocks ?? []) {
        const frame = await store.range(key, at, size);
        if (frame === null) return;
        yield { lines: decompress(frame), atMs: chunks.at(-1)?.[2] ?? 0 };
      }
    },

    /** The first offset of the segment that was appended at a time or later; null where none was, or it is gone. */
    async since(key: string, timeMs: number): Promise<number | null> {
      const index = await indexOf(key);
      return index === null ? null : offsetSince(index, timeMs);
    },
  };
}
