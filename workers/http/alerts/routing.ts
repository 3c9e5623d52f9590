import { channelOf } from "#domain/channels/model.ts";
import { z } from "zod";
import type { Alert, Silence } from "#domain/alerts/alert.ts";
import {
  NOTHING_TO_TELL,
  placeOf,
  routeInput,
  routeMade,
  type RouteRecord,
  routeView,
  silenceInput,
  silenceView,
} from "#domain/alerts/model.ts";
import { fails, feature, idParam, json, pageOf, refuse, route, unwrap } from "#workers/http/kit.ts";
import { newWebhookSecret } from "#workers/http/new-secret.ts";
import { reachOf } from "#workers/http/reach.ts";

const listRoutes = route(
  {
    method: "get",
    path: "/v1/alerts/routes",
    summary: "List where your alerts are told",
    access: "alert.read",
    responses: { 200: { description: "All routes", ...json(pageOf(routeView)) } },
  },
  async (c) => {
    const routes = await c.var.services.alerts.routes(c.var.principal.accountId);
    return c.json({ items: routes.map(routeViewOf), nextCursor: null });
  },
);

const addRoute = route(
  {
    method: "post",
    path: "/v1/alerts/routes",
    summary:
      "Have alerts told: by mail, in your browsers, on a channel, to a webhook, PagerDuty or Opsgenie",
    description:
      "Each alert is told once when it fires and once when it is over. A webhook is signed as Standard Webhooks says; its secret is shown once.",
    access: "alert.change",
    request: { body: json(routeInput) },
    responses: {
      201: { description: "The route", ...json(routeMade) },
      ...fails("egress-refused", "too-many-requests"),
    },
    idempotency: "sealed",
  },
  async (c) => {
    const { services, principal, operationId, nowMs: createdAtMs } = c.var;
    const input = c.req.valid("json");
    const { target } = input;
    const given = target.kind === "webhook" ? (target.secret ?? null) : null;
    const fresh = target.kind === "webhook" && given === null ? newWebhookSecret() : undefined;
    const made = { id: `art_${operationId}`, createdAtMs, secret: given ?? fresh ?? null };
    const reach = await reachOf(c);
    if (target.kind === "channel") {
      const channel = await services.channels.channel(channelOf(target.conversationId));
      if (channel?.accountId !== principal.accountId)
        refuse({
          code: "invalid-request",
          errors: [
            {
              pointer: "/target/conversationId",
              detail: "is no conversation of a channel of your account",
            },
          ],
        });
    }
    if (!unwrap(await services.alerts.addRoute(principal, reach, input, made)))
      refuse({ code: "too-many-requests", detail: "the account has as many routes as it may" });
    const url = placeOf(target);
    const { severities, rules } = input;
    const telling = NOTHING_TO_TELL;
    const record = { id: made.id, kind: target.kind, url, severities, rules, telling, createdAtMs };
    const shown = { ...routeViewOf(record), ...(fresh !== undefined && { secret: fresh }) };
    return c.json(shown, 201);
  },
);

const dropRoute = route(
  {
    method: "delete",
    path: "/v1/alerts/routes/{id}",
    summary: "Tell alerts there no more",
    access: "alert.change",
    request: { params: idParam },
    responses: { 204: { description: "It is gone" }, ...fails("not-found") },
  },
  async (c) => {
    const { services, principal } = c.var;
    const { id } = c.req.valid("param");
    if (!(await services.alerts.dropRoute(principal.accountId, id))) refuse({ code: "not-found" });
    return c.body(null, 204);
  },
);

const testRoute = route(
  {
    method: "post",
    path: "/v1/alerts/routes/{id}/test",
    summary: "Tell a route of an alert that is none, to see that it arrives",
    access: "alert.change",
    request: { params: idParam },
    responses: {
      202: { description: "It is on its way", ...json(z.object({ id: z.string() })) },
      ...fails("not-found"),
    },
  },
  async (c) => {
    const { services, principal, operationId, nowMs } = c.var;
    const { accountId } = principal;
    const alert = testAlert(`alt_${operationId}`, nowMs);
    const watched = { accountId, reach: await reachOf(c) };
    const isKnown = await services.alerts
      .of(accountId)
      .tryRoute(watched, c.req.valid("param").id, alert);
    if (!isKnown) refuse({ code: "not-found" });
    return c.json({ id: alert.id }, 202);
  },
);

