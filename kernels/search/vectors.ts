// Vectors of a search shard. Codes lie in blocks of 16, each row of a block holding one byte of all 16, so that four
// dimensions of 16 codes are looked up at once (André et al., "Cache locality is not enough", VLDB 2015). Blocks of
// one list are chained from its newest.

const LANES: u32 = 16;
const NOBODY: u32 = 0xffffffff;
/** However far the best list is from a query, those about as good are looked at too. */
const MARGIN: f32 = 0.15;
/** Scales of the two numbers beside a code (domain/search/engine/codes.ts). */
const ALPHA: f32 = 1.0 / 32768.0;
const DELTA: f32 = 1.0 / 16384.0;

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

/**
 * The lists vectors belong to: those with the centroids they lie closest to. `q·m - |m|²/2` orders like the distance.
 * `count` vectors lie one after another, with a scale and a bias each; what comes out is a list each.
 */
export function closest(
  centroids: usize, stride: u32, lists: u32, scales: usize, halves: usize,
  vectors: usize, count: u32, vectorScales: usize, biases: usize, out: usize,
): void {
  let i: u32 = 0;
  // Four at a time, so that a centroid is read once for all of them.
  for (; i + 4 <= count; i += 4) {
    const a = vectors + <usize>i * stride;
    const b = a + stride;
    const c = b + stride;
    const d = c + stride;
    const scale = v128.load(vectorScales + (<usize>i << 2));
    const bias = v128.load(biases + (<usize>i << 2));
    let most = f32x4.splat(-f32.MAX_VALUE);
    let best = i32x4.splat(0);
    let centroid = centroids;
    for (let list: u32 = 0; list < lists; list++) {
      let w = i32x4.splat(0);
      let x = i32x4.splat(0);
      let y = i32x4.splat(0);
      let z = i32x4.splat(0);
      for (let at: u32 = 0; at < stride; at += 16) {
        const m = v128.load(centroid + at);
        w = i32x4.relaxed_dot_i8x16_i7x16_add_s(v128.load(a + at), m, w);
        x = i32x4.relaxed_dot_i8x16_i7x16_add_s(v128.load(b + at), m, x);
        y = i32x4.relaxed_dot_i8x16_i7x16_add_s(v128.load(c + at), m, y);
        z = i32x4.relaxed_dot_i8x16_i7x16_add_s(v128.load(d + at), m, z);
      }
      centroid += stride;
      const wx = i32x4.add(i32x4.shuffle(w, x, 0, 1, 4, 5), i32x4.shuffle(w, x, 2, 3, 6, 7));
      const yz = i32x4.add(i32x4.shuffle(y, z, 0, 1, 4, 5), i32x4.shuffle(y, z, 2, 3, 6, 7));
      const sums = i32x4.add(i32x4.shuffle(wx, yz, 0, 2, 4, 6), i32x4.shuffle(wx, yz, 1, 3, 5, 7));
      const at = <usize>list << 2;
      const product = f32x4.mul(f32x4.convert_i32x4_s(i32x4.sub(sums, bias)), scale);
      const near = f32x4.sub(f32x4.mul(product, f32x4.splat(load<f32>(scales + at))), f32x4.splat(load<f32>(halves + at)));
      const nearer = f32x4.gt(near, most);
      most = f32x4.max(most, near);
      best = v128.bitselect(i32x4.splat(list), best, nearer);
    }
    v128.store(out + (<usize>i << 2), best);
  }
  for (; i < count; i++) {
    const vector = vectors + <usize>i * stride;
    const scale = load<f32>(vectorScales + (<usize>i << 2));
    const bias = load<i32>(biases + (<usize>i << 2));
    let most: f32 = -f32.MAX_VALUE;
    let best: u32 = 0;
    for (let list: u32 = 0; list < lists; list++) {
      const at = <usize>list << 2;
      const product = <f32>(multiply(vector, centroids + <usize>list * stride, stride) - bias) * scale;
      const near = product * load<f32>(scales + at) - load<f32>(halves + at);
      if (near > most) {
        most = near;
        best = list;
      }
    }
    store<u32>(out + (<usize>i << 2), best);
  }
}

/** The product of a vector with a centroid that is kept 64 higher. */
// @ts-ignore: decorator
@inline
function multiply(vector: usize, centroid: usize, stride: u32): i32 {
  let sum = i32x4.splat(0);
  for (let at: u32 = 0; at < stride; at += 16) {
    sum = i32x4.relaxed_dot_i8x16_i7x16_add_s(v128.load(vector + at), v128.load(centroid + at), sum);
  }
  return sumLanes(sum);
}

