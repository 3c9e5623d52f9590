import type { PoolName } from "#domain/resources/pools.ts";
import type { Ask } from "#domain/scheduling/queue.ts";
import type { Problem } from "#domain/shared/problem.ts";
import { err, ok, type Result } from "#domain/shared/result.ts";
import type { Once, TaskDraft, TaskLeased, TaskPlaced } from "#domain/tasks/record.ts";
import { formerHomes, homeOf, type Load, lookingOrder, placeOf } from "#domain/tasks/shards.ts";
import { type QueueName, queueNameOf, SHARDS_MAX, taskFrom } from "#domain/tasks/task-id.ts";

/** Pools that an isolate remembers, and how long it believes that one has no more shards than it had. */
const POOLS_MAX = 10_000;
const BELIEVED_MS = 5_000;
const MOVES_MAX = 4;

type Given = { queue: QueueName; task: TaskLeased };
const BUSY = err<Problem>({ code: "overloaded", retryAfterS: 1 });

const shardOf = (pool: PoolName, accountId: string, shard: number): QueueName => ({
  pool,
  account: pool === "account" ? accountId : null,
  shard,
});

/** The queues of tasks: which shard of a pool something goes to, and where a task is. */
export function taskQueues(env: Env) {
  const pools = new Heard();
  const of = (queue: QueueName) => env.TASK_QUEUE.getByName(queueNameOf(queue));
  /** The open tasks of each shard, as far as is known. A pool that nobody has asked here is asked first. */
  async function heard(pool: PoolName, accountId: string): Promise<number[]> {
    const first = shardOf(pool, accountId, 0);
    const key = queueNameOf(first);
    if (!pools.isFresh(key)) pools.hear(key, 0, await of(first).load());
    return pools.open(key);
  }

  /** Whether the tasks were made under their key while there were fewer shards. */
  async function before(pool: PoolName, accountId: string, count: number, once: Once, all: number) {
    for (const shard of await formerHomes(once.key, all)) {
      const queue = shardOf(pool, accountId, shard);
      const placed = await of(queue).known(count, once);
      if (placed !== null) return placed.ok ? ok({ queue, placed: placed.value }) : placed;
    }
    return null;
  }

  return {
    of,
    /** Every shard that a pool has for an account. */
    async shardsOf(pool: PoolName, accountId: string): Promise<QueueName[]> {
      return (await heard(pool, accountId)).map((_, shard) => shardOf(pool, accountId, shard));
    },

    /** Puts tasks of one account into one shard of a pool. */
    async create(
      pool: PoolName,
      accountId: string,
      drafts: TaskDraft[],
      once: Once | null,
    ): Promise<Result<{ queue: QueueName; placed: TaskPlaced[] }, Problem>> {
      const key = queueNameOf(shardOf(pool, accountId, 0));
      for (let move = 0; move < MOVES_MAX; move++) {
        const open = pools.open(key);
        const known = once && (await before(pool, accountId, drafts.length, once, open.length));
        if (known !== null) return known;
        const shard =
          once === null ? placeOf(open, Math.random) : await homeOf(once.key, open.length);
        const queue = shardOf(pool, accountId, shard);
        const made = await of(queue).create(drafts, once);
        if (!made.ok) return made;
        pools.hear(key, shard, made.value.load);
        if (made.value.placed !== null) return ok({ queue, placed: made.value.placed });
      }
      return BUSY;
    },

    /** Whether something was made under a key, whatever it was. */
    async isKnown(pool: PoolName, accountId: string, once: Once): Promise<boolean> {
      const { length } = await heard(pool, accountId);
      if ((await before(pool, accountId, 0, once, length)) !== null) return true;
      const home = shardOf(pool, accountId, await homeOf(once.key, length));
      return (await of(home).known(0, once)) !== null;
    },

    lease: leasing(pools, of),

    /** Takes back what was just given out, as if it had not been. */
    async giveBack(holder: string | null, given: readonly Given[]): Promise<void> {
      await Promise.all(
        given.map(({ queue, task: { seq, token } }) => of(queue).recall(holder, { seq, token })),
      );
    },

    /** Where a task that the account may see is; what is another account's is not there. */
    locate,

    /** The same with the object that keeps it. */
    find(id: string, accountId: string): Result<Found, Problem<"not-found">> {
      const place = locate(id, accountId);
      return place.ok ? ok({ ...place.value, object: of(place.value.queue) }) : place;
    },
  };
}

