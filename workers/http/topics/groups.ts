import type { Context } from "hono";
import { LIMITS } from "#domain/shared/limits.ts";
import {
  assignedView,
  commitInput,
  joinInput,
  pollInput,
  polledView,
} from "#domain/topics/model.ts";
import type { TopicName } from "#domain/topics/topics.ts";
import {
  type AppEnv,
  fails,
  feature,
  json,
  type Plain,
  refuse,
  route,
  unwrap,
} from "#workers/http/kit.ts";
import { stillMay } from "#workers/http/standing.ts";
import { readableTopic } from "#workers/http/topic-rights.ts";
import { groupParam, memberParam } from "./params.ts";

const SESSION_MS = 30_000;
const POLL_DEFAULT = 100;

const join = route(
  {
    method: "post",
    path: "/v1/topics/{topic}/groups/{group}/members",
    summary: "Join a group that reads a topic together, or join it again",
    description:
      "Makes the group where there is none. Each partition is read by one member; whoever joins or leaves has partitions given out anew, and `group-rebalanced` tells the others to join again with their `memberId`. A member that does not poll for `sessionMs` (30,000) loses its partitions.",
    access: "topic.consume",
    request: { params: groupParam, body: json(joinInput) },
    responses: {
      200: { description: "What is the member's to read", ...json(assignedView) },
      ...fails("invalid-request", "topic-unknown", "forbidden", "too-many-requests"),
    },
  },
  async (c) => {
    const { object, topic, group } = await reading(c, c.req.valid("param"));
    const input = c.req.valid("json");
    const memberId = input.memberId ?? c.var.operationId;
    const member = { id: memberId, sessionMs: input.sessionMs ?? SESSION_MS };
    const joined =
      (await object.joinGroup(group, member, null)) ??
      (await object.joinGroup(group, member, await beginning(c, topic, input.begin ?? "latest")));
    if (joined === null) throw new Error("a group that was told where to begin did not");
    return c.json({ memberId, ...unwrap(joined) });
  },
);

/** By partition, what a new group is done with before it begins. */
async function beginning(
  c: Context<AppEnv>,
  topic: TopicName,
  begin: "earliest" | "latest",
): Promise<number[]> {
  const { accountId } = c.var.principal;
  const partitions = await c.var.services.topics.partitionsOf(accountId, topic);
  return partitions.map(({ earliest, latest }) => (begin === "latest" ? latest : earliest - 1));
}

const poll = route(
  {
    method: "post",
    path: "/v1/topics/{topic}/groups/{group}/poll",
    summary: "Read the next events of the partitions that are the member's",
    description:
      "Those after what the group is done with, again until it says so (`commit`), or after `after`. With `waitMs` the answer waits for one where there is none, and whoever has no partition waits for one.",
    access: "topic.consume",
    idempotency: "ignored",
    request: { params: groupParam, body: json(pollInput) },
    responses: {
      200: { description: "The events", ...json(polledView) },
      ...fails(
        "invalid-request",
        "topic-unknown",
        "forbidden",
        "group-rebalanced",
        "offset-gone",
        "too-many-requests",
      ),
    },
  },
  async (c): Promise<Plain> => {
    const { object, topic, group } = await reading(c, c.req.valid("param"));
    const input = c.req.valid("json");
    const standing = { id: input.memberId, generation: input.generation };
    const waitMs = input.waitMs ?? 0;
    const { partitions } = unwrap(await object.heardOfMember(group, standing, waitMs));
    const after = new Map(input.after?.map(({ partition, offset }) => [partition, offset]));
    const places = partitions.map(({ partition, committed }) => ({
      partition,
      next: after.get(partition) ?? committed,
      latest: 0,
    }));
    const found = await polled(c, topic, places, input.limit ?? POLL_DEFAULT);
    if (found.length === 0 && waitMs > 0 && places.length > 0) {
      // Whichever comes first; the others end with the next poll. Then all are asked, and what came meanwhile is taken too.
      const first = await Promise.race(
        places.map((place) =>
          c.var.services.topics.read(c.var.principal.accountId, topic, {
            partition: place.partition,
            after: place.next,
            limit: 1,
            bytesMax: 1,
            waitMs,
            waiter: `${group} ${input.memberId}`,
          }),
        ),
      );
      unwrap(first);
      found.push(...(await polled(c, topic, places, input.limit ?? POLL_DEFAULT)));
    }
    // It may have waited twice: for a partition, and for an event of it.
    if (waitMs > 0) {
      await stillMay(c, "topic.consume");
      await readableTopic(c, topic);
    }
    return {
      text: `{"events":[${found.join(",")}],"partitions":${JSON.stringify(places)}}`,
      status: 200,
      headers: { "Content-Type": "application/json", "Cache-Control": "no-store" },
    };
  },
);