/**
 * The lists that are worth a look, about the best first: a list is worth the product of its centroid with the query and
 * four times the mean alpha of its codes, which grows with how far they lie from the centroid. Looked at are those worth
 * half the highest product and `gap`, and those within `MARGIN` of the best. The products stay in `products`. Centroids
 * are in 7 bits, kept 64 higher so that none is negative: only then does the relaxed product say the same everywhere;
 * `bias` is what that adds, 64 times the sum of the 8-bit query. Answers how many lists.
 */
export function probe(
  centroids: usize, stride: u32, count: u32, scales: usize, heads: usize, query: usize, queryScale: f32, bias: i32,
  gap: f32, products: usize, worths: usize, buckets: usize, probed: usize,
): u32 {
  let centroid = centroids;
  let highest: f32 = -f32.MAX_VALUE;
  let most: f32 = -f32.MAX_VALUE;
  for (let i: u32 = 0; i < count; i++) {
    const at = <usize>i << 2;
    const product = <f32>(multiply(query, centroid, stride) - bias) * queryScale * load<f32>(scales + at);
    centroid += stride;
    store<f32>(products + at, product);
    const head = heads + (<usize>i << 5);
    const members = load<u32>(head, 8);
    const worth = members == 0 ? -f32.MAX_VALUE : product + 4 * load<f32>(head, 12) / <f32>members;
    store<f32>(worths + at, worth);
    if (members != 0) highest = max(highest, product);
    most = max(most, worth);
  }
  if (most == -f32.MAX_VALUE) return 0;
  const least = max(min(highest / 2 + gap, most - MARGIN), -16);
  const steps: f32 = most > least ? 255 / (most - least) : 0;
  memory.fill(buckets, 0, 1028);
  for (let i: u32 = 0; i < count; i++) {
    const worth = load<f32>(worths + (<usize>i << 2));
    if (worth < least) continue;
    const at = buckets + (<usize><u32>((most - worth) * steps) << 2);
    store<u32>(at, load<u32>(at, 4) + 1, 4);
  }
  for (let bucket: usize = 0; bucket < 256; bucket++) {
    const at = buckets + (bucket << 2);
    store<u32>(at, load<u32>(at, 4) + load<u32>(at), 4);
  }
  let filled: u32 = 0;
  for (let i: u32 = 0; i < count; i++) {
    const worth = load<f32>(worths + (<usize>i << 2));
    if (worth < least) continue;
    const at = buckets + (<usize><u32>((most - worth) * steps) << 2);
    const place = load<u32>(at);
    store<u32>(at, place + 1);
    store<u32>(probed + (<usize>place << 2), i);
    filled++;
  }
  return filled;
}

/** The tables of a query: for each four dimensions the products of all 16 signs, in 6 bits. Answers one step's worth. */
export function tables(query: usize, rows: u32, out: usize): f32 {
  let most: f32 = 0;
  for (let group: u32 = 0; group < rows << 1; group++) most = max(most, sizeOf(query + (<usize>group << 4)));
  const step: f32 = most > 0 ? most * 2 / 63 : 1;
  const per: f32 = <f32>2 / step;
  for (let group: u32 = 0; group < rows << 1; group++) {
    const q = query + (<usize>group << 4);
    const at = out + (<usize>group << 4);
    const a = load<f32>(q) * per;
    const b = load<f32>(q, 4) * per;
    const c = load<f32>(q, 8) * per;
    const d = load<f32>(q, 12) * per;
    // With all signs down, then each sign up in turn; half a step is added to round.
    const none: f32 = <f32>0.5 + (sizeOf(q) * per - a - b - c - d) * <f32>0.5;
    for (let high: u32 = 0; high < 4; high++) {
      const upper = none + (high & 1 ? c : <f32>0) + (high & 2 ? d : <f32>0);
      store<u8>(at + (high << 2), <u8>min<f32>(63, upper));
      store<u8>(at + (high << 2), <u8>min<f32>(63, upper + a), 1);
      store<u8>(at + (high << 2), <u8>min<f32>(63, upper + b), 2);
      store<u8>(at + (high << 2), <u8>min<f32>(63, upper + a + b), 3);
    }
  }
  return step;
}

function sizeOf(q: usize): f32 {
  return abs(load<f32>(q)) + abs(load<f32>(q, 4)) + abs(load<f32>(q, 8)) + abs(load<f32>(q, 12));
}

/**
 * Looks through the probed lists and holds on to the `k` slots with the highest estimated cosine, at least `least`,
 * whose bit is set (a heap of estimate and slot); answers how many.
 */
