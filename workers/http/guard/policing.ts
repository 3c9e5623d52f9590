import type { Context } from "hono";
import type { Services } from "#adapters/index.ts";
import { agentAttributes } from "#domain/agents/attributes.ts";
import { type AgentRecord, isVisibleTo } from "#domain/agents/record.ts";
import type { Principal } from "#domain/accounts/model.ts";
import { isUsableFrom } from "#domain/accounts/key-rules.ts";
import { type Action, refusalOf, requirementOf } from "#domain/policies/actions.ts";
import type { Attributes } from "#domain/policies/attributes.ts";
import {
  type Circumstances,
  decide,
  type Decision,
  type Policies,
} from "#domain/policies/policies.ts";
import type { Problem } from "#domain/shared/problem.ts";
import type { StoredUnit } from "#domain/units/record.ts";
import { unitAttributes } from "#domain/units/attributes.ts";
import {
  type AppEnv,
  type Call,
  type Permission,
  refuse,
  type Route,
  type Subject,
} from "#workers/http/kit.ts";

/** Asks the account's policy. What it cannot say before it sees the resource is left in `c.var.permission`. */
export async function narrow(
  c: Call<{ access: Action }>,
  principal: Principal,
  action: Action,
): Promise<void> {
  const policies = await c.get("services").policies.policiesOf(principal);
  if (policies === null) return;
  const circumstances = circumstancesOf(c);
  const id = c.req.param("id");
  const { resource: type } = requirementOf(action);
  const resource = id === undefined ? { type } : { type, id };
  const decision = decide(policies, principal, action, resource, circumstances);
  if (decision.decision === "deny") refuse(forbidden(decision));
  if (decision.decision === "depends")
    c.set("permission", permissionFrom(policies, principal, action, circumstances));
}

/** Who asks, from where, and who knows the policies: a request, or what was opened by one and goes on. */
export type Asking = {
  services: { policies: Pick<Services["policies"], "policiesOf"> };
  principal: Principal;
  circumstances: Circumstances;
};
export const askingOf = (c: Context<AppEnv>): Asking => {
  const { services, principal } = c.var;
  return { services, principal, circumstances: circumstancesOf(c) };
};

/** Why the account's policy lets somebody not do an action for sure, whatever it is done to or to what is named, or null. */
export async function ruledOut(
  { services, principal, circumstances }: Asking,
  action: Action,
  id?: string,
): Promise<Problem<"forbidden"> | null> {
  const policies =
    principal.policyVersion > 0 ? await services.policies.policiesOf(principal) : null;
  if (policies === null) return null;
  const { resource: type } = requirementOf(action);
  const resource = id === undefined ? { type } : { type, id };
  const decision = decide(policies, principal, action, resource, circumstances);
  return decision.decision === "allow" ? null : forbidden(decision);
}

/** Whether a request for an action would be let through now, done to what is named or to nothing in particular: every doubt is a no. */
export async function mayNow(asking: Asking, action: Action, id?: string): Promise<boolean> {
  const { principal, circumstances } = asking;
  const { nowMs, address } = circumstances;
  if ((principal.expiresAtMs ?? Infinity) <= nowMs || !isUsableFrom(principal, address))
    return false;
  if (refusalOf(principal, action, nowMs) !== null) return false;
  return (await ruledOut(asking, action, id)) === null;
}

export const circumstancesOf = (c: Pick<Context<AppEnv>, "get" | "req">): Circumstances => ({
  nowMs: c.get("nowMs"),
  address: c.get("services").addressOf(c.req.raw),
});

function permissionFrom(
  policies: Policies,
  principal: Principal,
  action: Action,
  circumstances: Circumstances,
): Permission {
  const { resource: type } = requirementOf(action);
  return (id: string, attributes: Attributes) => {
    const resource = { type, id, attributes };
    const decision = decide(policies, principal, action, resource, circumstances);
    return decision.decision === "allow" ? null : forbidden(decision);
  };
}

/** Asks what was left open, once body and path are read and before anything is done. */
export async function permit(
  c: Context,
  permission: Permission,
  policed: Route["policed"],
): Promise<void> {
  if (policed === "items") return;
  if (policed === undefined) {
    const detail = "a rule of the account's policy looks at what this address does not show";
    return refuse({ code: "forbidden", detail });
  }
  const subjects = await policed(c);
  if (subjects === null) return refuse({ code: "not-found" });
  for (const { id, attributes } of subjects) {
    const refusal = permission(id, attributes);
    if (refusal !== null) refuse(refusal);
  }
}

/** The address of one agent, and everything below it: what is done there is done to that agent, by whatever route. */
const ABOUT_AN_AGENT = /^\/v1\/agents\/\{id\}(\/|$)/;

/** How a route is asked that does not say so itself. */
export const policedBy = ({ policed, config }: Pick<Route, "policed" | "config">) =>
  policed ?? (ABOUT_AN_AGENT.test(config.path) ? aboutAgent : undefined);

async function aboutAgent(c: Context): Promise<Subject[] | null> {
  const { services, principal } = (c as Context<AppEnv>).var;
  const agent = await services.agents.lately(c.req.param("id") ?? "");
  if (agent === null || !isVisibleTo(agent, principal)) return null;
  return [{ id: agent.id, attributes: agentAttributes(agent, principal) }];
}

/** Of some agents, those that a policy lets the caller have. */
export function permittedAgents<A extends AgentRecord>(
  c: Context<AppEnv>,
  agents: readonly A[],
): A[] {
  const permission = c.get("permission");
  if (permission === undefined) return [...agents];
  const principal = c.get("principal");
  return agents.filter((one) => permission(one.id, agentAttributes(one, principal)) === null);
}

/** Ends the request where a policy does not let the caller have what it is about to be given. */
export function insist(c: Context<AppEnv>, { id, attributes }: Subject): void {
  const refusal = c.get("permission")?.(id, attributes) ?? null;
  if (refusal !== null) refuse(refusal);
}

/** Of some units, those a policy lets the caller have. */
export function permitted<U extends StoredUnit>(c: Context<AppEnv>, units: readonly U[]): U[] {
  const permission = c.get("permission");
  if (permission === undefined) return [...units];
  const { accountId } = c.get("principal");
  return units.filter((unit) => permission(unit.head.id, unitAttributes(unit, accountId)) === null);
}

const forbidden = ({ rule, reason }: Decision): Problem<"forbidden"> => ({
  code: "forbidden",
  detail: rule === null ? reason : `${reason} (${rule})`,
});
