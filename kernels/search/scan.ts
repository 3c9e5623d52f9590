// The scan of the codes in lists: four dimensions of 16 codes are looked up at once (André et al., "Cache locality is
// not enough", VLDB 2015).

import { siftDown, siftUp } from "./heap";
import { MARGIN } from "./lists";

const NOBODY: u32 = 0xffffffff;
/** Scales of the two numbers beside a code (domain/search/engine/codes.ts). */
const ALPHA: f32 = 1.0 / 32768.0;
const DELTA: f32 = 1.0 / 16384.0;

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
 * whose bit is set (a heap of estimate and slot); answers how many. Lists come in about the order of what they are worth:
 * it ends at one that is worth less than the lowest of `k` by `margin`, or than `least` by `slack`, and is not about as good
 * as the best.
 */
export function scan(
  probed: usize, lists: u32, heads: usize, products: usize,
  chunks: usize, chunkBytes: u32, blocksAt: u32, rows: u32, bitmapAt: u32,
  lut: usize, step: f32, size: f32, estimates: usize, k: u32, heap: usize, least: f32,
  worths: usize, peaks: usize, margin: f32, slack: f32,
): u32 {
  let held: u32 = 0;
  let floor = least;
  const good = load<f32>(peaks, 4) - MARGIN;
  const numbers = rows << 4;
  const blockBytes = numbers + 144;
  const low = i8x16.splat(15);
  const stepAlpha = f32x4.splat(step * ALPHA);
  const sizeAlpha = f32x4.splat(size * ALPHA);
  for (let list: u32 = 0; list < lists; list++) {
    const name = load<u32>(probed + (<usize>list << 2));
    if (load<f32>(worths + (<usize>name << 2)) < min(good, floor - (held == k ? margin : slack))) break;
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
