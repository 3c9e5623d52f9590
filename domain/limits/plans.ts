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

/** Tokens a day that an account may have models read and write, together; null: as many as it likes. */
const TOKENS_A_DAY: Record<PlanName, number | null> = {
  unlimited: null,
  free: 500_000,
  standard: 20_000_000,
  fleet: 10_000_000_000,
};

/** What an account counts beside others where all share: of two that always have work, the heavier gets so many times more. */
const WEIGHTS: Record<PlanName, number> = { free: 1, standard: 4, fleet: 16, unlimited: 16 };

/** What one task counts in its account's share of a shared pool: the heavier the account, the less. One of the usual plan counts 1. */
export const taskCostOf = (plan: PlanName = PLAN_DEFAULT): number =>
  WEIGHTS[PLAN_DEFAULT] / WEIGHTS[plan];

/** What an account may spend on models in a day (domain/inference/budget.ts). */
export const tokensADay = (plan: PlanName = PLAN_DEFAULT): number | null => TOKENS_A_DAY[plan];

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
