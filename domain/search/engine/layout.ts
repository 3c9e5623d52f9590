import { CHUNK } from "#domain/search/engine/columns.ts";
import { codeBytesOf, paddedTo16 } from "#domain/search/engine/vectors.ts";

/** Codes lie in blocks of 16, and as many blocks in a chunk as hold its slots. */
export const BLOCKS = CHUNK / 16;
const BLOCK_NUMBERS = 144;
/** What lists, postings and vectors to compare may take of the scratch at once. */
export const SCRATCH_BYTES = 65_536;
/** Vectors that one call of `listsOf` takes; the scratch has room for them, of any dimensions. */
export const ASSIGNED_MAX = 64;
/** Slots that one scan may hold on to: 64 units of 64 passages. */
export const CANDIDATES_MAX = 4_096;

/** Lists from which on they are grouped, so that a vector's own is found without looking at all of them. */
const GROUPED_FROM = 256;
/** Groups whose lists a vector is compared with. */
export const GROUPS_TAKEN = 6;

export const groupsOf = (lists: number): number =>
  lists < GROUPED_FROM ? 0 : Math.round(Math.sqrt(lists));

/** Where things lie in a kernel's memory; the first 1,024 bytes are the compiler's. Inside a chunk: from its start. */
export function layout(dimensions: number, lists: number) {
  const codeBytes = codeBytesOf(dimensions);
  const stride = paddedTo16(dimensions);
  let end = 1_024;
  const room = (size: number): number => {
    const from = end;
    end += Math.ceil(size / 16) * 16;
    return from;
  };
  const fixed = {
    codeBytes,
    stride,
    query: room(stride * 2),
    floats: room(codeBytes * 32),
    tables: room(codeBytes * 32),
    estimates: room(64),
    dots: room(CANDIDATES_MAX * 4),
    heap: room(CANDIDATES_MAX * 8),
    nears: room(256 * 4),
    blocks: room(8),
    centroids: room(lists * stride),
    scales: room(lists * 4),
    halves: room(lists * 4),
    pivots: room(groupsOf(lists) * stride),
    pivotScales: room(groupsOf(lists) * 4),
    pivotHalves: room(groupsOf(lists) * 4),
    starts: room((groupsOf(lists) + 1) * 4),
    members: room(lists * 4),
    chosen: room(GROUPS_TAKEN * 8),
    heads: room(lists * 32),
    products: room(lists * 4),
    worths: room(lists * 4),
    buckets: room(257 * 4),
    probed: room(lists * 4),
    peaks: room(8),
    scratch: room(Math.max(SCRATCH_BYTES, ASSIGNED_MAX * stride)),
    chunks: room(0),
  };
  end = 0;
  const inChunk = {
    lengths: room(CHUNK * 2),
    passages: room(CHUNK),
    levels: room(CHUNK),
    alive: room(CHUNK / 8),
    allowed: room(CHUNK / 8),
    marked: room(CHUNK / 8),
    scores: room(CHUNK * 4),
    codes: room(BLOCKS * (16 * codeBytes + BLOCK_NUMBERS)),
  };
  return { ...fixed, ...inChunk, chunkBytes: end };
}

export type Layout = ReturnType<typeof layout>;

/** kernels/search; the parameters of each are named there. */
export type Exports = { memory: WebAssembly.Memory } & Record<
  | "tables"
  | "closest"
  | "closestAmong"
  | "keep"
  | "order"
  | "probe"
  | "scan"
  | "place"
  | "dots"
  | "allow"
  | "mark"
  | "allowMarked"
  | "clear"
  | "accumulate"
  | "best",
  (...numbers: number[]) => number
>;
