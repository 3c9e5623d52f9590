import { log } from "#domain/observability/log.ts";
import type { UnitRef } from "#domain/units/publish.ts";

/** What a queue takes at once. */
const MESSAGES_PER_SEND = 100;

/** Tells a queue of its work; what is lost here is found in the outbox. */
export async function sendAll(queue: Queue, refs: readonly UnitRef[]): Promise<void> {
  for (let start = 0; start < refs.length; start += MESSAGES_PER_SEND) {
    const batch = refs.slice(start, start + MESSAGES_PER_SEND);
    try {
      await queue.sendBatch(
        batch.map(({ unitId, version, trace }) => ({
          body: { unitId, version, ...(trace !== undefined && { trace }) },
        })),
      );
    } catch (error) {
      log("warn", "queue-send-failed", { units: batch.length, error: String(error) });
    }
  }
}
