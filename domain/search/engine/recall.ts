import type { Engine } from "#domain/search/engine/engine.ts";
import { ALL_LISTS, nearest, sureFor } from "#domain/search/engine/nearest.ts";
import { quantisedQuery } from "#domain/search/engine/vectors.ts";

/** Of the ten nearest passages the share that searches found, over so many questions. */
export type Recall = { share: number; questions: number };

const NEAREST = 10;
/** Vectors compared in one step: about a ms. */
const STEP = 256;
/** Below this many there is nothing to leave out. */
const PASSAGES_MIN = 1_000;
const GAP_STEP = 0.02;

/** The newest questions that count, and how many are decided by at a time. */
const KEPT = 100;
/**
 * Below this a shard looks through more lists from then on: two standard errors of so many questions below the 0.97 that
 * it is to find, as nothing brings it back. Where 0.976 are found, chance alone does that once in 100,000 questions.
 */
const SHARE_MIN = 0.96;

/** What of each question was found, and when that is too little to be chance. */
export function sharesFound() {
  let shares: number[] = [];
  let undecided = 0;
  return {
    /** True where a shard is to look further. */
    isTooLow(share: number): boolean {
      shares.push(share);
      shares = shares.slice(-KEPT);
      undecided++;
      if (undecided < KEPT) return false;
      undecided = 0;
      return mean(shares) < SHARE_MIN;
    },
    /** Forgets what was found without looking further. */
    forget(): void {
      shares = [];
    },
    recall: (): Recall | null =>
      shares.length === 0 ? null : { share: mean(shares), questions: shares.length },
  };
}

/** How well a shard's own searches do beside looking at everything, one question of its users at a time. */
export function recallMeter() {
  const shares = sharesFound();
  return {
    /** Answers a question exactly, in steps of a ms past the page cache, and then as searches do. */
    *measure(engine: Engine, vector: Float32Array): Generator<void, void> {
      if (engine.alive() < PASSAGES_MIN) return;
      const slots = engine.nextSlot();
      const exact = yield* exactNearest(engine, vector, slots);
      const { gap } = engine.lists();
      const found = nearest(engine, vector, { sure: sureFor(NEAREST), filtered: false }).slots;
      const near = new Set(found);
      const living = exact.filter((slot) => engine.kernel.isAlive(slot));
      if (living.length === 0) return;
      const share = living.filter((slot) => near.has(slot)).length / living.length;
      if (!shares.isTooLow(share) || gap <= ALL_LISTS) return;
      engine.tune(Math.max(ALL_LISTS, gap - GAP_STEP));
      shares.forget();
    },
    /** Null until one was measured. */
    recall: shares.recall,
  };
}

function* exactNearest(
  engine: Engine,
  vector: Float32Array,
  slots: number,
): Generator<void, number[]> {
  const query = quantisedQuery(vector);
  const best: { slot: number; cosine: number }[] = [];
  for (let first = 0; first < slots; first += STEP) {
    const some: number[] = [];
    for (let slot = first; slot < Math.min(first + STEP, slots); slot++)
      if (engine.kernel.isAlive(slot)) some.push(slot);
    const cosines = engine.kernel.cosines(query, Uint32Array.from(some), engine.vectors.copyPast);
    for (const [i, slot] of some.entries()) best.push({ slot, cosine: cosines[i] ?? -1 });
    best.sort((a, b) => b.cosine - a.cosine || a.slot - b.slot).splice(NEAREST);
    yield;
  }
  return best.map(({ slot }) => slot);
}

const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;
