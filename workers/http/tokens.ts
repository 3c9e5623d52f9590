import type { Context } from "hono";
import type { Principal } from "#domain/accounts/model.ts";
import type { Verdict } from "#domain/accounts/verdict.ts";
import { looksLikeToken, TOKEN_CHARS_MAX } from "#domain/oauth/access-token.ts";
import { isFor } from "#domain/oauth/resources.ts";
import { tokenVerdict } from "#domain/oauth/token-verdict.ts";
import { servicesOf } from "#adapters/index.ts";
import { Refusal, RESOURCE_METADATA } from "#workers/http/problem.ts";

/** Believes a token by its signature, here, and asks the catalog only whether it still counts. */
export async function readToken(env: Env, text: string, nowMs: number): Promise<Verdict | null> {
  const { oauth } = servicesOf(env);
  const token = await oauth.verified(text, nowMs);
  if (token === null) return null;
  return tokenVerdict(token, await oauth.tokenRow(token, nowMs));
}

/** What an `Authorization` header holds: an API key, or an access token, bound to a key of its holder or not. */
export type Presented = { kind: "key" | "token"; scheme: "bearer" | "dpop"; text: string };

const HEADER = new RegExp(`^(Bearer|DPoP) +([\\x21-\\x7e]{1,${TOKEN_CHARS_MAX}})$`, "i");

export function presentedIn(header: string): Presented | null {
  const [, scheme = "", text = ""] = HEADER.exec(header) ?? [];
  if (text === "") return null;
  const isToken = looksLikeToken(text);
  if (scheme.toLowerCase() === "dpop")
    return isToken ? { kind: "token", scheme: "dpop", text } : null;
  return { kind: isToken ? "token" : "key", scheme: "bearer", text };
}

/** Refuses what was presented, and says where tokens are had (RFC 6750 section 3, RFC 9728 section 5.1). */
export function refusePresented(c: Context): never {
  const publicUrl: string = c.env.WISHUB_PUBLIC_URL;
  const challenge = `Bearer realm="wishub", error="invalid_token", resource_metadata="${publicUrl}${RESOURCE_METADATA}"`;
  throw new Refusal({ code: "unauthenticated" }, { "WWW-Authenticate": challenge });
}

/** Whether this request may be made by what it presents: a token is for some addresses, and perhaps for one holder only. */
export function isPresentedWell(c: Context, { scheme }: Presented, principal: Principal): boolean {
  const { token } = principal;
  if (token === undefined) return true;
  if (!isFor(token.audience, c.env.WISHUB_PUBLIC_URL, c.req.path)) return false;
  // What is bound to a key or a certificate is worth nothing to whoever only holds it.
  return scheme === "bearer" && token.bound === undefined;
}
