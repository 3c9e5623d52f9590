import { type AppEnv, refuse } from "#workers/http/kit.ts";
import type { Context } from "hono";

/** Refuses everybody but the installation's first account; `what` is its alone. */
export async function firstAccountOnly(
  { var: { services, principal } }: Pick<Context<AppEnv>, "var">,
  what: string,
): Promise<void> {
  if ((await services.accounts.firstAccountId()) === principal.accountId) return;
  refuse({ code: "forbidden", detail: `${what} are the first account's` });
}
