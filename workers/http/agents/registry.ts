import { ID_BYTES } from "#domain/accounts/credential.ts";
import { agentAttributes, attributesOfAgentInput } from "#domain/agents/attributes.ts";
import { agentInput, agentView } from "#domain/agents/model.ts";
import { agentFilter, filterFrom, pageOfLooked } from "#domain/agents/listing.ts";
import { agentViewOf, isVisibleTo } from "#domain/agents/record.ts";
import { cursorFrom, cursorText } from "#domain/shared/cursor.ts";
import { registerAgent } from "#domain/agents/register.ts";
import { agentPatch, patchedAgent, updateAgent } from "#domain/agents/update.ts";
import {
  expectedVersion,
  fails,
  feature,
  idParam,
  json,
  PAGE_DEFAULT,
  pageOf,
  pageQuery,
  refuse,
  route,
  tagged,
  unwrap,
} from "#workers/http/kit.ts";
import { permittedAgents } from "#workers/http/guard/policing.ts";

const register = route(
  {
    method: "post",
    path: "/v1/agents",
    summary: "Register an agent",
    description:
      "It is active when this answers. It costs a row of the catalog until its first message.",
    access: "agent.register",
    request: { body: json(agentInput) },
    responses: { 201: { description: "The agent", ...json(agentView) }, ...fails("conflict") },
  },
  async (c) => {
    const { services, principal, operationId, nowMs } = c.var;
    const idBytes = Uint8Array.fromHex(operationId).subarray(0, ID_BYTES);
    const agent = unwrap(
      await registerAgent(services, principal, c.req.valid("json"), idBytes, nowMs),
    );
    return tagged(c, agentViewOf(agent, principal), agent.version, 201);
  },
  {
    policed: async (c) => {
      const { principalId } = c.var.principal;
      return [{ id: "", attributes: attributesOfAgentInput(c.req.valid("json"), principalId) }];
    },
  },
);

const list = route(
  {
    method: "get",
    path: "/v1/agents",
    summary: "List your account's agents, or everybody's that are listed, newest first",
    description:
      "A page looks through at most 1,000 agents: with a filter it may hold fewer than you asked for, and still have a next one.",
    access: "agent.read",
    request: { query: pageQuery.extend(agentFilter) },
    responses: { 200: { description: "A page of agents", ...json(pageOf(agentView)) } },
  },
  async (c) => {
    const { services, principal } = c.var;
    const { limit = PAGE_DEFAULT, cursor, of, ...filters } = c.req.valid("query");
    const after = cursor === undefined ? null : unwrap(cursorFrom(cursor));
    const asked = { filter: filterFrom(filters), after, limit: limit + 1 };
    const whose = of === "everybody" ? null : principal.accountId;
    const { page, next } = pageOfLooked(await services.agents.lookForAgents(whose, asked), limit);
    const items = permittedAgents(c, page).map((agent) => agentViewOf(agent, principal));
    return c.json({ items, nextCursor: next === null ? null : cursorText(next) });
  },
  { policed: "items" },
);

const get = route(
  {
    method: "get",
    path: "/v1/agents/{id}",
    summary: "Read an agent: one of your account's, or one that is listed",
    access: "agent.read",
    request: { params: idParam },
    responses: { 200: { description: "The agent", ...json(agentView) }, ...fails("not-found") },
  },
  async (c) => {
    const { services, principal } = c.var;
    const agent = await services.agents.agent(c.req.valid("param").id);
    if (agent === null || !isVisibleTo(agent, principal)) return refuse({ code: "not-found" });
    return tagged(c, agentViewOf(agent, principal), agent.version);
  },
);

const change = route(
  {
    method: "patch",
    path: "/v1/agents/{id}",
    summary: "Change an agent",
    description:
      "Needs `If-Match` with the version you read. An agent changes its own description and capabilities, by its own key, and nothing else.",
    access: "agent.change",
    request: { params: idParam, body: json(agentPatch) },
    responses: {
      200: { description: "The agent", ...json(agentView) },
      ...fails("not-found", "forbidden", "conflict", "version-stale", "version-required"),
    },
  },
  async (c) => {
    const { services, principal, nowMs } = c.var;
    const { id } = c.req.valid("param");
    const asked = { id, patch: c.req.valid("json"), expected: expectedVersion(c) };
    const agent = unwrap(await updateAgent(services, principal, asked, nowMs));
    return tagged(c, agentViewOf(agent, principal), agent.version);
  },
  {
    policed: async (c) => {
      const { services, principal, nowMs } = c.var;
      const agent = await services.agents.agent(c.req.valid("param").id);
      if (agent === null || agent.accountId !== principal.accountId) return null;
      // A change is made to what is there, and makes what may be something else.
      return [agent, patchedAgent(agent, c.req.valid("json"), nowMs)].map((one) => ({
        id: one.id,
        attributes: agentAttributes(one, principal),
      }));
    },
  },
);

export const agents = feature(register, list, get, change);
