import type { Context } from "hono";
import { z } from "zod";
import { LIMITS } from "#domain/shared/limits.ts";
import { text } from "#domain/shared/text.ts";
import { cloudEvents, draftsOf, eventsInput, placedViews } from "#domain/topics/model.ts";
import { POSITION_CHARS_MAX, positionFrom, positionText } from "#domain/topics/position.ts";
import { isTopicName, type TopicName } from "#domain/topics/topics.ts";
import {
  type AppEnv,
  fails,
  feature,
  integerQuery,
  json,
  refuse,
  route,
  unwrap,
} from "#workers/http/kit.ts";
import { carriedTrace } from "#workers/http/guard/tracing.ts";
import { readableTopic } from "#workers/http/topic-rights.ts";
import { topicParam } from "./params.ts";

const NDJSON = "application/x-ndjson";
/** What one read of a stream carries, and what of it a client has not read yet. */
const STREAM_READ_BYTES = 2_097_152;
const UNREAD_BYTES_MAX = 4_194_304;
const LIMIT_DEFAULT = 100;

const read = route(
  {
    method: "get",
    path: "/v1/topics/{topic}/events",
    priority: "background",
    summary: "Read events of a topic again, from any place or time",
    description:
      "With `partition`, `after` is the offset of the last event you had (0: none); without it, `after` is a `position` that an answer has given, and all partitions are read so that the events of each key come in their order. `from` is a time instead. With neither you begin at the earliest. Ask with `Accept: application/x-ndjson` for a stream of everything up to now (or `limit`), a CloudEvent a line.",
    access: "topic.read",
    request: {
      params: topicParam,
      query: z.strictObject({
        partition: integerQuery(0, 63).optional(),
        after: text(POSITION_CHARS_MAX).optional(),
        from: z.iso.datetime({ offset: true }).optional(),
        limit: integerQuery(1, 100_000_000).optional(),
      }),
    },
    responses: {
      200: {
        description: "The events",
        content: {
          "application/json": {
            schema: z.object({
              items: cloudEvents,
              /** What to read after, in each partition that was read. */
              partitions: z.array(z.object({ partition: z.int(), next: z.int(), latest: z.int() })),
              /** The same for all of them, where no partition was asked for. */
              position: z.string().nullable(),
            }),
          },
          [NDJSON]: { schema: z.string() },
        },
      },
      ...fails("invalid-request", "topic-unknown", "not-found", "offset-gone", "too-many-requests"),
    },
  },
  async (c) => {
    const topic = await readableTopic(c, c.req.valid("param").topic);
    const { limit, ...query } = c.req.valid("query");
    const isStream = (c.req.header("Accept") ?? "").includes(NDJSON);
    if (!isStream && (limit ?? 0) > LIMITS.eventsPerReadMax)
      return invalid("limit", `is at most ${LIMITS.eventsPerReadMax} without a stream`);
    const places = await begin(c, topic, query);
    if (isStream) return streamed(c, topic, places, limit ?? Infinity);
    const items: string[] = [];
    let bytesMax: number = LIMITS.eventReadBytesMax;
    for (const place of places) {
      const left = (limit ?? LIMIT_DEFAULT) - items.length;
      if (left <= 0 || bytesMax <= 0) break;
      const asked = { partition: place.partition, after: place.next, limit: left, waitMs: 0 };
      const { events, next, latest } = unwrap(
        await c.var.services.topics.read(c.var.principal.accountId, topic, { ...asked, bytesMax }),
      );
      items.push(...events);
      bytesMax -= events.reduce((sum, one) => sum + one.length, 0);
      place.next = next;
      place.latest = latest;
      // What goes on from this partition is read once this one is: a key's events come in their order.
      if (next < latest) break;
    }
    const partitions = JSON.stringify(
      places.map(({ partition, next, latest }) => ({ partition, next, latest })),
    );
    const position =
      query.partition === undefined
        ? JSON.stringify(positionText({ [topic]: places.map(({ next }) => next) }))
        : "null";
    return {
      text: `{"items":[${items.join(",")}],"partitions":${partitions},"position":${position}}`,
      status: 200,
      headers: { "Content-Type": "application/json", "Cache-Control": "no-store" },
    };
  },
);

/** A partition and how far it is read; `latest` as it was when that was asked. */
type Place = { partition: number; next: number; latest: number };
type Asked = {
  partition?: number | undefined;
  after?: string | undefined;
  from?: string | undefined;
};

