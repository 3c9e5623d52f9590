import { expect, test } from "vitest";
import { type BulkCandidate, leafTag } from "#domain/search/bulk/bulk.ts";
import { candidatesFor, leavesHolding } from "#domain/search/bulk/bulk-routes.ts";
import { leavesUnder, rootOf } from "#domain/search/leaves/ranges.ts";
import { emptyTree, learn, leavesBelow } from "#domain/search/leaves/tree.ts";

const root = rootOf({ owner: "public", space: "test" });
const centroids = [Int8Array.of(1, 0), Int8Array.of(0, 1)];
const of = (unitId: string, cosine: number): BulkCandidate => ({
  unitId,
  version: 1,
  passage: 0,
  cosine,
});

test("a candidate goes to the leaf that held it, to what that split into, and anywhere if nobody knows it", () => {
  const tree = emptyTree(root);
  const byLeaf = new Map([
    [leafTag(root.name), [of("old", 0.5)]],
    [leafTag(`${root.name}a`), [of("left", 0.7)]],
    [leafTag(`${root.name}b`), [of("right", 0.9)]],
    ["unknown", [of("stray", 0.1)]],
  ]);
  const idsFor = (name: string) =>
    candidatesFor(tree, { ...root, name }, byLeaf).map(({ unitId }) => unitId);
  // Before the split is known the root takes all.
  expect(idsFor(root.name)).toEqual(["old", "left", "right", "stray"]);
  learn(tree, root.name, { of: "leaf", to: leavesUnder(root, centroids) });
  expect(idsFor(`${root.name}a`)).toEqual(["old", "left", "stray"]);
  expect(idsFor(`${root.name}b`)).toEqual(["old", "right", "stray"]);
  const [left] = leavesBelow(tree, root);
  if (left === undefined) throw new RangeError("no leaf");
  learn(tree, left.name, { of: "leaf", to: leavesUnder(left, centroids) });
  expect(idsFor(`${root.name}ab`)).toEqual(["old", "left", "stray"]);
  const holding = leavesHolding(tree, leavesBelow(tree, root), byLeaf);
  expect(holding.map(({ name }) => name)).toEqual([`${root.name}b`]);
});

test("of the leaves that hold candidates the one with the best comes first", () => {
  const tree = emptyTree(root);
  learn(tree, root.name, { of: "leaf", to: leavesUnder(root, centroids) });
  const byLeaf = new Map([
    [leafTag(`${root.name}a`), [of("far", 0.2)]],
    [leafTag(`${root.name}b`), [of("near", 0.9), of("less", 0.1)]],
  ]);
  const holding = leavesHolding(tree, leavesBelow(tree, root), byLeaf);
  expect(holding.map(({ name }) => name)).toEqual([`${root.name}b`, `${root.name}a`]);
});
