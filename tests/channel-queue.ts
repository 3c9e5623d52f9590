import { createMessageBatch, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import type { ChannelRef } from "#domain/channels/item.ts";
import { aboutOf } from "#domain/channels/model.ts";
import { channelStore } from "#db/catalog/channels.ts";
import { Channel } from "#objects/channel.ts";
import { consume } from "#workers/queues/consume.ts";

export type Queued = {
  channel: Channel;
  /** What its queues were given, and nobody has taken out. */
  handed: ChannelRef[];
  /** Has the consumer of this queue carry these: which of them its queue need not bring again. */
  carried(queue: string, refs: readonly ChannelRef[]): Promise<boolean[]>;
};

/**
 * A paused channel's object that is active here alone, with queues that keep what they are given, and their consumer with
 * these bindings: whoever tests is the queue.
 */
export async function queued<T>(
  channelId: string,
  bindings: Partial<Record<keyof Env, unknown>>,
  run: (inside: Queued) => Promise<T>,
): Promise<T> {
  const record = await channelStore([env.CATALOG_0]).channel(channelId);
  if (record?.state !== "paused") throw new Error("a channel that is not paused has other queues");
  return await runInDurableObject(env.CHANNEL.getByName(channelId), async (_, state) => {
    const handed: ChannelRef[] = [];
    const queue = {
      sendBatch: async (all: { body: ChannelRef }[]) =>
        void handed.push(...all.map(({ body }) => body)),
    };
    const own = { ...env, CHANNEL_OUTBOUND: queue } as unknown as Env;
    const channel = new Channel(state, own);
    await channel.configure({ ...aboutOf(record), isPaused: false });
    const outside = { ...env, ...bindings, CHANNEL: { getByName: () => channel } };
    const result = await run({
      channel,
      handed,
      async carried(name, refs) {
        const messages = refs.map((body, i) => ({
          id: String(i),
          timestamp: new Date(),
          attempts: 1,
          body,
        }));
        const batch = createMessageBatch(name, messages);
        const isDone = refs.map(() => false);
        for (const [i, message] of batch.messages.entries()) {
          message.ack = () => void (isDone[i] = true);
          message.retry = () => {};
        }
        await consume(batch, { ...outside, WISHUB_OBSERVING: "0" } as unknown as Env);
        return isDone;
      },
    });
    await state.storage.deleteAlarm();
    return result;
  });
}
