import { ROW16, WIDTH } from "./layout.ts";

/** e^x to about 2e-7, for x from -87 to 88: 2^k by exponent bits, the rest by a polynomial (Cephes' coefficients). */
// @ts-ignore: decorator of AssemblyScript
@inline
export function exp(x: v128): v128 {
  const bounded = f32x4.max(f32x4.splat(-87), f32x4.min(f32x4.splat(88), x));
  const k = f32x4.nearest(f32x4.mul(bounded, f32x4.splat(1.4426950408889634)));
  let r = f32x4.sub(bounded, f32x4.mul(k, f32x4.splat(0.693359375)));
  r = f32x4.sub(r, f32x4.mul(k, f32x4.splat(-2.12194440e-4)));
  let p = f32x4.splat(1.9875691500e-4);
  p = f32x4.add(f32x4.mul(p, r), f32x4.splat(1.3981999507e-3));
  p = f32x4.add(f32x4.mul(p, r), f32x4.splat(8.3334519073e-3));
  p = f32x4.add(f32x4.mul(p, r), f32x4.splat(4.1665795894e-2));
  p = f32x4.add(f32x4.mul(p, r), f32x4.splat(1.6666665459e-1));
  p = f32x4.add(f32x4.mul(p, r), f32x4.splat(0.5));
  p = f32x4.add(f32x4.mul(f32x4.mul(p, r), r), f32x4.add(r, f32x4.splat(1)));
  const power = i32x4.shl(i32x4.add(i32x4.trunc_sat_f32x4_s(k), i32x4.splat(127)), 23);
  return f32x4.mul(p, power);
}

/** x·Φ(x), with erf from Abramowitz and Stegun 7.1.26 (error below 1.5e-7). */
// @ts-ignore: decorator of AssemblyScript
@inline
export function gelu(x: v128): v128 {
  const z = f32x4.mul(f32x4.abs(x), f32x4.splat(0.7071067811865476));
  const t = f32x4.div(f32x4.splat(1), f32x4.add(f32x4.splat(1), f32x4.mul(z, f32x4.splat(0.3275911))));
  let p = f32x4.splat(1.061405429);
  p = f32x4.add(f32x4.mul(p, t), f32x4.splat(-1.453152027));
  p = f32x4.add(f32x4.mul(p, t), f32x4.splat(1.421413741));
  p = f32x4.add(f32x4.mul(p, t), f32x4.splat(-0.284496736));
  p = f32x4.add(f32x4.mul(p, t), f32x4.splat(0.254829592));
  // tail = 1 - erf(z) ≥ 0, so x·Φ(x) is x - x·tail/2 for x ≥ 0 and x·tail/2 below.
  const tail = f32x4.mul(f32x4.mul(p, t), exp(f32x4.neg(f32x4.mul(z, z))));
  const half = f32x4.mul(f32x4.mul(x, tail), f32x4.splat(0.5));
  return v128.bitselect(half, f32x4.sub(x, half), f32x4.lt(x, f32x4.splat(0)));
}

// @ts-ignore: decorator of AssemblyScript
@inline
export function sum(x: v128): f32 {
  return (f32x4.extract_lane(x, 0) + f32x4.extract_lane(x, 1)) + (f32x4.extract_lane(x, 2) + f32x4.extract_lane(x, 3));
}

/** row = norm(row + add) · gain + bias, in place; `add` 0 adds nothing. */
export function normalise(row: usize, add: usize, gain: usize): void {
  let total = f32x4.splat(0);
  for (let i: usize = 0; i < <usize>WIDTH * 4; i += 16) {
    let x = v128.load(row + i);
    if (add) {
      x = f32x4.add(x, v128.load(add + i));
      v128.store(row + i, x);
    }
    total = f32x4.add(total, x);
  }
  const mean = f32x4.splat(sum(total) / <f32>WIDTH);
  let squares = f32x4.splat(0);
  for (let i: usize = 0; i < <usize>WIDTH * 4; i += 16) {
    const x = f32x4.sub(v128.load(row + i), mean);
    squares = f32x4.add(squares, f32x4.mul(x, x));
  }
  const scale = f32x4.splat(<f32>1 / sqrt<f32>(sum(squares) / <f32>WIDTH + <f32>1e-12));
  const bias = gain + <usize>WIDTH * 4;
  for (let i: usize = 0; i < <usize>WIDTH * 4; i += 16) {
    const x = f32x4.mul(f32x4.sub(v128.load(row + i), mean), scale);
    v128.store(row + i, f32x4.add(f32x4.mul(x, v128.load(gain + i)), v128.load(bias + i)));
  }
}

/** Each row to 16-bit integers of at most 8191 and its own scale (product.ts says why 8191). */
export function quantise(from: usize, width: i32, rows: i32, rows16: usize, rowScales: usize): void {
  const bytes = <usize>width * 4;
  for (let row = 0; row < rows; row++) {
    const at = from + <usize>row * bytes;
    let top = f32x4.splat(0);
    for (let i: usize = 0; i < bytes; i += 16) top = f32x4.max(top, f32x4.abs(v128.load(at + i)));
    const most = max<f32>(
      max<f32>(f32x4.extract_lane(top, 0), f32x4.extract_lane(top, 1)),
      max<f32>(f32x4.extract_lane(top, 2), f32x4.extract_lane(top, 3)),
    );
    const factor = f32x4.splat(most > 0 ? <f32>8191 / most : 0);
    store<f32>(rowScales + <usize>row * 4, most / <f32>8191);
    const out = rows16 + <usize>row * ROW16;
    for (let i: usize = 0; i < bytes; i += 32) {
      const left = i32x4.trunc_sat_f32x4_s(f32x4.nearest(f32x4.mul(v128.load(at + i), factor)));
      const right = i32x4.trunc_sat_f32x4_s(f32x4.nearest(f32x4.mul(v128.load(at + i, 16), factor)));
      v128.store(out + i / 2, i16x8.narrow_i32x4_s(left, right));
    }
  }
}
