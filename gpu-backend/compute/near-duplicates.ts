import { type Compute, distanceOf, type Matrix, type Run, similarityOf } from "./compute.ts";
import { Groups } from "./union.ts";

/** `points` are in ascending order; `similarity` is the least of the pairs that are needed to connect them. */
export type NearDuplicates = { points: Uint32Array; similarity: number };

/** Of a squared distance. */
const ROUNDING = 1e-9;

/**
 * Groups of two and more vectors of length 1 that are connected by pairs whose cosine is at least `similarityMin`
 * (single linkage), the largest first.
 */
export async function nearDuplicates(
  compute: Compute,
  points: Matrix,
  similarityMin: number,
  run: Run = {},
): Promise<NearDuplicates[]> {
  // Vectors whose length is 1 but for rounding: the same text twice is a duplicate at a similarity of 1 too.
  const distanceMax = Math.max(distanceOf(similarityMin), ROUNDING);
  const links = await compute.within(points, distanceMax, run);
  const joined = new Groups(points.rows);
  for (const [at, from] of links.from.entries()) joined.join(from, links.to[at] ?? 0);
  const farthest = new Map<number, number>();
  for (const [at, from] of links.from.entries()) {
    const name = joined.of(from);
    farthest.set(name, Math.max(farthest.get(name) ?? 0, links.distances[at] ?? 0));
  }
  const members = new Map<number, number[]>();
  for (let point = 0; point < points.rows; point += 1) {
    const name = joined.of(point);
    if (!farthest.has(name)) continue;
    const group = members.get(name);
    if (group === undefined) members.set(name, [point]);
    else group.push(point);
  }
  return Array.from(members, ([name, group]) => ({
    points: Uint32Array.from(group),
    similarity: similarityOf(farthest.get(name) ?? 0),
  })).sort((a, b) => b.points.length - a.points.length || (a.points[0] ?? 0) - (b.points[0] ?? 0));
}
