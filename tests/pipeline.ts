import { createExecutionContext, createMessageBatch, getQueueResult } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { services } from "#adapters/index.ts";
import { unitShardsIn } from "#db/units/shards.ts";
import { insertIn } from "#db/units/write.ts";
import { unitShardOf } from "#domain/units/id.ts";
import type { UnitInput } from "#domain/units/model.ts";
import { publishUnits, type UnitRef } from "#domain/units/publish.ts";
import type { StoredUnit } from "#domain/units/record.ts";
import { consume } from "#workers/queues/consume.ts";
import type { TestAccount } from "./helpers.ts";

/** The real ports, but for the hand-over: nothing reaches a queue unless the test delivers it. */
export function unsent(bindings: Env = env) {
  const ports = services(bindings);
  return {
    ...ports,
    hand: { verify: () => {}, index: () => {}, tell: ports.hand.tell },
    relay: { arm: async () => {} },
    writer: {
      insert: (units: StoredUnit[], nowMs: number) =>
        ports.units.inserted(units, nowMs, async (shard, members) => {
          const db = ports.units.shards[shard];
          if (db === undefined) throw new Error("no such shard");
          return await insertIn(db, members, nowMs);
        }),
    },
  };
}

/** Published as if its queue had lost the message: stored, with its outbox row. */
export async function publishUnsent(
  account: TestAccount,
  input: UnitInput,
  nowMs = Date.now(),
): Promise<UnitRef> {
  const publication = { input, seed: crypto.randomUUID() };
  const [made] = await publishUnits(unsent(), account.principal, [publication], nowMs);
  if (!made?.ok) throw new Error("it was refused");
  return { unitId: made.value.head.id, version: 1 };
}

/** One batch as the queue would give it to the product's consumer; answers which were done and which come again. */
export async function deliver(
  queue: "unit-verify" | "unit-index" | "dead-letters",
  bodies: unknown[],
  bindings: Env = env,
): Promise<{ done: number[]; again: number[] }> {
  const messages = bodies.map((body, i) => ({
    id: String(i),
    timestamp: new Date(),
    attempts: 1,
    body,
  }));
  const batch = createMessageBatch(queue, messages);
  const context = createExecutionContext();
  await consume(batch, bindings);
  const result = await getQueueResult(batch, context);
  return {
    done: result.explicitAcks.map(Number).toSorted((a, b) => a - b),
    again: result.retryMessages.map(({ msgId }) => Number(msgId)).toSorted((a, b) => a - b),
  };
}

const SHARDS = unitShardsIn(env).map(({ database }) => database);

/** What still waits in the outboxes, of one unit or of all. */
export async function waiting(unitId?: string): Promise<(UnitRef & { queue: string })[]> {
  const pages = await Promise.all(
    SHARDS.map((shard) =>
      shard
        .prepare(
          "SELECT queue, unit_id AS unitId, version FROM outbox WHERE ?1 IS NULL OR unit_id = ?1",
        )
        .bind(unitId ?? null)
        .all<UnitRef & { queue: string }>(),
    ),
  );
  return pages.flatMap(({ results }) => results);
}

export function shardOf(unitId: string): D1Database {
  const shard = SHARDS[unitShardOf(unitId) ?? -1];
  if (shard === undefined) throw new Error(`${unitId} names no shard`);
  return shard;
}
