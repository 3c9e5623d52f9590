// Products of vectors in whole numbers.

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
export function sumLanes(sum: v128): i32 {
  const half = i32x4.add(sum, i32x4.shuffle(sum, sum, 2, 3, 0, 1));
  return i32x4.extract_lane(half, 0) + i32x4.extract_lane(half, 1);
}

/** The product of a vector with a centroid that is kept 64 higher. */
// @ts-ignore: decorator
@inline
export function multiply(vector: usize, centroid: usize, stride: u32): i32 {
  let sum = i32x4.splat(0);
  for (let at: u32 = 0; at < stride; at += 16) {
    sum = i32x4.relaxed_dot_i8x16_i7x16_add_s(v128.load(vector + at), v128.load(centroid + at), sum);
  }
  return sumLanes(sum);
}
