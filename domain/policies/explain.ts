import { z } from "zod";
import { agentRefusal } from "#domain/agents/principal.ts";
import type { Principal } from "#domain/accounts/model.ts";
import { ACTION_NAMES } from "#domain/policies/model.ts";
import { type Action, ACTIONS, refusalOf, requirementOf } from "#domain/policies/actions.ts";
import {
  type Circumstances,
  decide,
  type Policies,
  type Resource,
} from "#domain/policies/policies.ts";

export const explained = z.object({
  decision: z.enum(["allow", "deny", "depends"]),
  /** `agent:paused` and the like, `scope:…`, `role:…`, `second-factor`, `policy:<rule>@<version>`: the first thing that decided. */
  rule: z.string(),
  reason: z.string(),
});
export type Explained = z.infer<typeof explained>;

/** The decision about every action, where nothing is said of its resource. */
export const decisions = z.object({
  items: z.array(explained.extend({ action: z.enum(ACTION_NAMES) })),
});
export type Decisions = z.infer<typeof decisions>;

/** What would happen, and which rule decides: the same functions that decide about requests, in the same order. */
export function explain(
  policies: Policies | null,
  principal: Principal,
  action: Action,
  resource: Resource,
  circumstances: Circumstances,
): Explained {
  const { scope, role } = requirementOf(action);
  const stopped = agentRefusal(principal, action);
  if (stopped !== null)
    return {
      decision: "deny",
      rule: `agent:${ruleOf(principal.agent)}`,
      reason: stopped.detail ?? "",
    };
  const refusal = refusalOf(principal, action, circumstances.nowMs);
  if (refusal?.code === "second-factor-required") {
    const reason = "needs a second factor proven a short while ago";
    return { decision: "deny", rule: "second-factor", reason };
  }
  if (refusal !== null) {
    const rule = refusal.scope === undefined ? `role:${role}` : `scope:${refusal.scope}`;
    return { decision: "deny", rule, reason: refusal.detail ?? "" };
  }
  if (policies !== null) {
    const { rule, ...decided } = decide(policies, principal, action, resource, circumstances);
    if (rule !== null) return { ...decided, rule };
  }
  const with_ =
    scope === undefined || !principal.scopes.has(scope) ? "" : ` with the scope ${scope}`;
  return {
    decision: "allow",
    rule: `role:${role}`,
    reason: `the role ${principal.role}${with_} may do it, and no rule of the account forbids it`,
  };
}

/** What somebody may do at all: `depends` where a rule of the account looks at the resource. */
export const decideAll = (
  policies: Policies | null,
  principal: Principal,
  circumstances: Circumstances,
): Decisions["items"] =>
  ACTION_NAMES.map((action) => {
    const resource = { type: ACTIONS[action].resource };
    return { action, ...explain(policies, principal, action, resource, circumstances) };
  });

/** Its state where that stops it, otherwise what it is. */
const ruleOf = (agent: Principal["agent"]): string | undefined =>
  agent?.state === "active" ? agent.type : agent?.state;
