export type MeansTask = {
  points: Float32Array;
  pointCount: number;
  dimensions: number;
  groups: Uint32Array;
  /** The groups this one sums up; each belongs to one task, so the order of its points is always the same. */
  from: number;
  to: number;
  centroids: Float32Array;
  sizes: Uint32Array;
};

export function means(task: MeansTask): void {
  const { dimensions, from, to, points } = task;
  const sums = new Float64Array((to - from) * dimensions);
  const sizes = new Uint32Array(to - from);
  for (let point = 0; point < task.pointCount; point += 1) {
    const group = (task.groups[point] ?? 0) - from;
    if (group < 0 || group >= to - from) continue;
    sizes[group] = (sizes[group] ?? 0) + 1;
    const first = group * dimensions;
    const row = point * dimensions;
    for (let d = 0; d < dimensions; d += 1)
      sums[first + d] = (sums[first + d] ?? 0) + (points[row + d] ?? 0);
  }
  for (const [group, size] of sizes.entries()) {
    task.sizes[from + group] = size;
    const scale = size === 0 ? 0 : 1 / size;
    for (let d = 0; d < dimensions; d += 1)
      task.centroids[(from + group) * dimensions + d] = (sums[group * dimensions + d] ?? 0) * scale;
  }
}