function locate(id: string, accountId: string): Result<Place, Problem<"not-found">> {
  const named = taskFrom(id);
  if (named === null) return NOT_HERE;
  const { account, shard } = named.queue;
  const isHere = (account === null || account === accountId) && shard < SHARDS_MAX;
  return isHere ? ok(named) : NOT_HERE;
}

/**
 * The next tasks of an account's own pool: where of two shards the more waits, else where any does. Whoever waits for
 * some waits at the first shard, which hears of it when another has any.
 */
function leasing(pools: Heard, of: (queue: QueueName) => Queue) {
  return async (accountId: string, ask: Ask, waitMs: number): Promise<Result<Given[], Problem>> => {
    const endsAtMs = Date.now() + waitMs;
    const key = queueNameOf(shardOf("account", accountId, 0));
    // What the first shard had heard before the others were looked at: what comes behind our back is news.
    let news: number | undefined;
    const at = async (shard: number, forMs: number) => {
      const queue = shardOf("account", accountId, shard);
      const leased = await of(queue).lease(ask, forMs, news);
      if (!leased.ok) return leased;
      pools.hear(key, shard, leased.value.load);
      const given = leased.value.tasks.map((task): Given => ({ queue, task }));
      return ok({ given, ...leased.value });
    };
    for (;;) {
      const open = pools.open(key);
      const shards = open.length > 1 ? lookingOrder(open, Math.random) : [];
      const isWaiting = shards.length > 0 && waitMs > 0;
      if (isWaiting) news ??= (await of(shardOf("account", accountId, 0)).load()).news;
      for (const shard of shards) {
        const leased = await at(shard, 0);
        if (!leased.ok) return leased;
        if (leased.value.given.length > 0) return ok(leased.value.given);
      }
      const leftMs = Math.max(0, endsAtMs - Date.now());
      if (shards.length > 0 && leftMs === 0) return ok([]);
      const leased = await at(0, leftMs);
      if (!leased.ok) return leased;
      const grew = pools.open(key).length > open.length;
      news = leased.value.load.news;
      if (leased.value.given.length > 0 || (leased.value.look === null && !grew))
        return ok(leased.value.given);
    }
  };
}

/** What an isolate has heard of pools: the open tasks of each of their shards. */
class Heard {
  readonly #pools = new Map<string, { open: number[]; atMs: number }>();

  /** Of a pool that nobody has asked here, its first shard is known. */
  open(key: string): number[] {
    return this.#pools.get(key)?.open ?? [0];
  }

  isFresh(key: string): boolean {
    return Date.now() - (this.#pools.get(key)?.atMs ?? 0) < BELIEVED_MS;
  }

  hear(key: string, shard: number, { open, shards }: Load): void {
    const known = this.open(key);
    const all = Array.from({ length: Math.max(shards, known.length) }, (_, i) => known[i] ?? 0);
    all[shard] = open;
    this.#pools.delete(key);
    this.#pools.set(key, { open: all, atMs: Date.now() });
    const [oldest] = this.#pools.keys();
    if (this.#pools.size > POOLS_MAX && oldest !== undefined) this.#pools.delete(oldest);
  }
}

type Queue = ReturnType<Env["TASK_QUEUE"]["getByName"]>;
type Place = { queue: QueueName; seq: number };
type Found = Place & { object: Queue };

const NOT_HERE = err<Problem<"not-found">>({ code: "not-found" });
