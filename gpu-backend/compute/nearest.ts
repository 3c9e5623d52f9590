import type { Scan } from "./scan.ts";

export type NearestTask = {
  points: Float32Array;
  pointCount: number;
  queries: Float32Array;
  /** Of the queries. */
  from: number;
  to: number;
  dimensions: number;
  k: number;
  /** The queries are the points: none is its own neighbour. */
  others: boolean;
  /** Where the answers of all queries go, `k` a row. */
  indices: Uint32Array;
  distances: Float32Array;
};

/** Fills the rows `from` to `to` of the answer, with a short sorted list for each query. */
export function nearest(scan: Scan, task: NearestTask): void {
  const { k, indices, distances, others } = task;
  distances.fill(Infinity, task.from * k, task.to * k);
  const queries = { values: task.queries, from: task.from, to: task.to };
  const points = { values: task.points, from: 0, to: task.pointCount };
  scan(queries, points, task.dimensions, (block) => {
    const { values, width, firstPoint } = block;
    for (let row = 0; row < block.queries; row += 1) {
      const query = block.firstQuery + row;
      const first = query * k;
      const last = first + k - 1;
      const itself = others ? query - firstPoint : -1;
      let worst = distances[last] ?? Infinity;
      for (let p = 0, at = row * width; p < block.points; p += 1, at += 1) {
        const distance = values[at] ?? Infinity;
        // Points come in the order of their indices, so one that is as far as the last comes after it.
        if (distance >= worst || p === itself) continue;
        let place = last;
        for (; place > first && (distances[place - 1] ?? 0) > distance; place -= 1) {
          distances[place] = distances[place - 1] ?? 0;
          indices[place] = indices[place - 1] ?? 0;
        }
        distances[place] = distance;
        indices[place] = firstPoint + p;
        worst = distances[last] ?? Infinity;
      }
    }
  });
}
