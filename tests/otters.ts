import { indexedUnit } from "#adapters/search.contract.ts";
import type { IndexedUnit } from "#domain/search/model.ts";

/** Units of 16 dimensions that one word finds, by their numbers. */
export function unitOf(number: number, change: Partial<IndexedUnit> = {}): IndexedUnit {
  const vector = Float32Array.from({ length: 16 }, (_, i) => Math.sin(number * 1.7 + i));
  const length = Math.hypot(...vector);
  const text = `Passage number${number} about otters`;
  return indexedUnit(number, [{ text, vector: vector.map((v) => v / length) }], change);
}

export const REQUEST = {
  text: "otters",
  mode: "lexical" as const,
  filter: {},
  limit: 500,
  explain: false,
};
export const idsOf = (answer: { hits: { unitId: string; version: number }[] }) =>
  answer.hits.map(({ unitId, version }) => `${unitId}@${version}`).toSorted();
export const numbers = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, i) => `unit-${from + i}@1`).toSorted();

/** What a network would be that carries nothing to leaders. */
export const nobody = {
  getByName: () =>
    new Proxy({}, { get: () => () => Promise.reject(new Error("cut off by the test")) }),
} as unknown as DurableObjectNamespace;
