import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  type Completed,
  consistencyProof,
  EMPTY_FRONTIER,
  EMPTY_ROOT,
  extended,
  type Frontier,
  frontierOf,
  type Hash,
  inclusionProof,
  isConsistent,
  isFrontier,
  isIncluded,
  leafHash,
  nodeHash,
  rootOf,
} from "#domain/audit/tree.ts";
import { hexOf } from "#domain/shared/bytes.ts";

const fromHex = (hex: string) => Uint8Array.from(hex.match(/../g) ?? [], (b) => parseInt(b, 16));
const leafOf = (n: number) => leafHash(new TextEncoder().encode(`entry ${n}`));

function grown(leaves: readonly Hash[]) {
  const nodes = new Map<string, Hash>(leaves.map((leaf, i) => [`0 ${i}`, leaf]));
  let frontier: Frontier = EMPTY_FRONTIER;
  for (const leaf of leaves) {
    const next = extended(frontier, leaf);
    frontier = next.frontier;
    for (const { level, index, hash } of next.completed satisfies Completed[])
      nodes.set(`${level} ${index}`, hash);
  }
  const nodeAt = (level: number, index: number) => {
    const found = nodes.get(`${level} ${index}`);
    if (found === undefined) throw new Error(`no node ${level} ${index}`);
    return found;
  };
  return { frontier, nodeAt };
}

/** The definition itself: MTH of RFC 6962, section 2.1. */
function byDefinition(leaves: readonly Hash[]): Hash {
  const [only] = leaves;
  if (only === undefined) return EMPTY_ROOT;
  if (leaves.length === 1) return only;
  let k = 1;
  while (k * 2 < leaves.length) k *= 2;
  return nodeHash(byDefinition(leaves.slice(0, k)), byDefinition(leaves.slice(k)));
}

describe("the tree", () => {
  it("has the roots of certificate transparency's published vectors", () => {
    const inputs = [
      "",
      "00",
      "10",
      "2021",
      "3031",
      "40414243",
      "5051525354555657",
      "606162636465666768696a6b6c6d6e6f",
    ];
    const roots = [
      "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
      "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
      "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
      "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
      "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
      "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
      "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
      "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    ];
    const leaves = inputs.map((input) => leafHash(fromHex(input)));
    roots.forEach((root, i) =>
      expect(hexOf(rootOf(grown(leaves.slice(0, i + 1)).frontier))).toBe(root),
    );
    expect(hexOf(EMPTY_ROOT)).toBe(
      "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    );
  });

  it("is the same grown leaf by leaf, looked up, and by definition", () => {
    for (let size = 0; size <= 70; size++) {
      const leaves = Array.from({ length: size }, (_, i) => leafOf(i));
      const { frontier, nodeAt } = grown(leaves);
      expect(rootOf(frontier)).toEqual(byDefinition(leaves));
      expect(frontierOf(size, nodeAt)).toEqual(frontier);
      expect(isFrontier(frontier)).toBe(true);
    }
  });

  it("proves every leaf in every tree, and no other leaf, place or root", () => {
    const leaves = Array.from({ length: 33 }, (_, i) => leafOf(i));
    const { nodeAt } = grown(leaves);
    for (let size = 1; size <= leaves.length; size++) {
      const root = byDefinition(leaves.slice(0, size));
      for (let index = 0; index < size; index++) {
        const proof = inclusionProof(index, size, nodeAt);
        const leaf = leafOf(index);
        expect(isIncluded(leaf, index, size, proof, root)).toBe(true);
        expect(isIncluded(leafOf(99), index, size, proof, root)).toBe(false);
        expect(isIncluded(leaf, index, size, proof, leafOf(98))).toBe(false);
        expect(isIncluded(leaf, index, size, [...proof, leaf], root)).toBe(false);
        if (proof.length > 0)
          expect(isIncluded(leaf, index, size, proof.slice(1), root)).toBe(false);
        if (size > 1) expect(isIncluded(leaf, (index + 1) % size, size, proof, root)).toBe(false);
      }
      expect(isIncluded(leafOf(0), size, size, [], root)).toBe(false);
    }
  });

  it("proves that a tree continues any earlier one, and refuses one that was rewritten", () => {
    const leaves = Array.from({ length: 33 }, (_, i) => leafOf(i));
    fc.assert(
      fc.property(fc.nat(33), fc.nat(33), fc.nat(32), (a, b, changed) => {
        const [first, size] = [Math.min(a, b), Math.max(a, b)];
        const { nodeAt } = grown(leaves);
        const before = { size: first, root: byDefinition(leaves.slice(0, first)) };
        const after = { size, root: byDefinition(leaves.slice(0, size)) };
        const proof = consistencyProof(first, size, nodeAt);
        expect(isConsistent(before, after, proof)).toBe(true);
        if (changed >= first) return;
        const other = leaves.with(changed, leafOf(1_000));
        const rewritten = { size, root: byDefinition(other.slice(0, size)) };
        const itsProof = consistencyProof(first, size, grown(other).nodeAt);
        expect(isConsistent(before, rewritten, itsProof)).toBe(false);
        expect(isConsistent(before, rewritten, proof)).toBe(false);
      }),
      { numRuns: 500 },
    );
  });

  it("takes no frontier that has too few or too many roots", () => {
    const { frontier } = grown([leafOf(0), leafOf(1), leafOf(2)]);
    expect(isFrontier({ ...frontier, size: 4 })).toBe(false);
    expect(isFrontier({ ...frontier, roots: frontier.roots.slice(1) })).toBe(false);
    expect(isFrontier({ size: 1, roots: [new Uint8Array(31)] })).toBe(false);
  });
});
