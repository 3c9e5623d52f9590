import { keyInput, keyMade, keyView, makeKey, viewOfKey } from "#domain/accounts/keys.ts";
import type { Principal } from "#domain/accounts/model.ts";
import { keepingRefusal } from "#domain/agents/keepers.ts";
import { forgetKeys } from "#workers/http/guard/auth.ts";
import {
  byAge,
  type Call,
  fails,
  feature,
  idParam,
  json,
  pageOf,
  pageOfList,
  pageQuery,
  refuse,
  route,
  tagged,
  unwrap,
} from "#workers/http/kit.ts";
import { notByToken, randomFrom } from "#workers/http/minting.ts";
import type { AgentRecord } from "#domain/agents/record.ts";

/** An agent of the caller's account whose keys the caller keeps. */
async function keptBy(
  c: { var: Pick<Call<{ access: "agent.read" }>["var"], "services"> },
  principal: Principal,
  id: string,
): Promise<AgentRecord> {
  const agent = await c.var.services.agents.agent(id);
  if (agent === null || agent.accountId !== principal.accountId)
    return refuse({ code: "not-found" });
  const refusal = keepingRefusal(agent, principal);
  return refusal === null ? agent : refuse(refusal);
}

const make = route(
  {
    method: "post",
    path: "/v1/agents/{id}/keys",
    summary: "Make an API key that acts as an agent",
    description:
      "It belongs to the agent: it ends with the agent or with the key it is made with, and stays when the member who made it leaves. The answer is the only place where it is ever shown.",
    access: "agent-key.make",
    request: { params: idParam, body: json(keyInput) },
    responses: {
      201: { description: "The key", ...json(keyMade) },
      ...fails("not-found", "forbidden", "conflict"),
    },
    idempotency: "sealed",
  },
  async (c) => {
    const { services, principal, operationId, nowMs } = c.var;
    notByToken(principal);
    const { id } = await keptBy(c, principal, c.req.valid("param").id);
    const random = randomFrom(operationId);
    const { key, apiKey } = unwrap(
      await makeKey(services.accounts, principal, c.req.valid("json"), random, nowMs, id),
    );
    c.set("noted", { scopes: key.scopes.join(" ") });
    return tagged(c, { ...viewOfKey(key), apiKey }, key.id, 201);
  },
);

const list = route(
  {
    method: "get",
    path: "/v1/agents/{id}/keys",
    summary: "List the API keys that act as an agent, newest first",
    access: "agent-key.read",
    request: { params: idParam, query: pageQuery },
    responses: {
      200: { description: "A page of keys", ...json(pageOf(keyView)) },
      ...fails("not-found", "forbidden"),
    },
  },
  async (c) => {
    const { services, principal } = c.var;
    const { id } = await keptBy(c, principal, c.req.valid("param").id);
    const { page, nextCursor } = await pageOfList(
      c.req.valid("query"),
      (after, limit) => services.accounts.keysOfAgent(principal.accountId, id, after, limit),
      byAge,
    );
    return c.json({ items: page.map(viewOfKey), nextCursor });
  },
);

const revoke = route(
  {
    method: "delete",
    path: "/v1/agents/{id}/keys/{keyId}",
    priority: "vital",
    summary: "Revoke an agent's API key, and the keys and sessions made with it",
    description: "They stop working within 5 seconds, everywhere.",
    access: "agent-key.revoke",
    request: { params: idParam.extend({ keyId: idParam.shape.id }) },
    responses: {
      204: { description: "The key is revoked" },
      ...fails("not-found", "forbidden"),
    },
  },
  async (c) => {
    const { services, principal, nowMs } = c.var;
    const { id, keyId } = c.req.valid("param");
    await keptBy(c, principal, id);
    const ended = await services.accounts.revokeKey(principal.accountId, id, keyId, nowMs);
    if (ended.length === 0) refuse({ code: "not-found" });
    c.set("noted", { keys: ended.length });
    forgetKeys(c.env, ended);
    return new Response(null, { status: 204 });
  },
);

export const agentKeys = feature(make, list, revoke);
