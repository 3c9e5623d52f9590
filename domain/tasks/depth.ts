import type { Mode } from "#domain/scheduling/queue.ts";

/** How much lies in one shard, or in all of a pool. */
export type QueueDepth = {
  mode: Mode;
  waiting: number;
  delayed: number;
  blocked: number;
  leased: number;
  failed: number;
  bytes: number;
  /** When the oldest was made that could be given out. */
  oldestMs: number | null;
};
export type PoolDepth = QueueDepth & { shards: number };

export function poolDepth(shards: readonly QueueDepth[]): PoolDepth {
  const sum = (of: (shard: QueueDepth) => number) => shards.reduce((all, one) => all + of(one), 0);
  const oldest = shards.flatMap(({ oldestMs }) => oldestMs ?? []);
  return {
    mode: shards.find(({ mode }) => mode !== "open")?.mode ?? "open",
    waiting: sum(({ waiting }) => waiting),
    delayed: sum(({ delayed }) => delayed),
    blocked: sum(({ blocked }) => blocked),
    leased: sum(({ leased }) => leased),
    failed: sum(({ failed }) => failed),
    bytes: sum(({ bytes }) => bytes),
    oldestMs: oldest.length === 0 ? null : Math.min(...oldest),
    shards: shards.length,
  };
}
