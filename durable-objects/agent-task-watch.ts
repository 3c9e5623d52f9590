import { LIMITS } from "#domain/shared/limits.ts";

/** Requests that wait for something to happen to a task. They are lost with the object, like the requests themselves. */
export function taskWatch() {
  const waiting = new Map<string, Set<() => void>>();
  let count = 0;
  return {
    get isFull(): boolean {
      return count >= LIMITS.taskWatchersMax;
    },

    /** Until it changes, or for so long. */
    async change(id: string, waitMs: number): Promise<void> {
      const { promise, resolve } = Promise.withResolvers<void>();
      const all = waiting.get(id) ?? new Set();
      waiting.set(id, all.add(resolve));
      count++;
      const timer = setTimeout(resolve, waitMs);
      await promise;
      clearTimeout(timer);
      count--;
      all.delete(resolve);
      if (all.size === 0 && waiting.get(id) === all) waiting.delete(id);
    },

    changed(id: string): void {
      for (const resolve of waiting.get(id) ?? []) resolve();
    },
  };
}