export function scan(
  probed: usize, lists: u32, heads: usize, products: usize,
  chunks: usize, chunkBytes: u32, blocksAt: u32, rows: u32, bitmapAt: u32,
  lut: usize, step: f32, size: f32, estimates: usize, k: u32, heap: usize, least: f32,
): u32 {
  let held: u32 = 0;
  let floor = least;
  const numbers = rows << 4;
  const blockBytes = numbers + 144;
  const low = i8x16.splat(15);
  const stepAlpha = f32x4.splat(step * ALPHA);
  const sizeAlpha = f32x4.splat(size * ALPHA);
  for (let list: u32 = 0; list < lists; list++) {
    const name = load<u32>(probed + (<usize>list << 2));
    const base = f32x4.splat(load<f32>(products + (<usize>name << 2)));
    let block = load<u32>(heads + (<usize>name << 5));
    while (block != NOBODY) {
      const at = chunks + <usize>(block >> 6) * chunkBytes + blocksAt + <usize>(block & 63) * blockBytes;
      let even = i16x8.splat(0);
      let odd = i16x8.splat(0);
      let table = lut;
      for (let row: u32 = 0; row < numbers; row += 32) {
        const x = v128.load(at + row);
        const y = v128.load(at + row, 16);
        // Four of at most 63 fit a byte.
        const sum = i8x16.add(
          i8x16.add(
            i8x16.relaxed_swizzle(v128.load(table), v128.and(x, low)),
            i8x16.relaxed_swizzle(v128.load(table, 16), i8x16.shr_u(x, 4)),
          ),
          i8x16.add(
            i8x16.relaxed_swizzle(v128.load(table, 32), v128.and(y, low)),
            i8x16.relaxed_swizzle(v128.load(table, 48), i8x16.shr_u(y, 4)),
          ),
        );
        table += 64;
        even = i16x8.add(even, sum);
        odd = i16x8.add(odd, i16x8.shr_u(sum, 8));
      }
      even = i16x8.sub(even, i16x8.shl(odd, 8));
      const numbersAt = at + numbers + 64;
      const first = i8x16.shuffle(even, odd, 0, 1, 16, 17, 2, 3, 18, 19, 4, 5, 20, 21, 6, 7, 22, 23);
      const last = i8x16.shuffle(even, odd, 8, 9, 24, 25, 10, 11, 26, 27, 12, 13, 28, 29, 14, 15, 30, 31);
      let over = eight(first, numbersAt, base, stepAlpha, sizeAlpha, floor, estimates)
        | eight(last, numbersAt + 16, base, stepAlpha, sizeAlpha, floor, estimates + 32) << 8;
      for (; over != 0; over &= over - 1) {
        const lane = <usize>ctz<u32>(over);
        const estimate = load<f32>(estimates + (lane << 2));
        if (!(estimate > floor)) continue;
        const slot = load<u32>(at + numbers + (lane << 2));
        if (slot == NOBODY) continue;
        const bits = load<u8>(chunks + <usize>(slot >> 10) * chunkBytes + bitmapAt + ((slot & 1023) >> 3));
        if (!((bits >> <u8>(slot & 7)) & 1)) continue;
        if (held < k) siftUp(heap, held++, estimate, slot);
        else siftDown(heap, k, estimate, slot);
        if (held == k) floor = load<f32>(heap);
      }
      block = load<u32>(at + numbers, 128);
    }
  }
  return held;
}

/** Puts a heap of scores and slots in order, the highest first. */
export function order(heap: usize, size: u32): void {
  for (let last = size; last > 1; last--) {
    const lowest = load<u64>(heap);
    const end = heap + (<usize>(last - 1) << 3);
    const moved = load<u64>(end);
    siftDown(heap, last - 1, reinterpret<f32>(<u32>moved), <u32>(moved >> 32));
    store<u64>(end, lowest);
  }
}

