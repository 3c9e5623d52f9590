// What filtered scans may see: a bit for each slot in its chunk, and a bit for each that is marked meanwhile.

import { CHUNK_MASK, CHUNK_SHIFT } from "./chunks";

const BITMAP_BYTES: u32 = 128;

/** Lets through what is alive and has at least this level. Marks of a search that did not get to its end go. */
export function allow(
  chunks: usize, chunkBytes: u32, slots: u32, aliveAt: u32, levelsAt: u32, lowest: u32, allowedAt: u32, markedAt: u32,
): void {
  const least = i8x16.splat(<i8>lowest);
  for (let first: u32 = 0; first < slots; first += 1024) {
    const chunk = chunks + <usize>(first >> CHUNK_SHIFT) * chunkBytes;
    memory.fill(chunk + markedAt, 0, BITMAP_BYTES);
    memory.copy(chunk + allowedAt, chunk + aliveAt, BITMAP_BYTES);
    if (lowest == 0) continue;
    for (let slot: usize = 0; slot < 1024; slot += 16) {
      const high = i8x16.bitmask(i8x16.ge_u(v128.load(chunk + levelsAt + slot), least));
      const at = chunk + allowedAt + (slot >> 3);
      store<u16>(at, load<u16>(at) & <u16>high);
    }
  }
}

/** Marks the slots of postings (`slot - base` in 24 bits, frequency in 8). */
export function mark(
  postings: usize, count: u32, chunks: usize, chunkBytes: u32, base: u32, markedAt: u32,
): void {
  for (let i: u32 = 0; i < count; i++) {
    const slot = base + (load<u32>(postings + (<usize>i << 2)) >> 8);
    const within = slot & CHUNK_MASK;
    const at = chunks + <usize>(slot >> CHUNK_SHIFT) * chunkBytes + markedAt + (within >> 3);
    store<u8>(at, load<u8>(at) | (<u8>1 << <u8>(within & 7)));
  }
}

/** Lets through, of what is let through, only what is marked, and takes all marks away. */
export function allowMarked(
  chunks: usize, chunkBytes: u32, slots: u32, markedAt: u32, allowedAt: u32,
): void {
  for (let first: u32 = 0; first < slots; first += 1024) {
    const chunk = chunks + <usize>(first >> CHUNK_SHIFT) * chunkBytes;
    for (let byte: usize = 0; byte < BITMAP_BYTES; byte += 16) {
      const at = chunk + allowedAt + byte;
      v128.store(at, v128.and(v128.load(at), v128.load(chunk + markedAt + byte)));
    }
    memory.fill(chunk + markedAt, 0, BITMAP_BYTES);
  }
}
