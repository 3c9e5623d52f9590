import type { Confirmation } from "#domain/oauth/access-token.ts";
import { authenticateClient } from "#domain/oauth/client-auth.ts";
import {
  type ClientRecord,
  DEVICE,
  EXCHANGE,
  GRANT_TYPES,
  type GrantType,
} from "#domain/oauth/clients.ts";
import { type GrantDeps, redeemCode } from "#domain/oauth/code-grant.ts";
import { pollDevice, type PollDeps } from "#domain/oauth/device.ts";
import { exchange, type ExchangeDeps } from "#domain/oauth/exchange.ts";
import { refresh, type RefreshDeps } from "#domain/oauth/refresh-grant.ts";
import { type OAuthError, refused } from "#domain/oauth/errors.ts";
import {
  answerOf,
  type ClientRequest,
  type TokenAnswer,
  type TokenDeps,
  type TokenRequest,
} from "#domain/oauth/token-answer.ts";
import { audienceOf } from "#domain/oauth/resources.ts";
import { narrowed, scopeText } from "#domain/oauth/scopes.ts";
import { ok, type Result } from "#domain/shared/result.ts";

type AllDeps = TokenDeps & GrantDeps & RefreshDeps & PollDeps & ExchangeDeps;

/** Answers one request for a token, whatever it is granted on. */
export async function requestToken(
  deps: AllDeps,
  request: TokenRequest,
): Promise<Result<TokenAnswer, OAuthError>> {
  const asked = request.form.get("grant_type");
  if (asked === undefined) return refused("invalid_request", "grant_type is missing");
  const type = GRANT_TYPES.find((known) => known === asked);
  if (type === undefined)
    return refused("unsupported_grant_type", `one of ${GRANT_TYPES.join(", ")}`);
  const client = await authenticateClient(deps, request);
  if (!client.ok) return client;
  if (!client.value.grantTypes.includes(type))
    return refused("unauthorized_client", "the client has not registered this grant type");
  if (client.value.dpopBound && request.jkt === undefined)
    return refused("invalid_dpop_proof", "the client takes only tokens that are bound to its key");
  const { form, nowMs } = request;
  const bound = boundTo(client.value, request);
  return await granted(deps, type, { client: client.value, form, nowMs, bound });
}

/** What its holder has proven to hold: a key by the request, and a certificate where the client proves itself by one (RFC 8705). */
function boundTo(client: ClientRecord, request: TokenRequest): Confirmation | undefined {
  const { jkt, certificate } = request;
  const isByCertificate = client.authMethod.endsWith("tls_client_auth");
  const bound: Confirmation = {
    ...(jkt !== undefined && { jkt }),
    ...(isByCertificate && certificate !== null && { "x5t#S256": certificate.thumbprint }),
  };
  return Object.keys(bound).length === 0 ? undefined : bound;
}

function granted(
  deps: AllDeps,
  type: GrantType,
  request: ClientRequest,
): Promise<Result<TokenAnswer, OAuthError>> {
  switch (type) {
    case "client_credentials":
      return forItself(deps, request);
    case "authorization_code":
      return redeemCode(deps, request);
    case "refresh_token":
      return refresh(deps, request);
    case DEVICE:
      return pollDevice(deps, request);
    case EXCHANGE:
      return exchange(deps, request);
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
