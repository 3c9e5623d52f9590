import type { Context } from "hono";
import { z } from "zod";
import type { Problem } from "#domain/shared/problem.ts";
import { text } from "#domain/shared/text.ts";
import { offsetOfText } from "#domain/topics/event.ts";
import { type EventFilter, wants } from "#domain/topics/filter.ts";
import { type Position, positionFrom, positionText } from "#domain/topics/position.ts";
import { liveFilter, movedTo } from "#domain/topics/reading.ts";
import { TopicFollower } from "#adapters/topic-follower.ts";
import { askingOf } from "#workers/http/guard/policing.ts";
import {
  type AppEnv,
  fails,
  feature,
  integerQuery,
  refuse,
  route,
  unwrap,
} from "#workers/http/kit.ts";
import { performedFor } from "#workers/http/operations.ts";
import { problemDocument } from "#workers/http/problem.ts";
import { eventText, sse } from "#workers/http/sse.ts";
import { standing } from "#workers/http/standing.ts";
import { hearableTopics, readableTopic, readableTopics } from "#workers/http/topic-rights.ts";

/** After each, whether the caller may still hear what comes. */
const TURN_MS = 4_000;
/** A stream in which nothing happens says that it is still there, and how far it is. */
const QUIET_MAX_MS = 16_000;
/** A stream ends then; its reader comes again with the last id it saw. */
const STREAM_MAX_MS = 600_000;
/** Where an answer is carried as a whole. */
const POLL_MS = 20_000;
/** What a reader who lost the stream waits before it comes again. */
const RETRY_MS = 1_000;
const LAST_EVENT_ID = "Last-Event-ID";
const LIST_CHARS_MAX = 1_600;
/** Of each partition, where a reader asks for the newest of what is there. */
const NEWEST_MAX = 10_000;

/** `a,b` in a query, each as `schema` wants it. */
const listOf = <S extends z.ZodType<unknown, string[]>>(schema: S) =>
  text(LIST_CHARS_MAX)
    .transform((all) => all.split(","))
    .pipe(schema)
    .meta({ override: { type: "string" } })
    .optional();

const { topics, types, ...about } = liveFilter;
const liveQuery = z.strictObject({
  ...about,
  topic: listOf(topics.unwrap()),
  type: listOf(types.unwrap()),
  from: z.iso.datetime({ offset: true }).optional(),
  newest: integerQuery(1, NEWEST_MAX).optional(),
});

const follow = route(
  {
    method: "get",
    path: "/v1/events",
    summary: "Follow what happens in your account, as server-sent events",
    description:
      "Each event is CloudEvents 1.0 in JSON. `topic` and `type` are lists like `unit.published,task.*`; `agent`, `run` and `task` leave those about one. It begins now, at the time `from`, with the `newest` so many events of each partition (where both are given, with what is later), or behind the position `after`; with the header `Last-Event-ID`, which is a position too, behind that one, with no gap and nothing twice. Over a session or MCP the answer ends with the first events, or after 20 seconds without any.",
    access: "topic.read",
    request: { query: liveQuery },
    responses: {
      200: { description: "What happens, as it happens", content: { "text/event-stream": {} } },
      ...fails("invalid-request", "topic-unknown", "forbidden", "offset-gone", "too-many-requests"),
    },
  },
  async (c) => {
    const query = c.req.valid("query");
    const readable =
      query.topic === undefined
        ? await readableTopics(askingOf(c))
        : await Promise.all([...new Set(query.topic)].map((name) => readableTopic(c, name)));
    // Who only asks whether they may hear it (durable-objects/stream.ts).
    if (c.req.method === "HEAD")
      return new Response(null, { headers: { "WisHub-Topics": readable.join() } });
    const { services, principal } = c.var;
    const { accountId } = principal;
    const position = positionOf(c, query.after);
    const { from, newest = Infinity } = query;
    const begin = async (topic: (typeof readable)[number], partition: number, latest: number) => {
      if (from === undefined && newest === Infinity) return latest;
      const fromMs = from === undefined ? 0 : Date.parse(from);
      const first = await services.topics.offsetAt(accountId, topic, partition, fromMs);
      return Math.max(first - 1, latest - newest);
    };
    const where = { accountId, topics: readable, position };
    const begun = await TopicFollower.from(services.topics, where, begin);
    if (!begun.ok) return noPosition(c, begun.error);
    const follower = begun.value;
    const first = unwrap(await follower.now());
    return sse(told(c, follower, { ...query, topics: readable }, first), () =>
      failure(c, { code: "internal" }),
    );
  },
);

