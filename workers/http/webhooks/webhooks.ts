import { z } from "zod";
import { ID_BYTES } from "#domain/accounts/credential.ts";
import { changeWebhook, makeWebhook } from "#domain/webhooks/change.ts";
import {
  webhookInput,
  webhookMade,
  webhookPatch,
  webhookView,
  webhookViewOf,
} from "#domain/webhooks/model.ts";
import {
  byAge,
  expectedVersion,
  fails,
  feature,
  idParam,
  json,
  pageOf,
  pageOfList,
  pageQuery,
  route,
  tagged,
  unwrap,
} from "#workers/http/kit.ts";
import { newWebhookSecret } from "#workers/http/new-secret.ts";
import { eventReader, ownWebhook } from "./owned.ts";

const make = route(
  {
    method: "post",
    path: "/v1/webhooks",
    summary: "Have your account's events sent to an address",
    description:
      "From now on each event of these types is POSTed there as a CloudEvent in JSON, signed as Standard Webhooks says; a 2xx takes it. What is not taken is tried 8 times within 28 hours and is then a dead letter; one that failed holds up no other, unless `ordered`. An address that took nothing for 5 days is disabled.",
    access: "webhook.change",
    request: { body: json(webhookInput) },
    responses: {
      201: { description: "The webhook, with its secret", ...json(webhookMade) },
      ...fails("forbidden", "egress-refused", "conflict"),
    },
    idempotency: "sealed",
  },
  async (c) => {
    const { services, operationId, nowMs } = c.var;
    const by = await eventReader(c);
    const given = c.req.valid("json");
    const secret = given.secret ?? newWebhookSecret();
    const idBytes = Uint8Array.fromHex(operationId).subarray(0, ID_BYTES);
    const made = unwrap(await makeWebhook(services, by, { ...given, secret }, idBytes, nowMs));
    return tagged(c, { ...webhookViewOf(made), secret }, made.version, 201);
  },
);

const list = route(
  {
    method: "get",
    path: "/v1/webhooks",
    summary: "List your account's webhooks, newest first",
    access: "webhook.read",
    request: { query: pageQuery },
    responses: { 200: { description: "A page of webhooks", ...json(pageOf(webhookView)) } },
  },
  async (c) => {
    const { services, principal } = c.var;
    const { page, nextCursor } = await pageOfList(
      c.req.valid("query"),
      (after, limit) => services.webhooks.webhooks(principal.accountId, after, limit),
      byAge,
    );
    return c.json({ items: page.map(webhookViewOf), nextCursor });
  },
);

const get = route(
  {
    method: "get",
    path: "/v1/webhooks/{id}",
    summary: "Read a webhook",
    access: "webhook.read",
    request: { params: idParam },
    responses: { 200: { description: "The webhook", ...json(webhookView) }, ...fails("not-found") },
  },
  async (c) => {
    const record = await ownWebhook(c, c.req.valid("param").id);
    return tagged(c, webhookViewOf(record), record.version);
  },
);

const change = route(
  {
    method: "patch",
    path: "/v1/webhooks/{id}",
    summary: "Change a webhook, pause it, or let it go on",
    description:
      "Needs `If-Match` with the version you read. Paused or disabled it keeps its place: set to `active` it goes on there, as far as the log reaches back.",
    access: "webhook.change",
    request: { params: idParam, body: json(webhookPatch) },
    responses: {
      200: { description: "The webhook", ...json(webhookView) },
      ...fails("not-found", "forbidden", "egress-refused", "version-stale", "version-required"),
    },
  },
  async (c) => {
    const { services, nowMs } = c.var;
    const by = await eventReader(c);
    const asked = {
      id: c.req.valid("param").id,
      patch: c.req.valid("json"),
      expected: expectedVersion(c),
    };
    const changed = unwrap(await changeWebhook(services, by, asked, nowMs));
    return tagged(c, webhookViewOf(changed), changed.version);
  },
);

const remove = route(
  {
    method: "delete",
    path: "/v1/webhooks/{id}",
    summary: "End a webhook, with all that waits for it",
    access: "webhook.change",
    request: { params: idParam },
    responses: { 204: { description: "It is gone" }, ...fails("not-found") },
  },
  async (c) => {
    const record = await ownWebhook(c, c.req.valid("param").id);
    await c.var.services.webhooks.remove(record);
    return c.body(null, 204);
  },
);

const rotate = route(
  {
    method: "post",
    path: "/v1/webhooks/{id}/rotate",
    summary: "Give a webhook a new secret; the one before signs for a day more",
    access: "webhook.change",
    request: { params: idParam },
    responses: {
      200: {
        description: "The new secret, shown this once",
        ...json(z.object({ id: z.string(), secret: z.string() })),
      },
      ...fails("not-found"),
    },
    idempotency: "sealed",
  },
  async (c) => {
    const record = await ownWebhook(c, c.req.valid("param").id);
    const secret = newWebhookSecret();
    await c.var.services.webhooks.rotate(record, secret);
    return c.json({ id: record.id, secret });
  },
);

export const webhooks = feature(make, list, get, change, remove, rotate);
