import type { AgentRecord } from "#domain/agents/record.ts";
import { matchAgents, matchInput, matchView } from "#domain/agents/match.ts";
import { permittedAgents } from "#workers/http/guard/policing.ts";
import { fails, feature, json, route, unwrap } from "#workers/http/kit.ts";

const match = route(
  {
    method: "post",
    path: "/v1/agents/match",
    summary: "Find the agents for a task",
    description:
      "Among your account's agents and the listed ones: by what their cards say, and by what they did. Each says why.",
    access: "agent.match",
    idempotency: "ignored",
    request: { body: json(matchInput) },
    responses: {
      200: { description: "The best agents, best first", ...json(matchView) },
      ...fails("no-model-bound", "overloaded"),
    },
  },
  async (c) => {
    const { services, principal, nowMs } = c.var;
    const mayShow = (agent: AgentRecord) => permittedAgents(c, [agent]).length > 0;
    const input = c.req.valid("json");
    const found = unwrap(await matchAgents(services, principal, input, nowMs, mayShow));
    return c.json({ ...found, tookMs: Date.now() - nowMs });
  },
  { policed: "items" },
);

export const matching = feature(match);
