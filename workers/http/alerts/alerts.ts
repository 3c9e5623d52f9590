import type { Context } from "hono";
import { z } from "zod";
import { alertViewOf } from "#domain/alerts/alert.ts";
import {
  ALERT_STATES,
  alertView,
  ruleFrom,
  ruleIdParam,
  ruleInput,
  ruleView,
  ruleViewOf,
} from "#domain/alerts/model.ts";
import { isInReach, type Reach } from "#domain/alerts/rules.ts";
import { ACCOUNT_SIGNALS, SIGNALS } from "#domain/alerts/signals.ts";
import { SLO_NAMES, SLOS } from "#domain/alerts/slo.ts";
import {
  type AppEnv,
  expectedVersion,
  fails,
  feature,
  json,
  PAGE_DEFAULT,
  pageFrom,
  pageOf,
  pageQuery,
  refuse,
  route,
  tagged,
  unwrap,
} from "#workers/http/kit.ts";
import { cursorFrom } from "#domain/shared/cursor.ts";
import { reachOf } from "#workers/http/reach.ts";

const list = route(
  {
    method: "get",
    path: "/v1/alerts",
    summary: "List alerts, newest first: what is pending, fires, or is over",
    access: "alert.read",
    request: { query: pageQuery.extend({ state: z.enum(ALERT_STATES).optional() }) },
    responses: { 200: { description: "A page of alerts", ...json(pageOf(alertView)) } },
  },
  async (c) => {
    const { services, principal } = c.var;
    const { state = null, limit = PAGE_DEFAULT, cursor } = c.req.valid("query");
    const before = cursor === undefined ? Infinity : unwrap(cursorFrom(cursor)).atMs;
    const found = await services.alerts
      .of(principal.accountId)
      .alerts(state, Math.min(before, Number.MAX_SAFE_INTEGER), limit + 1);
    const { page, nextCursor } = pageFrom(found, limit, ({ seq, alert }) => ({
      atMs: seq,
      id: alert.id,
    }));
    const items = page.map(({ alert, isSilenced }) => alertViewOf(alert, isSilenced));
    return c.json({ items, nextCursor });
  },
);

const rules = route(
  {
    method: "get",
    path: "/v1/alerts/rules",
    summary: "List the rules that alerts come from",
    description:
      "Some come with the product; each may be changed, turned off, and put back. They look at the account's own requests, agents and queue; the first account's at the whole installation's, and at its hosts, databases and objectives.",
    access: "alert.read",
    responses: { 200: { description: "All rules", ...json(pageOf(ruleView)) } },
  },
  async (c) => {
    const reach = await reachOf(c);
    const standing = await c.var.services.alerts.of(c.var.principal.accountId).rules(reach);
    return c.json({ items: standing.map(viewOf), nextCursor: null });
  },
);

const getRule = route(
  {
    method: "get",
    path: "/v1/alerts/rules/{id}",
    summary: "Show a rule",
    access: "alert.read",
    request: { params: ruleIdParam },
    responses: { 200: { description: "The rule", ...json(ruleView) }, ...fails("not-found") },
  },
  async (c) => {
    const rule = await ruleOf(c, c.req.valid("param").id);
    return tagged(c, viewOf(rule), rule.version);
  },
);

const putRule = route(
  {
    method: "put",
    path: "/v1/alerts/rules/{id}",
    summary: "Set a rule: one of the product's otherwise, or one of your own",
    description:
      "What the rule was saying before is over. With `If-Match` only that version is changed.",
    access: "alert.change",
    request: { params: ruleIdParam, body: json(ruleInput) },
    responses: {
      200: { description: "The rule", ...json(ruleView) },
      ...fails("not-found", "forbidden", "version-stale", "too-many-requests"),
    },
  },
  async (c) => {
    const { services, principal } = c.var;
    const reach = await reachOf(c);
    const rule = ruleFrom(c.req.valid("param").id, c.req.valid("json"));
    if (!isInReach(rule.signal, reach))
      refuse({
        code: "forbidden",
        detail: `${rule.signal} is the installation's, which its first account watches; yours are ${ACCOUNT_SIGNALS.join(", ")}`,
      });
    const expected = expectedVersion(c) ?? "any";
    const version = expected === "any" ? null : expected;
    const set = unwrap(await services.alerts.setRule(principal.accountId, reach, rule, version));
    return tagged(c, viewOf(set), set.version);
  },
);

const dropRule = route(
  {
    method: "delete",
    path: "/v1/alerts/rules/{id}",
    summary: "Take a rule of your own away, or put one of the product's back",
    access: "alert.change",
    request: { params: ruleIdParam },
    responses: { 204: { description: "It is gone, or as it came" }, ...fails("not-found") },
  },
  async (c) => {
    const { id } = await ruleOf(c, c.req.valid("param").id);
    await c.var.services.alerts.of(c.var.principal.accountId).dropRule(id);
    return c.body(null, 204);
  },
);

const burn = z.number();
const sloView = z.object({
  id: z.enum(SLO_NAMES),
  description: z.string(),
  objective: z.number(),
  windowDays: z.int(),
  requests: z.number(),
  errors: z.number(),
  budgetLeft: z.number().describe("As a share of the errors allowed; below 0 it is broken"),
  burn: z
    .object({ "1h": burn, "6h": burn, "3d": burn })
    .describe("How many times faster than allowed errors came"),
});

const slos = route(
  {
    method: "get",
    path: "/v1/slos",
    summary: "Show what is promised, how it is kept, and how much may still go wrong",
    description: "Of the installation as a whole, over 30 days: for the first account.",
    access: "alert.read",
    responses: {
      200: { description: "All objectives", ...json(pageOf(sloView)) },
      ...fails("forbidden"),
    },
  },
  async (c) => {
    if ((await reachOf(c)) !== "platform")
      refuse({
        code: "forbidden",
        detail: "the first account sees what the installation promises",
      });
    const states = await c.var.services.alerts.of(c.var.principal.accountId).slos();
    const items = states.map((state) => ({
      ...state,
      description: SLOS[state.id].help,
      windowDays: 30,
    }));
    return c.json({ items, nextCursor: null });
  },
);

async function ruleOf(c: Context<AppEnv>, id: string) {
  const reach: Reach = await reachOf(c);
  const standing = await c.var.services.alerts.of(c.var.principal.accountId).rules(reach);
  return standing.find((one) => one.id === id) ?? refuse({ code: "not-found" });
}

const viewOf = (rule: Parameters<typeof ruleViewOf>[0]) =>
  ruleViewOf(rule, SIGNALS[rule.signal].unit);

export const alerting = feature(list, rules, getRule, putRule, dropRule, slos);
