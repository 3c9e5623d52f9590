import { hashOf, partitionOf } from "#domain/topics/partitions.ts";
import { USAGE } from "#domain/topics/topics.ts";
import type { AggregateRow } from "./book.ts";
import { laneOf, LANES } from "./gathering.ts";

/** An hour of an account, closed. */
export type SealedHour = { hourMs: number; uses: AggregateRow[] };

const COLLECTOR = "platform usage ";

/** The object that adds up one partition of the log. */
export const collectorOf = (partition: number): string => `${COLLECTOR}${partition}`;

/** The partition that an object of that name adds up; null where it is an account's. */
export function collectorFrom(name: string): number | null {
  if (!name.startsWith(COLLECTOR)) return null;
  const partition = Number(name.slice(COLLECTOR.length));
  return Number.isInteger(partition) && partition < USAGE.partitions ? partition : null;
}

/** The key of a lane's events: one for each partition that the log may have, so that lanes are spread evenly. */
export const LANE_KEYS: readonly string[] = Array.from({ length: LANES }, (_, lane) => {
  for (let n = 0; ; n++) {
    const key = `lane ${lane} ${n}`;
    if (partitionOf(hashOf(key), USAGE.partitions) === lane) return key;
  }
});

/** The partitions in which an account's events lie or lay, where the log has grown to so many. */
export function partitionsOfAccount(accountId: string, count: number): number[] {
  const hash = hashOf(LANE_KEYS[laneOf(accountId)] ?? "");
  const found = new Set<number>();
  for (let grown = 1; grown <= count; grown *= 2) found.add(partitionOf(hash, grown));
  return [...found];
}
