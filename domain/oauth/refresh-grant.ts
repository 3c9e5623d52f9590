import { type GrantDeps, INVALID_GRANT, narrowedAudience } from "#domain/oauth/code-grant.ts";
import { type OAuthError, refused } from "#domain/oauth/errors.ts";
import {
  endAfterRefresh,
  familyText,
  type GrantRecord,
  isHeldBy,
  mintRefresh,
  parseRefresh,
  REFRESH_BYTES,
} from "#domain/oauth/grants.ts";
import { narrowed, scopeText } from "#domain/oauth/scopes.ts";
import {
  answerOf,
  type ClientRequest,
  type TokenAnswer,
  type TokenDeps,
} from "#domain/oauth/token-answer.ts";
import { ok, type Result } from "#domain/shared/result.ts";

export type RefreshDeps = {
  /** A grant that has not ended, of somebody who may still act. */
  grant(id: string, nowMs: number): Promise<GrantRecord | null>;
  /** Puts the next refresh token in the place of `from`; false where another one is there already. */
  rotateGrant(
    id: string,
    rotation: { from: string; to: string; expiresAtMs: number; nowMs: number },
  ): Promise<boolean>;
};

/**
 * A refresh token is good for one use (OAuth 2.1 section 4.3.1). One that was used before, by whomever, ends its family:
 * of two who hold the same token one is a thief, and which one nobody can tell.
 */
export async function refresh(
  deps: TokenDeps & GrantDeps & RefreshDeps,
  { client, form, bound, nowMs }: ClientRequest,
): Promise<Result<TokenAnswer, OAuthError>> {
  const presented = parseRefresh(form.get("refresh_token") ?? "");
  if (presented === null) return INVALID_GRANT;
  const grant = await deps.grant(presented.grantId, nowMs);
  // A guess: whoever holds a token of the family knows its secret. It must not end what it is not part of.
  if (grant === null || grant.familyHash !== (await deps.sha256Hex(familyText(presented))))
    return INVALID_GRANT;
  if (grant.clientId !== client.id || !isHeldBy(grant, bound)) return INVALID_GRANT;
  const from = await deps.sha256Hex(presented.text);
  if (grant.refreshHash !== from) return await replayed(deps, grant, nowMs);

  const scopes = narrowed(form.get("scope"), grant.scopes);
  if (scopes === null) return refused("invalid_scope", `at most ${scopeText(grant.scopes)}`);
  const audience = narrowedAudience(form.all("resource"), grant.audience, deps.publicUrl);
  if (audience === null) return refused("invalid_target", "resource: not what was consented to");
  const next = mintRefresh(grant.id, deps.random(REFRESH_BYTES), presented.family);
  const { accountId, principalId } = grant;
  const token = {
    accountId,
    principalId,
    clientId: client.id,
    grantId: grant.id,
    scopes,
    audience,
    bound,
  };
  // Signed first: what fails here costs the client nothing.
  const answer = await answerOf(deps, token, nowMs);
  const rotation = {
    from,
    to: await deps.sha256Hex(next.text),
    expiresAtMs: endAfterRefresh(grant, nowMs),
    nowMs,
  };
  if (!(await deps.rotateGrant(grant.id, rotation))) return await replayed(deps, grant, nowMs);
  return ok({ ...answer, refresh_token: next.text });
}

async function replayed(deps: GrantDeps, grant: GrantRecord, nowMs: number) {
  await deps.revokeGrant(grant.id, nowMs);
  return INVALID_GRANT;
}
