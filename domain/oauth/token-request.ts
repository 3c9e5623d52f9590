import { type Confirmation, TOKEN_LIFE_MS, type TokenGrant } from "#domain/oauth/access-token.ts";
import { authenticateClient, type ClientAuthDeps } from "#domain/oauth/client-auth.ts";
import { type ClientRecord, GRANT_TYPES, type GrantType } from "#domain/oauth/clients.ts";
import { type OAuthError, refused } from "#domain/oauth/errors.ts";
import type { Form } from "#domain/oauth/form.ts";
import { audienceOf } from "#domain/oauth/resources.ts";
import { narrowed, scopeText } from "#domain/oauth/scopes.ts";
import { ok, type Result } from "#domain/shared/result.ts";

/** What asking for a token needs from outside. */
export type TokenDeps = ClientAuthDeps & {
  publicUrl: string;
  /** A signed access token of this life; `jti` is new. */
  sign(grant: TokenGrant, issuedAtMs: number, expiresAtMs: number): Promise<string>;
};

export type TokenRequest = {
  form: Form;
  authorization: string | null;
  /** The key or certificate that the client has proven to hold with this request. */
  bound?: Confirmation | undefined;
  nowMs: number;
};
/** A request of a client that has proven who it is. */
export type ClientRequest = TokenRequest & { client: ClientRecord };

/** RFC 6749 section 5.1. */
export type TokenAnswer = {
  access_token: string;
  token_type: "Bearer" | "DPoP";
  expires_in: number;
  scope: string;
  refresh_token?: string;
  issued_token_type?: string;
};

/** Answers one request for a token, whatever it is granted on. */
export async function requestToken(
  deps: TokenDeps,
  request: TokenRequest,
): Promise<Result<TokenAnswer, OAuthError>> {
  const asked = request.form.get("grant_type");
  if (asked === undefined) return refused("invalid_request", "grant_type is missing");
  const type = GRANT_TYPES.find((known) => known === asked);
  if (type === undefined)
    return refused("unsupported_grant_type", `one of ${GRANT_TYPES.join(", ")}`);
  const client = await authenticateClient(deps, request.form, request.authorization, request.nowMs);
  if (!client.ok) return client;
  if (!client.value.grantTypes.includes(type))
    return refused("unauthorized_client", "the client has not registered this grant type");
  return await granted(deps, type, { ...request, client: client.value });
}

function granted(
  deps: TokenDeps,
  type: GrantType,
  request: ClientRequest,
): Promise<Result<TokenAnswer, OAuthError>> {
  switch (type) {
    case "client_credentials":
      return forItself(deps, request);
    case "authorization_code":
    case "refresh_token":
    case "urn:ietf:params:oauth:grant-type:device_code":
    case "urn:ietf:params:oauth:grant-type:token-exchange":
      return Promise.resolve(refused("unsupported_grant_type", "not yet"));
  }
}

/** A client of an account acts as whoever made it (RFC 6749 section 4.4). No refresh token: it can ask again. */
async function forItself(
  deps: TokenDeps,
  { client, form, bound, nowMs }: ClientRequest,
): Promise<Result<TokenAnswer, OAuthError>> {
  const { accountId, principalId } = client;
  if (accountId === null || principalId === null)
    return refused("unauthorized_client", "the client belongs to no account");
  const scopes = narrowed(form.get("scope"), client.scopes);
  if (scopes === null) return refused("invalid_scope", `at most ${scopeText(client.scopes)}`);
  const audience = audienceOf(form.all("resource"), deps.publicUrl);
  if (audience === null)
    return refused("invalid_target", "resource: not a resource of this server");
  return ok(
    await answerOf(
      deps,
      { accountId, principalId, clientId: client.id, scopes, audience, bound },
      nowMs,
    ),
  );
}

/** The answer with a new access token, which lives for 15 minutes or until `endsMs`. */
export async function answerOf(
  deps: TokenDeps,
  grant: TokenGrant,
  nowMs: number,
  endsMs = Infinity,
): Promise<TokenAnswer> {
  const expiresAtMs = Math.min(nowMs + TOKEN_LIFE_MS, endsMs);
  return {
    access_token: await deps.sign(grant, nowMs, expiresAtMs),
    token_type: grant.bound?.jkt === undefined ? "Bearer" : "DPoP",
    expires_in: Math.floor((expiresAtMs - nowMs) / 1000),
    scope: scopeText(grant.scopes),
  };
}
