import { HEAD, KEYS_TURNED, SCORES, WIDTH } from "./layout.ts";
import { exp, sum } from "./maths.ts";

const ROW: usize = <usize>(3 * WIDTH) * 4;

/** One head over all rows: softmax(Q·Kᵀ/√32)·V, from rows of [Q | K | V] into its 32 columns of `out`. */
export function attend(qkv: usize, rows: i32, head: i32, out: usize): void {
  const q = qkv + <usize>(head * HEAD) * 4;
  const k = q + <usize>WIDTH * 4;
  const v = k + <usize>WIDTH * 4;
  const groups = (rows + 3) / 4;
  turnKeys(k, rows, groups);
  for (let row = 0; row < rows; row++) {
    const total = weigh(q + <usize>row * ROW, rows, groups);
    blend(v, rows, f32x4.splat(<f32>1 / total), out + (<usize>row * <usize>WIDTH + <usize>(head * HEAD)) * 4);
  }
}

/** Keys by dimension instead of by row, 4 rows to a vector: [group][dimension][4]. Missing rows are zero. */
function turnKeys(k: usize, rows: i32, groups: i32): void {
  for (let row = 0; row < groups * 4; row++) {
    const to = KEYS_TURNED + <usize>((row >> 2) * HEAD * 4 + (row & 3)) * 4;
    const from = k + <usize>row * ROW;
    for (let d = 0; d < HEAD; d++) {
      store<f32>(to + <usize>d * 16, row < rows ? load<f32>(from + <usize>d * 4) : 0);
    }
  }
}

/** Fills SCORES with e^(score - highest) of one query row and gives their sum. */
function weigh(q: usize, rows: i32, groups: i32): f32 {
  let highest: f32 = -Infinity;
  for (let group = 0; group < groups; group++) {
    const keys = KEYS_TURNED + <usize>(group * HEAD) * 16;
    let even = f32x4.splat(0);
    let odd = even;
    for (let d: usize = 0; d < <usize>HEAD; d += 2) {
      even = f32x4.add(even, f32x4.mul(v128.load_splat<f32>(q + d * 4), v128.load(keys + d * 16)));
      odd = f32x4.add(odd, f32x4.mul(v128.load_splat<f32>(q + d * 4, 4), v128.load(keys + d * 16, 16)));
    }
    const scores = f32x4.mul(f32x4.add(even, odd), f32x4.splat(0.17677669529663687));
    v128.store(SCORES + <usize>group * 16, scores);
  }
  for (let row = rows; row < groups * 4; row++) store<f32>(SCORES + <usize>row * 4, -Infinity);
  let top = f32x4.splat(-Infinity);
  for (let group = 0; group < groups; group++) top = f32x4.max(top, v128.load(SCORES + <usize>group * 16));
  highest = max<f32>(
    max<f32>(f32x4.extract_lane(top, 0), f32x4.extract_lane(top, 1)),
    max<f32>(f32x4.extract_lane(top, 2), f32x4.extract_lane(top, 3)),
  );
  let total = f32x4.splat(0);
  for (let group = 0; group < groups; group++) {
    const weight = exp(f32x4.sub(v128.load(SCORES + <usize>group * 16), f32x4.splat(highest)));
    v128.store(SCORES + <usize>group * 16, weight);
    total = f32x4.add(total, weight);
  }
  return sum(total);
}

function blend(v: usize, rows: i32, factor: v128, out: usize): void {
  let a = f32x4.splat(0), b = a, c = a, d = a, e = a, f = a, g = a, h = a;
  for (let row = 0; row < rows; row++) {
    const weight = v128.load_splat<f32>(SCORES + <usize>row * 4);
    const at = v + <usize>row * ROW;
    a = f32x4.add(a, f32x4.mul(weight, v128.load(at)));
    b = f32x4.add(b, f32x4.mul(weight, v128.load(at, 16)));
    c = f32x4.add(c, f32x4.mul(weight, v128.load(at, 32)));
    d = f32x4.add(d, f32x4.mul(weight, v128.load(at, 48)));
    e = f32x4.add(e, f32x4.mul(weight, v128.load(at, 64)));
    f = f32x4.add(f, f32x4.mul(weight, v128.load(at, 80)));
    g = f32x4.add(g, f32x4.mul(weight, v128.load(at, 96)));
    h = f32x4.add(h, f32x4.mul(weight, v128.load(at, 112)));
  }
  v128.store(out, f32x4.mul(a, factor));
  v128.store(out, f32x4.mul(b, factor), 16);
  v128.store(out, f32x4.mul(c, factor), 32);
  v128.store(out, f32x4.mul(d, factor), 48);
  v128.store(out, f32x4.mul(e, factor), 64);
  v128.store(out, f32x4.mul(f, factor), 80);
  v128.store(out, f32x4.mul(g, factor), 96);
  v128.store(out, f32x4.mul(h, factor), 112);
}
