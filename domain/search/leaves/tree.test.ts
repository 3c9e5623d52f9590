import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  directoriesUnder,
  holds,
  isDirectoryOnly,
  keepsClaims,
  leavesUnder,
  type Place,
  placeNamed,
  rootAbove,
  rootOf,
} from "#domain/search/leaves/ranges.ts";
import {
  directoriesBelow,
  directoryOf,
  emptyTree,
  leafFor,
  learn,
  leavesBelow,
  type Moved,
  routed,
  type Tree,
} from "#domain/search/leaves/tree.ts";
import { twoMeans } from "#domain/search/leaves/two-means.ts";
import { quantised } from "#domain/search/engine/vectors.ts";

const root = rootOf({ owner: "public", space: "s" });
const DIMENSIONS = 16;
const vector = fc
  .array(fc.integer({ min: -100, max: 100 }), { minLength: DIMENSIONS, maxLength: DIMENSIONS })
  .map((values) => Float32Array.from(values));
const content = fc.record({
  contentKey: fc
    .integer({ min: 0, max: 0xffff_ffff })
    .map((hash) => hash.toString(16).padStart(8, "0").padEnd(64, "0")),
  vectors: fc
    .array(vector, { minLength: 1, maxLength: 3 })
    .map((vectors) => routed(vectors.map((each) => ({ vector: each })))),
});
const step = fc.record({
  pick: fc.nat(),
  how: fc.constantFrom(
    "meaning" as const,
    "hashes" as const,
    "compact" as const,
    "claims" as const,
  ),
  towards: fc.tuple(vector, vector),
});

/** A tree after shards split one by one, and what each said when it had moved. */
function grown(steps: readonly { pick: number; how: string; towards: Float32Array[] }[]) {
  const tree = emptyTree(root);
  const said: { name: string; moved: Moved }[] = [];
  for (const { pick, how, towards } of steps) {
    const open = how === "claims" ? directoriesBelow(tree, root) : leavesBelow(tree, root);
    const place = open[pick % open.length] ?? root;
    if (how === "claims" && place.to - place.from < 2) continue;
    const moved: Moved =
      how === "claims"
        ? { of: "directory", to: directoriesUnder(place) }
        : {
            of: "leaf",
            to: leavesUnder(
              place,
              how === "meaning"
                ? towards.map((each) => quantised(each).values)
                : how === "hashes"
                  ? how
                  : "compact",
            ),
          };
    learn(tree, place.name, moved);
    said.push({ name: place.name, moved });
  }
  return { tree, said };
}

describe("however the shards of a collection have split,", () => {
  const steps = fc.array(step, { maxLength: 24 });

  test("every content has one leaf and one directory, and no name comes twice", () => {
    fc.assert(
      fc.property(steps, content, (taken, one) => {
        const { tree, said } = grown(taken);
        const names = [root.name, ...said.flatMap(({ moved }) => moved.to.map(({ name }) => name))];
        expect(new Set(names).size).toBe(names.length);
        const leaf = leafFor(tree, root, one);
        expect(leavesBelow(tree, root).filter(({ name }) => name === leaf.name)).toHaveLength(1);
        expect(directoriesBelow(tree, root).filter((each) => holds(each, one.contentKey))).toEqual([
          directoryOf(tree, one.contentKey),
        ]);
      }),
    );
  });

  test("a content noted in any leaf on its way is found in the same one from there", () => {
    fc.assert(
      fc.property(steps, content, fc.nat(), (taken, one, stop) => {
        const { tree, said } = grown(taken);
        // What an isolate knew that had heard of the first splits only.
        const stale = emptyTree(root);
        for (const { name, moved } of said.slice(0, stop % (said.length + 1)))
          learn(stale, name, moved);
        const noted = leafFor(stale, root, one);
        expect(leafFor(tree, placeNamed(noted.name), one).name).toBe(leafFor(tree, root, one).name);
        expect(leavesBelow(tree, noted).map(({ name }) => name)).toContain(
          leafFor(tree, root, one).name,
        );
      }),
    );
  });

  test("whoever hears of it in another order, or twice, knows the same", () => {
    fc.assert(
      fc.property(steps, fc.infiniteStream(fc.nat()), (taken, order) => {
        const { tree, said } = grown(taken);
        const heard: Tree = emptyTree(root);
        const keyed = said.map((each) => ({ each, at: order.next().value ?? 0 }));
        for (const { each } of [...keyed.toSorted((a, b) => a.at - b.at), ...keyed])
          learn(heard, each.name, each.moved);
        expect(leavesBelow(heard, root)).toEqual(leavesBelow(tree, root));
      }),
    );
  });

  test("a name tells the root above it and what is kept there", () => {
    fc.assert(
      fc.property(steps, (taken) => {
        const { tree } = grown(taken);
        for (const { name } of leavesBelow(tree, root)) {
          expect(rootAbove({ name })).toEqual(root);
          expect(keepsClaims(name)).toBe(name === root.name);
          expect(isDirectoryOnly(name)).toBe(false);
        }
        for (const place of directoriesBelow(tree, root)) {
          expect(placeNamed(place.name)).toEqual(place);
          expect([keepsClaims(place.name), isDirectoryOnly(place.name)]).toEqual([
            true,
            place.name !== root.name,
          ]);
        }
      }),
    );
  });
});

