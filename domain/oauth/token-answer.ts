import { type Confirmation, TOKEN_LIFE_MS, type TokenGrant } from "#domain/oauth/access-token.ts";
import type { Asking, ClientAuthDeps } from "#domain/oauth/client-auth.ts";
import type { ClientRecord } from "#domain/oauth/clients.ts";
import type { Form } from "#domain/oauth/form.ts";
import { scopeText } from "#domain/oauth/scopes.ts";

/** What asking for a token needs from outside. */
export type TokenDeps = ClientAuthDeps & {
  /** A signed access token of this life; `jti` is new. */
  sign(grant: TokenGrant, issuedAtMs: number, expiresAtMs: number): Promise<string>;
};

export type TokenRequest = Asking & {
  /** The thumbprint of the key that the request's DPoP proof is signed with. */
  jkt?: string | undefined;
};
/** A request of a client that has proven who it is, with the key or certificate that its tokens are bound to. */
export type ClientRequest = {
  client: ClientRecord;
  form: Form;
  bound: Confirmation | undefined;
  nowMs: number;
};

/** RFC 6749 section 5.1. */
export type TokenAnswer = {
  access_token: string;
  token_type: "Bearer" | "DPoP";
  expires_in: number;
  scope: string;
  refresh_token?: string;
  issued_token_type?: string;
};

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
