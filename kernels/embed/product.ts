import { PANEL, ROW16 } from "./layout.ts";
import { gelu } from "./maths.ts";

// Matrix product of 16-bit activations and 8-bit weights in exact 32-bit integers, so that every machine gets the
// same vector. A panel holds 8 outputs: for each pair of inputs, 8 × 2 weights lie together, so a lane of
// `dot_i16x8` is one output and no horizontal sums are needed. |weight| ≤ 127, |activation| ≤ 8191 and at most 1536
// inputs stay below 2^31.

/** Outputs `8 * panel …` of every row: out[row][output] = row · weights[output] * scales + bias. */
export function product(
  rows16: usize,
  rowScales: usize,
  rows: i32,
  weights: usize,
  inputs: i32,
  outputs: i32,
  panel: i32,
  out: usize,
  activate: bool,
): void {
  const panelWeights = weights + <usize>(panel * PANEL * inputs);
  const scales = weights + <usize>(outputs * inputs) + <usize>(panel * PANEL) * 4;
  const bias = scales + <usize>outputs * 4;
  const outStride = <usize>outputs * 4;
  let outAt = out + <usize>(panel * PANEL) * 4;
  let row = 0;
  // Even blocks of at most 6 rows: 12 sums, 2 weight vectors and 1 broadcast fit the 15 vector registers.
  let blocks = (rows + 5) / 6;
  while (row < rows) {
    const take = (rows - row + blocks - 1) / blocks;
    const from = rows16 + <usize>row * ROW16;
    const fromScales = rowScales + <usize>row * 4;
    switch (take) {
      case 6: { tile(6, from, fromScales, panelWeights, inputs, scales, bias, outAt, outStride, activate); break; }
      case 5: { tile(5, from, fromScales, panelWeights, inputs, scales, bias, outAt, outStride, activate); break; }
      case 4: { tile(4, from, fromScales, panelWeights, inputs, scales, bias, outAt, outStride, activate); break; }
      case 3: { tile(3, from, fromScales, panelWeights, inputs, scales, bias, outAt, outStride, activate); break; }
      case 2: { tile(2, from, fromScales, panelWeights, inputs, scales, bias, outAt, outStride, activate); break; }
      default: { tile(1, from, fromScales, panelWeights, inputs, scales, bias, outAt, outStride, activate); }
    }
    outAt += <usize>take * outStride;
    row += take;
    blocks -= 1;
  }
}

/** `count` is a constant wherever this is inlined, so the compiler leaves only that many rows of it. */
// @ts-ignore: decorator of AssemblyScript
@inline
function tile(
  count: i32,
  from: usize,
  rowScales: usize,
  weights: usize,
  inputs: i32,
  scales: usize,
  bias: usize,
  out: usize,
  outStride: usize,
  activate: bool,
): void {
  let a0 = i32x4.splat(0), b0 = a0, a1 = a0, b1 = a0, a2 = a0, b2 = a0;
  let a3 = a0, b3 = a0, a4 = a0, b4 = a0, a5 = a0, b5 = a0;
  let at = from;
  const end = from + <usize>inputs * 2;
  let w = weights;
  while (at < end) {
    const wa = v128.load_ext<i8>(w);
    const wb = v128.load_ext<i8>(w, 8);
    let x = v128.load_splat<i32>(at);
    a0 = i32x4.add(a0, i32x4.dot_i16x8_s(wa, x));
    b0 = i32x4.add(b0, i32x4.dot_i16x8_s(wb, x));
    if (count > 1) {
      x = v128.load_splat<i32>(at, ROW16);
      a1 = i32x4.add(a1, i32x4.dot_i16x8_s(wa, x));
      b1 = i32x4.add(b1, i32x4.dot_i16x8_s(wb, x));
    }
    if (count > 2) {
      x = v128.load_splat<i32>(at, 2 * ROW16);
      a2 = i32x4.add(a2, i32x4.dot_i16x8_s(wa, x));
      b2 = i32x4.add(b2, i32x4.dot_i16x8_s(wb, x));
    }
    if (count > 3) {
      x = v128.load_splat<i32>(at, 3 * ROW16);
      a3 = i32x4.add(a3, i32x4.dot_i16x8_s(wa, x));
      b3 = i32x4.add(b3, i32x4.dot_i16x8_s(wb, x));
    }
    if (count > 4) {
      x = v128.load_splat<i32>(at, 4 * ROW16);
      a4 = i32x4.add(a4, i32x4.dot_i16x8_s(wa, x));
      b4 = i32x4.add(b4, i32x4.dot_i16x8_s(wb, x));
    }
    if (count > 5) {
      x = v128.load_splat<i32>(at, 5 * ROW16);
      a5 = i32x4.add(a5, i32x4.dot_i16x8_s(wa, x));
      b5 = i32x4.add(b5, i32x4.dot_i16x8_s(wb, x));
    }
    at += 4;
    w += 16;
  }
  finish(a0, b0, rowScales, scales, bias, out, activate);
  if (count > 1) finish(a1, b1, rowScales + 4, scales, bias, out + outStride, activate);
  if (count > 2) finish(a2, b2, rowScales + 8, scales, bias, out + 2 * outStride, activate);
  if (count > 3) finish(a3, b3, rowScales + 12, scales, bias, out + 3 * outStride, activate);
  if (count > 4) finish(a4, b4, rowScales + 16, scales, bias, out + 4 * outStride, activate);
  if (count > 5) finish(a5, b5, rowScales + 20, scales, bias, out + 5 * outStride, activate);
}

function finish(a: v128, b: v128, rowScale: usize, scales: usize, bias: usize, out: usize, activate: bool): void {
  const scale = v128.load_splat<f32>(rowScale);
  let left = f32x4.add(f32x4.mul(f32x4.convert_i32x4_s(a), f32x4.mul(scale, v128.load(scales))), v128.load(bias));
  let right = f32x4.add(
    f32x4.mul(f32x4.convert_i32x4_s(b), f32x4.mul(scale, v128.load(scales, 16))),
    v128.load(bias, 16),
  );
  if (activate) {
    left = gelu(left);
    right = gelu(right);
  }
  v128.store(out, left);
  v128.store(out, right, 16);
}
