import { waitUntil } from "cloudflare:workers";
import type { UnitRef } from "#domain/units/publish.ts";
import { unitShardOf } from "#domain/units/id.ts";

const MESSAGES_PER_SEND = 100;
/** An isolate stops trusting a relay's promise this long before it ends. */
const ARMED_MARGIN_MS = 10_000;

/**
 * Hands work to a queue without waiting: the outbox row written before is what counts, the relay sends again whatever
 * a queue loses.
 */
export function handover(env: Env) {
  const send = (queue: Queue, refs: UnitRef[]) => waitUntil(sendAll(queue, refs));
  return {
    verify: (refs: UnitRef[]) => send(env.UNIT_VERIFY, refs),
    index: (refs: UnitRef[]) => send(env.UNIT_INDEX, refs),
  };
}

async function sendAll(queue: Queue, refs: UnitRef[]): Promise<void> {
  for (let start = 0; start < refs.length; start += MESSAGES_PER_SEND) {
    const batch = refs.slice(start, start + MESSAGES_PER_SEND);
    try {
      await queue.sendBatch(batch.map(({ unitId, version }) => ({ body: { unitId, version } })));
    } catch (error) {
      console.warn({ event: "queue-send-failed", units: batch.length, error: String(error) });
    }
  }
}

const armedUntilMs = new Map<string, number>();

/** Wakes the relay of each shard the units live on; at most once a minute per shard and isolate. */
export function relays(env: Env, bindings: readonly string[]) {
  return {
    async arm(unitIds: string[]): Promise<void> {
      const shards = new Set(unitIds.map((id) => bindings[unitShardOf(id) ?? -1]));
      for (const shard of shards) {
        if (shard === undefined || (armedUntilMs.get(shard) ?? 0) - ARMED_MARGIN_MS > Date.now())
          continue;
        armedUntilMs.set(shard, await env.RELAY.getByName(shard).arm(shard));
      }
    },
  };
}
