import type { ContentClaim, IndexedUnit } from "#domain/search/model.ts";

/** Units of 16 dimensions that one word finds, by their numbers. */
export function unitOf(number: number, change: Partial<IndexedUnit> = {}): IndexedUnit {
  const vector = Float32Array.from({ length: 16 }, (_, i) => Math.sin(number * 1.7 + i));
  const length = Math.hypot(...vector);
  return {
    unitId: `unit-${number}`,
    version: 1,
    contentKey: (Math.imul(number + 1, 0x9e37_79b9) >>> 0)
      .toString(16)
      .padStart(8, "0")
      .padEnd(64, "0"),
    title: `Title ${number}`,
    kind: "note",
    language: "en",
    tags: [],
    level: "L3",
    passages: [
      { text: `Passage number${number} about otters`, vector: vector.map((v) => v / length) },
    ],
    ...change,
  };
}
export const claimOf = ({ contentKey, unitId, version }: IndexedUnit): ContentClaim => ({
  contentKey,
  unitId,
  version,
});

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