const listSilences = route(
  {
    method: "get",
    path: "/v1/alerts/silences",
    summary: "List silences that are in force or still to come",
    access: "alert.read",
    responses: { 200: { description: "All silences", ...json(pageOf(silenceView)) } },
  },
  async (c) => {
    const silences = await c.var.services.alerts.of(c.var.principal.accountId).silences();
    return c.json({ items: silences.map(silenceViewOf), nextCursor: null });
  },
);

const addSilence = route(
  {
    method: "post",
    path: "/v1/alerts/silences",
    summary: "Have nobody told of some alerts for a while",
    description:
      "What still fires when it ends is told then. An alert that fired before is told when it is over.",
    access: "alert.change",
    request: { body: json(silenceInput) },
    responses: {
      201: { description: "The silence", ...json(silenceView) },
      ...fails("invalid-request", "too-many-requests"),
    },
  },
  async (c) => {
    const { services, principal, operationId, nowMs } = c.var;
    const { rule = null, labels, from, until, reason } = c.req.valid("json");
    const fromMs = from === undefined ? nowMs : Date.parse(from);
    const untilMs = Date.parse(until);
    if (untilMs <= Math.max(fromMs, nowMs)) {
      const detail = "must be in the future, and after `from`";
      refuse({ code: "invalid-request", errors: [{ pointer: "/until", detail }] });
    }
    const silence = { id: `asl_${operationId}`, ruleId: rule, labels, fromMs, untilMs, reason };
    const reach = await reachOf(c);
    if (!(await services.alerts.silence(principal.accountId, reach, silence)))
      refuse({ code: "too-many-requests", detail: "the account has as many silences as it may" });
    return c.json(silenceViewOf(silence), 201);
  },
);

const endSilence = route(
  {
    method: "delete",
    path: "/v1/alerts/silences/{id}",
    summary: "End a silence",
    access: "alert.change",
    request: { params: idParam },
    responses: { 204: { description: "It is over" }, ...fails("not-found") },
  },
  async (c) => {
    const alerts = c.var.services.alerts.of(c.var.principal.accountId);
    if (!(await alerts.endSilence(c.req.valid("param").id))) refuse({ code: "not-found" });
    return c.body(null, 204);
  },
);

const routeViewOf = ({ telling, createdAtMs, ...route }: RouteRecord) => ({
  id: route.id,
  kind: route.kind,
  url: route.url,
  severities: [...route.severities],
  rules: [...route.rules],
  telling: {
    waiting: telling.waiting,
    givenUp: telling.givenUp,
    lastFailure: telling.lastFailure && {
      reason: telling.lastFailure.reason,
      at: timeOf(telling.lastFailure.atMs),
    },
  },
  createdAt: timeOf(createdAtMs),
});

const silenceViewOf = ({ id, ruleId, labels, fromMs, untilMs, reason }: Silence) => ({
  id,
  rule: ruleId,
  labels,
  reason,
  from: timeOf(fromMs),
  until: timeOf(untilMs),
});

const testAlert = (id: string, nowMs: number): Alert => ({
  id,
  ruleId: "test",
  signal: "system.cpu",
  severity: "info",
  state: "firing",
  labels: {},
  above: 0.8,
  value: 0.9,
  sinceMs: nowMs,
  firedAtMs: nowMs,
  resolvedAtMs: null,
});

const timeOf = (ms: number): string => new Date(ms).toISOString();

export const alertRouting = feature(
  listRoutes,
  addRoute,
  dropRoute,
  testRoute,
  listSilences,
  addSilence,
  endSilence,
);
