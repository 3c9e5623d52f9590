import type { Collection } from "#domain/search/model.ts";

/** A shard of a collection: the object's name and the content hashes it answers for, `from` up to but not `to`. */
export type Place = { name: string; from: number; to: number; depth: number };

const HASHES = 0x1_0000_0000;

/** Where every collection begins: one shard for all hashes, found without looking anything up. */
export const rootOf = ({ owner, space }: Collection): Place => ({
  name: `${owner}|${space}|0`,
  from: 0,
  to: HASHES,
  depth: 0,
});

/** The part of a content key that routes it: its first 32 bits. */
export const hashOf = (contentKey: string): number =>
  Number.parseInt(contentKey.slice(0, 8), 16) || 0;

export const holds = (place: Place, contentKey: string): boolean => {
  const hash = hashOf(contentKey);
  return hash >= place.from && hash < place.to;
};

/**
 * The places a full shard moves to: two halves, or one of the same range when most of what filled it is dead
 * (then moving is what gives the space back). Names never repeat, because the depth grows.
 */
export function childrenOf(place: Place, count: 1 | 2): Place[] {
  const middle = Math.floor((place.from + place.to) / 2);
  const ranges =
    count === 1 || middle === place.from
      ? [[place.from, place.to]]
      : [
          [place.from, middle],
          [middle, place.to],
        ];
  const root = place.name.slice(0, place.name.lastIndexOf("|"));
  const depth = place.depth + 1;
  return ranges.map(([from = 0, to = 0]) => ({
    name: `${root}|${hex(from)}-${hex(to - 1)}.${depth}`,
    from,
    to,
    depth,
  }));
}

const hex = (hash: number): string => hash.toString(16).padStart(8, "0");

/** The leaves of a collection once `name` is known to have moved. */
export function withMoved(leaves: readonly Place[], name: string, to: readonly Place[]): Place[] {
  return leaves.flatMap((leaf) => (leaf.name === name ? to : [leaf]));
}
