import { err, ok, type Result } from "#domain/shared/result.ts";

/** One D1 database of the units family. It takes new units from `openedAtMs` on, until `fullAtMs`; its own for good. */
export type UnitShard = { shard: number; openedAtMs: number; fullAtMs: number | null };

/** Which shards take new units. Each change makes the next version; a stale one is harmless, because an id names its shard. */
export type ShardMap = { version: number; shards: readonly UnitShard[] };

/**
 * Where new units go, and where those of the last day went instead: an operation that is repeated after the map changed
 * finds what it made before.
 */
export type Placement = { open: readonly number[]; before: readonly (readonly number[])[] };

/** A repetition comes within the life of an idempotency key (24 h), and the clocks that write times differ a little. */
const REPEATED_WITHIN_MS = 25 * 3_600_000;

/** `bound` is how many shards this process reaches: a map may know of one that a newer release has added. */
export function placementOf(map: ShardMap, bound: number, nowMs: number): Placement {
  const shards = map.shards.filter(({ shard }) => shard < bound);
  const changes = shards
    .flatMap(({ openedAtMs, fullAtMs }) => [openedAtMs, fullAtMs ?? 0])
    .filter((atMs) => atMs > nowMs - REPEATED_WITHIN_MS);
  return {
    open: numbersOf(shards.filter(({ fullAtMs }) => fullAtMs === null)),
    before: [...new Set(changes)]
      .sort((a, b) => b - a)
      .map((atMs) => numbersOf(shards.filter((shard) => wasOpenBefore(shard, atMs))))
      .filter((open) => open.length > 0),
  };
}

const wasOpenBefore = ({ openedAtMs, fullAtMs }: UnitShard, atMs: number): boolean =>
  openedAtMs < atMs && (fullAtMs === null || fullAtMs >= atMs);

const numbersOf = (shards: UnitShard[]): number[] =>
  shards.map(({ shard }) => shard).sort((a, b) => a - b);

const BINDING = /^UNITS_(0|[1-9]\d{0,3})$/;

/** The bindings of the units family in the order of their numbers, which ids name: none may be missing. */
export function unitShardNames(bindings: readonly string[]): Result<string[], string> {
  const numbers = bindings
    .flatMap((name) => BINDING.exec(name)?.[1] ?? [])
    .map(Number)
    .sort((a, b) => a - b);
  const missing = numbers.findIndex((number, i) => number !== i);
  if (numbers.length === 0 || missing >= 0)
    return err(`no database is bound as UNITS_${Math.max(missing, 0)}`);
  return ok(numbers.map((number) => `UNITS_${number}`));
}
