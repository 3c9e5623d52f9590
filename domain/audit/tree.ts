import { sha256 } from "@noble/hashes/sha2.js";

// The Merkle tree of RFC 6962, section 2.1, over a log that only grows. Its hash has to be there before a transaction
// ends, so it is computed here and not by the platform, whose digests are promises.

/** 32 bytes. */
export type Hash = Uint8Array;

/** The hash of an entry: of a zero byte and its text. */
export function leafHash(text: Uint8Array): Hash {
  return sha256.create().update(LEAF).update(text).digest();
}

export function nodeHash(left: Hash, right: Hash): Hash {
  return sha256.create().update(NODE).update(left).update(right).digest();
}

const LEAF = Uint8Array.of(0);
const NODE = Uint8Array.of(1);

export const EMPTY_ROOT: Hash = sha256(new Uint8Array());

/** The roots of the complete trees that the first `size` leaves make, largest first: one for each bit of `size`. */
export type Frontier = { size: number; roots: Hash[] };

export const EMPTY_FRONTIER: Frontier = { size: 0, roots: [] };

/** A node of a complete subtree: `index` counts those of its level, from the left, from 0. */
export type Completed = { level: number; index: number; hash: Hash };

/** The frontier with one leaf more, and the inner nodes that it completes. */
export function extended(
  { size, roots }: Frontier,
  leaf: Hash,
): { frontier: Frontier; completed: Completed[] } {
  const kept = [...roots];
  const completed: Completed[] = [];
  let hash = leaf;
  let index = size;
  for (let level = 1; index % 2 === 1; level++) {
    const left = kept.pop();
    if (left === undefined) throw new Error("a frontier has a root for each bit of its size");
    hash = nodeHash(left, hash);
    index = (index - 1) / 2;
    completed.push({ level, index, hash });
  }
  kept.push(hash);
  return { frontier: { size: size + 1, roots: kept }, completed };
}

export function rootOf({ roots }: Frontier): Hash {
  let root: Hash | undefined;
  for (const left of roots.toReversed()) root = root === undefined ? left : nodeHash(left, root);
  return root ?? EMPTY_ROOT;
}

/** Whether as many roots are there as a tree of that size has: what comes from storage is looked at before it is used. */
export function isFrontier({ size, roots }: Frontier): boolean {
  const bits = size.toString(2).replaceAll("0", "").length;
  return roots.length === bits && roots.every((root) => root.length === 32);
}

/** Looks a complete subtree's root up; level 0 are the leaves. */
export type NodeAt = (level: number, index: number) => Hash;

/** Of the first `size` leaves. */
export function frontierOf(size: number, nodeAt: NodeAt): Frontier {
  const roots: Hash[] = [];
  for (let from = 0; from < size;) {
    const level = levelOf(size - from);
    roots.push(nodeAt(level, from / 2 ** level));
    from += 2 ** level;
  }
  return { size, roots };
}

/** How leaf `index` leads to the root of the first `size` leaves (RFC 6962, section 2.1.1). */
export function inclusionProof(index: number, size: number, nodeAt: NodeAt): Hash[] {
  return path(index, 0, size, nodeAt);
}

/** How the root of the first `first` leaves is in that of the first `size` (RFC 6962, section 2.1.2). */
export function consistencyProof(first: number, size: number, nodeAt: NodeAt): Hash[] {
  return first === 0 || first === size ? [] : subproof(first, 0, size, true, nodeAt);
}

/** Whether a leaf is entry `index` of the tree with this root (RFC 9162, section 2.1.3.2). */
export function isIncluded(
  leaf: Hash,
  index: number,
  size: number,
  proof: readonly Hash[],
  root: Hash,
): boolean {
  if (index < 0 || index >= size) return false;
  let [at, last, hash] = [index, size - 1, leaf];
  for (const sibling of proof) {
    if (last === 0) return false;
    if (at % 2 === 1 || at === last) {
      hash = nodeHash(sibling, hash);
      while (at % 2 === 0 && at !== 0) [at, last] = [half(at), half(last)];
    } else hash = nodeHash(hash, sibling);
    [at, last] = [half(at), half(last)];
  }
  return last === 0 && isSame(hash, root);
}

/** Whether the second tree is the first with leaves added behind (RFC 9162, section 2.1.4.2). */
export function isConsistent(
  first: { size: number; root: Hash },
  second: { size: number; root: Hash },
  proof: readonly Hash[],
): boolean {
  if (first.size > second.size) return false;
  if (first.size === second.size) return proof.length === 0 && isSame(first.root, second.root);
  if (first.size === 0) return proof.length === 0;
  const isPower = Number.isInteger(Math.log2(first.size));
  const [start, ...rest] = isPower ? [first.root, ...proof] : proof;
  if (start === undefined) return false;
  let [at, last] = [first.size - 1, second.size - 1];
  while (at % 2 === 1) [at, last] = [half(at), half(last)];
  let [old, now] = [start, start];
  for (const sibling of rest) {
    if (last === 0) return false;
    if (at % 2 === 1 || at === last) {
      [old, now] = [nodeHash(sibling, old), nodeHash(sibling, now)];
      while (at % 2 === 0 && at !== 0) [at, last] = [half(at), half(last)];
    } else now = nodeHash(now, sibling);
    [at, last] = [half(at), half(last)];
  }
  return last === 0 && isSame(old, first.root) && isSame(now, second.root);
}

export const isSame = (a: Hash, b: Hash): boolean =>
  a.length === b.length && a.every((byte, i) => byte === b[i]);

const half = (n: number) => Math.floor(n / 2);

/** The level of the largest complete tree of at most `n` leaves. */
const levelOf = (n: number) => Math.floor(Math.log2(n));

/** The largest power of two below `n`. */
function split(n: number): number {
  const power = 2 ** levelOf(n);
  return power === n ? power / 2 : power;
}

function subtree(from: number, to: number, nodeAt: NodeAt): Hash {
  const level = levelOf(to - from);
  if (2 ** level === to - from) return nodeAt(level, from / 2 ** level);
  const middle = from + split(to - from);
  return nodeHash(subtree(from, middle, nodeAt), subtree(middle, to, nodeAt));
}

function path(index: number, from: number, to: number, nodeAt: NodeAt): Hash[] {
  if (to - from <= 1) return [];
  const middle = from + split(to - from);
  return index < middle
    ? [...path(index, from, middle, nodeAt), subtree(middle, to, nodeAt)]
    : [...path(index, middle, to, nodeAt), subtree(from, middle, nodeAt)];
}

function subproof(first: number, from: number, to: number, known: boolean, nodeAt: NodeAt): Hash[] {
  if (first === to) return known ? [] : [subtree(from, to, nodeAt)];
  const middle = from + split(to - from);
  return first <= middle
    ? [...subproof(first, from, middle, known, nodeAt), subtree(middle, to, nodeAt)]
    : [...subproof(first, middle, to, false, nodeAt), subtree(from, middle, nodeAt)];
}
