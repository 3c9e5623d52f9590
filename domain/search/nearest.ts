import type { Engine } from "#domain/search/engine.ts";
import { quantisedQuery } from "#domain/search/vectors.ts";

/** Slots and their cosines with a query. */
export type Near = { slots: Uint32Array; cosines: Float32Array };

/** How many passages by estimate may be compared with 8-bit vectors, beside those asked for. */
const COMPARED_MAX = 128;
/** Compared at once. */
const STEP = 24;
/**
 * What an estimate may be too low by, of one dimension: the error of a 1-bit code falls with the root of dimensions. Of
 * 100,000 real vectors 0.99 of the ten best come with it (`npm run bench -- vectors`).
 */
const DOUBT = 1;

/** Below every estimate: those of vectors far from a list's middle may be out of range. */
const ANYTHING = -1e30;
/** A gap that leaves no list out. */
export const ALL_LISTS = -2;

type Asked = { sure: number; filtered: boolean; atLeast?: number };

/**
 * The passages of units that may be among the `sure` nearest, with their cosines; with `atLeast`, those alone that may
 * be so near. They are compared in the order of their estimates, and no further than where the next one could hardly be
 * among them any more. What passes a filter may be anywhere, so then every list is looked through.
 */
export function nearest(
  engine: Engine,
  vector: Float32Array,
  { sure, filtered, atLeast }: Asked,
): Near {
  const { kernel, vectors } = engine;
  const query = quantisedQuery(vector);
  const count = COMPARED_MAX + sure;
  const doubt = DOUBT / Math.sqrt(kernel.dimensions);
  const least = atLeast === undefined ? ANYTHING : atLeast - doubt;
  const gap = filtered ? ALL_LISTS : engine.lists().gap;
  let estimated = kernel.nearest(vector, { gap, count, least }, filtered);
  if (estimated.slots.length < sure && gap > ALL_LISTS && atLeast === undefined)
    estimated = kernel.nearest(vector, { gap: ALL_LISTS, count, least }, filtered);
  const { slots, estimates } = estimated;
  const cosines = new Float32Array(slots.length);
  const best = bestUnits(sure);
  let done = 0;
  while (done < slots.length) {
    if ((estimates[done] ?? 0) + doubt < best.floor()) break;
    const some = slots.subarray(done, done + STEP);
    const exact = kernel.cosines(query, some, vectors.copy);
    cosines.set(exact, done);
    for (let i = 0; i < some.length; i++) {
      const slot = some[i] ?? 0;
      best.add(slot - kernel.passageOf(slot), exact[i] ?? -1);
    }
    done += some.length;
  }
  return { slots: slots.subarray(0, done), cosines: cosines.subarray(0, done) };
}

/** The cosines of the `count` nearest units so far, each by its nearest passage. */
function bestUnits(count: number) {
  const units: { first: number; cosine: number }[] = [];
  return {
    floor: (): number => units[count - 1]?.cosine ?? -Infinity,
    add(first: number, cosine: number): void {
      const same = units.findIndex((unit) => unit.first === first);
      if ((units[same === -1 ? count - 1 : same]?.cosine ?? -2) >= cosine) return;
      if (same !== -1) units.splice(same, 1);
      let at = units.length;
      while (at > 0 && (units[at - 1]?.cosine ?? -1) < cosine) at--;
      units.splice(at, 0, { first, cosine });
      if (units.length > count) units.pop();
    },
  };
}

/** Those slots with their cosines. */
export const withCosines = (
  { kernel, vectors }: Engine,
  vector: Float32Array,
  slots: Uint32Array,
): Near => ({ slots, cosines: kernel.cosines(quantisedQuery(vector), slots, vectors.copy) });

/** Those of the slots that are not among the others. */
export function without(slots: Uint32Array, others: Uint32Array): Uint32Array {
  if (slots.length === 0) return slots;
  const known = new Set(others);
  return slots.filter((slot) => !known.has(slot));
}
