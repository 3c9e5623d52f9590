import { gathering } from "#domain/metrics/gathering.ts";
import type { Keeper } from "#adapters/isolate-batch.ts";
import { isObserved, tellMetrics } from "#adapters/metrics.ts";

type Consumer = (batch: MessageBatch, env: Env, ctx: Keeper) => Promise<void>;

/** A consumer whose batches are measured: how many messages, how long they waited, how long it took. */
export const measuredConsumer =
  (consume: Consumer): Consumer =>
  async (batch, env, ctx) => {
    if (!isObserved(env)) return await consume(batch, env, ctx);
    const { queue } = batch;
    const beganMs = Date.now();
    for (const { timestamp, attempts } of batch.messages) {
      const delivery = attempts > 1 ? "again" : "first";
      gathering.record("wishub_queue_messages_total", { queue, delivery }, 1, beganMs);
      const waitedS = Math.max(0, beganMs - timestamp.getTime()) / 1_000;
      gathering.record("wishub_queue_message_delay_seconds", { queue }, waitedS, beganMs);
    }
    let outcome = "failed";
    try {
      await consume(batch, env, ctx);
      outcome = "ok";
    } finally {
      const nowMs = Date.now();
      const labels = { queue, outcome };
      const tookS = (nowMs - beganMs) / 1_000;
      gathering.record("wishub_queue_batch_duration_seconds", labels, tookS, nowMs);
      tellMetrics(env, ctx, nowMs, false);
    }
  };
