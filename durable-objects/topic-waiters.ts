import type { Problem } from "#domain/shared/problem.ts";
import { err } from "#domain/shared/result.ts";

/** `over`: nothing came in that time. `replaced`: whoever waited under that name waits anew. `full`: too many wait already. */
export type Waited = "woken" | "over" | "replaced" | "full";

export const CROWDED = err<Problem<"too-many-requests">>({
  code: "too-many-requests",
  detail: "too many wait here",
  retryAfterS: 1,
});

/** Who waits for the next event, however many of them there may be. */
export class TopicWaiters {
  readonly #max: number;
  readonly #waiting = new Map<string | symbol, (how: Waited) => void>();

  constructor(max: number) {
    this.#max = max;
  }

  /** One who waits under a name waits once: what asks again and again leaves nobody behind that waits for its last question. */
  async wait(forMs: number, name: string | symbol = Symbol("waiter")): Promise<Waited> {
    const before = this.#waiting.get(name);
    if (before === undefined && this.#waiting.size >= this.#max) return "full";
    before?.("replaced");
    const { promise, resolve } = Promise.withResolvers<Waited>();
    const timer = setTimeout(() => resolve("over"), forMs);
    this.#waiting.set(name, resolve);
    const how = await promise;
    clearTimeout(timer);
    if (this.#waiting.get(name) === resolve) this.#waiting.delete(name);
    return how;
  }

  wakeAll(): void {
    for (const resolve of this.#waiting.values()) resolve("woken");
    this.#waiting.clear();
  }
}