/** Where the reader goes on: what its connection knows is newer than what its address says. */
function positionOf(c: Context<AppEnv>, after: string | undefined): Position {
  const given = c.req.header(LAST_EVENT_ID) ?? after;
  if (given === undefined) return {};
  return positionFrom(given) ?? noPosition(c, "must be the id of an event of this stream");
}

function noPosition(c: Context<AppEnv>, detail: string): never {
  const isHeader = c.req.header(LAST_EVENT_ID) !== undefined;
  const pointer = isHeader ? "#/headers/last-event-id" : "#/query/after";
  return refuse({ code: "invalid-request", errors: [{ pointer, detail }] });
}

type Wanted = { topics: readonly string[]; type?: readonly string[] | undefined } & EventFilter;
type First = Awaited<ReturnType<TopicFollower["next"]>> & { ok: true };

async function* told(
  c: Context<AppEnv>,
  follower: TopicFollower,
  { topics, type: types, agent, run, task }: Wanted,
  first: First["value"],
): AsyncGenerator<string | null> {
  const filter: EventFilter = { types, agent, run, task };
  const isPoll = performedFor(c.req.raw) !== undefined;
  const endMs = Date.now() + (isPoll ? POLL_MS : STREAM_MAX_MS);
  const stands = standing(c, async (asking) => (await hearableTopics(asking, topics)) !== null);
  // What the request was let through by may be some seconds old.
  let [saidAtMs, askedAtMs] = [Date.now(), -Infinity];
  const mayGoOn = async () => {
    if (Date.now() - askedAtMs < TURN_MS) return true;
    askedAtMs = Date.now();
    return await stands();
  };
  // So that whoever loses the stream before its first event comes back to where it began.
  if (first === null) yield `retry: ${RETRY_MS}\n${placeText(follower.position)}`;
  for (let piece = first; Date.now() < endMs;) {
    if (!(await mayGoOn())) return;
    let isNews = false;
    for (const event of piece?.events ?? []) {
      if (piece === null || !wants(filter, event)) continue;
      // A reader may take its time between two events of a piece.
      if (!(await mayGoOn())) return;
      const position = movedTo(piece.before, piece.lane, offsetOfText(event));
      yield eventText({ id: positionText(position), data: event });
      isNews = true;
    }
    if (isPoll && isNews) return;
    const isQuiet = !isNews && Date.now() - saidAtMs >= QUIET_MAX_MS;
    if (isQuiet) yield `: still here\n${placeText(follower.position)}`;
    if (isNews || isQuiet) saidAtMs = Date.now();
    // No longer than until it is asked again: who may hear nothing more hears that in time, too.
    const turnMs = Math.min(askedAtMs + TURN_MS, endMs) - Date.now();
    const next = await follower.next(Math.max(0, turnMs));
    if (!next.ok) return yield failure(c, next.error);
    piece = next.value;
  }
}

/** No event: a reader only remembers the id. */
const placeText = (position: Position): string => `id: ${positionText(position)}\n\n`;

const failure = (c: Context<AppEnv>, problem: Problem): string =>
  eventText({
    name: "error",
    data: JSON.stringify(problemDocument(problem, c.var.requestId, c.env.WISHUB_PUBLIC_URL)),
  });

export const liveEvents = feature(follow);
