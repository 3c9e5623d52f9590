import type { Context } from "hono";
import { z } from "zod";
import { CARD_PATH } from "#domain/a2a/card.ts";
import { takesMail } from "#domain/agents/life.ts";
import { isVisibleTo } from "#domain/agents/record.ts";
import type { Published } from "#adapters/a2a-cards.ts";
import { fails, feature, idParam, json, matches, refuse, route } from "#workers/http/kit.ts";

const document = json(z.looseObject({}));
const found = (description: string) => ({
  200: { description, ...document },
  304: { description: "You have it already" },
});
/** What is public is kept by whoever fetched it for a minute, and asked about after that. */
const FOR_ALL = "public, max-age=60";

/** JSON that pages elsewhere may read: nothing in it comes from a cookie. */
function shown(c: Context, { text, version }: Published, keep: string): Response {
  const headers = {
    ETag: `W/"${version}"`,
    "Cache-Control": keep,
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": "ETag",
  };
  if (matches(c.req.raw.headers.get("If-None-Match"), `"${version}"`))
    return new Response(null, { status: 304, headers });
  return new Response(text, { headers: { ...headers, "Content-Type": "application/json" } });
}

const platform = route(
  {
    method: "get",
    path: CARD_PATH,
    summary: "The Agent Card of the platform itself (A2A 1.0, signed)",
    access: "public",
    responses: found("The card"),
  },
  async (c) => shown(c, await c.var.services.a2aCards.platformCard(c.var.nowMs), FOR_ALL),
);

const listed = route(
  {
    method: "get",
    path: `/a2a/{id}${CARD_PATH}`,
    summary: "The Agent Card of a listed agent (A2A 1.0, signed)",
    access: "public",
    request: { params: idParam },
    responses: { ...found("The card"), ...fails("not-found") },
  },
  async (c) => {
    const { services, nowMs } = c.var;
    const agent = await services.agents.lately(c.req.valid("param").id);
    if (agent?.visibility !== "listed" || !takesMail(agent.state))
      return refuse({ code: "not-found" });
    return shown(c, await services.a2aCards.agentCard(agent, nowMs), FOR_ALL);
  },
);

const own = route(
  {
    method: "get",
    path: "/v1/agents/{id}/card",
    summary: "The Agent Card of an agent that you may see, also where it is private",
    access: "agent.read",
    request: { params: idParam },
    responses: { ...found("The card"), ...fails("not-found") },
  },
  async (c) => {
    const { services, principal, nowMs } = c.var;
    const agent = await services.agents.lately(c.req.valid("param").id);
    if (agent === null || !isVisibleTo(agent, principal)) return refuse({ code: "not-found" });
    return shown(c, await services.a2aCards.agentCard(agent, nowMs), "private, no-cache");
  },
);

const manifests = (
  [
    ["ard", "What agents find here (Agentic Resource Discovery v0.91)"],
    ["ai-catalog", "The same under the name it had before"],
  ] as const
).map(([name, summary]) =>
  route(
    {
      method: "get",
      path: `/.well-known/${name}.json`,
      summary,
      access: "public",
      responses: found("The manifest"),
    },
    async (c) => shown(c, await c.var.services.a2aCards.manifest(c.var.nowMs), FOR_ALL),
  ),
);

export const a2aCards = feature(platform, listed, own, ...manifests);
