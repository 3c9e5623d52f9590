import { nameWithin } from "#domain/regions/regions.ts";
import type { Collection } from "#domain/search/model.ts";

/**
 * A search shard: the object's name, the content hashes it answers for (`from` up to but not `to`) and, for a leaf
 * that was split off by meaning, the direction its units lie in (8 bits a dimension; only the direction counts).
 */
export type Place = {
  name: string;
  from: number;
  to: number;
  depth: number;
  centroid?: Int8Array;
};

const HASHES = 0x1_0000_0000;

/** Where every collection begins: one shard for all hashes, found without looking anything up. */
export const rootOf = ({ owner, space, within }: Collection): Place => ({
  name: nameWithin(within, `${owner}|${space}|0`),
  from: 0,
  to: HASHES,
  depth: 0,
});

/** The root of the collection that a shard belongs to. */
export const rootAbove = ({ name }: Pick<Place, "name">): Place => ({
  name: `${collectionPart(name)}|0`,
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
 * Where the units of a full leaf move to: one place for each centroid; two halves of its hashes where units do not
 * differ in meaning; or one place, when most of what filled it is dead (then moving is what gives the space back).
 * A name is the parent's and a letter, so that names never repeat.
 */
export function leavesUnder(place: Place, how: Int8Array[] | "hashes" | "compact"): Place[] {
  const child = (letter: string, change: Partial<Place> = {}): Place => ({
    ...place,
    name: place.name + letter,
    depth: place.depth + 1,
    ...change,
  });
  const middle = Math.floor((place.from + place.to) / 2);
  if (how === "compact" || (how === "hashes" && middle === place.from)) return [child("c")];
  if (how === "hashes") return [child("a", { to: middle }), child("b", { from: middle })];
  return how.map((centroid, i) => child(i === 0 ? "a" : "b", { centroid }));
}

/**
 * The place whose units a leaf took over by moves to fresh places alone. It leads to the same leaves, and at once where
 * each of those moves on the way would have to be asked.
 */
export const beforeMoves = (name: string): string => name.replace(/c+$/, "");

/** The place that divided or moved into this leaf; null for one that a collection began with. */
export const placeAbove = (name: string): string | null =>
  /[abc]$/.test(name) ? name.slice(0, -1) : null;

/** Where the claims of a directory move to that has too many. */
export function directoriesUnder(place: Place): Place[] {
  const middle = Math.floor((place.from + place.to) / 2);
  const depth = place.depth + 1;
  return [
    [place.from, middle],
    [middle, place.to],
  ].map(([from = 0, to = 0]) => ({
    name: `${collectionPart(place.name)}|d${hex(from)}-${hex(to - 1)}.${depth}`,
    from,
    to,
    depth,
  }));
}

/** Whether claims are kept there: roots, directories and what split by hash under release 0.1, but no leaf below. */
export const keepsClaims = (name: string): boolean => /[0-9]$/.test(name);

/** Whether it has claims and no leaf beside them. */
export const isDirectoryOnly = (name: string): boolean => /\|d[^|]*$/.test(name);

/** A shard as far as its name tells; one that was split off knows the rest itself. */
export function placeNamed(name: string): Place {
  const [, first, last, depth] = /\|d?([0-9a-f]{8})-([0-9a-f]{8})\.([0-9]+)$/.exec(name) ?? [];
  const below = /[abc]*$/.exec(name)?.[0].length ?? 0;
  if (first === undefined || last === undefined) return { name, from: 0, to: HASHES, depth: below };
  return {
    name,
    from: Number.parseInt(first, 16),
    to: Number.parseInt(last, 16) + 1,
    depth: Number(depth),
  };
}

const collectionPart = (name: string): string => name.slice(0, name.lastIndexOf("|"));
const hex = (hash: number): string => hash.toString(16).padStart(8, "0");
