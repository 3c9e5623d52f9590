import type { Context } from "hono";
import { gathering, type Meter } from "#domain/metrics/gathering.ts";
import { measureRequest } from "#domain/metrics/of-accounts.ts";
import { isPrompt } from "#domain/metrics/waiting.ts";
import type { Principal } from "#domain/accounts/model.ts";
import type { Action } from "#domain/policies/actions.ts";
import { meterUse } from "#domain/usage/metering.ts";
import { servicesOf } from "#adapters/index.ts";
import { isObserved, tellMetrics } from "#adapters/metrics.ts";
import { tellUsage } from "#adapters/usage.ts";
import type { AppEnv } from "#workers/http/kit.ts";

/** How often a route looks at how much is under way. */
const LOOKS_EVERY_MS = 1_000;

/** What is not offered here has not failed here: who asks counts with those who ask for what is not there. */
const NOT_OFFERED = 501;

type Answering = (c: Context) => Promise<Response>;

/**
 * Around all that a route does: the one place where requests are measured, metered and traced. `route`: method and path
 * as the document shows it, `GET /v1/units/{id}`; `operation`: what it does by the table of actions, null where anybody may.
 */
export function observed(route: string, operation: Action | null, answer: Answering): Answering {
  const meters: Meter[] = [];
  const waits = !isPrompt(route);
  let lookedMs = 0;
  return async (c) => {
    const env = c.env as Env;
    if (!isObserved(env)) return await answer(c);
    const beganMs = Date.now();
    const response = await answer(c);
    const endedMs = Date.now();
    const tookS = (endedMs - beganMs) / 1_000;
    const { status } = response;
    const kind = status === NOT_OFFERED ? 4 : Math.floor(status / 100);
    const meter = (meters[kind] ??= gathering.meter("wishub_http_request_duration_seconds", {
      route,
      status: `${kind}xx`,
    }));
    gathering.write(meter, tookS, endedMs);
    if (endedMs - lookedMs >= LOOKS_EVERY_MS) {
      lookedMs = endedMs;
      const underWay = servicesOf(env).load.underWay();
      gathering.record("wishub_http_requests_in_flight", {}, underWay, endedMs);
    }
    const principal = (c as Context<AppEnv>).get("principal") as Principal | undefined;
    if (principal !== undefined) measureRequest(principal.accountId, kind, waits, tookS, endedMs);
    tellMetrics(env, c.executionCtx, endedMs, true);
    if (operation !== null && principal !== undefined) {
      meterUse(principal, operation, status < 400, endedMs);
      tellUsage(env, c.executionCtx, endedMs, true);
    }
    return response;
  };
}
