import type { PoolName } from "#domain/resources/pools.ts";
import type { Mode } from "#domain/scheduling/queue.ts";
import type { Problem } from "#domain/shared/problem.ts";
import { ok, type Result } from "#domain/shared/result.ts";
import { type PoolDepth, poolDepth } from "#domain/tasks/depth.ts";
import {
  FROM_THE_NEWEST,
  type Positions,
  type TaskPage,
  type TaskPageAsked,
} from "#domain/tasks/listing.ts";
import type { Subscription } from "#domain/tasks/subscription.ts";
import { type QueueName, queueNameOf, taskFrom } from "#domain/tasks/task-id.ts";
import type { taskQueues } from "#adapters/task-queues.ts";

/** What is asked of all shards of a pool together. */
export function taskPools({ of, shardsOf }: ReturnType<typeof taskQueues>) {
  return {
    /** A page of each shard of a pool, going on from where the one before came to. */
    async pages(
      pool: PoolName,
      asked: Omit<TaskPageAsked, "before">,
      positions: Positions,
    ): Promise<{ queues: QueueName[]; pages: TaskPage[] }> {
      const queues = await shardsOf(pool, asked.account);
      const pages = await Promise.all(
        queues.map(async (queue, at): Promise<TaskPage> => {
          const before = at < positions.length ? positions[at] : FROM_THE_NEWEST;
          return before == null
            ? { tasks: [], next: null }
            : await of(queue).page({ ...asked, before });
        }),
      );
      return { queues, pages };
    },

    /** How much of an account lies in a pool. */
    async depth(pool: PoolName, accountId: string): Promise<PoolDepth> {
      const queues = await shardsOf(pool, accountId);
      const shards = queues.map((queue) => of(queue).depthOf(accountId));
      return poolDepth(await Promise.all(shards));
    },

    async setMode(pool: PoolName, accountId: string, mode: Mode): Promise<void> {
      const [first] = await shardsOf(pool, accountId);
      if (first === undefined) return;
      // The first one decides: shards that come later are in its mode, and it knows of all that came before.
      await of(first).setMode(mode);
      const { shards } = await of(first).load();
      const others = Array.from({ length: shards - 1 }, (_, at) => ({ ...first, shard: at + 1 }));
      await Promise.all(others.map((queue) => of(queue).setMode(mode)));
    },

    /** Tries failed tasks again: those that are named, or the oldest of each shard. Answers how many. */
    async redrive(
      pool: PoolName,
      accountId: string,
      ids: readonly string[] | null,
    ): Promise<Result<number, Problem>> {
      let redriven = 0;
      for (const queue of await shardsOf(pool, accountId)) {
        const isHere = (named: QueueName) => queueNameOf(named) === queueNameOf(queue);
        const seqs = ids?.flatMap((id) => {
          const named = taskFrom(id);
          return named !== null && isHere(named.queue) ? [named.seq] : [];
        });
        if (seqs?.length === 0) continue;
        const done = await of(queue).redrive(accountId, seqs ?? null);
        if (!done.ok) return redriven > 0 ? ok(redriven) : done;
        redriven += done.value;
      }
      return ok(redriven);
    },

    /** Which tasks of its account's own pool an agent is sent; null: none. False where too many are sent some. */
    async subscribe(
      accountId: string,
      agentId: string,
      subscription: Subscription | null,
    ): Promise<boolean> {
      const queues = await shardsOf("account", accountId);
      const set = queues.map((queue) => of(queue).subscribe(agentId, subscription));
      return (await Promise.all(set)).every(Boolean);
    },

    async subscription(accountId: string, agentId: string): Promise<Subscription | null> {
      const [first] = await shardsOf("account", accountId);
      return first === undefined ? null : await of(first).subscription(agentId);
    },
  };
}
