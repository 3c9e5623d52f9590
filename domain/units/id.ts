import { sha256 } from "#domain/shared/hash.ts";

const UNIT_ID = /^u([0-9a-z])_[0-9a-v]{26}$/;

/**
 * A unit's id names its D1 shard, so a read needs no lookup. `seed` is the operation that makes the unit: the same
 * operation, repeated after a crash, makes the same id. Never called with more than 36 open shards.
 */
export async function unitIdFrom(seed: string, openShards: readonly number[]): Promise<string> {
  const hash = await sha256(seed);
  const pick = ((hash[0] ?? 0) << 8) | (hash[1] ?? 0);
  const shard = openShards[pick % openShards.length];
  if (shard === undefined) throw new Error("no shard takes new units");
  return `u${shard.toString(36)}_${base32hex(hash.subarray(2, 19)).slice(0, 26)}`;
}

/** The shard an id names, or null where the id cannot be one of ours. */
export function unitShardOf(id: string): number | null {
  const shard = UNIT_ID.exec(id)?.[1];
  return shard === undefined ? null : Number.parseInt(shard, 36);
}

/** RFC 4648 section 7, lower case, without padding. */
function base32hex(bytes: Uint8Array): string {
  let bits = 0;
  let value = 0;
  let text = "";
  for (const byte of bytes) {
    value = (value << 8) | byte;
    for (bits += 8; bits >= 5; bits -= 5) text += ((value >>> (bits - 5)) & 31).toString(32);
    value &= (1 << bits) - 1;
  }
  return bits === 0 ? text : text + ((value << (5 - bits)) & 31).toString(32);
}
