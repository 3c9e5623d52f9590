import { log } from "#domain/observability/log.ts";
import { type Linked, sharedBy, type TraceLink } from "#adapters/tracing.ts";
import { tracedEnv } from "#adapters/traced-env.ts";
import type { UnitRef } from "#domain/units/publish.ts";
import { buryLetters } from "#workers/queues/dead-letters.ts";
import { carryChannels, isOfChannels } from "#workers/queues/channels.ts";
import { indexAgents } from "#workers/queues/agent-index.ts";
import { isNotices, tellNotices } from "#workers/queues/notices.ts";
import { handleIndex } from "#workers/queues/unit-index.ts";
import { handleVerify } from "#workers/queues/unit-verify.ts";

/** Does the work of some messages, or throws: then they come again. Must be safe to run twice. */
export type Handler = (env: Env, refs: UnitRef[]) => Promise<void>;

const RETRY_AFTER_S = 5;
const RETRY_AFTER_MAX_S = 300;

/** One consumer for every queue. It never throws: a thrown consumer redelivers what it had acknowledged. */
export async function consume(batch: MessageBatch, bindings: Env): Promise<void> {
  const all = batch.messages.map(({ body }) => linkedIn(body));
  await sharedBy(all, `receive ${batch.queue}`, batch.queue, () =>
    consumed(batch, tracedEnv(bindings)),
  );
}

async function consumed(batch: MessageBatch, env: Env): Promise<void> {
  if (batch.queue.endsWith("agent-index")) return await indexAgents(batch, env);
  if (isOfChannels(batch.queue)) return await carryChannels(batch, env);
  if (isNotices(batch.queue)) return await tellNotices(batch, env);
  const handler = handlerOf(batch.queue);
  const valid = batch.messages.filter((message) => isUnitRef(message.body));
  for (const message of batch.messages) {
    if (isUnitRef(message.body)) continue;
    log("error", "queue-message-malformed", { queue: batch.queue, messageId: message.id });
    message.ack();
  }
  if (valid.length === 0) return;
  try {
    await handler(env, valid.map(refOf));
    for (const message of valid) message.ack();
  } catch (error) {
    log("warn", "queue-batch-failed", {
      queue: batch.queue,
      messages: valid.length,
      error: String(error),
    });
    for (const message of valid) await alone(handler, batch.queue, message, env);
  }
}

/** One bad message must not take its batch with it to the dead letters. */
async function alone(handler: Handler, queue: string, message: Message, env: Env): Promise<void> {
  try {
    await handler(env, [refOf(message)]);
    message.ack();
  } catch (error) {
    const { id: messageId, attempts } = message;
    log("error", "queue-message-failed", { queue, messageId, attempts, error: String(error) });
    message.retry({
      delaySeconds: Math.min(RETRY_AFTER_S * 2 ** (attempts - 1), RETRY_AFTER_MAX_S),
    });
  }
}

function handlerOf(queue: string): Handler {
  if (queue.endsWith("unit-verify")) return handleVerify;
  if (queue.endsWith("unit-index")) return handleIndex;
  return buryLetters;
}

/** The trace that a message carries (adapters/traced-env.ts), and the unit that it is about. */
function linkedIn(body: unknown): Linked {
  const { trace, unitId } = (typeof body === "object" && body !== null ? body : {}) as {
    trace?: TraceLink;
    unitId?: string;
  };
  return { link: typeof trace?.traceparent === "string" ? trace : undefined, thing: unitId };
}

const refOf = (message: Message): UnitRef => message.body as UnitRef;

function isUnitRef(body: unknown): body is UnitRef {
  return (
    typeof body === "object" &&
    body !== null &&
    typeof (body as UnitRef).unitId === "string" &&
    Number.isSafeInteger((body as UnitRef).version)
  );
}
