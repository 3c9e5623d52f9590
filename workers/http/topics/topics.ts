import type { Context } from "hono";
import { z } from "zod";
import { topicInput, topicView } from "#domain/topics/model.ts";
import { retentionDaysMin, settingsOf, type TopicName } from "#domain/topics/topics.ts";
import { askingOf } from "#workers/http/guard/policing.ts";
import { type AppEnv, fails, feature, json, refuse, route } from "#workers/http/kit.ts";
import { readableTopic, readableTopics } from "#workers/http/topic-rights.ts";
import { topicParam } from "./params.ts";

const list = route(
  {
    method: "get",
    path: "/v1/topics",
    summary: "List your account's topics, their partitions and the groups that read them",
    description: "The topic `audit.logs` is shown to who may read the audit log.",
    access: "topic.read",
    responses: {
      200: { description: "The topics", ...json(z.object({ items: z.array(topicView) })) },
    },
  },
  async (c) => {
    const topics = await readableTopics(askingOf(c));
    return c.json({ items: await Promise.all(topics.map((topic) => viewOf(c, topic))) });
  },
);

const show = route(
  {
    method: "get",
    path: "/v1/topics/{topic}",
    summary: "Show a topic, its partitions and the groups that read it",
    access: "topic.read",
    request: { params: topicParam },
    responses: {
      200: { description: "The topic", ...json(topicView) },
      ...fails("topic-unknown", "forbidden"),
    },
  },
  async (c) => c.json(await viewOf(c, await readableTopic(c, c.req.valid("param").topic))),
);

const change = route(
  {
    method: "patch",
    path: "/v1/topics/{topic}",
    summary: "Say how long a topic keeps its events, and whether it keeps the newest of each key",
    description:
      "In days since they were appended, `audit.logs` at least 90. With `compact` what is older is not removed: of each key (`key`, else `subject`) the newest event stays, at its offset.",
    access: "topic.change",
    request: { params: topicParam, body: json(topicInput) },
    responses: {
      200: { description: "The topic", ...json(topicView) },
      ...fails("invalid-request", "topic-unknown", "forbidden"),
    },
  },
  async (c) => {
    const topic = await readableTopic(c, c.req.valid("param").topic);
    const { accountId } = c.var.principal;
    const { topics } = c.var.services;
    const said = c.req.valid("json");
    const least = retentionDaysMin(topic);
    if ((said.retentionDays ?? least) < least) {
      const errors = [{ pointer: "/retentionDays", detail: `is at least ${least} of this topic` }];
      return refuse({ code: "invalid-request", errors });
    }
    const { retentionDays, compact } = await topics.optionsOf(accountId, topic);
    await topics.configure(accountId, topic, {
      retentionDays: said.retentionDays ?? retentionDays,
      compact: said.compact ?? compact,
    });
    return c.json(await viewOf(c, topic));
  },
);

async function viewOf(c: Context<AppEnv>, topic: TopicName): Promise<z.infer<typeof topicView>> {
  const { accountId } = c.var.principal;
  const { topics } = c.var.services;
  const [partitions, options, groups] = await Promise.all([
    topics.partitionsOf(accountId, topic),
    topics.optionsOf(accountId, topic),
    topics.groupsOf(accountId, topic).groups(),
  ]);
  return {
    topic,
    ...options,
    partitionsMax: settingsOf(topic).partitions,
    bytes: partitions.reduce((sum, { bytes }) => sum + bytes, 0),
    partitions: partitions.map(({ n, earliest, latest, bytes, parent }) => ({
      partition: n,
      earliest,
      latest,
      bytes,
      parent,
    })),
    groups: groups.map(({ name, generation, members, committed }) => ({
      group: name,
      generation,
      members,
      lag: partitions.reduce(
        (sum, { n, latest, earliest }) =>
          sum + latest - Math.min(latest, Math.max(committed[n] ?? 0, earliest - 1)),
        0,
      ),
      committed: partitions.map(({ n }) => committed[n] ?? 0),
    })),
  };
}

export const topicRoutes = feature(list, show, change);