type Place = { partition: number; next: number; latest: number };

/** The next events of some partitions, which are moved on. */
async function polled(
  c: Context<AppEnv>,
  topic: TopicName,
  places: Place[],
  limit: number,
): Promise<string[]> {
  const events: string[] = [];
  let bytesMax: number = LIMITS.eventReadBytesMax;
  for (const place of places) {
    if (events.length >= limit || bytesMax <= 0) break;
    const found = unwrap(
      await c.var.services.topics.read(c.var.principal.accountId, topic, {
        partition: place.partition,
        after: place.next,
        limit: limit - events.length,
        bytesMax,
        waitMs: 0,
      }),
    );
    for (const event of found.events) {
      events.push(event);
      bytesMax -= event.length;
    }
    place.next = found.next;
    place.latest = found.latest;
  }
  return events;
}

const commit = route(
  {
    method: "post",
    path: "/v1/topics/{topic}/groups/{group}/commit",
    summary: "Say how far the group is done with partitions that are the member's",
    description:
      "`offset` is that of the last event that is done. Refused with `group-rebalanced` where partitions were given out anew meanwhile: join again.",
    access: "topic.consume",
    idempotency: "ignored",
    request: { params: groupParam, body: json(commitInput) },
    responses: {
      200: { description: "What is the member's to read from now on", ...json(assignedView) },
      ...fails("invalid-request", "topic-unknown", "forbidden", "group-rebalanced"),
    },
  },
  async (c) => {
    const { object, topic, group } = await reading(c, c.req.valid("param"));
    const { memberId, generation, offsets } = c.req.valid("json");
    const known = await c.var.services.topics.partitionsOf(c.var.principal.accountId, topic);
    const errors = offsets.flatMap(({ partition, offset }, i) => {
      const latest = known[partition]?.latest;
      if (latest !== undefined && offset <= latest) return [];
      return [{ pointer: `#/offsets/${i}`, detail: "there is no such event" }];
    });
    if (errors.length > 0) return refuse({ code: "invalid-request", errors });
    const standing = { id: memberId, generation };
    return c.json({ memberId, ...unwrap(await object.commit(group, standing, offsets)) });
  },
);

const leave = route(
  {
    method: "delete",
    path: "/v1/topics/{topic}/groups/{group}/members/{memberId}",
    summary: "Leave a group; its partitions are given to others",
    access: "topic.consume",
    request: { params: memberParam },
    responses: {
      204: { description: "The member is in the group no more" },
      ...fails("topic-unknown", "forbidden"),
    },
  },
  async (c) => {
    const { object, group } = await reading(c, c.req.valid("param"));
    await object.leaveGroup(group, c.req.valid("param").memberId);
    return new Response(null, { status: 204 });
  },
);

const remove = route(
  {
    method: "delete",
    path: "/v1/topics/{topic}/groups/{group}",
    summary: "Forget a group and how far it was",
    access: "topic.consume",
    request: { params: groupParam },
    responses: {
      204: { description: "There is no such group any more" },
      ...fails("topic-unknown", "not-found", "forbidden"),
    },
  },
  async (c) => {
    const { object, group } = await reading(c, c.req.valid("param"));
    if (!(await object.removeGroup(group))) return refuse({ code: "not-found" });
    return new Response(null, { status: 204 });
  },
);

async function reading(c: Context<AppEnv>, named: { topic: string; group: string }) {
  const topic = await readableTopic(c, named.topic);
  const object = c.var.services.topics.groupsOf(c.var.principal.accountId, topic);
  return { topic, object, group: named.group };
}

export const topicGroups = feature(join, poll, commit, leave, remove);
