import type { Context } from "hono";
import { isOwnOrigin } from "#domain/accounts/sessions.ts";
import type { Problem } from "#domain/shared/problem.ts";
import type { Opening } from "#domain/sessions/state.ts";
import { holderOf, readHolder } from "#workers/http/guard/holders.ts";
import { type AppEnv, refuse } from "#workers/http/kit.ts";

/** There is no room for a session (domain/sessions/room.ts). */
export const FULL: Problem = {
  code: "overloaded",
  detail: "there are as many sessions as there may be: ask by HTTP, or come again",
  retryAfterS: 30,
};

/**
 * Who opens a WebSocket, as the object that will hold it is told. Refused: what asks for none, a page of somebody else's,
 * and a credential that counts no more.
 */
export async function openingOf(
  c: Context<AppEnv>,
): Promise<Pick<Opening, "holder" | "address" | "standing">> {
  const { services, principal, nowMs } = c.var;
  if (c.req.header("Upgrade")?.toLowerCase() !== "websocket")
    return refuse({ code: "upgrade-required" });
  const origin = c.req.header("Origin");
  if (origin !== undefined && !isOwnOrigin(origin, c.env.WISHUB_PUBLIC_URL))
    refuse({ code: "forbidden", detail: `no page but those of ${c.env.WISHUB_PUBLIC_URL}` });
  const holder = await holderOf(c);
  if (holder === null) return refuse({ code: "unauthenticated" });
  const { verdict, readAtMs } = await readHolder(c.env, holder, nowMs);
  if (verdict === null) return refuse({ code: "unauthenticated" });
  const endsAtMs = Math.min(verdict.expiresAtMs, principal.expiresAtMs ?? Infinity);
  return {
    holder,
    address: services.addressOf(c.req.raw),
    standing: { checkedAtMs: readAtMs, endsAtMs: Number.isFinite(endsAtMs) ? endsAtMs : null },
  };
}
