import { CANDIDATES_MAX } from "#domain/search/layout.ts";

/** Slots and what their cosines with the query are about, best first. */
export type Estimated = { slots: Uint32Array; estimates: Float32Array };

/** Sorts up to `CANDIDATES_MAX` pairs of an estimate's bits and a slot: as numbers, in half the time that objects take. */
export function bestFirst(pairs: Int32Array): Estimated {
  const count = pairs.length / 2;
  const keys = new Float64Array(count);
  for (let i = 0; i < count; i++) {
    const bits = pairs[i * 2] ?? 0;
    // The bits of floats are in the floats' order, but for those below zero, where they are in the opposite one.
    const order = bits < 0 ? bits ^ 0x7fff_ffff : bits;
    keys[i] = i - order * CANDIDATES_MAX;
  }
  keys.sort();
  const slots = new Uint32Array(count);
  const estimates = new Int32Array(count);
  for (let i = 0; i < count; i++) {
    const pair = (keys[i] ?? 0) - Math.floor((keys[i] ?? 0) / CANDIDATES_MAX) * CANDIDATES_MAX;
    slots[i] = pairs[pair * 2 + 1] ?? 0;
    estimates[i] = pairs[pair * 2] ?? 0;
  }
  return { slots, estimates: new Float32Array(estimates.buffer) };
}
