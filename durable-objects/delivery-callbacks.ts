import { log } from "#domain/observability/log.ts";
import { type CallbackGivenUp, callbackGivenUp } from "#domain/tasks/callback.ts";
import { queueNameOf } from "#domain/tasks/task-id.ts";
import type { Items } from "#objects/delivery-items.ts";

const AT_ONCE = 100;
const AGAIN_MS = 5_000;

/** Ends of tasks that their receiver never took, each until the queue of its task has heard of it. */
export class Callbacks {
  readonly #items: Items;
  readonly #queues: Env["TASK_QUEUE"];
  #againAtMs = 1;

  constructor(items: Items, { TASK_QUEUE }: Pick<Env, "TASK_QUEUE">) {
    [this.#items, this.#queues] = [items, TASK_QUEUE];
  }

  get isEmpty(): boolean {
    return this.#items.waiting().items === 0 && this.#items.deadCount() === 0;
  }

  /** When queues are to be told; null where there is nothing to tell. `isGone`: so is all that waits. */
  dueMs(isGone: boolean): number | null {
    const isSo = this.#items.deadCount() > 0 || (isGone && this.#items.waiting().items > 0);
    return isSo ? this.#againAtMs : null;
  }

  /** `gone`: what its receiver said when it would have nothing any more; null where it said no such thing. */
  async tell(accountId: string, gone: string | null, nowMs: number): Promise<void> {
    if (this.#againAtMs > nowMs) return;
    if (gone !== null) this.#items.giveUpAll(gone, nowMs);
    const dead = this.#items.dead(0, AT_ONCE).map((one) => {
      const named = callbackGivenUp(accountId, one);
      return { seq: one.seq, name: named && queueNameOf(named.queue), callback: named?.callback };
    });
    for (const [name, some] of Map.groupBy(dead, ({ name }) => name)) {
      const isHeard =
        name === null ||
        (await this.#tell(
          name,
          some.flatMap(({ callback }) => callback ?? []),
        ));
      if (isHeard) this.#items.heard(some.map(({ seq }) => seq));
      else this.#againAtMs = nowMs + AGAIN_MS;
    }
  }

  async #tell(name: string, callbacks: CallbackGivenUp[]): Promise<boolean> {
    try {
      return await this.#queues.getByName(name).callbacksGivenUp(callbacks);
    } catch (error) {
      log("warn", "callbacks-given-up-not-told", { error: String(error) });
      return false;
    }
  }
}
