// The scans of a search shard (AssemblyScript, compiled to dist/kernels/search.wasm). Stateless: the caller
// (domain/search/engine/kernel.ts) lays out the memory and passes every address. Slots lie in chunks of 1,024.

import { CHUNK_MASK, CHUNK_SHIFT } from "./chunks";
import { siftDown, siftUp } from "./heap";

export { allow, allowMarked, mark } from "./filter";
export { order } from "./heap";
export { closest, closestAmong, keep, place, probe } from "./lists";
export { dots } from "./products";
export { scan, tables } from "./scan";

export function clear(chunks: usize, chunkBytes: u32, slots: u32, scoreAt: u32): void {
  for (let first: u32 = 0; first < slots; first += 1024) {
    memory.fill(chunks + <usize>(first >> CHUNK_SHIFT) * chunkBytes + scoreAt, 0, 4096);
  }
}

/** Adds one term's share of BM25 to the slots of its postings (`slot - base` in 24 bits, frequency in 8). */
export function accumulate(
  postings: usize, count: u32, chunks: usize, chunkBytes: u32, lengthAt: u32, scoreAt: u32,
  base: u32, weight: f32, flat: f32, perWord: f32,
): void {
  for (let i: u32 = 0; i < count; i++) {
    const posting = load<u32>(postings + (<usize>i << 2));
    const slot = base + (posting >> 8);
    const frequency = <f32>(posting & 255);
    const chunk = chunks + <usize>(slot >> CHUNK_SHIFT) * chunkBytes;
    const within = slot & CHUNK_MASK;
    const length = <f32>load<u16>(chunk + lengthAt + (within << 1));
    const score = chunk + scoreAt + (within << 2);
    store<f32>(score, load<f32>(score) + weight * frequency / (frequency + flat + perWord * length));
  }
}

/** The `k` best scored slots the bitmap allows, unordered (a heap of score and slot); answers how many. */
export function best(
  chunks: usize, chunkBytes: u32, slots: u32, bitmapAt: u32, scoreAt: u32, k: u32, heap: usize,
): u32 {
  let held: u32 = 0;
  let floor: f32 = 0;
  for (let first: u32 = 0; first < slots; first += 4) {
    const chunk = chunks + <usize>(first >> CHUNK_SHIFT) * chunkBytes;
    const within = first & CHUNK_MASK;
    const at = chunk + scoreAt + (within << 2);
    if (!v128.any_true(f32x4.gt(v128.load(at), f32x4.splat(floor)))) continue;
    const count = min<u32>(4, slots - first);
    for (let i: u32 = 0; i < count; i++) {
      const score = load<f32>(at + (i << 2));
      if (!(score > floor)) continue;
      const bit = within + i;
      if (!((load<u8>(chunk + bitmapAt + (bit >> 3)) >> <u8>(bit & 7)) & 1)) continue;
      if (held < k) {
        siftUp(heap, held, score, first + i);
        held++;
      } else {
        siftDown(heap, k, score, first + i);
      }
      if (held == k) floor = load<f32>(heap);
    }
  }
  return held;
}
