import { areOfUnits, bestUnits } from "#domain/search/engine/best-units.ts";
import { type Engine, GAP } from "#domain/search/engine/engine.ts";
import type { Estimated, Peaks } from "#domain/search/engine/kernel.ts";
import { CANDIDATES_MAX } from "#domain/search/engine/layout.ts";
import { quantisedQuery } from "#domain/search/engine/vectors.ts";

/** Slots and their cosines with a query; `peaks` where lists were looked at. */
export type Near = { slots: Uint32Array; cosines: Float32Array; peaks: Peaks | null };

/**
 * How many passages by estimate may be compared with 8-bit vectors, beside those asked for; where they are of fewer units,
 * as many as a scan holds.
 */
const COMPARED_MAX = 128;
/** Compared at once; in the beginning so many more than are wanted. */
const STEP = 16;
const FIRST_STEP = 17;
/** What an estimate may be too low by, of one dimension: the error of a 1-bit code falls with the root of dimensions. */
const DOUBT = 1.1;

/** More than are ever put in order. */
const PLACES = 4 * CANDIDATES_MAX;

/** Below every estimate: those of vectors far from a list's middle may be out of range. */
const ANYTHING = -1e30;
/** So many times what is wanted has to be sure, since a few are nearer than they were estimated to be. */
const SURE = 1.5;
export const sureFor = (limit: number): number => Math.ceil(limit * SURE);
/**
 * By how much lists elsewhere may be closer than they are taken to be. Of a million vectors in 15 leaves 0.988 of the
 * nearest come with it, in a fifth of the time that 0.990 take; without it 0.982, in two thirds of that again.
 */
const SLACK = 0.03;
/**
 * How much less a list may be worth than the lowest estimate that is held. With it and `GAP` a search finds 0.993 of the ten
 * nearest of 10,000 real vectors, 0.990 of 100,000 and 0.976 of a million in one leaf; with 0.09 it is 0.991, 0.988 and 0.954.
 */
const MARGIN = 0.12;
/** How much less a list may be worth than an estimate that is known to be too low: of a million in 15 leaves it misses 0.0004. */
const BELOW = 0.25;
/** A gap that leaves no list out. */
export const ALL_LISTS = -2;

/**
 * By how much less a search looks around that wants only what is about the same, since that lies in lists which are near
 * the query as well: of 279 pairs of 100,000 real units with a cosine of 0.8 and more it misses none, in a quarter of
 * the time.
 */
const CLOSER = 0.115;

/** `least` is a cosine below which none is wanted; `peaks` are those of lists elsewhere, among which the nearest may be. */
type Asked = {
  sure: number;
  filtered: boolean;
  atLeast?: number;
  least?: number;
  peaks?: Peaks | undefined;
};
/** What a passage with this cosine scores; it never falls as the cosine rises. */
type ScoreAt = (slot: number, cosine: number) => number;

/**
 * The passages of units that may be among the `sure` nearest, with their cosines; with `atLeast`, those alone that may
 * be so near.
 */
export function nearest(engine: Engine, vector: Float32Array, asked: Asked): Near {
  return compared(
    engine,
    vector,
    estimated(engine, vector, asked),
    asked.sure,
    (_, cosine) => cosine,
  );
}

/**
 * The passages of units that may be among the `sure` best by words and vector and score `floor`, with their cosines.
 * Those found by their words alone are at most as near as the last that was found by its vector.
 */
export function bestOfBoth(
  engine: Engine,
  vector: Float32Array,
  byText: Uint32Array,
  asked: Asked,
  scoreAt: ScoreAt,
  floor: number,
): Near {
  const near = estimated(engine, vector, asked);
  // In order already: what is nearer scores no less where words do not count.
  if (byText.length === 0) return compared(engine, vector, near, asked.sure, scoreAt, floor);
  const others = without(byText, near.slots);
  const count = near.slots.length + others.length;
  const farthest = near.isAll ? near.least : (near.estimates.at(-1) ?? 1);
  const slotAt = (i: number): number => near.slots[i] ?? others[i - near.slots.length] ?? 0;
  const estimateAt = (i: number): number => near.estimates[i] ?? farthest;
  const doubt = doubtOf(engine);
  // Scores are at most 1 or so: a million steps of them and the place fit a double, and numbers sort by themselves.
  const keys = new Float64Array(count);
  for (let i = 0; i < count; i++)
    keys[i] = Math.round((8 - scoreAt(slotAt(i), estimateAt(i) + doubt)) * 1e6) * PLACES + i;
  keys.sort();
  const slots = new Uint32Array(count);
  const estimates = new Float32Array(count);
  for (let place = 0; place < count; place++) {
    const key = keys[place] ?? 0;
    slots[place] = slotAt(key % PLACES);
    estimates[place] = estimateAt(key % PLACES);
  }
  return compared(engine, vector, { ...near, slots, estimates }, asked.sure, scoreAt, floor);
}

