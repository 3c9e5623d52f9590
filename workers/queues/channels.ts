import { type OpenChannel } from "#adapters/channels.ts";
import { servicesOf } from "#adapters/index.ts";
import { goneOn, type TraceLink } from "#adapters/tracing.ts";
import {
  type ChannelRef,
  type InBody,
  isChannelRef,
  type ItemOutcome,
  type OutBody,
  type Work,
} from "#domain/channels/item.ts";
import { draftOfSaid, outcomeOfRefusal } from "#domain/channels/message.ts";
import { retryS } from "#domain/channels/pace.ts";
import { mayWriteTo } from "#domain/mailbox/rights.ts";
import { log } from "#domain/observability/log.ts";

/** Queues of channels: `channel-inbound-<type>`, `channel-outbound`, and where both end. */
export const isOfChannels = (queue: string): boolean =>
  /channel-(inbound-|outbound$|dead)/.test(queue);
const isBurial = (queue: string): boolean => queue.endsWith("channel-dead-letters");

/** Carries messages between vendors and mailboxes. It never throws: what a message's attempt comes to is written in its object. */
export async function carryChannels(batch: MessageBatch, env: Env): Promise<void> {
  await Promise.all(batch.messages.map((message) => carried(message, batch.queue, env)));
}

async function carried(message: Message, queue: string, env: Env): Promise<void> {
  const ref = message.body;
  if (!isChannelRef(ref)) {
    log("error", "queue-message-malformed", { queue, messageId: message.id });
    return message.ack();
  }
  try {
    const isDone = isBurial(queue) ? await buried(ref, env) : await worked(ref, env);
    if (isDone) return message.ack();
  } catch (error) {
    log("error", "queue-message-failed", {
      queue,
      messageId: message.id,
      attempts: message.attempts,
      error: String(error),
    });
  }
  message.retry({ delaySeconds: retryS(message.attempts) });
}

async function buried({ channelId, way, seq }: ChannelRef, env: Env): Promise<true> {
  await env.CHANNEL.getByName(channelId).bury(way, seq);
  return true;
}

/** Whether its queue need not bring it again. */
async function worked({ channelId, way, seq }: ChannelRef, env: Env): Promise<boolean> {
  const object = env.CHANNEL.getByName(channelId);
  const open = await servicesOf(env).channels.open(channelId);
  if (open === null) {
    // Its channel was removed, or its account erased.
    await object.end();
    return true;
  }
  const work = await object.take(way, seq);
  if (work === null) return true;
  const outcome = await goneOn(linkOf(open, work), SPANS[way], () =>
    way === "in" ? delivered(open, work, env) : sent(open, work),
  );
  await object.settle(way, work, outcome);
  return outcome.kind !== "refused";
}

const CARRIES = { service: "channels", kind: "consumer" } as const;
const SPANS = {
  in: { ...CARRIES, name: "channel in" },
  out: { ...CARRIES, name: "channel out" },
} as const;

/** The trace that a message carries, of whoever brought it. */
function linkOf({ record }: OpenChannel, { body }: Work): TraceLink | undefined {
  const { traceparent } = JSON.parse(body) as InBody | OutBody;
  return traceparent === undefined ? undefined : { traceparent, accountId: record.accountId };
}

/** Puts what came from outside into the agent's mailbox; the mailbox knows what it has had. */
async function delivered({ record }: OpenChannel, work: Work, env: Env): Promise<ItemOutcome> {
  const { accountId, agentId } = record;
  const agent = mayWriteTo(await servicesOf(env).agents.lately(agentId), { accountId });
  if (!agent.ok) return outcomeOfRefusal(agent.error);
  if (agent.value.outside !== null) return { kind: "refused", reason: "the agent runs elsewhere" };
  const [placed] = await env.AGENT.getByName(agentId).send([draftOfSaid(record, work)]);
  if (placed?.ok === true) return { kind: "done" };
  return outcomeOfRefusal(placed?.error ?? { code: "internal" });
}

async function sent({ face }: OpenChannel, work: Work): Promise<ItemOutcome> {
  const { text } = JSON.parse(work.body) as OutBody;
  const { id, lane: conversation, thread } = work;
  const outcome = await face.send({ id, conversation, text, thread }, Date.now());
  return outcome.kind === "sent" ? { kind: "done" } : outcome;
}
