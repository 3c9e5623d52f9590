import { cellFrom } from "#domain/metrics/cell.ts";
import { CELLS_MAX } from "#domain/metrics/keeping.ts";
import { type GroupRow, join } from "#domain/metrics/rollups.ts";
import { shardOf } from "#domain/metrics/series.ts";
import { type PointView, pointOf } from "#domain/metrics/view.ts";

/** The objects that keep the platform's series, by name. */
const SHARDS = 4;
export const METRICS_OBJECTS: readonly string[] = Array.from(
  { length: SHARDS },
  (_, shard) => `metrics ${shard}`,
);

/** And those that keep accounts' series. An account that nobody asks anything of, and that asks nothing, is in none. */
const LANES = 64;
const OF_ACCOUNTS = "accounts ";
export const accountsObjectOf = (accountId: string): string =>
  `${OF_ACCOUNTS}${shardOf(accountId, LANES)}`;
export const keepsAccounts = (objectName: string): boolean => objectName.startsWith(OF_ACCOUNTS);

export type MetricGroup = { labels: Record<string, string>; points: PointView[] };

/** What all objects answered, as one; null where it is more than one answer holds, by itself or together. */
export function boundedGroups(all: readonly (GroupRow[] | null)[]): MetricGroup[] | null {
  const whole = all.filter((rows) => rows !== null);
  if (whole.length < all.length) return null;
  const groups = mergedGroups(whole.flat());
  const points = groups.reduce((sum, one) => sum + one.points.length, 0);
  return points > CELLS_MAX ? null : groups;
}

/** What all objects answered, as one: each group's points in time order. */
export function mergedGroups(all: readonly GroupRow[]): MetricGroup[] {
  const merged = new Map<string, { labels: Record<string, string>; steps: Steps }>();
  for (const { labels, points } of all) {
    const name = JSON.stringify(labels);
    const group = merged.get(name) ?? { labels, steps: new Map() };
    merged.set(name, group);
    for (const [atMs, row] of points) {
      const cell = cellFrom(row);
      if (cell !== null) join(group.steps, atMs, cell);
    }
  }
  return [...merged.values()].map(({ labels, steps }) => ({
    labels,
    points: [...steps].sort(([a], [b]) => a - b).map(([atMs, cell]) => pointOf(atMs, cell)),
  }));
}
type Steps = Parameters<typeof join>[0];
