import { TOPIC_NAMES, type TopicName } from "#domain/topics/topics.ts";

/** A lane is a partition of a topic. */
export type LaneName = { topic: TopicName; partition: number };

export const laneText = ({ topic, partition }: LaneName): string => `${topic} ${partition}`;

export function laneFrom(text: string): LaneName | null {
  const [topic, partition] = text.split(" ");
  const known = TOPIC_NAMES.find((one) => one === topic);
  return known === undefined ? null : { topic: known, partition: Number(partition) };
}

/** The `webhook-id` of an event: where it lies in the log, so that it is the same in every attempt and every replay. */
export const webhookIdOf = ({ topic, partition }: LaneName, offset: number): string =>
  `evt_${topic.replace(".", "-")}_${partition}_${offset}`;

export function placeOf(webhookId: string): (LaneName & { offset: number }) | null {
  const [, dashed = "", partition, offset] =
    /^evt_([a-z-]+)_(\d{1,2})_(\d{1,16})$/.exec(webhookId) ?? [];
  const topic = TOPIC_NAMES.find((one) => one.replace(".", "-") === dashed);
  if (topic === undefined) return null;
  return { topic, partition: Number(partition), offset: Number(offset) };
}

/** What a receiver is sent to see that it verifies signatures: a CloudEvent like any other. */
export const pingText = (source: string, id: string, webhookId: string, nowMs: number): string =>
  JSON.stringify({
    specversion: "1.0",
    id,
    source,
    type: PING_TYPE,
    time: new Date(nowMs).toISOString(),
    datacontenttype: "application/json",
    data: { webhookId },
  });
export const PING_TYPE = "webhook.ping";

/** The trace of whoever caused an event, out of its text: attributes come before its time (domain/topics/event.ts). */
export function traceparentOf(text: string): string | null {
  const attributes = text.slice(0, Math.max(0, text.indexOf(',"time":"')));
  return /,"traceparent":"([\da-f-]{55})"$/.exec(attributes)?.[1] ?? null;
}