/** Eight estimates from eight sums; a bit is set for each above the floor. */
// @ts-ignore: decorator
@inline
function eight(sums: v128, numbers: usize, base: v128, step: v128, size: v128, floor: f32, out: usize): u32 {
  const alphas = v128.load(numbers);
  const deltas = v128.load(numbers, 32);
  const scale = f32x4.splat(DELTA);
  const a = f32x4.add(
    f32x4.add(base, f32x4.mul(f32x4.convert_i32x4_s(i32x4.extend_low_i16x8_s(deltas)), scale)),
    f32x4.mul(
      f32x4.convert_i32x4_s(i32x4.extend_low_i16x8_u(alphas)),
      f32x4.sub(f32x4.mul(f32x4.convert_i32x4_s(i32x4.extend_low_i16x8_u(sums)), step), size),
    ),
  );
  const b = f32x4.add(
    f32x4.add(base, f32x4.mul(f32x4.convert_i32x4_s(i32x4.extend_high_i16x8_s(deltas)), scale)),
    f32x4.mul(
      f32x4.convert_i32x4_s(i32x4.extend_high_i16x8_u(alphas)),
      f32x4.sub(f32x4.mul(f32x4.convert_i32x4_s(i32x4.extend_high_i16x8_u(sums)), step), size),
    ),
  );
  v128.store(out, a);
  v128.store(out, b, 16);
  const least = f32x4.splat(floor);
  return <u32>i32x4.bitmask(f32x4.gt(a, least)) | <u32>i32x4.bitmask(f32x4.gt(b, least)) << 4;
}

/**
 * Keeps blocks for lists that will hold so many codes, one after another, so that a search reads what lies together;
 * the later ones of a list come first, as it is read. Answers how many it took.
 */
export function keep(counts: usize, lists: u32, first: u32, heads: usize): u32 {
  let next = first;
  for (let list: u32 = 0; list < lists; list++) {
    const head = heads + (<usize>list << 5);
    const blocks = (load<u32>(counts + (<usize>list << 2)) + LANES - 1) / LANES;
    store<u32>(head, next, 16);
    store<u32>(head, blocks, 20);
    next += blocks;
  }
  return next - first;
}

/**
 * Puts codes of slots from `first` on into the blocks of their lists, leaving out those that are not alive or whose
 * list is 0xffff. Stops where a block is missing (`blocks` points to how many there are and how many are in use) and
 * answers how many it took. `heads` holds of each list in words its newest block, how many lanes of that are free, how
 * many codes it has, the sum of their alphas, and the first and the number of the blocks kept for it.
 */
export function place(
  codes: usize, codeBytes: u32, lists: usize, alphas: usize, deltas: usize, count: u32, first: u32,
  chunks: usize, chunkBytes: u32, blocksAt: u32, aliveAt: u32, heads: usize, blocks: usize,
): u32 {
  const numbers = codeBytes << 4;
  for (let i: u32 = 0; i < count; i++) {
    const list = load<u16>(lists + (<usize>i << 1));
    const slot = first + i;
    const bits = load<u8>(chunks + <usize>(slot >> 10) * chunkBytes + aliveAt + ((slot & 1023) >> 3));
    if (list == 0xffff || !((bits >> <u8>(slot & 7)) & 1)) continue;
    const head = heads + (<usize>list << 5);
    let free = load<u32>(head, 4);
    let block = load<u32>(head);
    if (free == 0) {
      const kept = load<u32>(head, 20);
      let next = load<u32>(blocks, 4);
      if (kept > 0) {
        next = load<u32>(head, 16) + kept - 1;
        store<u32>(head, kept - 1, 20);
      } else {
        if (next == load<u32>(blocks)) return i;
        store<u32>(blocks, next + 1, 4);
      }
      const fresh = chunks + <usize>(next >> 6) * chunkBytes + blocksAt + <usize>(next & 63) * (numbers + 144);
      memory.fill(fresh + numbers, 0xff, 64);
      store<u32>(fresh + numbers, block, 128);
      store<u32>(head, next);
      block = next;
      free = LANES;
    }
    store<u32>(head, free - 1, 4);
    store<u32>(head, load<u32>(head, 8) + 1, 8);
    store<f32>(head, load<f32>(head, 12) + <f32>load<u16>(alphas + (<usize>i << 1)) * ALPHA, 12);
    const lane = <usize>(LANES - free);
    const at = chunks + <usize>(block >> 6) * chunkBytes + blocksAt + <usize>(block & 63) * (numbers + 144);
    const code = codes + <usize>i * codeBytes;
    for (let byte: u32 = 0; byte < codeBytes; byte++) store<u8>(at + (<usize>byte << 4) + lane, load<u8>(code + byte));
    store<u32>(at + numbers + (lane << 2), slot);
    store<u16>(at + numbers + 64 + (lane << 1), load<u16>(alphas + (<usize>i << 1)));
    store<u16>(at + numbers + 96 + (lane << 1), load<u16>(deltas + (<usize>i << 1)));
  }
  return count;
}

export function siftUp(heap: usize, at: u32, score: f32, slot: u32): void {
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

export function siftDown(heap: usize, size: u32, score: f32, slot: u32): void {
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
