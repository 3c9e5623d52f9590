import {
  type EventStore,
  isInitializeRequest,
  WebStandardStreamableHTTPServerTransport,
} from "@modelcontextprotocol/server";
import { DurableObject } from "cloudflare:workers";
import type { Context } from "hono";
import { appOf } from "#workers/http/app.ts";
import { feature, refuse, route } from "#workers/http/kit.ts";
import { mcpEndpoint } from "#workers/http/mcp/endpoint.ts";
import { fixtureServer } from "./mcp-fixture-tools.ts";

// What the Model Context Protocol's public suite asks of a server, on the product's endpoint: its tools, resources and
// prompts are the suite's, everything around them is the product's.

type FixtureEnv = { FIXTURE_SESSION: DurableObjectNamespace<FixtureSession> };

/** A session of the revisions that have them: tools of the suite ask their client in the midst of a call. */
export class FixtureSession extends DurableObject {
  #transport: WebStandardStreamableHTTPServerTransport | undefined;

  override async fetch(request: Request): Promise<Response> {
    let transport = this.#transport;
    if (transport === undefined) {
      const id = request.headers.get("X-Fixture-Session") ?? "";
      transport = new WebStandardStreamableHTTPServerTransport({
        sessionIdGenerator: () => id,
        eventStore: eventsInMemory(),
        retryInterval: 500,
      });
      await fixtureServer().connect(transport);
      this.#transport = transport;
    }
    return await transport.handleRequest(request);
  }
}

/** What a client that was cut off is told again. */
function eventsInMemory(): EventStore {
  const events: { streamId: string; message: Parameters<EventStore["storeEvent"]>[1] }[] = [];
  return {
    async storeEvent(streamId, message) {
      events.push({ streamId, message });
      return String(events.length - 1);
    },
    async replayEventsAfter(lastEventId, { send }) {
      const { streamId = "" } = events[Number(lastEventId)] ?? {};
      for (const [i, event] of events.entries())
        if (i > Number(lastEventId) && event.streamId === streamId)
          await send(String(i), event.message);
      return streamId;
    },
  };
}

async function inSession(c: Context, message?: unknown): Promise<Response> {
  const { raw } = c.req;
  const known = raw.headers.get("Mcp-Session-Id");
  if (known === null && !isInitializeRequest(message)) refuse({ code: "not-found" });
  const id = known ?? crypto.randomUUID();
  const { FIXTURE_SESSION: sessions } = c.env as unknown as FixtureEnv;
  const headers = new Headers(raw.headers);
  headers.set("X-Fixture-Session", id);
  return await sessions.getByName(id).fetch(raw.url, {
    method: raw.method,
    headers,
    ...(message !== undefined && { body: JSON.stringify(message) }),
  });
}

/** Where sessions are told to go on and to end; the product has none. */
const session = (method: "get" | "delete") =>
  route(
    {
      method,
      path: "/mcp",
      summary: "The session of a fixture",
      access: "public",
      responses: { 200: { description: "The session" } },
      idempotency: "ignored",
    },
    (c) => inSession(c as unknown as Context),
  );

const at = (path: "/mcp" | "/stateless/mcp") =>
  mcpEndpoint({
    path,
    access: "public",
    serverOf: fixtureServer,
    ...(path === "/mcp" && { sessions: inSession }),
  });

const fixtures = appOf([
  feature(at("/mcp"), at("/stateless/mcp"), session("get"), session("delete")),
]);

export default { fetch: fixtures.fetch } satisfies ExportedHandler<Env>;
