import { z } from "zod";
import { deadDeliveryView, deadDeliveryViewOf } from "#domain/delivery/model.ts";
import { LIMITS } from "#domain/shared/limits.ts";
import { text } from "#domain/shared/text.ts";
import { hiddenOf } from "#domain/webhooks/change.ts";
import {
  replayInput,
  triedView,
  triedViewOf,
  webhookStatus,
  webhookStatusOf,
} from "#domain/webhooks/model.ts";
import {
  fails,
  feature,
  idParam,
  integerQuery,
  json,
  PAGE_DEFAULT,
  pageOf,
  refuse,
  route,
} from "#workers/http/kit.ts";
import { eventReader, ownWebhook } from "./owned.ts";

/** Numbers are positions: a cursor is the number that the next page begins before, or after. */
const numbered = z.strictObject({
  limit: integerQuery(1, LIMITS.pageMax).optional(),
  cursor: text(LIMITS.cursorCharsMax)
    .regex(/^\d{1,15}$/, "must be a nextCursor this list has given")
    .optional(),
});

const status = route(
  {
    method: "get",
    path: "/v1/webhooks/{id}/status",
    summary: "Read how a webhook does: failures, what is tried again, what was given up",
    access: "webhook.read",
    request: { params: idParam },
    responses: {
      200: { description: "How it does", ...json(webhookStatus) },
      ...fails("not-found"),
    },
  },
  async (c) => {
    const { id } = await ownWebhook(c, c.req.valid("param").id);
    const { webhooks } = c.var.services;
    await webhooks.changed(id); // should its object have missed a change
    const known = await webhooks.status(id);
    return known === null ? refuse({ code: "not-found" }) : c.json(webhookStatusOf(known));
  },
);

const deliveries = route(
  {
    method: "get",
    path: "/v1/webhooks/{id}/deliveries",
    summary: "List a webhook's attempts, newest first",
    description: `The newest ${LIMITS.webhookAttemptsKept} or so are kept.`,
    access: "webhook.read",
    request: { params: idParam, query: numbered },
    responses: {
      200: { description: "A page of attempts", ...json(pageOf(triedView)) },
      ...fails("not-found"),
    },
  },
  async (c) => {
    const { id } = await ownWebhook(c, c.req.valid("param").id);
    const { limit = PAGE_DEFAULT, cursor } = c.req.valid("query");
    const before = cursor === undefined ? Number.MAX_SAFE_INTEGER : Number(cursor);
    const found = await c.var.services.webhooks.tried(id, before, limit);
    const last = found.at(-1)?.number;
    const nextCursor = found.length === limit && last !== undefined ? String(last) : null;
    return c.json({ items: found.map(triedViewOf), nextCursor });
  },
);

const ping = route(
  {
    method: "post",
    path: "/v1/webhooks/{id}/ping",
    summary: "Send a webhook a ping, to see that it verifies signatures",
    access: "webhook.change",
    request: { params: idParam },
    responses: {
      202: { description: "The ping's webhook-id", ...json(z.object({ id: z.string() })) },
      ...fails("not-found", "too-many-requests"),
    },
  },
  async (c) => {
    const { services, operationId, nowMs } = c.var;
    const record = await ownWebhook(c, c.req.valid("param").id);
    const id = await services.webhooks.ping(record, operationId, nowMs);
    const detail = "too much waits for this webhook";
    if (id === null) return refuse({ code: "too-many-requests", detail, retryAfterS: 60 });
    return c.json({ id }, 202);
  },
);

const replay = route(
  {
    method: "post",
    path: "/v1/webhooks/{id}/replay",
    summary: "Send a webhook again what came since a time, or since one delivery",
    description:
      "With the same `webhook-id`s as before. It goes back as far as the log does, and never forward.",
    access: "webhook.change",
    request: { params: idParam, body: json(replayInput) },
    responses: {
      202: { description: "It begins again there", ...json(z.object({ from: z.string() })) },
      ...fails("not-found"),
    },
  },
  async (c) => {
    const record = await ownWebhook(c, c.req.valid("param").id);
    const { from } = c.req.valid("json");
    const isThere = await c.var.services.webhooks.replay(record, from);
    const errors = [{ pointer: "/from", detail: "is no event that is still in the log" }];
    return isThere ? c.json({ from }, 202) : refuse({ code: "invalid-request", errors });
  },
);

const deadLetters = route(
  {
    method: "get",
    path: "/v1/webhooks/{id}/dead-letters",
    summary: "List what a webhook never took, oldest first",
    access: "webhook.read",
    request: { params: idParam, query: numbered },
    responses: {
      200: { description: "A page of dead letters", ...json(pageOf(deadDeliveryView)) },
      ...fails("not-found", "forbidden"),
    },
  },
  async (c) => {
    const { id, topics } = await ownWebhook(c, c.req.valid("param").id);
    // They are events as they were sent.
    const hidden = hiddenOf(topics, await eventReader(c));
    if (hidden !== undefined) refuse(hidden);
    const { limit = PAGE_DEFAULT, cursor = "0" } = c.req.valid("query");
    const found = await c.var.services.webhooks.dead(id, Number(cursor), limit);
    const last = found.at(-1)?.seq;
    return c.json({
      items: found.map(deadDeliveryViewOf),
      nextCursor: found.length === limit && last !== undefined ? String(last) : null,
    });
  },
);

const redrive = route(
  {
    method: "post",
    path: "/v1/webhooks/{id}/redrive",
    summary: "Send the oldest 100 dead letters of a webhook again",
    access: "webhook.change",
    request: { params: idParam },
    responses: {
      202: { description: "How many were put back", ...json(z.object({ redriven: z.int() })) },
      ...fails("not-found"),
    },
  },
  async (c) => {
    const { id } = await ownWebhook(c, c.req.valid("param").id);
    return c.json({ redriven: await c.var.services.webhooks.redriveDead(id) }, 202);
  },
);

export const webhookDeliveries = feature(status, deliveries, ping, replay, deadLetters, redrive);
