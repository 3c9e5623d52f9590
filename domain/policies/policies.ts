import type { Principal } from "#domain/accounts/model.ts";
import { type Action, requirementOf } from "#domain/policies/actions.ts";
import { type Attributes, attributesOf } from "#domain/policies/attributes.ts";
import { type Condition, conditionFrom, type ConditionFacts } from "#domain/policies/condition.ts";
import { actionsOf, type PolicyInput, type Rule } from "#domain/policies/model.ts";
import { LIMITS } from "#domain/shared/limits.ts";
import type { Invalid, Problem } from "#domain/shared/problem.ts";
import { err, ok, type Result } from "#domain/shared/result.ts";

/** A version of an account's policy, ready to be asked. */
export type Policies = {
  version: number;
  otherwise: "allow" | "deny";
  rules: ReadonlyMap<Action, readonly Compiled[]>;
};

type Compiled = {
  id: string;
  effect: "permit" | "forbid";
  reason: string | undefined;
  /** Null where the rule always applies. */
  condition: Condition | null;
  /** Stored by a release that understood it, and not understood by this one: a doubt. */
  isUnreadable: boolean;
};

/** What an action is done to, as far as it is known: one that is being made has the id "" until it is. */
export type Resource = { type: string; id?: string; attributes?: Attributes };

/** When somebody asks, and from where, as far as that is known. */
export type Circumstances = { nowMs: number; address: string | null };

/** `depends`: the attributes of the resource decide, and they are not given yet. */
export type Decision = {
  decision: "allow" | "deny" | "depends";
  /** `policy:<rule>@<version>`, or null where no rule of the account applied. */
  rule: string | null;
  reason: string;
};

/** Whether a policy may be put in force: each condition is one, and asks only what its actions can tell. */
export function checkPolicy(input: PolicyInput): Result<undefined, Problem<"invalid-request">> {
  const errors = input.rules.flatMap((rule, i) => {
    if (rule.when === undefined) return [];
    const pointer = `/rules/${i}/when`;
    const condition = conditionFrom(rule.when);
    if (!condition.ok) return [{ pointer, detail: condition.error }];
    return untold(rule, condition.value, pointer);
  });
  if (errors.length > 0) return err({ code: "invalid-request", errors });
  const policies = compile({ version: 0, ...input });
  for (const [action, rules] of policies.rules) {
    const cost = rules.reduce((sum, { condition }) => sum + (condition?.cost ?? 1), 0);
    if (cost > LIMITS.policyActionCostMax) {
      const detail = `ask too much of one request to ${action}`;
      return err({ code: "invalid-request", errors: [{ pointer: "/rules", detail }] });
    }
  }
  return ok(undefined);
}

function untold(rule: Rule, { fields }: Condition, pointer: string): Invalid[] {
  const attributes = [...fields].filter((field) => field !== "id");
  if (attributes.length === 0) return [];
  const silent = rule.actions.flatMap(actionsOf).find((action) => {
    const told = attributesOf(action);
    return attributes.some((name) => !told.includes(name));
  });
  if (silent === undefined) return [];
  const named = attributes.map((name) => `resource.${name}`).join(", ");
  return [{ pointer, detail: `${silent} cannot tell ${named}; name the actions that can` }];
}

export function compile(stored: {
  version: number;
  otherwise: "allow" | "deny";
  rules: readonly Rule[];
}): Policies {
  const rules = new Map<Action, Compiled[]>();
  for (const rule of stored.rules) {
    const read = rule.when === undefined ? ok(null) : conditionFrom(rule.when);
    const compiled: Compiled = {
      id: rule.id,
      effect: rule.effect,
      reason: rule.reason,
      condition: read.ok ? read.value : null,
      isUnreadable: !read.ok,
    };
    for (const action of new Set(rule.actions.flatMap(actionsOf))) {
      // Whoever may set policies, ask about them or sign out may do so under any policy: nobody locks an account.
      if (requirementOf(action).unruled === true) continue;
      rules.set(action, [...(rules.get(action) ?? []), compiled]);
    }
  }
  return { version: stored.version, otherwise: stored.otherwise, rules };
}

/**
 * What an account's policy says of one action: a rule that forbids beats every rule that permits, in any order. It is
 * asked after scope and role, so what it allows is still no more than they do.
 */
export function decide(
  policies: Policies,
  principal: Principal,
  action: Action,
  resource: Resource,
  circumstances: Circumstances,
): Decision {
  const rules = policies.rules.get(action) ?? [];
  const facts = factsOf(principal, resource, circumstances);
  const named = (rule: Compiled) => `policy:${rule.id}@${policies.version}`;
  let undecided: Compiled | undefined;
  let permitting: Compiled | undefined;
  let mayPermit: Compiled | undefined;
  for (const rule of rules) {
    const applies = appliesTo(rule, facts, resource);
    if (applies === false) continue;
    if (rule.effect === "forbid") {
      if (applies === true)
        return { decision: "deny", rule: named(rule), reason: reasonOf(rule, "forbids it") };
      undecided ??= rule;
    } else if (applies === true) permitting ??= rule;
    else mayPermit ??= rule;
  }
  const isOpen = policies.otherwise === "allow" || requirementOf(action).unruled === true;
  if (!isOpen && permitting === undefined && mayPermit === undefined) {
    const reason = "the account's policy permits only what one of its rules names";
    return { decision: "deny", rule: `policy:otherwise@${policies.version}`, reason };
  }
  undecided ??= isOpen || permitting !== undefined ? undefined : mayPermit;
  if (undecided !== undefined) {
    const reason = "it depends on the resource, which is not named, or not yours to read";
    return { decision: "depends", rule: named(undecided), reason };
  }
  return permitting === undefined
    ? { decision: "allow", rule: null, reason: "no rule of the account's policy applies" }
    : { decision: "allow", rule: named(permitting), reason: reasonOf(permitting, "permits it") };
}

/** Doubt is for the side of refusing: what cannot be evaluated applies where it forbids and not where it permits. */
function appliesTo(
  { effect, condition, isUnreadable }: Compiled,
  facts: ConditionFacts,
  resource: Resource,
): boolean | "unknown" {
  if (isUnreadable) return effect === "forbid";
  if (condition === null) return true;
  for (const field of condition.fields) {
    const isKnown = field === "id" ? resource.id !== undefined : resource.attributes !== undefined;
    if (!isKnown) return "unknown";
  }
  try {
    return condition.holds(facts);
  } catch {
    return effect === "forbid";
  }
}

const reasonOf = (rule: Compiled, does: string) =>
  rule.reason ?? `the rule "${rule.id}" of the account's policy ${does}`;

const factsOf = (
  principal: Principal,
  resource: Resource,
  { nowMs, address }: Circumstances,
): ConditionFacts => ({
  principal: {
    id: principal.principalId,
    kind: principal.kind,
    role: principal.role,
    keyId: principal.keyId ?? "",
    clientId: principal.token?.clientId ?? "",
    agentId: principal.agentId ?? "",
    scopes: [...principal.scopes],
  },
  resource: { type: resource.type, id: resource.id ?? "", ...resource.attributes },
  request: { time: new Date(nowMs), address: address ?? "" },
});
