import { base32 } from "#domain/shared/base32.ts";
import { sha256 } from "#domain/shared/hash.ts";

/** Up to 46,656 shards; the first thirty-six have one digit. */
const UNIT_ID = /^u(0|[1-9a-z][0-9a-z]{0,2})_[0-9a-v]{26}$/;

/**
 * A unit's id names its D1 shard, so a read needs no lookup. `seed` is the operation that makes the unit: the same
 * operation, repeated after a crash, makes the same id on the same shard.
 */
export async function unitIdFrom(seed: string, shard: number): Promise<string> {
  return `u${shard.toString(36)}_${base32((await sha256(seed)).subarray(2, 19)).slice(0, 26)}`;
}

/** The shard an id names, or null where the id cannot be one of ours. */
export function unitShardOf(id: string): number | null {
  const shard = UNIT_ID.exec(id)?.[1];
  return shard === undefined ? null : Number.parseInt(shard, 36);
}
