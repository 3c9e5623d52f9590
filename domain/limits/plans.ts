import type { Principal } from "#domain/accounts/model.ts";
import { AUDIT_DAYS_MIN } from "#domain/audit/model.ts";
import type { Quota } from "#domain/limits/bucket.ts";
import type { Limit } from "#domain/limits/limiter.ts";

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;

/** Who shares a bucket: everybody of the account, whoever acts by the same key, client or person, or one agent. */
type Sharing = "account" | "key" | "agent";
type PlanLimit = { policy: string; by: Sharing; quota: Quota };

const limit = (policy: string, by: Sharing, requests: number, periodMs: number): PlanLimit => ({
  policy,
  by,
  quota: { requests, periodMs },
});

/** What an account may ask for. The first account's plan has no request quota: only overload stops it. */
const PLANS = {
  unlimited: [],
  free: [
    limit("account", "account", 1_000, MINUTE_MS),
    limit("day", "account", 50_000, DAY_MS),
    limit("key", "key", 600, MINUTE_MS),
    limit("agent", "agent", 120, MINUTE_MS),
  ],
  standard: [
    limit("account", "account", 12_000, MINUTE_MS),
    limit("day", "account", 2_000_000, DAY_MS),
    limit("key", "key", 6_000, MINUTE_MS),
    limit("agent", "agent", 600, MINUTE_MS),
  ],
  fleet: [
    limit("account", "account", 6_000_000, MINUTE_MS),
    limit("day", "account", 1_000_000_000, DAY_MS),
    limit("key", "key", 1_200_000, MINUTE_MS),
    limit("agent", "agent", 600, MINUTE_MS),
  ],
} as const satisfies Record<string, readonly PlanLimit[]>;

export const PLAN_NAMES = ["unlimited", "free", "standard", "fleet"] as const;
export type PlanName = (typeof PLAN_NAMES)[number];
/** What an account has that nobody gave another plan. */
export const PLAN_DEFAULT: PlanName = "standard";

const AUDIT_DAYS: Record<PlanName, number> = {
  unlimited: 365,
  free: AUDIT_DAYS_MIN,
  standard: AUDIT_DAYS_MIN,
  fleet: 365,
};

/** For how many days an account of that plan keeps an entry of its audit log. */
export const auditDaysOf = (plan: PlanName): number => Math.max(AUDIT_DAYS_MIN, AUDIT_DAYS[plan]);

/** A plan that this release does not know is the usual one: nobody is without limits by mistake. */
export const planOf = (name: string): PlanName =>
  PLAN_NAMES.find((known) => known === name) ?? PLAN_DEFAULT;

/** The buckets that a principal's requests spend from; all lie in its account's object. */
export function limitsOf(principal: Principal): Limit[] {
  const { principalId, keyId, token, agentId } = principal;
  const shared: Record<Sharing, string | undefined> = {
    account: "",
    key: keyId ?? token?.clientId ?? principalId,
    agent: agentId,
  };
  return PLANS[principal.plan ?? PLAN_DEFAULT].flatMap(({ policy, by, quota }) => {
    const who = shared[by];
    return who === undefined ? [] : [{ policy, name: `${policy} ${who}`, quota }];
  });
}
