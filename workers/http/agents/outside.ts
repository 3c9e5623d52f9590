import { agentView } from "#domain/agents/model.ts";
import { agentViewOf } from "#domain/agents/record.ts";
import { refreshOutside } from "#domain/agents/register-outside.ts";
import { fails, feature, idParam, json, refuse, route, tagged, unwrap } from "#workers/http/kit.ts";

const refresh = route(
  {
    method: "post",
    path: "/v1/agents/{id}/refresh",
    summary: "Read the card of an agent that runs elsewhere again",
    access: "agent.change",
    request: { params: idParam },
    responses: {
      200: { description: "The agent", ...json(agentView) },
      ...fails(
        "not-found",
        "forbidden",
        "conflict",
        "invalid-request",
        "egress-refused",
        "egress-failed",
      ),
    },
  },
  async (c) => {
    const { services, principal, nowMs } = c.var;
    const agent = await services.agents.agent(c.req.valid("param").id);
    if (agent === null || agent.accountId !== principal.accountId)
      return refuse({ code: "not-found" });
    if (principal.agentId !== undefined && principal.agentId !== agent.id)
      return refuse({ code: "forbidden", detail: "an agent changes no agent but itself" });
    const now = unwrap(await refreshOutside(services, agent, nowMs));
    return tagged(c, agentViewOf(now, principal), now.version);
  },
);

export const outsideAgents = feature(refresh);
