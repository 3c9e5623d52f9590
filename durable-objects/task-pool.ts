import { log } from "#domain/observability/log.ts";
import { poolObjectOf } from "#domain/resources/model.ts";
import { STEP_MS } from "#domain/resources/pools.ts";
import type { Depth } from "#domain/scheduling/queue.ts";
import type { Problem } from "#domain/shared/problem.ts";
import { TaskMeasures } from "#objects/task-measures.ts";
import { queueFrom } from "#domain/tasks/task-id.ts";

/** What the pool said counts for so long. */
const BELIEVED_MS = 3 * STEP_MS;

/**
 * What a shard of a shared queue tells the pool whose capacity its tasks use, and what it is told to refuse. An account's
 * own tasks are done by whoever the account sends: they use nothing of the platform's.
 */
export class TaskPool {
  readonly #env: Env;
  readonly #shard: string;
  readonly #pool: string | null;
  readonly measures: TaskMeasures;
  #floor = 0;
  #toldMs = -Infinity;

  constructor(env: Env, shard: string) {
    this.#env = env;
    this.#shard = shard;
    this.measures = new TaskMeasures(shard);
    const queue = queueFrom(shard);
    this.#pool = queue === null || queue.account !== null ? null : poolObjectOf(queue.pool, "");
  }

  /** When the pool is to hear of the queue again; Infinity: never. */
  dueMs({ waiting, leased }: Depth): number {
    return this.#pool === null || waiting + leased === 0 ? Infinity : this.#toldMs + STEP_MS;
  }

  /** Why what is the least urgent of these is not taken while the pool is too full, or null. */
  refusal(tasks: readonly { priority: number }[], nowMs: number): Problem<"overloaded"> | null {
    const isOld = nowMs - this.#toldMs > BELIEVED_MS;
    if (isOld || tasks.every(({ priority }) => priority >= this.#floor)) return null;
    return {
      code: "overloaded",
      detail: `the pool is too full for priorities below ${this.#floor}`,
      retryAfterS: 60,
    };
  }

  async tell(depth: Depth, nowMs: number): Promise<void> {
    this.measures.depth(depth, nowMs);
    const { waiting, leased } = depth;
    if (this.#pool === null || this.dueMs(depth) > nowMs) return;
    this.#toldMs = nowMs;
    try {
      const pool = this.#env.RESOURCE_POOL.getByName(this.#pool);
      this.#floor = (await pool.report(this.#shard, { waiting, working: leased })).floor;
    } catch (error) {
      // It counts as roomy until it answers again.
      this.#floor = 0;
      log("error", "pool-unreachable", { error: String(error) });
    }
  }
}