/** Those slots with their cosines. */
export function withCosines(engine: Engine, vector: Float32Array, slots: Uint32Array): Near {
  engine.vectors.fetch(slots);
  const { copy } = engine.vectors;
  const cosines = engine.kernel.cosines(quantisedQuery(vector), slots, copy);
  return { slots, cosines, peaks: null };
}

/**
 * What passes a filter may be anywhere, so then every list is looked through. `isAll` where nothing was left out but
 * what is estimated below `least`.
 */
function estimated(
  engine: Engine,
  vector: Float32Array,
  { sure, filtered, atLeast, least: from = atLeast, peaks }: Asked,
): Estimated & { peaks: Peaks; least: number; isAll: boolean } {
  const { kernel } = engine;
  const count = COMPARED_MAX + sure;
  const least = from === undefined ? ANYTHING : from - doubtOf(engine);
  const own = engine.lists().gap;
  const gap = filtered ? ALL_LISTS : own + (atLeast === undefined ? 0 : CLOSER);
  // A shard that looks into more lists looks further here too.
  const far = { margin: MARGIN + GAP - own, slack: BELOW + GAP - own };
  const elsewhere = peaks && {
    product: peaks.product - 2 * SLACK,
    worth: peaks.worth - SLACK,
  };
  const look = (within: number, most: number) =>
    kernel.nearest(vector, { gap: within, count: most, least, ...far, peaks: elsewhere }, filtered);
  let near = look(gap, count);
  let most = count;
  const isFull = (): boolean => near.slots.length === most;
  const isEnough = (): boolean => atLeast !== undefined || areOfUnits(kernel, near.slots, sure);
  // A few long units may be all that is nearest.
  if (isFull() && !isEnough()) {
    most = CANDIDATES_MAX;
    near = look(gap, most);
  }
  // Where others have looked already, few is what is to be expected.
  const isLeftOut = gap > ALL_LISTS && peaks === undefined && !isFull();
  if (isLeftOut && !isEnough()) near = look(ALL_LISTS, most);
  return { ...near, least, isAll: least > ANYTHING && !isFull() };
}

const doubtOf = ({ kernel }: Engine): number => DOUBT / Math.sqrt(kernel.dimensions);

/** Compares in the order given, and no further than where the next one could hardly be among the best any more. */
function compared(
  engine: Engine,
  vector: Float32Array,
  { slots, estimates, peaks }: Estimated & { peaks: Peaks },
  sure: number,
  scoreAt: ScoreAt,
  floor = -Infinity,
): Near {
  const { kernel, vectors } = engine;
  const query = quantisedQuery(vector);
  const doubt = doubtOf(engine);
  const cosines = new Float32Array(slots.length);
  const best = bestUnits(kernel, sure);
  let done = 0;
  while (
    done < slots.length &&
    scoreAt(slots[done] ?? 0, (estimates[done] ?? 0) + doubt) >= Math.max(floor, best.lowest())
  ) {
    const end = Math.min(slots.length, done === 0 ? FIRST_STEP + sure : done + STEP);
    const some = slots.subarray(done, end);
    vectors.fetch(some);
    cosines.set(kernel.cosines(query, some, vectors.copy), done);
    for (let i = done; i < end; i++) {
      const slot = slots[i] ?? 0;
      best.add(slot, scoreAt(slot, cosines[i] ?? -1), i);
    }
    done = end;
  }
  return { slots: slots.subarray(0, done), cosines: cosines.subarray(0, done), peaks };
}

/** Those of the slots that are not among the others. */
function without(slots: Uint32Array, others: Uint32Array): Uint32Array {
  if (slots.length === 0) return slots;
  const known = new Set(others);
  return slots.filter((slot) => !known.has(slot));
}
