import { type AgentRecord, isVisibleTo } from "#domain/agents/record.ts";
import { taskRecordOf, taskRecordView } from "#domain/agents/record-of-tasks.ts";
import { matchAgents, matchInput, matchView } from "#domain/agents/match.ts";
import { permittedAgents } from "#workers/http/guard/policing.ts";
import { fails, feature, idParam, json, refuse, route, unwrap } from "#workers/http/kit.ts";

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

const record = route(
  {
    method: "get",
    path: "/v1/agents/{id}/record",
    summary:
      "Read what an agent's tasks have shown: how likely it does the next one, how long that takes, and at what cost",
    description:
      "Older tasks count less. Of an agent that little is known of it says what is expected of most.",
    access: "agent.read",
    request: { params: idParam },
    responses: {
      200: { description: "What is known of it", ...json(taskRecordView) },
      ...fails("not-found"),
    },
  },
  async (c) => {
    const { services, principal, nowMs } = c.var;
    const agent = await services.agents.lately(c.req.valid("param").id);
    if (agent === null || !isVisibleTo(agent, principal)) return refuse({ code: "not-found" });
    const known = await services.quality.manyLately([agent.id]);
    return c.json(taskRecordOf(agent.capabilities, known.get(agent.id) ?? null, nowMs));
  },
);

export const matching = feature(match, record);
