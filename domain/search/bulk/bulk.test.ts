import fc from "fast-check";
import { expect, test } from "vitest";
import {
  bulkBindings,
  bulkIdFrom,
  bulkIdOf,
  bulkNamespaceOf,
  candidatesByLeaf,
  coalesced,
  leafTag,
  VECTORIZE,
} from "#domain/search/bulk/bulk.ts";

const bytesOf = (text: string): number => new TextEncoder().encode(text).length;

test("an id says what it is of, and fits for every unit there can be", () => {
  const id = fc.record({
    leaf: fc.string({ maxLength: 200 }).map(leafTag),
    unitId: fc.stringMatching(/^u[0-9a-z]_[0-9a-v]{26}$/),
    version: fc.integer({ min: 1, max: 1_000_000 }),
    passage: fc.integer({ min: 0, max: 63 }),
    life: fc.integer({ min: 1, max: 2_000_000_000 }),
  });
  fc.assert(
    fc.property(id, (parts) => {
      const text = bulkIdOf(parts);
      expect(bulkIdFrom(text)).toEqual(parts);
      expect(bytesOf(text)).toBeLessThanOrEqual(VECTORIZE.idBytesMax);
    }),
  );
});

test("whatever an index holds under other ids is no candidate", () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      const parts = bulkIdFrom(text);
      if (parts !== null) expect(parts.version).toBeGreaterThanOrEqual(0);
      expect(bulkIdFrom("a.b.c.d")).toBeNull();
      expect(bulkIdFrom("a.b.-1.0.0")).toBeNull();
    }),
  );
});

test("a namespace fits whatever the space is called, and two spaces never share one", () => {
  const long = "@cf/some-vendor/a-model-with-a-very-long-name-that-goes-on-and-on";
  const names = [`${long}-1`, `${long}-2`, "minilm@1"].map((space) =>
    bulkNamespaceOf({ owner: "public", space }),
  );
  expect(new Set(names).size).toBe(3);
  for (const name of names) expect(bytesOf(name)).toBeLessThanOrEqual(VECTORIZE.namespaceBytesMax);
});

test("candidates go to the leaf that held them, each passage once and best first", () => {
  const of = (leaf: string, unitId: string, life: number) =>
    bulkIdOf({ leaf, unitId, version: 1, passage: 0, life });
  const byLeaf = candidatesByLeaf([
    { id: of("x", "u0_a", 1), score: 0.5 },
    { id: of("x", "u0_b", 2), score: 0.9 },
    { id: of("x", "u0_a", 3), score: 0.7 },
    { id: of("y", "u0_c", 1), score: 0.1 },
    { id: "foreign", score: 1 },
  ]);
  expect([...byLeaf.keys()].toSorted()).toEqual(["x", "y"]);
  expect(byLeaf.get("x")?.map(({ unitId, cosine }) => [unitId, cosine])).toEqual([
    ["u0_b", 0.9],
    ["u0_a", 0.7],
  ]);
});

test("indexes are those bound in a row from the first on", () => {
  expect(bulkBindings({})).toEqual([]);
  expect(bulkBindings({ VECTORIZE_1: {}, VECTORIZE: {}, VECTORIZE_3: {} })).toEqual([
    "VECTORIZE",
    "VECTORIZE_1",
  ]);
});

test("of several changes to an id only the last is told", () => {
  const values = new Float32Array(2);
  const namespace = "n";
  const { upserts, deletions } = coalesced([
    { id: "a", namespace, values },
    { id: "b", namespace, values: null },
    { id: "a", namespace, values: null },
    { id: "b", namespace, values },
  ]);
  expect(upserts.map(({ id }) => id)).toEqual(["b"]);
  expect(deletions).toEqual(["a"]);
});
