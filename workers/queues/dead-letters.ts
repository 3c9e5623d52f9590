import { servicesOf } from "#adapters/index.ts";
import type { Handler } from "#workers/queues/consume.ts";

const REASON = "failed on every attempt; the log entries queue-message-failed say why";

/** Messages that failed too often: their outbox rows become dead letters that the owner can redrive. */
export const buryLetters: Handler = async (env, refs) => {
  const letters = refs.flatMap((ref) => [
    { ...ref, queue: "unit-verify" as const, reason: REASON },
    { ...ref, queue: "unit-index" as const, reason: REASON },
  ]);
  await servicesOf(env).outbox.bury(letters, Date.now());
};
