import { z } from "zod";
import { NOTICE_STATES, noticeView } from "#domain/notices/notice.ts";
import { pushSubscriptionInput, pushView } from "#domain/notices/push.ts";
import { cursorFrom } from "#domain/shared/cursor.ts";
import {
  fails,
  feature,
  idParam,
  json,
  PAGE_DEFAULT,
  pageFrom,
  pageOf,
  pageQuery,
  refuse,
  route,
  unwrap,
} from "#workers/http/kit.ts";

const list = route(
  {
    method: "get",
    path: "/v1/notifications",
    summary: "List mails and pushes that wait, or that were given up, oldest first",
    description: "Where no sender of mail is bound, mails wait here for a day.",
    access: "notification.read",
    request: { query: pageQuery.extend({ state: z.enum(NOTICE_STATES).optional() }) },
    responses: { 200: { description: "A page of notifications", ...json(pageOf(noticeView)) } },
  },
  async (c) => {
    const { services, principal } = c.var;
    const { state = "waiting", limit = PAGE_DEFAULT, cursor } = c.req.valid("query");
    const after = cursor === undefined ? 0 : unwrap(cursorFrom(cursor)).atMs;
    const found = await services.notices.list(principal.accountId, state, after, limit + 1);
    const { page, nextCursor } = pageFrom(found, limit, ({ seq }) => ({ atMs: seq, id: "n" }));
    const items = page.map(({ notice, attempts, reason, createdAtMs }) => ({
      id: notice.id,
      kind: notice.kind,
      state,
      subject: notice.subject,
      text: notice.text,
      attempts,
      reason,
      createdAt: new Date(createdAtMs).toISOString(),
    }));
    return c.json({ items, nextCursor });
  },
);

const redrive = route(
  {
    method: "post",
    path: "/v1/notifications/redrive",
    summary: "Send the oldest 100 mails and pushes again that were given up",
    access: "notification.redrive",
    responses: {
      202: { description: "How many", ...json(z.object({ redriven: z.int() })) },
    },
  },
  async (c) => {
    const redriven = await c.var.services.notices.redrive(c.var.principal.accountId);
    return c.json({ redriven }, 202);
  },
);

const key = route(
  {
    method: "get",
    path: "/v1/push/key",
    summary: "Show the key that a browser subscribes to notifications with (VAPID)",
    access: "push.subscribe",
    responses: {
      200: { description: "P-256, base64url", ...json(z.object({ publicKey: z.string() })) },
    },
  },
  async (c) => c.json({ publicKey: await c.var.services.push.publicKey() }),
);

const subscribe = route(
  {
    method: "post",
    path: "/v1/push/subscriptions",
    summary: "Have your notifications shown by a browser",
    description:
      "The body is the browser's `PushSubscription`. What it is sent is JSON: `title`, `body` and `tag`. Of more than ten browsers the oldest go.",
    access: "push.subscribe",
    request: { body: json(pushSubscriptionInput) },
    responses: {
      201: { description: "The subscription", ...json(pushView) },
      ...fails("egress-refused"),
    },
  },
  async (c) => {
    const { services, principal, nowMs } = c.var;
    const made = unwrap(await services.push.subscribe(principal, c.req.valid("json"), nowMs));
    return c.json(viewOf(made), 201);
  },
);

const subscriptions = route(
  {
    method: "get",
    path: "/v1/push/subscriptions",
    summary: "List the browsers that show your notifications",
    access: "push.subscribe",
    responses: { 200: { description: "Your browsers", ...json(pageOf(pushView)) } },
  },
  async (c) => {
    const rows = await c.var.services.push.list(c.var.principal);
    return c.json({ items: rows.map(viewOf), nextCursor: null });
  },
);

const unsubscribe = route(
  {
    method: "delete",
    path: "/v1/push/subscriptions/{id}",
    summary: "Show your notifications in a browser no more",
    access: "push.subscribe",
    request: { params: idParam },
    responses: { 204: { description: "It is gone" }, ...fails("not-found") },
  },
  async (c) => {
    const { services, principal } = c.var;
    const { id } = c.req.valid("param");
    if (!(await services.push.unsubscribe(principal, id))) refuse({ code: "not-found" });
    return c.body(null, 204);
  },
);

type Subscribed = { id: string; service: string; createdAtMs: number };
const viewOf = ({ id, service, createdAtMs }: Subscribed) => ({
  id,
  service,
  createdAt: new Date(createdAtMs).toISOString(),
});

export const notices = feature(list, redrive, key, subscribe, subscriptions, unsubscribe);