/** Where to begin in each partition that is asked for. */
async function begin(
  c: Context<AppEnv>,
  topic: TopicName,
  { partition, after, from }: Asked,
): Promise<Place[]> {
  if (after !== undefined && from !== undefined)
    return invalid("from", "is not taken beside `after`");
  const { accountId } = c.var.principal;
  const { topics } = c.var.services;
  const known = (await topics.partitionsOf(accountId, topic)).filter(
    ({ n }) => partition === undefined || n === partition,
  );
  if (known.length === 0) return refuse({ code: "not-found" });
  const position = after === undefined ? null : lastRead(topic, partition, after);
  return await Promise.all(
    known.map(async ({ n, earliest, latest }) => {
      const since =
        from === undefined
          ? earliest
          : await topics.offsetAt(accountId, topic, n, Date.parse(from));
      const next = position === null ? since - 1 : (position(n) ?? 0);
      if (next > latest && position !== null)
        return invalid("after", `there is no such event: the latest is ${latest}`);
      return { partition: n, next, latest };
    }),
  );
}

/** By partition, the last offset that was read, as `after` says it. */
function lastRead(topic: TopicName, partition: number | undefined, after: string) {
  if (partition !== undefined) {
    if (!/^(0|[1-9]\d{0,14})$/.test(after)) return invalid("after", "must be an offset");
    return () => Number(after);
  }
  const offsets = positionFrom(after)?.[topic];
  if (offsets === undefined)
    return invalid("after", "must be a `position` of this topic, or an offset beside `partition`");
  return (n: number) => offsets[n];
}

/** Everything up to `latest` of each place, one partition after the other, as it lies there. */
async function streamed(
  c: Context<AppEnv>,
  topic: TopicName,
  places: Place[],
  limit: number,
): Promise<Response> {
  const { accountId } = c.var.principal;
  let left = limit;
  async function next(): Promise<Uint8Array | null> {
    for (;;) {
      const place = places.find((one) => one.next < one.latest);
      if (place === undefined || left <= 0) return null;
      const found = unwrap(
        await c.var.services.topics.lines(accountId, topic, {
          partition: place.partition,
          after: place.next,
          limit: Math.min(left, place.latest - place.next),
          bytesMax: STREAM_READ_BYTES,
          waitMs: 0,
        }),
      );
      place.next = found.count === 0 ? place.latest : found.next;
      left -= found.count;
      if (found.count > 0) return found.bytes;
    }
  }
  // The first piece before the answer begins: what is gone is refused, and not the end of a stream.
  let first: Uint8Array | null = await next();
  const stream = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const piece = first ?? (await next());
        first = null;
        if (piece === null) return controller.close();
        controller.enqueue(piece);
      },
    },
    { highWaterMark: UNREAD_BYTES_MAX, size: (chunk) => chunk?.byteLength ?? 0 },
  );
  return new Response(stream, { headers: { "Content-Type": NDJSON, "Cache-Control": "no-store" } });
}

const append = route(
  {
    method: "post",
    path: "/v1/topics/{topic}/events",
    summary: "Append events of your own to the topic agent.events",
    description:
      "One event, or up to 1,000 as `events`. Types begin with `custom.`; `id` names an event, so that the same again is kept once (give one, or an `Idempotency-Key`, to what you repeat). Kept as CloudEvents 1.0; whoever has the key `key` (else `subject`) reads in the order in which you were answered.",
    access: "topic.append",
    request: { params: topicParam, body: json(eventsInput) },
    responses: {
      201: { description: "Where the events are", ...json(placedViews) },
      ...fails("invalid-request", "topic-unknown", "forbidden", "event-too-large", "overloaded"),
    },
  },
  async (c) => {
    const { topic } = c.req.valid("param");
    if (!isTopicName(topic)) return refuse({ code: "topic-unknown" });
    if (topic !== "agent.events")
      return refuse({ code: "forbidden", detail: "only agent.events takes what callers append" });
    const { services, principal, operationId, nowMs } = c.var;
    const { traceparent: carried } = carriedTrace(c);
    const about = { operationId, nowMs, ...(carried !== undefined && { carried }) };
    const drafts = draftsOf(c.req.valid("json"), about);
    const places = unwrap(await services.topics.append(principal.accountId, topic, drafts));
    const items = places.map(({ partition, offset }, i) => ({
      id: drafts[i]?.id ?? "",
      partition,
      offset,
    }));
    return c.json({ items }, 201);
  },
);

function invalid(name: string, detail: string): never {
  return refuse({ code: "invalid-request", errors: [{ pointer: `#/query/${name}`, detail }] });
}

export const topicEvents = feature(read, append);
