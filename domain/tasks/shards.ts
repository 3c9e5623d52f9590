import { sha256Hex } from "#domain/shared/hash.ts";
import { LIMITS } from "#domain/shared/limits.ts";

/** A shard is busy where its callers wait so long, or where it is half full. */
const BUSY_MS = 250;
const BUSY_OPEN = LIMITS.tasksOpenMax / 2;
/** A new shard is given so long to be found before there are more. */
export const GROWS_EVERY_MS = 10_000;

/**
 * How a shard is: its open tasks, how many shards its pool has as far as it was told, and how often the others have told
 * it that they have some.
 */
export type Load = { open: number; shards: number; news: number };

export const isBusy = ({ open, tookMs }: { open: number; tookMs: number }): boolean =>
  tookMs > BUSY_MS || open > BUSY_OPEN;

/**
 * Where something new goes: of two shards by chance the one with less to do (Mitzenmacher 2001), by what was heard of
 * them last. `random` is in [0, 1).
 */
export function placeOf(open: readonly number[], random: () => number): number {
  const [one, other] = two(open.length, random);
  return (open[one] ?? 0) <= (open[other] ?? 0) ? one : other;
}

/** Where to look for tasks, in this order: of two shards by chance the one with more to do, and then all the others. */
export function lookingOrder(open: readonly number[], random: () => number): number[] {
  const [one, other] = two(open.length, random);
  const fuller = (open[one] ?? 0) >= (open[other] ?? 0) ? one : other;
  const rest = open.map((_, shard) => shard).filter((shard) => shard !== fuller);
  return [fuller, ...rest.sort((a, b) => (open[b] ?? 0) - (open[a] ?? 0))];
}

function two(shards: number, random: () => number): [number, number] {
  const one = Math.floor(random() * shards);
  if (shards === 1) return [one, one];
  return [one, (one + 1 + Math.floor(random() * (shards - 1))) % shards];
}

/** The shard that what is made under an idempotency key goes to, where a pool has so many. */
export async function homeOf(key: string, shards: number): Promise<number> {
  if (shards === 1) return 0;
  return Number.parseInt((await sha256Hex(key)).slice(0, 8), 16) % shards;
}

/** And where it went while there were fewer: it is looked for there first. */
export async function formerHomes(key: string, shards: number): Promise<number[]> {
  const homes = new Set<number>();
  for (let fewer = shards / 2; fewer >= 1; fewer /= 2) homes.add(await homeOf(key, fewer));
  homes.delete(await homeOf(key, shards));
  return [...homes];
}
