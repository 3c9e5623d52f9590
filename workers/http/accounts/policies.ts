import { z } from "zod";
import { ACTIONS, type Action, refusalOf, requirementOf } from "#domain/policies/actions.ts";
import { agentAttributes } from "#domain/agents/attributes.ts";
import { isVisibleTo } from "#domain/agents/record.ts";
import { attributesOf } from "#domain/policies/attributes.ts";
import { decideAll, decisions, explain, explained } from "#domain/policies/explain.ts";
import { explainInput, policyInput, policyView, viewOfPolicy } from "#domain/policies/model.ts";
import { checkPolicy, type Resource } from "#domain/policies/policies.ts";
import type { Principal } from "#domain/accounts/model.ts";
import type { MemberRecord } from "#domain/people/members.ts";
import { scopesOfRole } from "#domain/people/model.ts";
import { keyVerdictOf } from "#domain/accounts/verdict.ts";
import { cursorFrom } from "#domain/shared/cursor.ts";
import { LIMITS } from "#domain/shared/limits.ts";
import { unitAttributes } from "#domain/units/attributes.ts";
import { isVisible } from "#domain/units/record.ts";
import { forget } from "#workers/http/guard/auth.ts";
import {
  type Call,
  expectedVersion,
  fails,
  feature,
  integerQuery,
  json,
  pageFrom,
  pageOf,
  PAGE_DEFAULT,
  pageQuery,
  refuse,
  route,
  tagged,
  unwrap,
} from "#workers/http/kit.ts";
import { circumstancesOf } from "#workers/http/guard/policing.ts";

const get = route(
  {
    method: "get",
    path: "/v1/policies",
    summary: "Read your account's policy",
    description:
      "The version in force, or an older one. An account begins with version 0, which has no rules: scope and role decide.",
    access: "policy.read",
    request: {
      query: z.strictObject({ version: integerQuery(1, 1_000_000_000).optional() }),
    },
    responses: { 200: { description: "The policy", ...json(policyView) }, ...fails("not-found") },
  },
  async (c) => {
    const { services, principal } = c.var;
    const { accountId } = principal;
    const asked = c.req.valid("query").version;
    // As the catalog has it now: a change is based on what is read here.
    const version = asked ?? (await services.policies.policyVersion(accountId));
    const record = version === 0 ? null : await services.policies.policy(accountId, version);
    if (record === null && version !== 0) refuse({ code: "not-found" });
    return tagged(c, viewOfPolicy(record), version);
  },
);

const versions = route(
  {
    method: "get",
    path: "/v1/policies/versions",
    summary: "List the versions of your account's policy, newest first",
    description: `The last ${LIMITS.policyVersionsMax} are kept.`,
    access: "policy.read",
    request: { query: pageQuery },
    responses: { 200: { description: "A page of versions", ...json(pageOf(policyView)) } },
  },
  async (c) => {
    const { services, principal } = c.var;
    const { limit = PAGE_DEFAULT, cursor } = c.req.valid("query");
    const before = cursor === undefined ? Number.MAX_SAFE_INTEGER : unwrap(cursorFrom(cursor)).atMs;
    const found = await services.policies.policies(principal.accountId, before, limit + 1);
    const { page, nextCursor } = pageFrom(found, limit, ({ version, accountId }) => ({
      atMs: version,
      id: accountId,
    }));
    return c.json({ items: page.map(viewOfPolicy), nextCursor });
  },
);

const put = route(
  {
    method: "put",
    path: "/v1/policies",
    priority: "vital",
    summary: "Put another policy in force",
    description:
      "Needs `If-Match` with the version you read. It narrows what scopes and roles allow: a rule that forbids beats every rule that permits. In force everywhere within 5 seconds.",
    access: "policy.change",
    request: { body: json(policyInput) },
    responses: {
      200: { description: "The policy now in force", ...json(policyView) },
      ...fails("version-stale", "version-required"),
    },
  },
  async (c) => {
    const { services, principal, nowMs } = c.var;
    const { accountId, principalId } = principal;
    const input = c.req.valid("json");
    unwrap(checkPolicy(input));
    const expected = expectedVersion(c) ?? refuse({ code: "version-required" });
    const current = await services.policies.policyVersion(accountId);
    if (expected !== "any" && expected !== current) refuse({ code: "version-stale" });
    const record = { accountId, version: current + 1, ...input, principalId, createdAtMs: nowMs };
    if ((await services.policies.putPolicy(record)) === "stale") refuse({ code: "version-stale" });
    c.set("noted", { version: record.version });
    forget(c.env, (known) => known.accountId === accountId);
    return tagged(c, viewOfPolicy(record), record.version);
  },
);

const actionView = z.object({
  action: z.string(),
  resource: z.string(),
  scope: z.string().nullable(),
  role: z.string(),
  secondFactor: z.boolean(),
  audited: z.boolean(),
  /** Whether an account's policy can narrow it. */
  ruled: z.boolean(),
  /** What a condition may ask of its resource, beside `type` and `id`. */
  attributes: z.array(z.string()),
});

