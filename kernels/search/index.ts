// The scans of a search shard (AssemblyScript, compiled to dist/kernels/search.wasm). Stateless: the caller
// (domain/search/kernel.ts) lays out the memory and passes every address. Slots lie in chunks of 1,024.

const CHUNK_SHIFT: u32 = 10;
const CHUNK_MASK: u32 = 1023;

/**
 * Bit distance of every slot to the query, 0xffff where the bitmap forbids the slot. Answers the least distance within
 * which at least `wanted` slots lie, `bitsMax` when there are fewer.
 */
export function distances(
  chunks: usize, chunkBytes: u32, slots: u32, codeBytes: u32,
  bitmapAt: u32, distanceAt: u32, query: usize, histogram: usize, bitsMax: u32, wanted: u32,
): u32 {
  // The query stays in registers: where the engine checks every load, each one saved counts.
  const q0 = v128.load(query);
  const q1 = v128.load(query, 16);
  const q2 = v128.load(query, 32);
  const lanes = i16x8(1, 2, 4, 8, 16, 32, 64, 128);
  // Only slots within `limit` are counted; it falls as they are found, so that soon hardly any slot is.
  let limit = bitsMax;
  let reached: u32 = 0;
  for (let first: u32 = 0; first < slots; first += 1024) {
    const chunk = chunks + <usize>(first >> CHUNK_SHIFT) * chunkBytes;
    const count = min<u32>(1024, slots - first);
    let code = chunk;
    for (let i: u32 = 0; i < count; i += 8) {
      let allowed: u32 = load<u8>(chunk + bitmapAt + (i >> 3));
      if (count - i < 8) allowed &= (1 << (count - i)) - 1;
      let eight = i16x8.splat(-1);
      if (allowed != 0) {
        eight = codeBytes == 48
          ? i16x8.narrow_i32x4_u(four48(code, q0, q1, q2), four48(code + 192, q0, q1, q2))
          : eightOf(code, query, codeBytes);
        if (allowed != 255) {
          const dead = i16x8.eq(v128.and(i16x8.splat(<i16>allowed), lanes), i16x8.splat(0));
          eight = v128.or(eight, dead);
        }
      }
      const at = chunk + distanceAt + (i << 1);
      v128.store(at, eight);
      code += codeBytes << 3;
      let near = i16x8.bitmask(i16x8.le_u(eight, i16x8.splat(<i16>limit)));
      if (near == 0) continue;
      reached += popcnt<u32>(near);
      for (; near != 0; near &= near - 1) {
        const bin = histogram + (<usize>load<u16>(at + (ctz<u32>(near) << 1)) << 2);
        store<u32>(bin, load<u32>(bin) + 1);
      }
      for (; limit > 0; limit--) {
        const farthest = load<u32>(histogram + (<usize>limit << 2));
        if (reached - farthest < wanted) break;
        reached -= farthest;
      }
    }
  }
  return limit;
}

/** Bits set, by byte, in what a code of 48 bytes has different from the query: 24 at most. */
// @ts-ignore: decorator
@inline
function differences48(code: usize, q0: v128, q1: v128, q2: v128): v128 {
  const a = i8x16.popcnt(v128.xor(v128.load(code), q0));
  const b = i8x16.popcnt(v128.xor(v128.load(code, 16), q1));
  const c = i8x16.popcnt(v128.xor(v128.load(code, 32), q2));
  return i8x16.add(i8x16.add(a, b), c);
}

/** The distances of four codes in a row. They are added up together, halving the bytes of each at every step. */
// @ts-ignore: decorator
@inline
function four48(code: usize, q0: v128, q1: v128, q2: v128): v128 {
  const a = i16x8.extadd_pairwise_i8x16_u(differences48(code, q0, q1, q2));
  const b = i16x8.extadd_pairwise_i8x16_u(differences48(code + 48, q0, q1, q2));
  const c = i16x8.extadd_pairwise_i8x16_u(differences48(code + 96, q0, q1, q2));
  const d = i16x8.extadd_pairwise_i8x16_u(differences48(code + 144, q0, q1, q2));
  const ab = i16x8.extadd_pairwise_i8x16_u(i8x16.narrow_i16x8_u(a, b));
  const cd = i16x8.extadd_pairwise_i8x16_u(i8x16.narrow_i16x8_u(c, d));
  return i32x4.extadd_pairwise_i16x8_u(i16x8.extadd_pairwise_i8x16_u(i8x16.narrow_i16x8_u(ab, cd)));
}

function eightOf(code: usize, query: usize, bytes: u32): v128 {
  let eight = i16x8.splat(0);
  // A lane is chosen by a constant: the distances come in from the right, the last one first.
  for (let i: u32 = 8; i > 0; i--) {
    eight = i8x16.shuffle(eight, eight, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13);
    eight = i16x8.replace_lane(eight, 0, <i16>distanceOf(code + <usize>(i - 1) * bytes, query, bytes));
  }
  return eight;
}

