import { LIMITS } from "#domain/shared/limits.ts";

/**
 * A passage costs about this many word pieces of the embedding model, which reads 256: the rest is room for the title.
 * As plain prose that is some 900 Latin letters or 350 Chinese characters.
 */
const PIECES_MAX = 200;
/** A cut is looked for in the last part of a passage only, so passages stay near their full size. */
const FILL_MIN = 0.5;
/** A heading opens a new passage once the one before it holds this much. */
const HEADING_FILL_MIN = 0.35;

/** How good a place is to cut, from "between any two code points" up to "before a heading". */
const CUT = { none: 0, word: 1, sentence: 2, line: 3, paragraph: 4, heading: 5 } as const;

/**
 * The pieces a unit is embedded and shown by: contiguous, in order, at most 64, each about one model window at most.
 * Together they hold the whole body but for white space at the cuts. A body too long for 64 such pieces has
 * neighbours merged evenly: nothing is dropped, every word stays searchable, and the embedder reads each merged
 * piece up to its window. The title is not part of a passage; its cost is taken off the budget for `embeddable`.
 */
export function passagesOf(title: string, body: string): string[] {
  const budget = PIECES_MAX - Math.min(PIECES_MAX / 2, costOf(title));
  const cuts = cutsOf(body, budget);
  const passages: string[] = [];
  let from = 0;
  for (const to of merged(cuts, LIMITS.passagesMax)) {
    const passage = body.slice(from, to).trim();
    if (passage !== "") passages.push(passage);
    from = to;
  }
  return passages;
}

/** What the model reads for a passage: its unit's title gives it the context that its neighbours hold. */
export function embeddable(title: string, passage: string): string {
  return passage.startsWith(title) ? passage : `${title}\n${passage}`;
}

/** End offsets of the passages; the last is the body's length. One forward scan, each part looked at twice at most. */
function cutsOf(body: string, pieces: number): number[] {
  const total = costOf(body);
  const parts = Math.ceil(total / pieces);
  // Spread evenly, so that the last passage is no crumb; a little slack lets cuts fall between sentences.
  const budget = parts <= 1 ? pieces : Math.min(pieces, (total / parts) * 1.15);
  const cuts: number[] = [];
  let cost = 0;
  let best = { at: 0, strength: -1, cost: 0 };
  let inFence = false;
  for (let at = 0; at < body.length;) {
    const code = body.codePointAt(at) ?? 0;
    const width = code > 0xffff ? 2 : 1;
    if (startsFence(body, at)) inFence = !inFence;
    const strength = strengthAt(body, at, inFence);
    if (strength === CUT.heading && cost >= budget * HEADING_FILL_MIN) {
      cuts.push(at);
      cost = 0;
      best = { at, strength: -1, cost: 0 };
    }
    // Parts that are cut out of the middle of a fence lose their fence marks, not their text.
    if (cost >= budget * FILL_MIN && strength >= best.strength) best = { at, strength, cost };
    const own = pieceCost(code);
    if (cost + own > budget && best.at > (cuts.at(-1) ?? 0)) {
      cuts.push(best.at);
      cost -= best.cost;
      best = { at: best.at, strength: -1, cost: 0 };
    }
    cost += own;
    at += width;
  }
  cuts.push(body.length);
  return cuts;
}

/** Joins neighbours evenly until at most `count` are left. */
function merged(cuts: number[], count: number): number[] {
  if (cuts.length <= count) return cuts;
  const kept: number[] = [];
  for (let i = 1; i <= count; i++) {
    const cut = cuts[Math.floor((i * cuts.length) / count) - 1];
    if (cut !== undefined) kept.push(cut);
  }
  return kept;
}

/** How good the place before `at` is for a cut. */
function strengthAt(body: string, at: number, inFence: boolean): number {
  const before = body.charCodeAt(at - 1);
  const here = body.charCodeAt(at);
  if (before === 0x0a) {
    if (!inFence && here === 0x23) return CUT.heading;
    return body.charCodeAt(at - 2) === 0x0a && !inFence ? CUT.paragraph : CUT.line;
  }
  if (isCjkStop(before)) return isCloser(here) ? CUT.none : CUT.sentence;
  if (isSpace(before)) return isStop(body.charCodeAt(at - 2)) ? CUT.sentence : CUT.word;
  // Between two CJK characters is as good as between two words; elsewhere a cut would split one.
  return isCjk(before) && isCjk(here) ? CUT.word : CUT.none;
}

function startsFence(body: string, at: number): boolean {
  return (at === 0 || body.charCodeAt(at - 1) === 0x0a) && body.startsWith("```", at);
}

function costOf(text: string): number {
  let cost = 0;
  for (let at = 0; at < text.length;) {
    const code = text.codePointAt(at) ?? 0;
    cost += pieceCost(code);
    at += code > 0xffff ? 2 : 1;
  }
  return cost;
}

/** Word pieces per code point, an estimate: 900 letters, 350 CJK characters or 300 digits and marks fill a passage. */
function pieceCost(code: number): number {
  if (code <= 0x20) return PIECES_MAX / 3_600;
  if (code < 0x80) return isAsciiLetter(code) ? PIECES_MAX / 900 : PIECES_MAX / 300;
  if (code < 0x250) return PIECES_MAX / 700;
  return isCjk(code) || code > 0xffff ? PIECES_MAX / 350 : PIECES_MAX / 500;
}

const isAsciiLetter = (code: number) => (code | 0x20) >= 0x61 && (code | 0x20) <= 0x7a;
const isSpace = (code: number) => code === 0x20 || code === 0x09 || code === 0x0d || code === 0xa0;
const isStop = (code: number) =>
  code === 0x2e || code === 0x21 || code === 0x3f || code === 0x3b || code === 0x2026;
const isCjkStop = (code: number) =>
  code === 0x3002 || code === 0xff01 || code === 0xff1f || code === 0xff1b || code === 0xff61;
const isCloser = (code: number) =>
  code === 0x201d || code === 0x2019 || code === 0x300d || code === 0x300f || code === 0xff09;
const isCjk = (code: number) =>
  (code >= 0x2e80 && code <= 0x9fff) ||
  (code >= 0xac00 && code <= 0xd7ff) ||
  (code >= 0xf900 && code <= 0xfaff) ||
  (code >= 0xff00 && code <= 0xffef) ||
  (code >= 0x20000 && code <= 0x3ffff);
