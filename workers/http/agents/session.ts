import type { Context } from "hono";
import { isOwnOrigin } from "#domain/accounts/sessions.ts";
import { z } from "zod";
import { takesMail } from "#domain/agents/life.ts";
import type { AgentRecord } from "#domain/agents/record.ts";
import { mayOpen } from "#domain/mailbox/rights.ts";
import { type Opening, OPENING_HEADER } from "#domain/sessions/state.ts";
import { performedFor } from "#workers/http/operations.ts";
import { holderOf, readHolder } from "#workers/http/guard/holders.ts";
import {
  type AppEnv,
  fails,
  feature,
  idParam,
  integerQuery,
  refuse,
  route,
  unwrap,
} from "#workers/http/kit.ts";

/** `after`: the newest fencing token that came in the session before, where the client goes on with what it has. */
const sessionQuery = z.strictObject({
  after: integerQuery(0, Number.MAX_SAFE_INTEGER).optional(),
});

const session = route(
  {
    method: "get",
    path: "/v1/agents/{id}/session",
    summary: "Connect an agent: its messages, and requests to all of the API, over one WebSocket",
    description:
      "Its frames are described in docs/design/sessions.md. An agent has one session: a newer one ends it.",
    access: "message.receive",
    request: { params: idParam, query: sessionQuery },
    responses: {
      101: { description: "The WebSocket" },
      ...fails("upgrade-required", "forbidden", "agent-unavailable", "not-found"),
    },
  },
  async (c) => {
    const { services, principal, nowMs } = c.var;
    // Whether an open session may go on: its object knows how its agent is, and is asked by thousands.
    if (performedFor(c.req.raw) !== undefined) return refuse({ code: "upgrade-required" });
    const agent = await ownAgent(c, c.req.valid("param").id);
    if (c.req.header("Upgrade")?.toLowerCase() !== "websocket")
      return refuse({ code: "upgrade-required" });
    const origin = c.req.header("Origin");
    if (origin !== undefined && !isOwnOrigin(origin, c.env.WISHUB_PUBLIC_URL))
      refuse({ code: "forbidden", detail: `no page but those of ${c.env.WISHUB_PUBLIC_URL}` });
    const holder = await holderOf(c);
    if (holder === null) return refuse({ code: "unauthenticated" });
    const { verdict, readAtMs } = await readHolder(c.env, holder, nowMs);
    if (verdict === null) return refuse({ code: "unauthenticated" });
    const endsAtMs = Math.min(verdict.expiresAtMs, principal.expiresAtMs ?? Infinity);
    const opening: Opening = {
      agentId: agent.id,
      holder,
      address: services.addressOf(c.req.raw),
      after: c.req.valid("query").after ?? null,
      standing: { checkedAtMs: readAtMs, endsAtMs: Number.isFinite(endsAtMs) ? endsAtMs : null },
    };
    const headers = { Upgrade: "websocket", [OPENING_HEADER]: JSON.stringify(opening) };
    const object = c.env.AGENT.getByName(agent.id);
    return await object.fetch("http://agent/session", { headers });
  },
);

/** The agent, if the caller may be connected as it; one that sleeps may, one that is gone may not. */
async function ownAgent(c: Context<AppEnv>, id: string): Promise<AgentRecord> {
  const { services, principal } = c.var;
  const agent = unwrap(mayOpen(await services.agents.lately(id), principal));
  if (!takesMail(agent.state))
    return refuse({ code: "agent-unavailable", detail: `the agent is ${agent.state}` });
  return agent;
}

export const agentSessions = feature(session);
