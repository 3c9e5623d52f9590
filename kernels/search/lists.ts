// Lists of vectors around centroids: which one a vector belongs to, which ones a query looks through, and where their
// codes lie. Codes lie in blocks of 16, each row of a block holding one byte of all 16; blocks of one list are chained
// from its newest.

import { siftDown, siftUp } from "./heap";
import { multiply } from "./products";

const LANES: u32 = 16;
/** However far the best list is from a query, those about as good are looked at too. */
export const MARGIN: f32 = 0.15;
/** Scale of a code's alpha (domain/search/engine/codes.ts). */
const ALPHA: f32 = 1.0 / 32768.0;

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

/**
 * About the same for many lists, in a fifth of the products: of groups of lists around `pivots`, `take` are looked
 * through whose pivots lie closest. `starts` says where the lists of each group begin among `members`.
 */
export function closestAmong(
  centroids: usize, stride: u32, scales: usize, halves: usize,
  pivots: usize, groups: u32, pivotScales: usize, pivotHalves: usize, starts: usize, members: usize,
  vectors: usize, count: u32, vectorScales: usize, biases: usize, take: u32, chosen: usize, out: usize,
): void {
  for (let i: u32 = 0; i < count; i++) {
    const vector = vectors + <usize>i * stride;
    const scale = load<f32>(vectorScales + (<usize>i << 2));
    const bias = load<i32>(biases + (<usize>i << 2));
    let held: u32 = 0;
    let floor: f32 = -f32.MAX_VALUE;
    for (let group: u32 = 0; group < groups; group++) {
      const at = <usize>group << 2;
      const product = <f32>(multiply(vector, pivots + <usize>group * stride, stride) - bias) * scale;
      const near = product * load<f32>(pivotScales + at) - load<f32>(pivotHalves + at);
      if (held < take) siftUp(chosen, held++, near, group);
      else if (near > floor) siftDown(chosen, take, near, group);
      if (held == take) floor = load<f32>(chosen);
    }
    let most: f32 = -f32.MAX_VALUE;
    let best: u32 = 0;
    for (let place: u32 = 0; place < held; place++) {
      const from = starts + (<usize>load<u32>(chosen + (<usize>place << 3), 4) << 2);
      const end = members + (<usize>load<u32>(from, 4) << 2);
      for (let member = members + (<usize>load<u32>(from) << 2); member < end; member += 4) {
        const list = load<u32>(member);
        const at = <usize>list << 2;
        const product = <f32>(multiply(vector, centroids + <usize>list * stride, stride) - bias) * scale;
        const near = product * load<f32>(scales + at) - load<f32>(halves + at);
        if (near > most) {
          most = near;
          best = list;
        }
      }
    }
    store<u32>(out + (<usize>i << 2), best);
  }
}

/**
 * The lists that are worth a look, about the best first: a list is worth the product of its centroid with the query and
 * four times the mean alpha of its codes, which grows with how far they lie from the centroid. Looked at are those worth
 * half the highest product and `gap`, and those within `MARGIN` of the best. The products stay in `products`. Centroids
 * are in 7 bits, kept 64 higher so that none is negative: only then does the relaxed product say the same everywhere;
 * `bias` is what that adds, 64 times the sum of the 8-bit query. `peaks` holds the highest product and the most worth
 * that are known from elsewhere, and then those that are known with these lists. Answers how many lists.
 */
export function probe(
  centroids: usize, stride: u32, count: u32, scales: usize, heads: usize, query: usize, queryScale: f32, bias: i32,
  gap: f32, products: usize, worths: usize, buckets: usize, probed: usize, peaks: usize,
): u32 {
  let centroid = centroids;
  let highest: f32 = load<f32>(peaks);
  let most: f32 = load<f32>(peaks, 4);
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
  store<f32>(peaks, highest);
  store<f32>(peaks, most, 4);
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
