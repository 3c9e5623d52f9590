import { z } from "zod";
import { LEVELS } from "#domain/observability/log.ts";
import { SPAN_KINDS } from "#domain/observability/span.ts";
import { traceIdFrom } from "#domain/observability/traceparent.ts";
import { cursorFrom, cursorText } from "#domain/shared/cursor.ts";
import { LIMITS } from "#domain/shared/limits.ts";
import { text } from "#domain/shared/text.ts";
import {
  fails,
  feature,
  integerQuery,
  json,
  PAGE_DEFAULT,
  pageOf,
  pageQuery,
  refuse,
  route,
  tagged,
  unwrap,
} from "#workers/http/kit.ts";
import { ofQuery, placeOf, timeOf, timesOf } from "./place.ts";

const instant = z.iso.datetime({ offset: true });

const traceView = z.object({
  traceId: z.string(),
  /** What began it: `POST /v1/search`. */
  name: z.string(),
  startedAt: z.string(),
  durationMs: z.number(),
  error: z.boolean(),
  spans: z.int(),
});

const list = route(
  {
    method: "get",
    path: "/v1/traces",
    summary: "List traces of your account's requests, newest first",
    description:
      "A hundredth of all requests is recorded, whatever asks for it with a sampled `traceparent` (within bounds), and of slow and failed ones at least how long they took. Kept for 3 days. `of=platform`: what belongs to no account; for the first account.",
    access: "trace.read",
    request: {
      query: pageQuery.extend({
        of: ofQuery,
        from: instant.optional(),
        to: instant.optional(),
        minDurationMs: integerQuery(0, 999_999_999).optional(),
        error: z.enum(["true", "false"]).optional(),
        /** How its name begins. */
        name: text(LIMITS.spanTextCharsMax).optional(),
      }),
    },
    responses: {
      200: { description: "A page of traces", ...json(pageOf(traceView)) },
      ...fails("forbidden"),
    },
  },
  async (c) => {
    const {
      limit = PAGE_DEFAULT,
      cursor,
      of,
      minDurationMs,
      error,
      name,
      ...times
    } = c.req.valid("query");
    const filter = {
      ...timesOf(times),
      ...(minDurationMs !== undefined && { durationMsMin: minDurationMs }),
      ...(error === "true" && { isError: true }),
      ...(name !== undefined && { name }),
    };
    const before = cursor === undefined ? null : Number(unwrap(cursorFrom(cursor)).atMs);
    const page = await c.var.services.traces.list(await placeOf(c, of), filter, before, limit);
    return c.json({
      items: page.items.map(({ startMs, endMs, isError, ...rest }) => ({
        ...rest,
        startedAt: timeOf(startMs),
        durationMs: endMs - startMs,
        error: isError,
      })),
      nextCursor: page.next === null ? null : cursorText({ atMs: page.next, id: "t" }),
    });
  },
);

const spanView = z.object({
  spanId: z.string(),
  /** Of the span that caused it, which may be the caller's own and not among these. */
  parentSpanId: z.string().nullable(),
  /** How far below the first span it lies; each comes directly after its parent and elder siblings. */
  depth: z.int(),
  name: z.string(),
  kind: z.enum(SPAN_KINDS),
  service: z.string(),
  startedAt: z.string(),
  /** After the trace began. */
  offsetMs: z.number(),
  durationMs: z.number(),
  error: z.boolean(),
  attributes: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])),
});

export const lineView = z.object({
  timestamp: z.string(),
  level: z.enum(LEVELS),
  service: z.string(),
  traceId: z.string().nullable(),
  spanId: z.string().nullable(),
  message: z.string(),
  data: z.record(z.string(), z.unknown()),
});

const wholeView = z.object({
  traceId: z.string(),
  startedAt: z.string(),
  durationMs: z.number(),
  error: z.boolean(),
  spans: z.array(spanView),
  /** What was logged in it, oldest first. */
  logs: z.array(lineView),
});

const read = route(
  {
    method: "get",
    path: "/v1/traces/{traceId}",
    summary: "Read a trace as a tree of spans with their durations",
    description:
      "Of a request that brought no `traceparent` the id is its `X-Request-Id` without the dashes. Spans come in within some seconds.",
    access: "trace.read",
    request: {
      params: z.object({ traceId: text(36).regex(/^[0-9A-Fa-f-]+$/) }),
      query: z.strictObject({ of: ofQuery }),
    },
    responses: {
      200: { description: "The trace", ...json(wholeView) },
      ...fails("not-found", "forbidden"),
    },
  },
  async (c) => {
    const id = traceIdFrom(c.req.valid("param").traceId);
    const place = await placeOf(c, c.req.valid("query").of);
    const found = id === null ? null : await c.var.services.traces.read(place, id);
    if (id === null || found === null) return refuse({ code: "not-found" });
    const startMs = Math.min(...found.spans.map((span) => span.startMs));
    const endMs = Math.max(...found.spans.map((span) => span.endMs));
    const whole: z.infer<typeof wholeView> = {
      traceId: id,
      startedAt: timeOf(startMs),
      durationMs: endMs - startMs,
      error: found.spans.some(({ isError }) => isError),
      spans: found.spans.map((span) => ({
        spanId: span.spanId,
        parentSpanId: span.parentId,
        depth: span.depth,
        name: span.name,
        kind: span.kind,
        service: span.service,
        startedAt: timeOf(span.startMs),
        offsetMs: span.startMs - startMs,
        durationMs: span.endMs - span.startMs,
        error: span.isError,
        attributes: { ...span.attributes },
      })),
      logs: found.lines.map((line) => ({ ...line, data: { ...line.data } })),
    };
    return tagged(c, whole, `${found.spans.length}-${found.lines.length}`);
  },
);

export const traces = feature(list, read);
