import type { Mode } from "#domain/scheduling/queue.ts";
import type { Once } from "#domain/tasks/record.ts";
import { GROWS_EVERY_MS, homeOf, isBusy } from "#domain/tasks/shards.ts";
import { type QueueName, queueNameOf, SHARDS_MAX } from "#domain/tasks/task-id.ts";

const SHARDS = "shards";
export const MODE = "mode";
export const modeIn = ({ kv }: DurableObjectStorage): Mode => kv.get<Mode>(MODE) ?? "open";
/** Of what callers waited lately; a caller weighs as much as the last hundred together weigh. */
const FADING = 0.01;
const POKE_EVERY_MS = 20;
const TYPES_MAX = 32;

/**
 * What a shard knows of the others of its pool. The first one decides how many there are, and tells all of them before
 * it tells anybody else; those who wait for tasks wait there, and the others tell it when they have some.
 */
export class TaskSiblings {
  readonly #ctx: DurableObjectState;
  readonly #env: Env;
  readonly #name: QueueName | null;
  #shards: number | null = null;
  #tookMs = 0;
  #grownMs = 0;
  /** Types of tasks that the first shard is still to be told of. */
  readonly #ready = new Set<string>();
  #isTelling = false;

  constructor(ctx: DurableObjectState, env: Env, name: QueueName | null) {
    this.#ctx = ctx;
    this.#env = env;
    this.#name = name;
  }

  get shards(): number {
    return (this.#shards ??= this.#ctx.storage.kv.get<number>(SHARDS) ?? 1);
  }
  set shards(shards: number) {
    this.#shards = shards;
    this.#ctx.storage.kv.put(SHARDS, shards);
  }

  /** Another shard than the first; null where there is none. */
  get other(): number | null {
    return this.shards > 1 ? 1 : null;
  }

  get shard(): number {
    return this.#name?.shard ?? 0;
  }

  /** Whether what has a key goes to another shard. */
  async isElsewhere(once: Once | null): Promise<boolean> {
    const { shards } = this;
    return once !== null && shards > 1 && (await homeOf(once.key, shards)) !== this.shard;
  }

  /** A caller has waited so long for its answer; where that becomes usual, the pool grows. */
  answered(tookMs: number, open: number, nowMs: number): void {
    this.#tookMs += (tookMs - this.#tookMs) * FADING;
    if (!isBusy({ open, tookMs: this.#tookMs }) || nowMs - this.#grownMs < GROWS_EVERY_MS) return;
    const { shards } = this;
    if (shards >= SHARDS_MAX || this.#name === null) return;
    this.#tookMs = 0;
    this.#grownMs = nowMs;
    // What fails is tried again as long as it is busy.
    this.#ctx.waitUntil(
      this.#of(0)
        .grow(shards)
        .then(
          () => {},
          () => {},
        ),
    );
  }

  /** Doubles the shards, where there still are so many; the new ones are in the mode of the first, which alone is asked. */
  async grow(from: number, mode: () => Mode): Promise<number> {
    if (this.shard !== 0 || this.shards !== from || from >= SHARDS_MAX) return this.shards;
    const shards = from * 2;
    const begun = mode();
    // All know of it before anybody can hear of it here: see homeOf.
    for (let shard = 1; shard < shards; shard++)
      await this.#of(shard).setShards(shards, shard < from ? null : begun);
    this.shards = shards;
    // Whoever set it meanwhile had not heard of them.
    if (mode() !== begun)
      for (let shard = from; shard < shards; shard++)
        await this.#of(shard).setShards(shards, mode());
    return shards;
  }

  /** Tasks of these types can be given out here. */
  hasReady(types: Iterable<string>): void {
    if (this.shard === 0) return;
    for (const type of types) if (this.#ready.size < TYPES_MAX) this.#ready.add(type);
    if (this.#isTelling || this.#ready.size === 0) return;
    this.#isTelling = true;
    this.#ctx.waitUntil(this.#tell());
  }

  async #tell(): Promise<void> {
    while (this.#ready.size > 0) {
      const types = [...this.#ready];
      this.#ready.clear();
      // Whoever waits there and is not told asks again by itself.
      await this.#of(0)
        .heard(this.shard, types)
        .catch(() => {});
      await scheduler.wait(POKE_EVERY_MS);
    }
    this.#isTelling = false;
  }

  #of(shard: number) {
    const { pool = "account", account = null } = this.#name ?? {};
    return this.#env.TASK_QUEUE.getByName(queueNameOf({ pool, account, shard }));
  }
}
