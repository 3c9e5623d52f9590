import type { Context } from "hono";
import type { Principal } from "#domain/accounts/model.ts";
import {
  type LimitHeaders,
  policyHeader,
  rateLimitHeader,
  refusedHeader,
} from "#domain/limits/headers.ts";
import type { Group, Refused } from "#domain/limits/limiter.ts";
import { limitsOf } from "#domain/limits/plans.ts";
import { addressLimit } from "#domain/limits/addresses.ts";
import { canWait, type Priority } from "#domain/limits/shedding.ts";
import { type Services, servicesOf } from "#adapters/index.ts";
import { type Answer, refuse } from "#workers/http/kit.ts";
import { performedFor } from "#workers/http/operations.ts";
import { Refusal } from "#workers/http/problem.ts";

/** What a principal spends from, found once for each verdict of an isolate; null where its plan sets no limits. */
type Known = { group: Group; policies: string } | null;
const known = new WeakMap<Services["limits"], WeakMap<Principal, Known>>();

/** Takes a request on, or refuses it while there is more to do than can be done; its caller may say that it can wait. */
export function underLoad(
  priority: Priority,
  answer: (c: Context) => Promise<Answer>,
): (c: Context) => Promise<Answer> {
  return async (c) => {
    // Another request that is under way waits for this one, and is counted.
    if (performedFor(c.req.raw)?.isCounted === true) return await answer(c);
    const { load } = servicesOf(c.env);
    const waits = load.isBusy() && canWait(c.req.raw.headers.get("Priority"));
    const entered = load.enter(waits ? "background" : priority, c.get("nowMs"));
    if ("retryAfterS" in entered)
      return refuse({ code: "overloaded", retryAfterS: entered.retryAfterS });
    try {
      return await answer(c);
    } finally {
      load.leave(entered);
    }
  };
}

/** Spends the request's tokens; nothing is waited for while this isolate holds some. */
export function spend(
  c: Context,
  limits: Services["limits"],
  principal: Principal,
  nowMs: number,
): void | Promise<void> {
  if (performedFor(c.req.raw)?.isCounted === true) return;
  let here = known.get(limits);
  if (here === undefined) known.set(limits, (here = new WeakMap()));
  let mine = here.get(principal);
  if (mine === undefined) here.set(principal, (mine = find(limits, principal)));
  if (mine === null) return;
  const refused = limits.take(mine.group, nowMs);
  if (refused instanceof Promise) return waited(c, mine, refused);
  settle(c, mine, refused, nowMs);
}

/** The same for whoever has not signed in, by their address, where somebody who is believed tells it. */
export async function spendByAddress(c: Context, services: Services): Promise<void> {
  const address = services.addressOf(c.req.raw);
  const found = address === null ? null : addressLimit(address);
  if (found === null) return;
  const group = services.limits.group(found.object, [found.limit]);
  const refused = await services.limits.take(group, Date.now());
  settle(c, { group, policies: policyHeader(group.holdings) }, refused, Date.now());
}

function find(limits: Services["limits"], principal: Principal): Known {
  const all = limitsOf(principal);
  if (all.length === 0) return null;
  const group = limits.group(principal.accountId, all);
  return { group, policies: policyHeader(group.holdings) };
}

async function waited(
  c: Context,
  mine: NonNullable<Known>,
  asked: Promise<Refused>,
): Promise<void> {
  settle(c, mine, await asked, Date.now());
}

function settle(
  c: Context,
  { group: { holdings }, policies }: NonNullable<Known>,
  refused: Refused,
  nowMs: number,
): void {
  if (refused === "overloaded") refuse({ code: "overloaded", retryAfterS: 1 });
  else if (refused !== null) {
    const { by, retryAfterMs } = refused;
    const { requests, periodMs } = by.quota;
    throw new Refusal(
      {
        code: "too-many-requests",
        detail: `the ${by.policy} limit is ${requests} requests in ${periodMs / 1_000} s`,
        retryAfterS: retryAfterMs / 1_000,
      },
      { RateLimit: refusedHeader(by, nowMs), "RateLimit-Policy": policies },
    );
  }
  const left = rateLimitHeader(holdings, nowMs);
  if (left !== undefined) c.set("limits", { policies, left } satisfies LimitHeaders);
}
