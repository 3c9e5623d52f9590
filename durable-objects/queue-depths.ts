import type { Waiting } from "#domain/alerts/measured.ts";
import { isQueue, queueNameOf } from "#domain/observability/bindings.ts";
import { log } from "#domain/observability/log.ts";

/** How much waits in each of the platform's queues that are bound here; one that does not say is left out. */
export async function queueDepths(env: object): Promise<Map<string, Waiting>> {
  const queues = Object.entries(env).filter(([, binding]) => isQueue(binding));
  const found = await Promise.all(
    queues.map(async ([name, queue]): Promise<[string, Waiting] | null> => {
      try {
        const { backlogCount, oldestMessageTimestamp: oldest } = await (queue as Queue).metrics();
        // In which form depends on who runs it; 0 where nothing waits.
        const oldestMs = oldest === undefined ? 0 : Number(oldest);
        return [queueNameOf(name), { waiting: backlogCount, oldestMs: oldestMs || null }];
      } catch (error) {
        log("warn", "queue-unread", { queue: queueNameOf(name), error: String(error) });
        return null;
      }
    }),
  );
  return new Map(found.filter((one) => one !== null));
}
