import type { Scan } from "./scan.ts";
import { Groups } from "./union.ts";

export type WithinTask = {
  points: Float32Array;
  pointCount: number;
  /** The points that are compared with all that come after them. */
  from: number;
  to: number;
  dimensions: number;
  distanceMax: number;
};

/** Pairs of points with the squared distance of each; three lists of one length. */
export type Links = { from: Uint32Array; to: Uint32Array; distances: Float32Array };

/** The pairs that a task finds near each other, as far as they are needed. */
export function within(scan: Scan, task: WithinTask): Links {
  const found = collector(task.pointCount);
  const queries = { values: task.points, from: task.from, to: task.to };
  const points = { values: task.points, from: task.from, to: task.pointCount };
  scan(queries, points, task.dimensions, (block) => {
    for (let row = 0; row < block.queries; row += 1) {
      const query = block.firstQuery + row;
      const first = Math.max(0, query + 1 - block.firstPoint);
      for (let p = first, at = row * block.width + first; p < block.points; p += 1, at += 1) {
        const distance = block.values[at] ?? Infinity;
        if (distance <= task.distanceMax) found.add(query, block.firstPoint + p, distance);
      }
    }
  });
  return found.links();
}

/** So many pairs are held before those that others make needless are let go. */
const HELD_MAX = 262_144;

/**
 * Keeps the minimum spanning forest of the pairs it is given (Kruskal 1956): which points hang together below any
 * distance can be told from it as well as from all pairs, and it has fewer links than there are points. Forests of parts
 * give the forest of the whole.
 */
export function collector(pointCount: number) {
  let from: number[] = [];
  let to: number[] = [];
  let distances: number[] = [];
  let kept = 0;

  function reduce(): void {
    const order = Uint32Array.from(from, (_, at) => at).sort(
      (a, b) =>
        (distances[a] ?? 0) - (distances[b] ?? 0) ||
        (from[a] ?? 0) - (from[b] ?? 0) ||
        (to[a] ?? 0) - (to[b] ?? 0),
    );
    const groups = new Groups(pointCount);
    const needed = order.filter((at) => groups.join(from[at] ?? 0, to[at] ?? 0));
    const of = (values: number[]) => Array.from(needed, (at) => values[at] ?? 0);
    [from, to, distances] = [of(from), of(to), of(distances)];
    kept = from.length;
  }

  return {
    add(one: number, two: number, distance: number): void {
      from.push(one);
      to.push(two);
      distances.push(distance);
      if (from.length >= kept + HELD_MAX) reduce();
    },
    /** Nearest first. */
    links(): Links {
      reduce();
      return {
        from: Uint32Array.from(from),
        to: Uint32Array.from(to),
        distances: Float32Array.from(distances),
      };
    },
  };
}
