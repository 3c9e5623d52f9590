import { z } from "zod";
import { auditDaysOf, limitsOf, PLAN_DEFAULT, PLAN_NAMES } from "#domain/limits/plans.ts";
import { forget } from "#workers/http/guard/auth.ts";
import { fails, feature, idParam, json, refuse, route } from "#workers/http/kit.ts";

const limitView = z.object({
  /** As `RateLimit` and `RateLimit-Policy` name it. */
  name: z.string(),
  requests: z.int(),
  periodSeconds: z.int(),
  /** How many more may be sent now, give or take what the parts of the product hold in advance. */
  remaining: z.int(),
});
const limitsView = z.object({
  plan: z.enum(PLAN_NAMES),
  limits: z.array(limitView),
  /** For how long entries of the audit log are kept. */
  auditDays: z.int(),
});
const planInput = z.strictObject({ plan: z.enum(PLAN_NAMES) });
const planView = z.object({ accountId: z.string(), plan: z.enum(PLAN_NAMES) });

const read = route(
  {
    method: "get",
    path: "/v1/limits",
    summary: "Read your plan and what is left of its limits",
    description: "No limits: the plan sets none, and only overload stops you.",
    access: "limit.read",
    responses: { 200: { description: "The limits of this credential", ...json(limitsView) } },
  },
  async (c) => {
    const { services, principal } = c.var;
    const group = services.limits.group(principal.accountId, limitsOf(principal));
    const left = await services.limits.look(group);
    const limits = group.holdings.map(({ policy, quota: { requests, periodMs } }, i) => ({
      name: policy,
      requests,
      periodSeconds: periodMs / 1_000,
      remaining: left[i] ?? requests,
    }));
    const plan = principal.plan ?? PLAN_DEFAULT;
    return c.json({ plan, limits, auditDays: auditDaysOf(plan) });
  },
);

const change = route(
  {
    method: "put",
    path: "/v1/accounts/{id}/plan",
    summary: "Give another account a plan",
    description:
      "The first account decides, and has no request quota itself. Takes effect within 5 seconds.",
    access: "plan.change",
    request: { params: idParam, body: json(planInput) },
    responses: {
      200: { description: "The plan", ...json(planView) },
      ...fails("forbidden", "not-found", "conflict"),
    },
  },
  async (c) => {
    const { services, principal } = c.var;
    const { id } = c.req.valid("param");
    const { plan } = c.req.valid("json");
    const first = await services.accounts.firstAccountId();
    if (principal.accountId !== first)
      refuse({ code: "forbidden", detail: "the first account decides" });
    if (id === first)
      refuse({ code: "conflict", detail: "the first account has no request quota" });
    if (!(await services.plans.setPlan(id, plan))) refuse({ code: "not-found" });
    forget(c.env, (known) => known.accountId === id);
    return c.json({ accountId: id, plan });
  },
);

export const plans = feature(read, change);
