import type { Source } from "#domain/protection/export.ts";
import { POOLS } from "#domain/resources/pools.ts";
import { merged, type Positions } from "#domain/tasks/listing.ts";
import { type TaskShown, taskViewOf } from "#domain/tasks/record.ts";
import { resultFrom } from "#domain/tasks/results.ts";
import type { QueueName } from "#domain/tasks/task-id.ts";
import { taskPools } from "#adapters/task-pools.ts";
import type { taskQueues } from "#adapters/task-queues.ts";

const AT_ONCE = 50;

/** Everything that is kept of an account's tasks, page by page, with what was given and what came of it. */
export function taskExport(queues: ReturnType<typeof taskQueues>, accountId: string): Source {
  const pools = taskPools(queues);
  let at = { pool: 0, positions: [] as Positions };

  /** A long result is named only: it is read by its task's address. */
  async function whole(queue: QueueName, task: TaskShown): Promise<object> {
    const found = await queues.of(queue).contents(task.seq, accountId);
    const result = found?.result == null ? null : resultFrom(found.result);
    return {
      ...taskViewOf(queue, task),
      input: JSON.parse(found?.input ?? "null") as unknown,
      result: result !== null && "text" in result ? (JSON.parse(result.text) as unknown) : null,
      ...(result !== null && "blob" in result && { longResult: result.blob }),
    };
  }

  return {
    name: "tasks",
    async page() {
      for (let pool = POOLS[at.pool]; pool !== undefined; pool = POOLS[at.pool]) {
        const asked = { account: accountId, state: null, type: null, limit: AT_ONCE };
        const { queues: shards, pages } = await pools.pages(pool, asked, at.positions);
        const { tasks, positions } = merged(pages, AT_ONCE);
        const isOver = positions.every((one) => one === null);
        at = isOver ? { pool: at.pool + 1, positions: [] } : { pool: at.pool, positions };
        const all = tasks.flatMap(({ shard, task }) => {
          const queue = shards[shard];
          return queue === undefined ? [] : [whole(queue, task)];
        });
        if (all.length > 0) return await Promise.all(all);
      }
      return [];
    },
  };
}
