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

/**
 * Which open shard takes an account's units: one for all of them, so that units that come together are written together
 * and an account is on few shards. The highest weight wins (rendezvous hashing, Thaler & Ravishankar 1998): a shard that
 * is added takes its part of the accounts, and the others stay. Null where none is open.
 */
export function shardOfAccount(accountId: string, open: readonly number[]): number | null {
  let best: number | null = null;
  let most = -1;
  for (const shard of open) {
    const weight = weightOf(`${accountId}\n${shard}`);
    if (weight > most) [best, most] = [shard, weight];
  }
  return best;
}

/** FNV-1a over UTF-16 units, and the mixing of MurmurHash3 so that a last digit changes all bits; 32 bits. */
function weightOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

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
