import type { Context } from "hono";
import { sessionCookie, type SessionView, viewOfPrincipal } from "#domain/accounts/sessions.ts";
import type { SignedIn } from "#domain/accounts/sign-in.ts";
import { forget } from "./auth.ts";
import type { AppEnv } from "#workers/http/kit.ts";

/** Sets the cookie of a session that stands in the place of another, and says who it is. */
export function cookied(
  c: Context<AppEnv>,
  { token, principal, expiresAtMs }: SignedIn,
  oldId: string | undefined,
): SessionView {
  forget(c.env, (known) => known.sessionId === oldId);
  const lifeMs = expiresAtMs - c.var.nowMs;
  c.header("Set-Cookie", sessionCookie(token, c.env.WISHUB_PUBLIC_URL, lifeMs));
  return viewOfPrincipal(principal);
}
