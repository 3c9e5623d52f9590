import type { Floats } from "./shared.ts";
import type { Links } from "./within.ts";

/** `rows` vectors of `dimensions` 32-bit floats, one after another. Nothing but finite numbers. */
export type Matrix = { rows: number; dimensions: number; values: Floats };

/**
 * For each query the `k` nearest points, nearest first, the lower index first where two are as near. `distances` are
 * squared Euclidean ones; both have `rows × k` places. `k` is less than what was asked for where there are fewer points.
 */
export type Neighbours = {
  k: number;
  rows: number;
  indices: Uint32Array;
  distances: Float32Array;
};

/** `progress` hears the share of the work that is done, from 0 to 1. An abort rejects with the signal's reason. */
export type Run = { signal?: AbortSignal; progress?: (share: number) => void };

/**
 * Exact vector work over whole collections, off the thread that calls it. The implementations differ in where they
 * compute and in the last bits of a distance, in nothing else; the same tests hold for each.
 */
export type Compute = {
  kind: "cpu" | "webgpu";
  /** What it computes on, for people: the adapter's name, or how many threads. */
  device: string;

  /** `"others"`: the points themselves are the queries, and none is its own neighbour. */
  nearest(points: Matrix, queries: Matrix | "others", k: number, run?: Run): Promise<Neighbours>;

  /**
   * How points hang together by pairs whose squared distance is at most `distanceMax`: of all such pairs the minimum
   * spanning forest, nearest first. Exact: every pair is looked at.
   */
  within(points: Matrix, distanceMax: number, run?: Run): Promise<Links>;

  /**
   * The means of groups, and how many points each has. `groups` says for each point which one, below `count`; a group
   * without points keeps zeros. Sums are 64-bit and in the order of the points, so they do not depend on the threads.
   */
  means(points: Matrix, groups: Uint32Array, count: number, run?: Run): Promise<Means>;

  close(): Promise<void>;
};

export type Means = { centroids: Matrix; sizes: Uint32Array };

/** More neighbours than this are no neighbourhood, and every one costs each query. */
export const NEIGHBOURS_MAX = 128;

/** The cosine of two vectors of length 1 whose squared distance this is, and the other way round. */
export const similarityOf = (distance: number): number => 1 - distance / 2;
export const distanceOf = (similarity: number): number => 2 - 2 * similarity;

/** How many neighbours there can be of those that were asked for. */
export function neighboursOf(points: Matrix, queries: Matrix | "others", wanted: number): number {
  const there = queries === "others" ? Math.max(0, points.rows - 1) : points.rows;
  return Math.min(wanted, there, NEIGHBOURS_MAX);
}
