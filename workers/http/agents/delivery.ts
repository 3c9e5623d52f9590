import { z } from "zod";
import type { Context } from "hono";
import type { AgentRecord } from "#domain/agents/record.ts";
import {
  deadDeliveryView,
  deadDeliveryViewOf,
  deliveryInput,
  deliveryMade,
  deliveryView,
  deliveryViewOf,
} from "#domain/delivery/model.ts";
import { LIMITS } from "#domain/shared/limits.ts";
import {
  type AppEnv,
  fails,
  feature,
  idParam,
  json,
  refuse,
  route,
  unwrap,
} from "#workers/http/kit.ts";
import { newWebhookSecret } from "#workers/http/new-secret.ts";
import { openedAgent } from "#workers/http/opened-agent.ts";

// Where its messages go is its own account's business, and of agents its own: whoever may not open a mailbox may not empty it.

const put = route(
  {
    method: "put",
    path: "/v1/agents/{id}/delivery",
    summary: "Have an agent's messages delivered to a webhook",
    description:
      "Each delivery is a POST signed as Standard Webhooks says; 2xx takes it. What is not taken is tried again, later and later. A secret that is followed by another one signs for a day more.",
    access: "delivery.change",
    request: { params: idParam, body: json(deliveryInput) },
    responses: {
      200: { description: "The delivery", ...json(deliveryMade) },
      ...fails("not-found", "forbidden", "egress-refused"),
    },
    idempotency: "sealed",
  },
  async (c) => {
    const { services } = c.var;
    const agent = await openedAgent(c, c.req.valid("param").id);
    const { url, secret } = c.req.valid("json");
    const isFirst = (await services.deliveries.state(agent.id)) === null;
    const fresh = isFirst && secret === undefined ? newWebhookSecret() : undefined;
    const { accountId, id: agentId } = agent;
    const form = "webhook" as const;
    const receiver = { accountId, agentId, url, form, secret: secret ?? fresh ?? null };
    unwrap(await services.deliveries.configure(agentId, receiver));
    return c.json({ ...(await viewOf(c, agent)), ...(fresh !== undefined && { secret: fresh }) });
  },
);

const get = route(
  {
    method: "get",
    path: "/v1/agents/{id}/delivery",
    summary: "Read where an agent's messages are delivered, and how that goes",
    access: "delivery.read",
    request: { params: idParam },
    responses: {
      200: { description: "The delivery", ...json(deliveryView) },
      ...fails("not-found", "forbidden"),
    },
  },
  async (c) => c.json(await viewOf(c, await openedAgent(c, c.req.valid("param").id))),
);

const end = route(
  {
    method: "delete",
    path: "/v1/agents/{id}/delivery",
    summary: "Deliver an agent's messages no more: they wait in its mailbox",
    access: "delivery.change",
    request: { params: idParam },
    responses: { 204: { description: "Nothing is delivered" }, ...fails("not-found", "forbidden") },
  },
  async (c) => {
    const agent = await openedAgent(c, c.req.valid("param").id);
    await c.var.services.deliveries.end(agent.id);
    return c.body(null, 204);
  },
);

const ping = route(
  {
    method: "post",
    path: "/v1/agents/{id}/delivery/ping",
    summary: "Send an agent's webhook a ping, to see that it verifies signatures",
    access: "delivery.change",
    request: { params: idParam },
    responses: {
      202: { description: "The ping's webhook-id", ...json(z.object({ id: z.string() })) },
      ...fails("not-found", "forbidden", "too-many-requests"),
    },
  },
  async (c) => {
    const { services, operationId, nowMs } = c.var;
    const agent = await openedAgent(c, c.req.valid("param").id);
    const id = `ping_${operationId}`;
    const timestamp = new Date(nowMs).toISOString();
    const body = JSON.stringify({ type: "ping", timestamp, data: { agentId: agent.id } });
    unwrap(await services.deliveries.enqueue(agent.id, [{ id, lane: "ping", body }]));
    return c.json({ id }, 202);
  },
);

const deadLetters = route(
  {
    method: "get",
    path: "/v1/agents/{id}/delivery/dead-letters",
    summary: "Show what an agent's webhook never took",
    description: "The oldest 100. Redrive them once the cause is mended.",
    access: "delivery.read",
    request: { params: idParam },
    responses: {
      200: {
        description: "The dead letters",
        ...json(z.object({ items: z.array(deadDeliveryView) })),
      },
      ...fails("not-found", "forbidden"),
    },
  },
  async (c) => {
    const agent = await openedAgent(c, c.req.valid("param").id);
    const dead = await c.var.services.deliveries.deadLetters(agent.id, 0, LIMITS.pageMax);
    return c.json({
      items: dead.map(deadDeliveryViewOf),
    });
  },
);

const redrive = route(
  {
    method: "post",
    path: "/v1/agents/{id}/delivery/redrive",
    summary: "Send the oldest 100 dead letters of an agent's webhook again",
    access: "delivery.change",
    request: { params: idParam },
    responses: {
      202: { description: "How many were put back", ...json(z.object({ redriven: z.int() })) },
      ...fails("not-found", "forbidden"),
    },
  },
  async (c) => {
    const agent = await openedAgent(c, c.req.valid("param").id);
    return c.json({ redriven: await c.var.services.deliveries.redrive(agent.id) }, 202);
  },
);

export const agentDelivery = feature(put, get, end, ping, deadLetters, redrive);

async function viewOf(c: Context<AppEnv>, { id }: AgentRecord) {
  const state = await c.var.services.deliveries.state(id);
  if (state === null) return refuse({ code: "not-found" });
  return deliveryViewOf(state);
}
