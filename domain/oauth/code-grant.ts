import { parseCredential } from "#domain/accounts/credential.ts";
import type { CodeRecord } from "#domain/oauth/authorize.ts";
import { type OAuthError, refused } from "#domain/oauth/errors.ts";
import {
  familyText,
  type GrantRecord,
  mintRefresh,
  newGrant,
  REFRESH_BYTES,
} from "#domain/oauth/grants.ts";
import { covers, audienceOf } from "#domain/oauth/resources.ts";
import {
  answerOf,
  type ClientRequest,
  type TokenAnswer,
  type TokenDeps,
} from "#domain/oauth/token-answer.ts";
import type { Result } from "#domain/shared/result.ts";
import { ok } from "#domain/shared/result.ts";

export type GrantDeps = {
  random(length: number): Uint8Array;
  /** SHA-256 of the text's UTF-8 bytes in base64url. */
  sha256Base64Url(text: string): Promise<string>;
  code(id: string): Promise<CodeRecord | null>;
  /** Stores a new grant; false where one of that id is there already: what it came from was spent before. */
  insertGrant(grant: GrantRecord, nowMs: number): Promise<boolean>;
  revokeGrant(id: string, nowMs: number): Promise<unknown>;
};

/** One answer for whatever is wrong with what was presented: which it is helps nobody who holds it rightly. */
export const INVALID_GRANT = refused(
  "invalid_grant",
  "it is not known here, has ended, was used, or belongs to somebody else",
);

/** A code becomes a grant, once (OAuth 2.1 section 4.1.3). A second use ends what the first one gave. */
export async function redeemCode(
  deps: TokenDeps & GrantDeps,
  request: ClientRequest,
): Promise<Result<TokenAnswer, OAuthError>> {
  const { form, client, bound, nowMs } = request;
  const text = form.get("code") ?? "";
  const verifier = form.get("code_verifier") ?? "";
  const presented = parseCredential(text);
  if (presented?.kind !== "authorization") return INVALID_GRANT;
  const code = await deps.code(presented.id);
  if (code === null || code.codeHash !== (await deps.sha256Hex(text))) return INVALID_GRANT;
  if (code.clientId !== client.id || code.expiresAtMs <= nowMs) return INVALID_GRANT;
  if ((form.get("redirect_uri") ?? code.redirectUri) !== code.redirectUri) return INVALID_GRANT;
  if (!/^[\w.~-]{43,128}$/.test(verifier)) return INVALID_GRANT;
  if ((await deps.sha256Base64Url(verifier)) !== code.challenge) return INVALID_GRANT;
  if (code.boundJkt !== null && code.boundJkt !== bound?.jkt) return INVALID_GRANT;
  return await begin(deps, request, code);
}

/** What a consent gave begins: a grant, its first tokens, and nothing where it had begun before. */
export async function begin(
  deps: TokenDeps & GrantDeps,
  { client, form, bound, nowMs }: ClientRequest,
  given: Pick<GrantRecord, "id" | "accountId" | "principalId" | "keyId" | "scopes" | "audience">,
): Promise<Result<TokenAnswer, OAuthError>> {
  const audience = narrowedAudience(form.all("resource"), given.audience, deps.publicUrl);
  if (audience === null) return refused("invalid_target", "resource: not what was consented to");
  const refresh = client.grantTypes.includes("refresh_token")
    ? mintRefresh(given.id, deps.random(REFRESH_BYTES))
    : null;
  const hashes = refresh && {
    family: await deps.sha256Hex(familyText(refresh)),
    refresh: await deps.sha256Hex(refresh.text),
  };
  const grant = newGrant(given, client, hashes, bound, nowMs);
  const { accountId, principalId, scopes } = grant;
  const token = {
    accountId,
    principalId,
    clientId: client.id,
    grantId: grant.id,
    scopes,
    audience,
    bound,
  };
  const answer = await answerOf(deps, token, nowMs);
  if (!(await deps.insertGrant(grant, nowMs))) {
    await deps.revokeGrant(grant.id, nowMs);
    return INVALID_GRANT;
  }
  return ok(refresh === null ? answer : { ...answer, refresh_token: refresh.text });
}

/** What of the consented audience a token is asked for; null where it is more. */
export function narrowedAudience(
  asked: readonly string[],
  given: readonly string[],
  publicUrl: string,
): readonly string[] | null {
  if (asked.length === 0) return given;
  const audience = audienceOf(asked, publicUrl);
  return audience !== null && covers(given, audience) ? audience : null;
}
