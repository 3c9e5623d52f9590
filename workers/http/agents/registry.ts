import { ID_BYTES } from "#domain/accounts/credential.ts";
import { agentAttributes, attributesOfAgentInput } from "#domain/agents/attributes.ts";
import { agentView } from "#domain/agents/model.ts";
import { hereOf, isElsewhere, registration } from "#domain/agents/outside.ts";
import { readElsewhere } from "#domain/agents/register-outside.ts";
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
import { insist, permittedAgents } from "#workers/http/guard/policing.ts";

const register = route(
  {
    method: "post",
    path: "/v1/agents",
    summary: "Register an agent, by what it is or by the address of its A2A card",
    description:
      "It is active when this answers. It costs a row of the catalog until its first message. With a `cardUrl` it is one that runs elsewhere: its card is read now, checked like what our own agents say of themselves, and marked as `signed` by a key that its publisher shows, `unsigned`, or `altered`; what you do not say is read from it. It is called at `/a2a/{id}` like any agent, and its card is read again when it is used after an hour.",
    access: "agent.register",
    request: { body: json(registration) },
    responses: {
      201: { description: "The agent", ...json(agentView) },
      ...fails("conflict", "egress-refused", "egress-failed"),
    },
  },
  async (c) => {
    const { services, principal, operationId, nowMs } = c.var;
    const given = c.req.valid("json");
    const read = isElsewhere(given)
      ? unwrap(await readElsewhere(services, principal.accountId, given, nowMs))
      : { input: hereOf(given), outside: null };
    const { input, outside } = read;
    insist(c, { id: "", attributes: attributesOfAgentInput(input, principal.principalId) });
    const idBytes = Uint8Array.fromHex(operationId).subarray(0, ID_BYTES);
    const agent = unwrap(await registerAgent(services, principal, input, idBytes, nowMs, outside));
    return tagged(c, agentViewOf(agent, principal), agent.version, 201);
  },
  // Of one that runs elsewhere the card says what it can do, so it is asked once that is read.
  { policed: "items" },
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