const actions = route(
  {
    method: "get",
    path: "/v1/policies/actions",
    summary: "List every action, with what it needs",
    access: "policy.explain",
    responses: {
      200: {
        description: "The actions",
        ...json(z.object({ items: z.array(actionView) })),
      },
    },
  },
  (c) => c.json({ items: (Object.keys(ACTIONS) as Action[]).map(viewOfAction) }),
);

function viewOfAction(action: Action): z.infer<typeof actionView> {
  const { resource, scope, role, fresh, sensitive, unruled } = requirementOf(action);
  return {
    action,
    resource,
    scope: scope ?? null,
    role,
    secondFactor: fresh === true,
    audited: sensitive === true,
    ruled: unruled !== true,
    attributes: attributesOf(action),
  };
}

const all = route(
  {
    method: "get",
    path: "/v1/policies/decisions",
    summary: "Tell of every action whether you may do it, and which rule decides",
    description:
      "What an application offers to whom follows from it. `depends` means that a rule looks at the resource. An action that needs a second factor proven anew is denied by the rule `second-factor`.",
    access: "policy.explain",
    responses: { 200: { description: "The decisions", ...json(decisions) } },
  },
  async (c) => {
    const { services, principal } = c.var;
    const policies = await services.policies.policiesOf(principal);
    return c.json({ items: decideAll(policies, principal, circumstancesOf(c)) });
  },
);

const why = route(
  {
    method: "post",
    path: "/v1/policies/explain",
    summary: "Tell whether you may do something, and which rule decides",
    description:
      "Nothing is done. `depends` means that a rule looks at the resource: name one by its id. With `keyId` or `memberId`, what another key or a person of your account may do; that needs what reading policies needs.",
    access: "policy.explain",
    idempotency: "ignored",
    request: { body: json(explainInput) },
    responses: {
      200: { description: "The decision", ...json(explained) },
      ...fails("not-found"),
    },
  },
  async (c) => {
    const { services } = c.var;
    const { action, resource, ...who } = c.req.valid("json");
    const principal = await inPlaceOf(c, who);
    const policies = await services.policies.policiesOf(principal);
    const subject = await subjectOf(c, resource);
    return c.json(explain(policies, principal, action, subject, circumstancesOf(c)));
  },
);

type Explaining = Call<{ access: "policy.explain" }>;

type Who = Pick<z.infer<typeof explainInput>, "keyId" | "memberId">;

/** The caller, or who it asks about: of its own account, and only for who may read policies. */
async function inPlaceOf(c: unknown, { keyId, memberId }: Who): Promise<Principal> {
  const { services, principal, nowMs } = (c as Explaining).var;
  const isOwnKey = keyId === undefined || keyId === principal.keyId;
  if (memberId === undefined && isOwnKey) return principal;
  const here = circumstancesOf(c as Explaining);
  const allowed = explain(null, principal, "policy.read", { type: "policy" }, here);
  if (allowed.decision !== "allow") refuse({ code: "forbidden", detail: allowed.reason });
  if (memberId !== undefined) {
    const member = await services.people.member(principal.accountId, memberId);
    return member?.person == null
      ? refuse({ code: "not-found" })
      : personOf(member, principal, nowMs);
  }
  const row = keyId === undefined ? null : await services.accounts.keyRow(keyId);
  const verdict = row?.accountId === principal.accountId ? keyVerdictOf(row, nowMs) : null;
  return verdict?.principal ?? refuse({ code: "not-found" });
}

/** A member in a session of their own, in which they have just proven their second factor. */
const personOf = (
  { id, role }: MemberRecord,
  { accountId, policyVersion }: Principal,
  nowMs: number,
): Principal => ({
  accountId,
  principalId: id,
  kind: "session",
  scopes: new Set(scopesOfRole(role)),
  role,
  policyVersion,
  factor: { provenAtMs: nowMs },
});

/**
 * With what a policy may ask of it, where it is a unit or an agent that the caller may see. Whoever may read none is told
 * nothing of one, not even that it is there.
 */
async function subjectOf(c: unknown, resource: { type: string; id?: string }): Promise<Resource> {
  const { services, principal, nowMs } = (c as Explaining).var;
  const { type, id } = resource;
  if (id === undefined) return { type };
  if (type === "agent" && refusalOf(principal, "agent.read", nowMs) === null) {
    const agent = await services.agents.agent(id);
    if (agent === null || !isVisibleTo(agent, principal)) return refuse({ code: "not-found" });
    return { type, id, attributes: agentAttributes(agent, principal) };
  }
  if (type !== "unit" || refusalOf(principal, "unit.read", nowMs) !== null) return { type, id };
  const stored = await services.units.visible(id, principal.accountId);
  if (stored === null || !isVisible(stored, principal.accountId))
    return refuse({ code: "not-found" });
  return { type, id, attributes: unitAttributes(stored, principal.accountId) };
}

export const policies = feature(get, versions, put, actions, all, why);
