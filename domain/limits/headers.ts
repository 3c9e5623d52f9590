import { type Holding, leftOf, scarcest } from "#domain/limits/holding.ts";

/** What an answer says of the limits it was given under. */
export type LimitHeaders = { policies: string; left: string };

/**
 * `RateLimit-Policy` (draft-ietf-httpapi-ratelimit-headers-10): each quota `q` and its period `w` in seconds.
 */
export const policyHeader = (holdings: readonly Holding[]): string =>
  holdings
    .map(({ policy, quota }) => `"${policy}";q=${quota.requests};w=${quota.periodMs / 1_000}`)
    .join(", ");

/** `RateLimit` of the quota with the least left: `r` requests remain, more come back in `t` seconds. */
export function rateLimitHeader(holdings: readonly Holding[], nowMs: number): string | undefined {
  const held = scarcest(holdings);
  return held && itemOf(held, leftOf(held), nowMs);
}

/** The same of the quota that refused. */
export const refusedHeader = (by: Holding, nowMs: number): string => itemOf(by, 0, nowMs);

function itemOf({ policy, backAtMs }: Holding, left: number, nowMs: number): string {
  const item = `"${policy}";r=${left}`;
  return backAtMs > nowMs ? `${item};t=${Math.ceil((backAtMs - nowMs) / 1_000)}` : item;
}
