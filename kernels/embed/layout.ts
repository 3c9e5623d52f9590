// Where everything lies in memory. The weights come first, in the order scripts/model/pack.ts writes them.

export const WIDTH: i32 = 384;
export const INNER: i32 = 1536;
export const LAYERS: i32 = 6;
export const HEADS: i32 = 12;
export const HEAD: i32 = 32;
export const TOKENS_MAX: i32 = 256;
export const LANES: i32 = 2;
/** Outputs that one tile of the matrix product makes at once. */
export const PANEL: i32 = 8;

const VOCABULARY: i32 = 30522;
const F32: usize = 4;

export const WEIGHTS: usize = 1024;

export const WORDS: usize = WEIGHTS;
export const WORD_SCALES: usize = WORDS + <usize>(VOCABULARY * WIDTH);
export const POSITIONS: usize = WORD_SCALES + <usize>(VOCABULARY + 2) * F32;
export const EMBED_NORM: usize = POSITIONS + <usize>(TOKENS_MAX * WIDTH) * F32;
export const LAYER_0: usize = EMBED_NORM + <usize>(2 * WIDTH) * F32;

// Offsets inside one layer: each matrix is followed by its row scales and its bias; norms are gain, then bias.
export const QKV: usize = 0;
export const PROJECT: usize = QKV + matrix(3 * WIDTH, WIDTH);
export const NORM_1: usize = PROJECT + matrix(WIDTH, WIDTH);
export const WIDEN: usize = NORM_1 + <usize>(2 * WIDTH) * F32;
export const NARROW: usize = WIDEN + matrix(INNER, WIDTH);
export const NORM_2: usize = NARROW + matrix(WIDTH, INNER);
export const LAYER_BYTES: usize = NORM_2 + <usize>(2 * WIDTH) * F32;

export const WEIGHTS_END: usize = LAYER_0 + <usize>LAYERS * LAYER_BYTES;

// Offsets inside one lane: the whole state of one text under way, so that a query can overtake a document.
/** Bytes between two rows of 16-bit activations: 64 more than the widest row, so rows do not share cache sets. */
export const ROW16: usize = <usize>INNER * 2 + 64;
export const TOKENS: usize = 0;
export const HIDDEN: usize = TOKENS + <usize>TOKENS_MAX * 4;
export const ROWS16: usize = HIDDEN + <usize>(TOKENS_MAX * WIDTH) * F32;
export const ROW_SCALES: usize = ROWS16 + <usize>TOKENS_MAX * ROW16;
export const WIDE: usize = ROW_SCALES + <usize>TOKENS_MAX * F32;
export const PART: usize = WIDE + <usize>(TOKENS_MAX * INNER) * F32;
export const RESULT: usize = PART + <usize>(TOKENS_MAX * WIDTH) * F32;
export const LANE_BYTES: usize = RESULT + <usize>WIDTH * F32;

const LANES_START: usize = (WEIGHTS_END + 63) & ~63;

/** Scratch of one attention head; nothing in it outlives a slice, so the lanes share it. */
export const KEYS_TURNED: usize = LANES_START + <usize>LANES * LANE_BYTES;
export const SCORES: usize = KEYS_TURNED + <usize>(HEAD * TOKENS_MAX) * F32;
export const MEMORY_END: usize = SCORES + <usize>TOKENS_MAX * F32;

// @ts-ignore: decorator of AssemblyScript
@inline
function matrix(outputs: i32, inputs: i32): usize {
  return <usize>(outputs * inputs) + <usize>(2 * outputs) * F32;
}

// @ts-ignore: decorator of AssemblyScript
@inline
export function laneAt(lane: i32): usize {
  return LANES_START + <usize>lane * LANE_BYTES;
}
