import type { Context } from "hono";
import type { Principal } from "#domain/accounts/model.ts";
import type { Verdict } from "#domain/accounts/verdict.ts";
import { looksLikeToken, TOKEN_CHARS_MAX } from "#domain/oauth/access-token.ts";
import { certificateIn } from "#domain/oauth/certificates.ts";
import { isFor } from "#domain/oauth/resources.ts";
import { tokenVerdict } from "#domain/oauth/token-verdict.ts";
import { servicesOf } from "#adapters/index.ts";
import { Refusal, resourceMetadataAt } from "#workers/http/problem.ts";
import { checkProof, nonceHeader, PROOF_CHALLENGE } from "./dpop.ts";

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
  throw new Refusal({ code: "unauthenticated" }, { "WWW-Authenticate": invalidToken(c, "Bearer") });
}

const invalidToken = (c: Context, scheme: string) =>
  `${scheme} realm="wishub", error="invalid_token", resource_metadata="${resourceMetadataAt(c.env.WISHUB_PUBLIC_URL, c.req.path)}"`;

/** Refuses a token that is not for this address, or that is bound to somebody who has not shown to be there. */
export async function admit(c: Context, presented: Presented, principal: Principal): Promise<void> {
  const { token } = principal;
  if (token === undefined) return;
  if (!isFor(token.audience, c.env.WISHUB_PUBLIC_URL, c.req.path)) refusePresented(c);
  const { bound } = token;
  if (bound === undefined) {
    // Who says that a token is bound, and shows no key that it is bound to, shows nothing.
    if (presented.scheme === "dpop") await refuseProof(c, "invalid_token");
    return;
  }
  const { jkt, "x5t#S256": x5t } = bound;
  if (jkt === undefined && x5t === undefined) refusePresented(c); // bound by what we do not know
  if (x5t !== undefined && x5t !== certificateIn(c.req.raw.cf?.tlsClientAuth)?.thumbprint)
    refusePresented(c);
  if (jkt === undefined) {
    if (presented.scheme !== "bearer") await refuseProof(c, "invalid_token");
    return;
  }
  if (presented.scheme !== "dpop") return await refuseProof(c, "invalid_token");
  const checked = await checkProof(c, { token: presented.text, needsNonce: false });
  if (checked?.ok !== true) return await refuseProof(c, checked?.error ?? "invalid_dpop_proof");
  if (checked.jkt !== jkt) await refuseProof(c, "invalid_dpop_proof");
}

/** RFC 9449 sections 7.1 and 9. */
async function refuseProof(
  c: Context,
  error: "invalid_token" | "invalid_dpop_proof" | "use_dpop_nonce",
): Promise<never> {
  const headers = error === "use_dpop_nonce" ? await nonceHeader(c) : {};
  const challenge = `${PROOF_CHALLENGE}, error="${error}"`;
  throw new Refusal({ code: "unauthenticated" }, { ...headers, "WWW-Authenticate": challenge });
}
