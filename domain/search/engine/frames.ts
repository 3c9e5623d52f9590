/** Room for one vector of 4,096 dimensions, or for as many smaller ones as fit a page of SQLite. */
export const FRAME_BYTES = 4_104;
const FRAMES_PER_SLAB = 256;
const NONE = -1;

/** Where the pages of one shard are in memory: frames by page, -1 for those that are not. */
export type FrameTable = { frameOf: Int32Array };

export const frameTable = (): FrameTable => ({ frameOf: new Int32Array(256).fill(NONE) });

/** Many frames in one piece; all are views of the same bytes. */
export type Slab = { bytes: Uint8Array; words: Int32Array; floats: Float32Array };

const slabOf = (size: number): Slab => {
  const bytes = new Uint8Array(size);
  const { buffer } = bytes;
  return { bytes, words: new Int32Array(buffer), floats: new Float32Array(buffer) };
};
const NO_SLAB = slabOf(0);

export type Frames = ReturnType<typeof frameCache>;

/**
 * Vector pages of all shards of an isolate in frames of one size, bounded by bytes. Frames lie in slabs, since an object
 * a page would take a third of what it holds. A page used since the clock's hand last passed is spared once.
 */
export function frameCache(bytesMax: number) {
  const framesMax = Math.max(2, Math.floor(bytesMax / FRAME_BYTES));
  const slabs: Slab[] = [];
  const owners: (FrameTable | null)[] = [];
  const pages: number[] = [];
  const used: boolean[] = [];
  let hand = 0;

  function freeFrame(): number {
    if (owners.length < framesMax) {
      if (owners.length === slabs.length * FRAMES_PER_SLAB)
        slabs.push(slabOf(FRAMES_PER_SLAB * FRAME_BYTES));
      return owners.push(null) - 1;
    }
    for (;;) {
      hand = (hand + 1) % framesMax;
      if (owners[hand] === null) return hand;
      if (!used[hand]) {
        forget(hand);
        return hand;
      }
      used[hand] = false;
    }
  }

  function forget(frame: number): void {
    const owner = owners[frame];
    if (owner) owner.frameOf[pages[frame] ?? 0] = NONE;
    owners[frame] = null;
  }

  return {
    /** The frame a page is in, or -1. */
    find(table: FrameTable, page: number): number {
      const frame = table.frameOf[page] ?? NONE;
      if (frame !== NONE) used[frame] = true;
      return frame;
    },
    /** Takes a page in and answers its frame. */
    put(table: FrameTable, page: number, data: Uint8Array): number {
      if (page >= table.frameOf.length) {
        const longer = new Int32Array(Math.max(page + 1, table.frameOf.length * 2)).fill(NONE);
        longer.set(table.frameOf);
        table.frameOf = longer;
      }
      const frame = freeFrame();
      owners[frame] = table;
      pages[frame] = page;
      used[frame] = true;
      table.frameOf[page] = frame;
      slabs[Math.floor(frame / FRAMES_PER_SLAB)]?.bytes.set(
        data,
        (frame % FRAMES_PER_SLAB) * FRAME_BYTES,
      );
      return frame;
    },
    /** The memory a frame is in, and where it begins there; another `put` may fill it with something else. */
    slabOf: (frame: number): Slab => slabs[Math.floor(frame / FRAMES_PER_SLAB)] ?? NO_SLAB,
    startOf: (frame: number): number => (frame % FRAMES_PER_SLAB) * FRAME_BYTES,
    /** Frees what a shard holds. */
    release(table: FrameTable): void {
      for (const frame of table.frameOf) if (frame !== NONE) forget(frame);
    },
    bytes: (): number => slabs.length * FRAMES_PER_SLAB * FRAME_BYTES,
  };
}
