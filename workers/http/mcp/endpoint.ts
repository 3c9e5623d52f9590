import {
  createMcpHandler,
  isLegacyRequest,
  type McpHttpHandler,
} from "@modelcontextprotocol/server";
import type { Context } from "hono";
import { z } from "zod";
import { isOwnOrigin } from "#domain/accounts/sessions.ts";
import { LIMITS } from "#domain/shared/limits.ts";
import { type Access, json, refuse, type Route, route } from "#workers/http/kit.ts";

/** What one MCP endpoint serves; a fresh server for each request. */
export type Serving = {
  path: `/${string}`;
  access: Access;
  /** The server for this request, whose context it is. */
  serverOf(c: Context): ServerOfSdk;
  /** Looks at a message before anything is made of it, and may answer or refuse the request. */
  before?(c: Context, message: unknown): Response | null;
  /**
   * Who holds the session where a server asks its client something in the midst of a call, which the revisions before
   * 2026-07-28 need one for. Without it they are served one request at a time, like the later ones.
   */
  sessions?(c: Context, message: unknown): Promise<Response>;
};
type ServerOfSdk = Awaited<ReturnType<Parameters<typeof createMcpHandler>[0]>>;

/** Of a request by a revision that still carried several. */
const MESSAGES_MAX = 16;
/** Streams of changes that an isolate holds open; there is nothing yet that changes. */
const SUBSCRIPTIONS_MAX = 64;

/**
 * Streamable HTTP of both revisions (2026-07-28, and 2025-11-25 with those before it) behind the same pipeline as every
 * other route: credential, limits, size and JSON are looked at before the protocol is.
 */
export function mcpEndpoint({ path, access, serverOf, before, sessions }: Serving): Route {
  let handler: McpHttpHandler | undefined;
  const contexts = new WeakMap<Request, Context>();
  const serve = (): McpHttpHandler =>
    createMcpHandler(
      ({ requestInfo }) => {
        const c = requestInfo && contexts.get(requestInfo);
        if (c === undefined) throw new Error("a request that came by no route");
        return serverOf(c);
      },
      {
        maxSubscriptions: SUBSCRIPTIONS_MAX,
        maxRequestBodySize: LIMITS.bodyBytesMax,
        onerror: () => {}, // the answer says it; what is wrong with a request is not ours to log
      },
    );
  return route(
    {
      method: "post",
      path,
      summary: "The Model Context Protocol, revisions 2026-07-28 and 2025-11-25",
      description:
        "One JSON-RPC message; answered as JSON or as a stream of events. Tools are the product's operations with the same schemas, rights and limits. Failures are JSON-RPC errors, whose `data` is the problem document.",
      access,
      request: { body: { ...json(z.unknown()), bytesMax: LIMITS.bodyBytesMax } },
      responses: {
        200: {
          description: "The answer",
          content: { "application/json": {}, "text/event-stream": {} },
        },
        202: { description: "A notification was taken" },
        400: { description: "No message of the protocol", codes: ["invalid-request"] },
      },
      idempotency: "ignored",
    },
    async (context) => {
      const c = context as unknown as Context;
      const origin = c.req.raw.headers.get("Origin");
      // A page that had its own name resolve to us would send its own origin.
      if (origin !== null && !isOwnOrigin(origin, (c.env as Env).WISHUB_PUBLIC_URL))
        refuse({ code: "forbidden", detail: "pages of other origins may not ask here" });
      const message: unknown = context.req.valid("json");
      if (Array.isArray(message) && message.length > MESSAGES_MAX)
        refuse({
          code: "invalid-request",
          errors: [
            { pointer: "#/body", detail: `at most ${MESSAGES_MAX} messages in one request` },
          ],
        });
      const already = before?.(c, message) ?? null;
      if (already !== null) return already;
      const request = c.req.raw;
      if (sessions !== undefined && (await isLegacyRequest(request, message)))
        return await sessions(c, message);
      contexts.set(request, c);
      handler ??= serve();
      return await handler.fetch(request, { parsedBody: message });
    },
  );
}
