import type { EventDraft } from "#domain/topics/event.ts";
import type { Parent } from "#domain/topics/partitions.ts";
import { partitionNameOf, type TopicName } from "#domain/topics/topics.ts";
import { err, ok, type Result } from "#domain/shared/result.ts";
import type { LaneName } from "#domain/webhooks/events.ts";
import { topicPort } from "#objects/topics.ts";

/** The topics of one account, as a webhook reads them. */
export type EventLog = {
  partitions(topic: TopicName): Promise<{ n: number; latest: number; parent: Parent | null }[]>;
  read(
    lane: LaneName,
    asked: { after: number; limit: number; bytesMax: number },
  ): Promise<Result<{ events: string[]; next: number; latest: number }, { earliest: number }>>;
  /** The first offset that was appended at a time or later. */
  offsetAt(lane: LaneName, timeMs: number): Promise<number>;
  /** To be woken once by each of a topic's partitions that has something after this; false where one has it already. */
  follow(topic: TopicName, after: ReadonlyMap<number, number>): Promise<boolean>;
  append(topic: TopicName, draft: EventDraft): Promise<void>;
};

/** `name`: whom a partition wakes, a `Delivery` object. */
export function eventLog(env: Env, name: string, accountId: () => string): EventLog {
  const topics = topicPort(env);
  return {
    partitions: async (topic) => await topics.partitionsOf(accountId(), topic),

    async read({ topic, partition }, asked) {
      const found = await topics.read(accountId(), topic, { partition, ...asked, waitMs: 0 });
      if (found.ok) return ok(found.value);
      if (found.error.code === "offset-gone") return err({ earliest: found.error.earliest ?? 1 });
      throw new Error(`a topic answered ${found.error.code}`);
    },

    offsetAt: async ({ topic, partition }, timeMs) =>
      await topics.offsetAt(accountId(), topic, partition, timeMs),

    async follow(topic, after) {
      const quiet = await Promise.all(
        [...after].map(async ([partition, offset]) => {
          const object = partitionNameOf({ accountId: accountId(), topic, partition });
          return await env.TOPIC.getByName(object).follow(name, offset, after.size);
        }),
      );
      return quiet.every((one) => one);
    },

    async append(topic, draft) {
      const taken = await topics.append(accountId(), topic, [draft]);
      if (!taken.ok) throw new Error(`a topic answered ${taken.error.code}`);
    },
  };
}
