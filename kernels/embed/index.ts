import { attend } from "./attention.ts";
import {
  EMBED_NORM, HEADS, HIDDEN, INNER, LANES, LAYER_0, LAYER_BYTES, LAYERS, MEMORY_END, NARROW, NORM_1, NORM_2, PANEL, PART,
  POSITIONS, PROJECT, QKV, RESULT, ROWS16, ROW_SCALES, TOKENS, TOKENS_MAX, WEIGHTS, WEIGHTS_END, WIDE, WIDEN, WIDTH,
  WORDS, WORD_SCALES, laneAt,
} from "./layout.ts";
import { normalise, quantise, sum } from "./maths.ts";
import { product } from "./product.ts";

// all-MiniLM-L6-v2's forward pass, in slices: `begin` a lane, then `step` it until it says it is done. The lanes are
// independent, so a query in one overtakes a document in the other between any two steps.

const STAGE_QKV: i32 = 0;
const STAGE_ATTEND: i32 = 1;
const STAGE_PROJECT: i32 = 2;
const STAGE_WIDEN: i32 = 3;
const STAGE_NARROW: i32 = 4;

const rowsOf = new StaticArray<i32>(LANES);
const layerOf = new StaticArray<i32>(LANES);
const stageOf = new StaticArray<i32>(LANES);
const placeOf = new StaticArray<i32>(LANES);

/** Makes room; once, before the weights are copied to `weightsAt`. */
export function prepare(): void {
  const pages = <i32>((MEMORY_END + 0xffff) >>> 16);
  if (pages > memory.size()) memory.grow(pages - memory.size());
}

export function weightsAt(): usize {
  return WEIGHTS;
}

export function weightsBytes(): usize {
  return WEIGHTS_END - WEIGHTS;
}

export function tokensMax(): i32 {
  return TOKENS_MAX;
}

/** Where the caller writes the lane's token ids, as 32-bit integers. */
export function tokensAt(lane: i32): usize {
  return laneAt(lane) + TOKENS;
}

/** Where the finished vector is: 384 floats of unit length. */
export function resultAt(lane: i32): usize {
  return laneAt(lane) + RESULT;
}

export function begin(lane: i32, rows: i32): void {
  const base = laneAt(lane);
  for (let row = 0; row < rows; row++) {
    const token = load<i32>(base + TOKENS + <usize>row * 4);
    const scale = f32x4.splat(load<f32>(WORD_SCALES + <usize>token * 4));
    const word = WORDS + <usize>token * <usize>WIDTH;
    const position = POSITIONS + <usize>row * <usize>WIDTH * 4;
    const out = base + HIDDEN + <usize>row * <usize>WIDTH * 4;
    for (let i: usize = 0; i < <usize>WIDTH; i += 8) {
      const wide = v128.load_ext<i8>(word + i);
      const left = f32x4.mul(f32x4.convert_i32x4_s(i32x4.extend_low_i16x8_s(wide)), scale);
      const right = f32x4.mul(f32x4.convert_i32x4_s(i32x4.extend_high_i16x8_s(wide)), scale);
      v128.store(out + i * 4, f32x4.add(left, v128.load(position + i * 4)));
      v128.store(out + i * 4, f32x4.add(right, v128.load(position + i * 4, 16)), 16);
    }
    normalise(out, 0, EMBED_NORM);
  }
  quantise(base + HIDDEN, WIDTH, rows, base + ROWS16, base + ROW_SCALES);
  rowsOf[lane] = rows;
  layerOf[lane] = 0;
  stageOf[lane] = STAGE_QKV;
  placeOf[lane] = 0;
}

/** Works for about `budget` multiplications and answers whether the vector is done. */
export function step(lane: i32, budget: i32): bool {
  const rows = rowsOf[lane];
  let left = budget;
  while (left > 0 && layerOf[lane] < LAYERS) left -= advance(lane, rows);
  return layerOf[lane] >= LAYERS;
}

/** One panel or head; the last of a stage also does what lies between it and the next. Answers what it cost. */
function advance(lane: i32, rows: i32): i32 {
  const base = laneAt(lane);
  const weights = LAYER_0 + <usize>layerOf[lane] * LAYER_BYTES;
  const rows16 = base + ROWS16;
  const scales = base + ROW_SCALES;
  const place = placeOf[lane];
  switch (stageOf[lane]) {
    case STAGE_QKV: {
      product(rows16, scales, rows, weights + QKV, WIDTH, 3 * WIDTH, place, base + WIDE, false);
      turn(lane, (3 * WIDTH) / PANEL, STAGE_ATTEND);
      return rows * PANEL * WIDTH;
    }
    case STAGE_ATTEND: {
      attend(base + WIDE, rows, place, base + PART);
      if (turn(lane, HEADS, STAGE_PROJECT)) quantise(base + PART, WIDTH, rows, rows16, scales);
      return rows * rows * 448; // what 64 products in 32-bit floats and an exponential take, in 8-bit products
    }
    case STAGE_PROJECT: {
      product(rows16, scales, rows, weights + PROJECT, WIDTH, WIDTH, place, base + PART, false);
      if (turn(lane, WIDTH / PANEL, STAGE_WIDEN)) settle(base, rows, weights + NORM_1);
      return rows * PANEL * WIDTH;
    }
    case STAGE_WIDEN: {
      product(rows16, scales, rows, weights + WIDEN, WIDTH, INNER, place, base + WIDE, true);
      if (turn(lane, INNER / PANEL, STAGE_NARROW)) quantise(base + WIDE, INNER, rows, rows16, scales);
      return rows * PANEL * WIDTH;
    }
    default: {
      product(rows16, scales, rows, weights + NARROW, INNER, WIDTH, place, base + PART, false);
      if (turn(lane, WIDTH / PANEL, STAGE_QKV)) {
        settle(base, rows, weights + NORM_2);
        layerOf[lane] += 1;
        if (layerOf[lane] == LAYERS) pool(base, rows);
      }
      return rows * PANEL * INNER;
    }
  }
}

function turn(lane: i32, places: i32, next: i32): bool {
  placeOf[lane] += 1;
  if (placeOf[lane] < places) return false;
  placeOf[lane] = 0;
  stageOf[lane] = next;
  return true;
}

/** hidden = norm(hidden + part), ready for the next product. */
function settle(base: usize, rows: i32, norm: usize): void {
  for (let row = 0; row < rows; row++) {
    const at = <usize>row * <usize>WIDTH * 4;
    normalise(base + HIDDEN + at, base + PART + at, norm);
  }
  quantise(base + HIDDEN, WIDTH, rows, base + ROWS16, base + ROW_SCALES);
}

function pool(base: usize, rows: i32): void {
  const stride = <usize>WIDTH * 4;
  let squares = f32x4.splat(0);
  for (let i: usize = 0; i < stride; i += 16) {
    let total = f32x4.splat(0);
    for (let row = 0; row < rows; row++) total = f32x4.add(total, v128.load(base + HIDDEN + <usize>row * stride + i));
    v128.store(base + RESULT + i, total);
    squares = f32x4.add(squares, f32x4.mul(total, total));
  }
  const length = sqrt<f32>(sum(squares));
  const scale = f32x4.splat(length > 0 ? <f32>1 / length : 0);
  for (let i: usize = 0; i < stride; i += 16) {
    v128.store(base + RESULT + i, f32x4.mul(v128.load(base + RESULT + i), scale));
  }
}
