import { ALPHA_UNKNOWN, type Code, NO_LIST } from "#domain/search/engine/codes.ts";
import { codeBytesOf } from "#domain/search/engine/vectors.ts";

/** Slots lie in chunks of this many, in memory as on disk. */
export const CHUNK = 1024;

/** What a shard keeps of a chunk's slots, column by column in one row on disk; all are views of `bytes`. */
export type Columns = {
  bytes: Uint8Array;
  codes: Uint8Array;
  lengths: Uint16Array;
  passages: Uint8Array;
  levels: Uint8Array;
  lists: Uint16Array;
  alphas: Uint16Array;
  deltas: Int16Array;
};

/** What the shard keeps of a passage. */
export type Slot = { code: Code | null; length: number; passage: number; level: number };

export function emptyColumns(dimensions: number): Columns {
  const codeBytes = codeBytesOf(dimensions);
  const columns = viewsOf(new Uint8Array(CHUNK * (codeBytes + 10)), codeBytes);
  columns.lists.fill(NO_LIST);
  return columns;
}

/** Columns as they were written. Those of the first format end before the lists: all are in the one list there is. */
export function columnsOf(data: Uint8Array, dimensions: number): Columns {
  const columns = emptyColumns(dimensions);
  columns.bytes.set(data);
  if (data.length < columns.bytes.length) {
    columns.lists.fill(0);
    columns.alphas.fill(ALPHA_UNKNOWN);
  }
  return columns;
}

export function putSlot(columns: Columns, within: number, slot: Slot): void {
  const codeBytes = columns.codes.length / CHUNK;
  columns.lengths[within] = slot.length;
  columns.passages[within] = slot.passage;
  columns.levels[within] = slot.level;
  columns.lists[within] = slot.code?.list ?? NO_LIST;
  columns.alphas[within] = slot.code?.alpha ?? 0;
  columns.deltas[within] = slot.code?.delta ?? 0;
  if (slot.code !== null) columns.codes.set(slot.code.bits, within * codeBytes);
}

function viewsOf(bytes: Uint8Array, codeBytes: number): Columns {
  const { buffer } = bytes;
  const codes = CHUNK * codeBytes;
  return {
    bytes,
    codes: new Uint8Array(buffer, 0, codes),
    lengths: new Uint16Array(buffer, codes, CHUNK),
    passages: new Uint8Array(buffer, codes + 2 * CHUNK, CHUNK),
    levels: new Uint8Array(buffer, codes + 3 * CHUNK, CHUNK),
    lists: new Uint16Array(buffer, codes + 4 * CHUNK, CHUNK),
    alphas: new Uint16Array(buffer, codes + 6 * CHUNK, CHUNK),
    deltas: new Int16Array(buffer, codes + 8 * CHUNK, CHUNK),
  };
}
