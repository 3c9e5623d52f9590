import type { Context } from "hono";
import { z } from "zod";
import { LEVELS } from "#domain/observability/log.ts";
import type { LogFilter } from "#domain/observability/query.ts";
import { traceIdFrom } from "#domain/observability/traceparent.ts";
import { cursorFrom, cursorText } from "#domain/shared/cursor.ts";
import { LIMITS } from "#domain/shared/limits.ts";
import { text } from "#domain/shared/text.ts";
import {
  type AppEnv,
  fails,
  feature,
  json,
  PAGE_DEFAULT,
  pageOf,
  pageQuery,
  type Plain,
  route,
  unwrap,
} from "#workers/http/kit.ts";
import { ofQuery, placeOf, timesOf } from "./place.ts";
import { lineView } from "./traces.ts";

const EXPORT_PAGE = 1_000;

const instant = z.iso.datetime({ offset: true });
const asked = {
  of: ofQuery,
  /** This one and those that are worse. */
  level: z.enum(LEVELS).optional(),
  service: text(LIMITS.idCharsMax).optional(),
  traceId: text(36).optional(),
  /** Anywhere in the line. */
  q: text(LIMITS.logQueryCharsMax).optional(),
  from: instant.optional(),
  to: instant.optional(),
};
type Asked = z.output<z.ZodObject<typeof asked>>;

function filterOf({ level, service, traceId, q, ...times }: Asked): LogFilter {
  return {
    ...timesOf(times),
    ...(level !== undefined && { level }),
    ...(service !== undefined && { service }),
    ...(traceId !== undefined && { traceId: traceIdFrom(traceId) ?? traceId }),
    ...(q !== undefined && { q }),
  };
}

const list = route(
  {
    method: "get",
    path: "/v1/logs",
    summary: "Search your account's log, newest first",
    description:
      "Changes of state, and what went wrong while the platform worked for you; of traced requests each. Kept for 7 days. A page may be short before the end: go on while there is a cursor. `of=platform`: all that whoever runs this is told; for the first account.",
    access: "log.read",
    request: { query: pageQuery.extend(asked) },
    responses: {
      200: { description: "A page of lines", ...json(pageOf(lineView)) },
      ...fails("forbidden"),
    },
  },
  async (c): Promise<Plain> => {
    const { limit = PAGE_DEFAULT, cursor, ...query } = c.req.valid("query");
    const place = await placeOf(c as unknown as Context<AppEnv>, query.of);
    const after = cursor === undefined ? null : unwrap(cursorFrom(cursor));
    const from = after === null ? null : { seq: Number(after.id), read: after.atMs };
    const page = await c.var.services.traces.lines(
      place,
      filterOf(query),
      from !== null && Number.isSafeInteger(from.seq) ? from : null,
      limit,
    );
    const nextCursor =
      page.next === null ? null : cursorText({ atMs: page.next.read, id: String(page.next.seq) });
    // The lines are JSON already.
    return {
      text: `{"items":[${page.items.join(",")}],"nextCursor":${JSON.stringify(nextCursor)}}`,
      status: 200,
      headers: { "Content-Type": "application/json" },
    };
  },
);

const download = route(
  {
    method: "get",
    path: "/v1/logs/export",
    summary: "Export your account's log as NDJSON, newest first",
    access: "log.read",
    request: { query: z.strictObject(asked) },
    responses: {
      200: { description: "Lines", content: { "application/x-ndjson": { schema: z.string() } } },
      ...fails("forbidden"),
    },
  },
  async (c) => {
    const query = c.req.valid("query");
    const place = await placeOf(c as unknown as Context<AppEnv>, query.of);
    const { traces } = c.var.services;
    const filter = filterOf(query);
    let after: { seq: number; read: number } | null = null;
    const utf8 = new TextEncoder();
    const lines = new ReadableStream<Uint8Array>({
      async pull(controller) {
        for (;;) {
          const page = await traces.lines(place, filter, after, EXPORT_PAGE);
          after = page.next;
          const hasSome = page.items.length > 0;
          if (hasSome) controller.enqueue(utf8.encode(`${page.items.join("\n")}\n`));
          if (after === null) return controller.close();
          if (hasSome) return;
        }
      },
    });
    return new Response(lines, { headers: { "Content-Type": "application/x-ndjson" } });
  },
);

export const logs = feature(list, download);
