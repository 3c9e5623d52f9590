import type { AccessToken } from "#domain/oauth/access-token.ts";
import { type Asking, authenticateClient, type ClientAuthDeps } from "#domain/oauth/client-auth.ts";
import type { ClientRecord } from "#domain/oauth/clients.ts";
import { type OAuthError, refused } from "#domain/oauth/errors.ts";
import { familyText, type GrantRecord, parseRefresh } from "#domain/oauth/grants.ts";
import { scopeText } from "#domain/oauth/scopes.ts";
import { type TokenRow, tokenVerdict } from "#domain/oauth/token-verdict.ts";
import { ok, type Result } from "#domain/shared/result.ts";

/** What telling about tokens and ending them needs from outside. */
export type ToldDeps = ClientAuthDeps & {
  verified(token: string, nowMs: number): Promise<AccessToken | null>;
  tokenRow(token: AccessToken, nowMs: number): Promise<TokenRow | null>;
  grant(id: string, nowMs: number): Promise<GrantRecord | null>;
  revokeGrant(id: string, nowMs: number): Promise<unknown>;
  /** From now on the token counts nowhere, although its signature is good. */
  revokeToken(id: string, expiresAtMs: number, nowMs: number): Promise<void>;
};

/**
 * What a token is worth at this moment (RFC 7662). A client of an account is told about tokens of that account, any other
 * one about its own; of all others nobody is told more than of what is no token at all.
 */
export async function introspect(
  deps: ToldDeps,
  asking: Asking,
): Promise<Result<object, OAuthError>> {
  const { form, nowMs } = asking;
  const client = await authenticateClient(deps, asking);
  if (!client.ok) return client;
  if (client.value.authMethod === "none")
    return refused("invalid_client", "only a client that can prove itself is told about tokens");
  const text = form.get("token");
  if (text === undefined) return refused("invalid_request", "token is missing");
  const told =
    (await accessToken(deps, client.value, text, nowMs)) ??
    (await refreshToken(deps, client.value, text, nowMs));
  return ok(told ?? { active: false });
}

const mayKnow = (client: ClientRecord, accountId: string, clientId: string): boolean =>
  client.accountId === null ? client.id === clientId : client.accountId === accountId;

async function accessToken(
  deps: ToldDeps,
  client: ClientRecord,
  text: string,
  nowMs: number,
): Promise<object | null> {
  const token = await deps.verified(text, nowMs);
  if (token === null || !mayKnow(client, token.accountId, token.clientId)) return null;
  if (tokenVerdict(token, await deps.tokenRow(token, nowMs)) === null) return null;
  return {
    active: true,
    scope: scopeText(token.scopes),
    client_id: token.clientId,
    token_type: token.bound?.jkt === undefined ? "Bearer" : "DPoP",
    exp: token.expiresAtMs / 1000,
    iat: token.issuedAtMs / 1000,
    sub: token.principalId,
    aud: token.audience,
    iss: deps.publicUrl,
    jti: token.id,
    account_id: token.accountId,
    ...(token.actor !== undefined && { act: token.actor }),
    ...(token.bound !== undefined && { cnf: token.bound }),
  };
}

/** The grant that a refresh token is the newest of, or was one of. */
async function grantOf(deps: ToldDeps, text: string, nowMs: number) {
  const presented = parseRefresh(text);
  const grant = presented && (await deps.grant(presented.grantId, nowMs));
  if (presented === null || grant === null) return null;
  if (grant.familyHash !== (await deps.sha256Hex(familyText(presented)))) return null;
  return { grant, isNewest: grant.refreshHash === (await deps.sha256Hex(text)) };
}

async function refreshToken(
  deps: ToldDeps,
  client: ClientRecord,
  text: string,
  nowMs: number,
): Promise<object | null> {
  const found = await grantOf(deps, text, nowMs);
  if (found === null || !found.isNewest) return null;
  const { grant } = found;
  if (!mayKnow(client, grant.accountId, grant.clientId)) return null;
  return {
    active: true,
    scope: scopeText(grant.scopes),
    client_id: grant.clientId,
    exp: Math.floor(grant.expiresAtMs / 1000),
    iat: Math.floor((grant.rotatedAtMs ?? grant.createdAtMs) / 1000),
    sub: grant.principalId,
    iss: deps.publicUrl,
    account_id: grant.accountId,
  };
}

/** What was ended, for whoever remembers tokens. */
export type Ended = { grantId?: string; tokenId?: string };

/**
 * Ends a token of the client's own (RFC 7009): an access token alone, a refresh token with its whole family. What is no
 * token, or another client's, is answered like one that was ended.
 */
export async function revoke(deps: ToldDeps, asking: Asking): Promise<Result<Ended, OAuthError>> {
  const { form, nowMs } = asking;
  const client = await authenticateClient(deps, asking);
  if (!client.ok) return client;
  const text = form.get("token");
  if (text === undefined) return refused("invalid_request", "token is missing");
  const token = await deps.verified(text, nowMs);
  if (token?.clientId === client.value.id) {
    await deps.revokeToken(token.id, token.expiresAtMs, nowMs);
    return ok({ tokenId: token.id });
  }
  const found = await grantOf(deps, text, nowMs);
  if (found?.grant.clientId !== client.value.id) return ok({});
  await deps.revokeGrant(found.grant.id, nowMs);
  return ok({ grantId: found.grant.id });
}
