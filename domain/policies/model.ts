import { z } from "zod";
import { ACTIONS, type Action } from "#domain/policies/actions.ts";
import { LIMITS } from "#domain/shared/limits.ts";
import { text } from "#domain/shared/text.ts";

/** An action, all actions on one type of resource (`unit.*`), or all of them (`*`). */
const actionPattern = text(LIMITS.actionCharsMax).refine(
  (pattern) => actionsOf(pattern).length > 0,
  "names no action; GET /v1/policies/actions lists them",
);

const ruleInput = z.strictObject({
  id: text(LIMITS.idCharsMax).regex(
    /^[a-z0-9]+(-[a-z0-9]+)*$/,
    "must be lower-case words joined by hyphens",
  ),
  effect: z.enum(["permit", "forbid"]),
  actions: z.array(actionPattern).min(1).max(LIMITS.policyActionsMax),
  /** A condition in CEL over `principal`, `resource` and `request`; without one the rule always applies. */
  when: text(LIMITS.policyConditionCharsMax).optional(),
  /** What a refused caller reads. */
  reason: text(LIMITS.policyReasonCharsMax).optional(),
});
export type Rule = z.infer<typeof ruleInput>;

/** An account's own rules. They narrow what scope and role allow, and never widen it. */
export const policyInput = z
  .strictObject({
    /** What happens where no rule applies: `allow` leaves it to scope and role; `deny` allows only what a rule permits. */
    otherwise: z.enum(["allow", "deny"]).default("allow"),
    rules: z.array(ruleInput).max(LIMITS.policyRulesMax),
  })
  .superRefine(({ rules }, context) => {
    const seen = new Set<string>();
    for (const [i, { id }] of rules.entries()) {
      if (seen.has(id))
        context.addIssue({
          code: "custom",
          path: ["rules", i, "id"],
          message: "names another rule already",
        });
      seen.add(id);
    }
  });
export type PolicyInput = z.infer<typeof policyInput>;

export const ACTION_NAMES = Object.keys(ACTIONS) as [Action, ...Action[]];

/** Who asks to do what to which thing. */
export const explainInput = z
  .strictObject({
    action: z.enum(ACTION_NAMES),
    resource: z.strictObject({
      type: text(LIMITS.idCharsMax),
      id: text(LIMITS.idCharsMax).optional(),
    }),
    /** Another key of the account, in place of the caller. */
    keyId: text(LIMITS.idCharsMax).optional(),
    /** A person of the account, as in a session in which they have just proven their second factor. */
    memberId: text(LIMITS.idCharsMax).optional(),
  })
  .refine(({ action, resource }) => ACTIONS[action].resource === resource.type, {
    message: "is not what this action is done to",
    path: ["resource", "type"],
  })
  .refine(({ keyId, memberId }) => keyId === undefined || memberId === undefined, {
    message: "is given beside keyId",
    path: ["memberId"],
  });

/** A version of an account's policy as it is stored: never changed, only followed by another one. */
export type PolicyRecord = {
  accountId: string;
  version: number;
  otherwise: "allow" | "deny";
  rules: Rule[];
  /** The principal that put it in force. */
  principalId: string;
  createdAtMs: number;
};

export const policyView = z.object({
  version: z.int(),
  otherwise: z.enum(["allow", "deny"]),
  rules: z.array(ruleInput),
  /** Null in version 0, which every account begins with: no rules. */
  principalId: z.string().nullable(),
  createdAt: z.string().nullable(),
});
export type PolicyView = z.infer<typeof policyView>;

export const viewOfPolicy = (record: PolicyRecord | null): PolicyView =>
  record === null
    ? { version: 0, otherwise: "allow", rules: [], principalId: null, createdAt: null }
    : {
        version: record.version,
        otherwise: record.otherwise,
        rules: record.rules,
        principalId: record.principalId,
        createdAt: new Date(record.createdAtMs).toISOString(),
      };

/** The actions a pattern names; none where it is no pattern of this release. */
export function actionsOf(pattern: string): Action[] {
  if (pattern === "*") return [...ACTION_NAMES];
  if (!pattern.endsWith(".*")) return ACTION_NAMES.filter((action) => action === pattern);
  return ACTION_NAMES.filter((action) => action.startsWith(pattern.slice(0, -1)));
}
