import type { Context } from "hono";
import { z } from "zod";
import { takesMail } from "#domain/agents/life.ts";
import type { AgentRecord } from "#domain/agents/record.ts";
import { agentPlace, sessionRoom, sessionsMax } from "#domain/sessions/room.ts";
import { type Opening, OPENING_HEADER } from "#domain/sessions/state.ts";
import { performedFor } from "#workers/http/operations.ts";
import { FULL, openingOf } from "#workers/http/opening.ts";
import {
  type AppEnv,
  fails,
  feature,
  idParam,
  integerQuery,
  refuse,
  route,
} from "#workers/http/kit.ts";
import { openedAgent } from "#workers/http/opened-agent.ts";

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
      ...fails("upgrade-required", "forbidden", "agent-unavailable", "not-found", "overloaded"),
    },
  },
  async (c) => {
    // Whether an open session may go on: its object knows how its agent is, and is asked by thousands.
    if (performedFor(c.req.raw) !== undefined) return refuse({ code: "upgrade-required" });
    const agent = await ownAgent(c, c.req.valid("param").id);
    const opened = await openingOf(c);
    if (!sessionRoom.has(agentPlace(agent.id), sessionsMax(c.env))) return refuse(FULL);
    const after = c.req.valid("query").after ?? null;
    const opening: Opening = { ...opened, agentId: agent.id, after };
    const headers = { Upgrade: "websocket", [OPENING_HEADER]: JSON.stringify(opening) };
    const object = c.env.AGENT.getByName(agent.id);
    const answer = await object.fetch("http://agent/session", { headers });
    return answer.status === 503 ? refuse(FULL) : answer;
  },
);

/** The agent, if the caller may be connected as it; one that sleeps may, one that is gone may not. */
async function ownAgent(c: Context<AppEnv>, id: string): Promise<AgentRecord> {
  const agent = await openedAgent(c, id);
  if (!takesMail(agent.state))
    return refuse({ code: "agent-unavailable", detail: `the agent is ${agent.state}` });
  return agent;
}

export const agentSessions = feature(session);
