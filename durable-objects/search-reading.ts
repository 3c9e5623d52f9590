import { normOf } from "#domain/shared/norm.ts";
import { restored } from "#domain/search/engine/vectors.ts";
import type { ReadAsked, UnitRead, UnitsPage } from "#domain/search/protocol.ts";
import { type SearchStore, unpackVectors } from "#objects/search-store.ts";

/** Texts and vectors of one page: it crosses from one isolate to another, and searches wait while it is read. */
const PAGE_BYTES_MAX = 2_000_000;
const CHAR_BYTES = 2;

/** The units of a leaf in the order of their slots, for work on all of them at once. */
export function unitsFrom(
  store: SearchStore,
  dimensions: number,
  { afterSlot, limit, what }: ReadAsked,
): UnitsPage {
  const units: UnitRead[] = [];
  let bytes = 0;
  for (const { slot, shown, vectors } of store.shownFrom(afterSlot + 1)) {
    const { unitId, version, texts } = shown;
    const before = units.at(-1);
    if (before !== undefined && (units.length >= limit || bytes > PAGE_BYTES_MAX))
      return { units, dimensions, nextSlot: before.slot };
    const text = what === "texts" ? texts.join("\n") : null;
    const vector =
      what === "vectors" ? middleOf(unpackVectors(vectors, texts.length), dimensions) : null;
    bytes += (text?.length ?? 0) * CHAR_BYTES + (vector?.byteLength ?? 0);
    units.push({ slot, unitId, version, text, vector });
  }
  return { units, dimensions, nextSlot: null };
}

/** One direction for a unit: of the sum of its passages' vectors. Zeros where they have none. */
function middleOf(
  passages: { values: Int8Array; scale: number }[],
  dimensions: number,
): Float32Array {
  const sum = new Float32Array(dimensions);
  for (const passage of passages) {
    const vector = restored(passage, dimensions);
    for (let i = 0; i < dimensions; i++) sum[i] = (sum[i] ?? 0) + (vector[i] ?? 0);
  }
  const length = normOf(sum);
  return length === 0 ? sum : sum.map((value) => value / length);
}
