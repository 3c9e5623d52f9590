import type { Context } from "hono";
import type { Reach } from "#domain/alerts/rules.ts";
import type { AppEnv } from "#workers/http/kit.ts";

/** Whether the caller's account is the first, whose people run the installation, or one of those it serves. */
export async function reachOf({ var: { services, principal } }: Context<AppEnv>): Promise<Reach> {
  const first = await services.accounts.firstAccountId();
  return first === principal.accountId ? "platform" : "account";
}