// @ts-ignore: decorator
@inline
function sumBytes(counts: v128): u32 {
  const wide = i32x4.extadd_pairwise_i16x8_u(i16x8.extadd_pairwise_i8x16_u(counts));
  const half = i32x4.add(wide, i32x4.shuffle(wide, wide, 2, 3, 0, 1));
  return <u32>(i32x4.extract_lane(half, 0) + i32x4.extract_lane(half, 1));
}

function distanceOf(code: usize, query: usize, bytes: u32): u32 {
  let total: u32 = 0;
  for (let at: u32 = 0; at < bytes; at += 16) {
    total += sumBytes(i8x16.popcnt(v128.xor(v128.load(code + at), v128.load(query + at))));
  }
  return total;
}

/** Writes the slots at most `cutoff` away, in slot order, up to `max`; answers how many. */
export function within(
  chunks: usize, chunkBytes: u32, slots: u32, distanceAt: u32, cutoff: u32, out: usize, max: u32,
): u32 {
  let found: u32 = 0;
  const limit = i16x8.splat(<i16>cutoff);
  for (let first: u32 = 0; first < slots; first += 8) {
    const at = chunks + <usize>(first >> CHUNK_SHIFT) * chunkBytes + distanceAt + ((first & CHUNK_MASK) << 1);
    if (!v128.any_true(i16x8.le_u(v128.load(at), limit))) continue;
    const count = min<u32>(8, slots - first);
    for (let i: u32 = 0; i < count; i++) {
      if (<u32>load<u16>(at + (i << 1)) > cutoff) continue;
      if (found == max) return found;
      store<u32>(out + (<usize>found << 2), first + i);
      found++;
    }
  }
  return found;
}

/** Integer dot products of a 16-bit query with 8-bit vectors laid one after another, two at a time. */
export function dots(vectors: usize, stride: u32, count: u32, query: usize, out: usize): void {
  for (let i: u32 = 0; i < count; i += 2) {
    const one = vectors + <usize>i * stride;
    // The last of an odd number is worked out twice.
    const two = i + 1 < count ? one + stride : one;
    let a = i32x4.splat(0);
    let b = i32x4.splat(0);
    for (let at: u32 = 0; at < stride; at += 16) {
      const q = query + (<usize>at << 1);
      const low = v128.load(q);
      const high = v128.load(q, 16);
      const x = v128.load(one + at);
      const y = v128.load(two + at);
      a = i32x4.add(a, i32x4.dot_i16x8_s(i16x8.extend_low_i8x16_s(x), low));
      b = i32x4.add(b, i32x4.dot_i16x8_s(i16x8.extend_low_i8x16_s(y), low));
      a = i32x4.add(a, i32x4.dot_i16x8_s(i16x8.extend_high_i8x16_s(x), high));
      b = i32x4.add(b, i32x4.dot_i16x8_s(i16x8.extend_high_i8x16_s(y), high));
    }
    store<i32>(out + (<usize>i << 2), sumLanes(a));
    if (i + 1 < count) store<i32>(out + (<usize>(i + 1) << 2), sumLanes(b));
  }
}

// @ts-ignore: decorator
@inline
function sumLanes(sum: v128): i32 {
  const half = i32x4.add(sum, i32x4.shuffle(sum, sum, 2, 3, 0, 1));
  return i32x4.extract_lane(half, 0) + i32x4.extract_lane(half, 1);
}

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

function siftUp(heap: usize, at: u32, score: f32, slot: u32): void {
  while (at > 0) {
    const parent = (at - 1) >> 1;
    const above = heap + (<usize>parent << 3);
    if (load<f32>(above) <= score) break;
    store<u64>(heap + (<usize>at << 3), load<u64>(above));
    at = parent;
  }
  store<f32>(heap + (<usize>at << 3), score);
  store<u32>(heap + (<usize>at << 3), slot, 4);
}

function siftDown(heap: usize, size: u32, score: f32, slot: u32): void {
  let at: u32 = 0;
  for (;;) {
    let child = (at << 1) + 1;
    if (child >= size) break;
    if (child + 1 < size && load<f32>(heap + (<usize>(child + 1) << 3)) < load<f32>(heap + (<usize>child << 3))) child++;
    const below = heap + (<usize>child << 3);
    if (load<f32>(below) >= score) break;
    store<u64>(heap + (<usize>at << 3), load<u64>(below));
    at = child;
  }
  store<f32>(heap + (<usize>at << 3), score);
  store<u32>(heap + (<usize>at << 3), slot, 4);
}