test("a shard that release 0.1 split by hash is directory and leaf of its half", () => {
  const half: Place = { name: "public|s|00000000-7fffffff.1", from: 0, to: 0x8000_0000, depth: 1 };
  expect(placeNamed(half.name)).toEqual(half);
  expect([keepsClaims(half.name), isDirectoryOnly(half.name)]).toEqual([true, false]);
  const tree = emptyTree(root);
  learn(tree, root.name, { of: "both", to: [half] });
  expect(directoryOf(tree, "0".repeat(64))).toEqual(half);
  expect(leavesBelow(tree, root)).toEqual([half]);
});

describe("dividing units by meaning", () => {
  test("keeps two crowds apart", () => {
    const crowd = (sign: number) =>
      Array.from({ length: 40 }, (_, i) => [
        quantised(
          Float32Array.from({ length: DIMENSIONS }, (_unused, d) => sign + Math.sin(i * 7 + d) / 3),
        ),
      ]);
    const centroids = twoMeans([...crowd(1), ...crowd(-1)]) ?? [];
    expect(centroids).toHaveLength(2);
    const tree = emptyTree(root);
    learn(tree, root.name, { of: "leaf", to: leavesUnder(root, centroids) });
    const leafOf = (vectors: ReturnType<typeof crowd>[number]) =>
      leafFor(tree, root, { contentKey: "", vectors }).name;
    expect(new Set(crowd(1).map(leafOf)).size).toBe(1);
    expect(new Set([...crowd(1), ...crowd(-1)].map(leafOf)).size).toBe(2);
  });

  test("gives up where units do not differ, and otherwise leaves no part almost empty", () => {
    const same = quantised(Float32Array.from({ length: DIMENSIONS }, (_, i) => i));
    expect(twoMeans(Array.from({ length: 50 }, () => [same]))).toBeNull();
    expect(twoMeans([])).toBeNull();
    fc.assert(
      fc.property(fc.array(vector, { minLength: 20, maxLength: 60 }), (vectors) => {
        const units = vectors.map((each) => [quantised(each)]);
        const centroids = twoMeans(units);
        if (centroids === null) return;
        const tree = emptyTree(root);
        learn(tree, root.name, { of: "leaf", to: leavesUnder(root, centroids) });
        const first = units.filter((each) =>
          leafFor(tree, root, { contentKey: "", vectors: each }).name.endsWith("a"),
        ).length;
        expect(Math.min(first, units.length - first)).toBeGreaterThanOrEqual(units.length * 0.15);
      }),
    );
  });
});
