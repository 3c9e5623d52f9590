// Squared Euclidean distances between many vectors and many others (AssemblyScript, compiled to
// dist/kernels/distances.wasm). Stateless: the caller (gpu-backend/compute/scan.ts) lays out the memory.

/**
 * `out[q * points + p]` of 32-bit floats. Rows lie one after another, `stride` bytes each, a multiple of 16 that is padded
 * with zeros; `queries` is a multiple of 4 and `points` of 2. The differences themselves are squared, since
 * |a|² + |b|² − 2ab says nothing true about vectors that are nearly the same.
 */
export function distances(
  query: usize, queries: u32, point: usize, points: u32, stride: u32, out: usize,
): void {
  for (let q: u32 = 0; q < queries; q += 4) {
    const q0 = query + <usize>q * stride;
    const q1 = q0 + stride;
    const q2 = q1 + stride;
    const q3 = q2 + stride;
    for (let p: u32 = 0; p < points; p += 2) {
      const p0 = point + <usize>p * stride;
      const p1 = p0 + stride;
      let a0 = f32x4.splat(0);
      let a1 = f32x4.splat(0);
      let b0 = f32x4.splat(0);
      let b1 = f32x4.splat(0);
      let c0 = f32x4.splat(0);
      let c1 = f32x4.splat(0);
      let d0 = f32x4.splat(0);
      let d1 = f32x4.splat(0);
      for (let at: u32 = 0; at < stride; at += 16) {
        const x = v128.load(p0 + at);
        const y = v128.load(p1 + at);
        let row = v128.load(q0 + at);
        a0 = addSquare(row, x, a0);
        a1 = addSquare(row, y, a1);
        row = v128.load(q1 + at);
        b0 = addSquare(row, x, b0);
        b1 = addSquare(row, y, b1);
        row = v128.load(q2 + at);
        c0 = addSquare(row, x, c0);
        c1 = addSquare(row, y, c1);
        row = v128.load(q3 + at);
        d0 = addSquare(row, x, d0);
        d1 = addSquare(row, y, d1);
      }
      const to = out + ((<usize>q * points + p) << 2);
      const next = <usize>points << 2;
      put(to, a0, a1);
      put(to + next, b0, b1);
      put(to + 2 * next, c0, c1);
      put(to + 3 * next, d0, d1);
    }
  }
}

// @ts-ignore: decorator
@inline
function addSquare(a: v128, b: v128, sum: v128): v128 {
  const difference = f32x4.sub(a, b);
  return f32x4.relaxed_madd(difference, difference, sum);
}

/** The sums of the lanes of both, side by side. */
// @ts-ignore: decorator
@inline
function put(to: usize, one: v128, two: v128): void {
  const low = f32x4.add(f32x4.shuffle(one, two, 0, 1, 4, 5), f32x4.shuffle(one, two, 2, 3, 6, 7));
  const sums = f32x4.add(f32x4.shuffle(low, low, 0, 2, 0, 2), f32x4.shuffle(low, low, 1, 3, 1, 3));
  v128.store64_lane(to, sums, 0);
}
