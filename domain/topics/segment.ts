import { joined } from "#domain/shared/bytes.ts";

/**
 * A sealed part of a partition: blocks of event lines, each a zstd frame of its own (RFC 8878), then a skippable frame
 * (section 3.1.2) that holds the index. So `zstd -d` gives back the lines, and whoever has the index reads one block.
 *
 *   block … block · 50 2A 4D 18 · size (u32) · index (JSON) · index's length (u32) · "WHS1"
 */
export type Chunk = { first: number; count: number; atMs: number; bytes: Uint8Array };

/** `at` and `size`: where the frame lies in the segment. `chunks`: first offset, events and time of each append in it. */
export type Block = { at: number; size: number; raw: number; chunks: [number, number, number][] };
export type SegmentIndex = { last: number; blocks: Block[] };

export type Compress = (bytes: Uint8Array) => Uint8Array;

const SKIPPABLE = 0x184d2a50;
const MAGIC = 0x31534857; // "WHS1", little-endian
const HEAD_BYTES = 8;
const TAIL_BYTES = 8;
/** Of lines: what is read for one event, and enough to be compressed well. */
const BLOCK_BYTES = 262_144;

/** The end of a segment that surely holds its index, or at least says how long that is. */
export const TAIL_READ_BYTES = 65_536;

/** Seals chunks, which lie in their order; `pause` is awaited after each block, so that compressing holds nobody up. */
export async function segmentOf(
  chunks: readonly Chunk[],
  compress: Compress,
  pause: () => Promise<void>,
): Promise<{ parts: Uint8Array[]; index: SegmentIndex; bytes: number }> {
  const parts: Uint8Array[] = [];
  const blocks: Block[] = [];
  let at = 0;
  for (const group of blocksOf(chunks)) {
    const lines = joined(group.map(({ bytes }) => bytes));
    const frame = compress(lines);
    parts.push(frame);
    blocks.push({
      at,
      size: frame.length,
      raw: lines.length,
      chunks: group.map(({ first, count, atMs }) => [first, count, atMs]),
    });
    at += frame.length;
    await pause();
  }
  const final = chunks.at(-1);
  const index = { last: final === undefined ? 0 : final.first + final.count - 1, blocks };
  const end = frameOf(index);
  parts.push(end);
  return { parts, index, bytes: at + end.length };
}

function* blocksOf(chunks: readonly Chunk[]): Generator<Chunk[]> {
  let group: Chunk[] = [];
  let size = 0;
  for (const chunk of chunks) {
    if (size > 0 && size + chunk.bytes.length > BLOCK_BYTES) {
      yield group;
      group = [];
      size = 0;
    }
    group.push(chunk);
    size += chunk.bytes.length;
  }
  if (group.length > 0) yield group;
}

function frameOf(index: SegmentIndex): Uint8Array {
  const json = new TextEncoder().encode(JSON.stringify(index));
  const frame = new Uint8Array(HEAD_BYTES + json.length + TAIL_BYTES);
  const view = new DataView(frame.buffer);
  view.setUint32(0, SKIPPABLE, true);
  view.setUint32(4, json.length + TAIL_BYTES, true);
  frame.set(json, HEAD_BYTES);
  view.setUint32(HEAD_BYTES + json.length, json.length, true);
  view.setUint32(HEAD_BYTES + json.length + 4, MAGIC, true);
  return frame;
}

/**
 * The index in the last bytes of a segment; a number where more of them are needed: how many. Null where it is no segment.
 */
export function indexFrom(end: Uint8Array): SegmentIndex | number | null {
  if (end.length < TAIL_BYTES) return null;
  const view = new DataView(end.buffer, end.byteOffset, end.byteLength);
  if (view.getUint32(end.length - 4, true) !== MAGIC) return null;
  const length = view.getUint32(end.length - TAIL_BYTES, true);
  if (length + TAIL_BYTES > end.length) return length + TAIL_BYTES;
  const json = end.subarray(end.length - TAIL_BYTES - length, end.length - TAIL_BYTES);
  return JSON.parse(new TextDecoder().decode(json)) as SegmentIndex;
}

/** The block that holds the first event after an offset; -1 where the segment ends before. */
export function blockAfter({ blocks }: SegmentIndex, after: number): number {
  for (let i = blocks.length - 1; i >= 0; i--) {
    const first = blocks[i]?.chunks[0]?.[0] ?? 0;
    if (first <= after + 1) return isPast(blocks[i], after) ? nextOf(blocks.length, i) : i;
  }
  return blocks.length > 0 ? 0 : -1;
}

const isPast = (block: Block | undefined, after: number): boolean => {
  const [first, count] = block?.chunks.at(-1) ?? [0, 0];
  return first + count - 1 <= after;
};
const nextOf = (blocks: number, i: number): number => (i + 1 < blocks ? i + 1 : -1);

/** The first offset that was appended at a time or later; null where all came before. */
export function offsetSince({ blocks }: SegmentIndex, timeMs: number): number | null {
  for (const { chunks } of blocks)
    for (const [first, , atMs] of chunks) if (atMs >= timeMs) return first;
  return null;
}

/** Where a partition's segments lie in the object store. Names sort as offsets do, so a list of them is in order. */
export const segmentPrefix = (accountId: string, topic: string, partition?: number): string =>
  `topics/${accountId}/${topic}/${partition === undefined ? "" : `${partition}/`}`;
export const segmentKey = (prefix: string, first: number, last: number, mark = ""): string =>
  `${prefix}${String(first).padStart(16, "0")}-${String(last).padStart(16, "0")}${mark}.ndjson.zst`;
