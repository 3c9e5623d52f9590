/** What a machine has and a reservation takes, in whole numbers: a thousandth of a core, of a GPU, and MiB of memory. */
export const DIMENSIONS = ["cpuMilli", "gpuMilli", "memoryMiB"] as const;
export type Units = Readonly<Record<(typeof DIMENSIONS)[number], number>>;

export const NOTHING: Units = { cpuMilli: 0, gpuMilli: 0, memoryMiB: 0 };

const combined = (a: Units, b: Units, each: (x: number, y: number) => number): Units => ({
  cpuMilli: each(a.cpuMilli, b.cpuMilli),
  gpuMilli: each(a.gpuMilli, b.gpuMilli),
  memoryMiB: each(a.memoryMiB, b.memoryMiB),
});

export const plus = (a: Units, b: Units): Units => combined(a, b, (x, y) => x + y);
export const minus = (a: Units, b: Units): Units => combined(a, b, (x, y) => x - y);
export const times = (a: Units, factor: number): Units => combined(a, a, (x) => x * factor);
export const most = (a: Units, b: Units): Units => combined(a, b, Math.max);

export const fits = (wanted: Units, room: Units): boolean =>
  DIMENSIONS.every((dimension) => wanted[dimension] <= room[dimension]);

/** The scarcest dimension decides (dominant resource: Ghodsi et al. 2011). What is wanted where there is none counts as 1. */
export function shareOf(used: Units, all: Units): number {
  let share = 0;
  for (const dimension of DIMENSIONS) {
    if (used[dimension] === 0) continue;
    share = Math.max(share, all[dimension] > 0 ? used[dimension] / all[dimension] : 1);
  }
  return share;
}
