import { POOLS, type PoolName } from "#domain/resources/pools.ts";

/** One shard of a pool: each account's own (`account` says whose), or one that all accounts share. */
export type QueueName = { pool: PoolName; account: string | null; shard: number };

/** Shards that a pool has at most. */
export const SHARDS_MAX = 8;

/** Every shard that an account's own pool may have. */
export const ownQueues = (account: string): QueueName[] =>
  Array.from({ length: SHARDS_MAX }, (_, shard) => ({ pool: "account", account, shard }));

/** What the object of a shard is called. */
export const queueNameOf = ({ pool, account, shard }: QueueName): string =>
  account === null ? `shared/${pool}/${shard}` : `account/${account}/${shard}`;

/** The shard that an object is, by its name. */
export function queueFrom(name: string): QueueName | null {
  const [kind, whose = "", shard = ""] = name.split("/");
  if (!/^\d{1,3}$/.test(shard)) return null;
  if (kind === "account") return { pool: "account", account: whose, shard: Number(shard) };
  const pool = POOLS.find((one) => one === whose);
  return pool === undefined ? null : { pool, account: null, shard: Number(shard) };
}

/** A task's id names the shard that keeps it and its place there, so that finding it is one hop. To clients it is opaque. */
export const taskIdOf = ({ pool, account, shard }: QueueName, seq: number): string =>
  `tsk_${account === null ? pool : account.replace("_", "")}_${shard.toString(36)}_${seq.toString(36)}`;

const FORM =
  /^tsk_(?:(a[0-9a-z])([0-9a-v]{16})|([a-z]{1,12}))_([0-9a-z]{1,2})_([1-9a-z][0-9a-z]{0,9})$/;

/** What a task's id names; null where it can be none. */
export function taskFrom(id: string): { queue: QueueName; seq: number } | null {
  const [, catalog, name, shared, shard = "", place = ""] = FORM.exec(id) ?? [];
  if (shard === "") return null;
  const pool = POOLS.find((one) => one === (shared ?? "account"));
  if (pool === undefined || shared === "account") return null;
  const account = name === undefined ? null : `${catalog}_${name}`;
  const queue = { pool, account, shard: Number.parseInt(shard, 36) };
  return { queue, seq: Number.parseInt(place, 36) };
}
