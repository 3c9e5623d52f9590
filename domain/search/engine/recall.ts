import type { Engine } from "#domain/search/engine/engine.ts";
import { ALL_LISTS, nearest, sureFor } from "#domain/search/engine/nearest.ts";
import { quantisedQuery } from "#domain/search/engine/vectors.ts";

/** Of the ten nearest passages the share that searches found, over so many questions. */
export type Recall = { share: number; questions: number };

const NEAREST = 10;
/** Vectors compared in one step: about a ms. */
const STEP = 256;
/** The newest questions that count. */
const KEPT = 100;
/** Below this many there is nothing to leave out. */
const PASSAGES_MIN = 1_000;
/** Below this, over at least so many questions, a shard looks through more lists from then on. */
const SHARE_MIN = 0.97;
const ENOUGH = 20;
const GAP_STEP = 0.02;

/** How well a shard's own searches do beside looking at everything, one question of its users at a time. */
export function recallMeter() {
  let shares: number[] = [];
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
      shares.push(living.filter((slot) => near.has(slot)).length / living.length);
      shares = shares.slice(-KEPT);
      if (shares.length < ENOUGH || mean(shares) >= SHARE_MIN || gap <= ALL_LISTS) return;
      engine.tune(Math.max(ALL_LISTS, gap - GAP_STEP));
      shares = [];
    },
    /** Null until one was measured. */
    recall: (): Recall | null =>
      shares.length === 0 ? null : { share: mean(shares), questions: shares.length },
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
