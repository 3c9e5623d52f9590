import { ID_BYTES } from "#domain/accounts/credential.ts";
import { agentView } from "#domain/agents/model.ts";
import { outsideInput } from "#domain/agents/outside.ts";
import { agentViewOf } from "#domain/agents/record.ts";
import { refreshOutside, registerOutside } from "#domain/agents/register-outside.ts";
import { fails, feature, idParam, json, refuse, route, tagged, unwrap } from "#workers/http/kit.ts";

const register = route(
  {
    method: "post",
    path: "/v1/agents/outside",
    summary: "Register an agent that runs elsewhere, by the address of its A2A card",
    description:
      "The card is read now, checked like what our own agents say of themselves, and marked: `signed` by a key that its publisher shows, `unsigned`, or `altered`. It is called at `/a2a/{id}` like any agent; its card is read again when it is used after an hour.",
    access: "agent.register",
    request: { body: json(outsideInput) },
    responses: {
      201: { description: "The agent", ...json(agentView) },
      ...fails("conflict", "egress-refused", "egress-failed"),
    },
    idempotency: "stored",
  },
  async (c) => {
    const { services, principal, operationId, nowMs } = c.var;
    const idBytes = Uint8Array.fromHex(operationId).subarray(0, ID_BYTES);
    const input = c.req.valid("json");
    const agent = unwrap(await registerOutside(services, principal, input, idBytes, nowMs));
    return tagged(c, agentViewOf(agent, principal), agent.version, 201);
  },
);

const refresh = route(
  {
    method: "post",
    path: "/v1/agents/{id}/refresh",
    summary: "Read the card of an agent that runs elsewhere again",
    access: "agent.change",
    request: { params: idParam },
    responses: {
      200: { description: "The agent", ...json(agentView) },
      ...fails("not-found", "conflict", "invalid-request", "egress-refused", "egress-failed"),
    },
  },
  async (c) => {
    const { services, principal, nowMs } = c.var;
    const agent = await services.agents.agent(c.req.valid("param").id);
    if (agent === null || agent.accountId !== principal.accountId)
      return refuse({ code: "not-found" });
    const now = unwrap(await refreshOutside(services, agent, nowMs));
    return tagged(c, agentViewOf(now, principal), now.version);
  },
);

export const outsideAgents = feature(register, refresh);
