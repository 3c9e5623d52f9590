import { holds, type Place } from "#domain/search/leaves/ranges.ts";
import { type Quantised, quantised } from "#domain/search/engine/vectors.ts";

/** What a shard that has moved answers about: its units, its claims, or both at once (as release 0.1 split). */
export type Moved = { of: "leaf" | "directory" | "both"; to: Place[] };

/** The shards of one collection as far as an isolate knows: where each that has moved has gone, by its name. */
export type Tree = {
  root: Place;
  leaves: Map<string, readonly Place[]>;
  directories: Map<string, readonly Place[]>;
};

export const emptyTree = (root: Place): Tree => ({
  root,
  leaves: new Map(),
  directories: new Map(),
});

/** Learning the same again changes nothing, in whatever order it comes. */
export function learn(tree: Tree, name: string, { of, to }: Moved): void {
  if (of !== "directory") tree.leaves.set(name, to);
  if (of !== "leaf") tree.directories.set(name, to);
}

/** The place that keeps the claim of a content. */
export function directoryOf(tree: Tree, contentKey: string): Place {
  let place = tree.root;
  for (;;) {
    const child = tree.directories.get(place.name)?.find((each) => holds(each, contentKey));
    if (child === undefined) return place;
    place = child;
  }
}

type Content = { contentKey: string; vectors: readonly Quantised[] };

/** The leaf for a content at or below `from`. The same content and vectors always come to the same leaf. */
export function leafFor(tree: Tree, from: Place, content: Content): Place {
  let place = from;
  for (;;) {
    const children = tree.leaves.get(place.name);
    if (children === undefined) return place;
    const child = childFor(children, content);
    if (child === undefined) return place;
    place = child;
  }
}

/** By hash where the children divide hashes, else by meaning; the first of two that are equally near. */
export function childFor(children: readonly Place[], content: Content): Place | undefined {
  const [first, ...others] = children;
  if (first === undefined || others.length === 0) return first;
  if (others.some(({ from }) => from !== first.from))
    return children.find((child) => holds(child, content.contentKey));
  let best = first;
  let most = affinity(first.centroid, content.vectors);
  for (const child of others) {
    const mine = affinity(child.centroid, content.vectors);
    if (mine > most) [best, most] = [child, mine];
  }
  return best;
}

/** All known leaves at or below a place, nearest siblings first to last as they were made. */
export function leavesBelow(tree: Tree, from: Place): Place[] {
  const children = tree.leaves.get(from.name);
  return children === undefined ? [from] : children.flatMap((child) => leavesBelow(tree, child));
}

export function directoriesBelow(tree: Tree, from: Place): Place[] {
  const children = tree.directories.get(from.name);
  return children === undefined
    ? [from]
    : children.flatMap((child) => directoriesBelow(tree, child));
}

/** How much a unit's passages point where a centroid does: the sum of their cosines with it, up to a common factor. */
export function affinity(centroid: Int8Array | undefined, vectors: readonly Quantised[]): number {
  if (centroid === undefined) return 0;
  let square = 0;
  for (const value of centroid) square += value * value;
  if (square === 0) return 0;
  let sum = 0;
  for (const { values, scale } of vectors) {
    const length = Math.min(values.length, centroid.length);
    let dot = 0;
    for (let i = 0; i < length; i++) dot += (values[i] ?? 0) * (centroid[i] ?? 0);
    sum += dot * scale;
  }
  return sum / Math.sqrt(square);
}

/** A unit's vectors in 8 bits, as its leaf will keep them: routing on these, a copy goes where the original did. */
export const routed = (passages: readonly { vector: Float32Array }[]): Quantised[] =>
  passages.map(({ vector }) => quantised(vector));
