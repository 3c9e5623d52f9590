import { z } from "zod";
import { mintCredential } from "#domain/accounts/credential.ts";
import type { Randomness } from "#domain/accounts/keys.ts";
import { type Scope, SCOPES } from "#domain/accounts/model.ts";
import { type ClientJwks, clientJwks } from "#domain/oauth/client-keys.ts";
import { type OAuthError, refused } from "#domain/oauth/errors.ts";
import { isRedirectUri } from "#domain/oauth/redirects.ts";
import { DEFAULT_SCOPES, narrowed, scopeText } from "#domain/oauth/scopes.ts";
import { LIMITS } from "#domain/shared/limits.ts";
import { ok, type Result } from "#domain/shared/result.ts";
import { text } from "#domain/shared/text.ts";

export const EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange";
export const DEVICE = "urn:ietf:params:oauth:grant-type:device_code";
export const GRANT_TYPES = [
  "authorization_code",
  "refresh_token",
  "client_credentials",
  DEVICE,
  EXCHANGE,
] as const;
export type GrantType = (typeof GRANT_TYPES)[number];
/** What a client that belongs to no account may do: act for people who say so. */
export const OPEN_GRANT_TYPES: readonly GrantType[] = [
  "authorization_code",
  "refresh_token",
  DEVICE,
];

export const AUTH_METHODS = [
  "none",
  "client_secret_basic",
  "client_secret_post",
  "private_key_jwt",
  "tls_client_auth",
  "self_signed_tls_client_auth",
] as const;
export type AuthMethod = (typeof AUTH_METHODS)[number];
const WITH_SECRET: readonly AuthMethod[] = ["client_secret_basic", "client_secret_post"];
const WITH_KEYS: readonly AuthMethod[] = ["private_key_jwt", "self_signed_tls_client_auth"];

/** A client as it registers itself (RFC 7591 section 2). What is not named here is ignored, as the RFC asks. */
export const clientInput = z.object({
  redirect_uris: z
    .array(text(LIMITS.urlCharsMax))
    .max(LIMITS.redirectUrisMax)
    .optional()
    .default([]),
  client_name: text(LIMITS.keyNameCharsMax).optional(),
  client_uri: z
    .url({ protocol: /^https?$/ })
    .max(LIMITS.urlCharsMax)
    .optional(),
  token_endpoint_auth_method: text(40).optional().default("client_secret_basic"),
  grant_types: z.array(text(100)).min(1).max(16).optional().default(["authorization_code"]),
  response_types: z.array(text(40)).max(8).optional(),
  scope: text(512).optional(),
  jwks: clientJwks.optional(),
  jwks_uri: z.undefined("is not fetched: send jwks").optional(),
  tls_client_auth_subject_dn: text(1_024).optional(),
  dpop_bound_access_tokens: z.boolean().optional().default(false),
});
export type ClientInput = z.infer<typeof clientInput>;

export type ClientRecord = {
  id: string;
  /** Whose client it is; null for one that registered itself and acts only for people who consent. */
  accountId: string | null;
  /** Who made it, and by what key, if by one: it can do nothing once they cannot. */
  principalId: string | null;
  keyId: string | null;
  name: string;
  uri: string | null;
  redirectUris: string[];
  grantTypes: GrantType[];
  scopes: Scope[];
  authMethod: AuthMethod;
  secretHash: string | null;
  /** Its public keys or own certificates, or the subject of its certificate: what it proves itself by without a secret. */
  jwks: ClientJwks | null;
  tlsSubject: string | null;
  /** It takes only tokens that are bound to a key of its own (RFC 9449 section 5.2). */
  dpopBound: boolean;
  createdAtMs: number;
  /** When somebody first let it act for them: until then an open client is kept only while there is room. */
  claimedAtMs: number | null;
  revokedAtMs: number | null;
};

/** Who registers a client: somebody of an account, or nobody in particular. */
export type Maker = {
  accountId: string;
  principalId: string;
  keyId?: string | undefined;
  scopes: ReadonlySet<Scope>;
};

/** A new client and its secret, if it has one: the only time that it is known. */
export async function makeClient(
  sha256Hex: (text: string) => Promise<string>,
  input: ClientInput,
  maker: Maker | null,
  random: Randomness,
  nowMs: number,
): Promise<Result<{ client: ClientRecord; secret: string | null }, OAuthError>> {
  const grantTypes = GRANT_TYPES.filter((type) => input.grant_types.includes(type));
  const wrong = flawOf(input, grantTypes, maker);
  if (wrong !== null) return refused(...wrong);
  const allowed = SCOPES.filter((scope) => maker === null || maker.scopes.has(scope));
  const asked = narrowed(input.scope, allowed, DEFAULT_SCOPES);
  // One of an account has its scopes from now on. An open client asks people for them, and for more when it needs more:
  // what it names now binds it to nothing, because it could as well register again.
  const scopes = asked === null || maker !== null ? asked : allowed;
  if (scopes === null)
    return refused("invalid_client_metadata", `scope: at most ${scopeText(allowed)}`);
  const authMethod = AUTH_METHODS.find((known) => known === input.token_endpoint_auth_method);
  if (authMethod === undefined)
    return refused(
      "invalid_client_metadata",
      `token_endpoint_auth_method: one of ${AUTH_METHODS.join(", ")}`,
    );
  if (WITH_KEYS.includes(authMethod) && input.jwks === undefined)
    return refused("invalid_client_metadata", `jwks: ${authMethod} needs it`);
  if (authMethod === "tls_client_auth" && input.tls_client_auth_subject_dn === undefined)
    return refused("invalid_client_metadata", "tls_client_auth_subject_dn: it is needed");
  const shard = maker === null ? 0 : Number.parseInt(maker.accountId.charAt(1), 36);
  const minted = mintCredential("client", shard, random.idBytes, random.secretBytes);
  const secret = WITH_SECRET.includes(authMethod) ? minted.text : null;
  const client: ClientRecord = {
    id: minted.id,
    accountId: maker?.accountId ?? null,
    principalId: maker?.principalId ?? null,
    keyId: maker?.keyId ?? null,
    name: input.client_name ?? "Unnamed client",
    uri: input.client_uri ?? null,
    redirectUris: input.redirect_uris,
    grantTypes,
    scopes,
    authMethod,
    secretHash: secret === null ? null : await sha256Hex(secret),
    jwks: input.jwks ?? null,
    tlsSubject: input.tls_client_auth_subject_dn ?? null,
    dpopBound: input.dpop_bound_access_tokens,
    createdAtMs: nowMs,
    claimedAtMs: null,
    revokedAtMs: null,
  };
  return ok({ client, secret });
}

/** What is wrong with a description of a client, if something is. */
export function flawOf(
  input: ClientInput,
  grantTypes: readonly GrantType[],
  maker: Maker | null,
): [OAuthError["error"], string] | null {
  const bad = input.redirect_uris.find((uri) => !isRedirectUri(uri));
  if (bad !== undefined)
    return [
      "invalid_redirect_uri",
      "redirect_uris: https, http on a loopback address, or a scheme of an app's own, without user and fragment",
    ];
  const unknown = input.grant_types.find(
    (type) => !(GRANT_TYPES as readonly string[]).includes(type),
  );
  if (unknown !== undefined)
    return ["invalid_client_metadata", `grant_types: only ${GRANT_TYPES.join(", ")}`];
  const beyond = grantTypes.find((type) => maker === null && !OPEN_GRANT_TYPES.includes(type));
  if (beyond !== undefined)
    return [
      "invalid_client_metadata",
      `grant_types: ${beyond} is for clients of an account (POST /v1/oauth/clients)`,
    ];
  if (input.response_types?.some((type) => type !== "code"))
    return ["invalid_client_metadata", "response_types: only code"];
  if (grantTypes.includes("authorization_code") && input.redirect_uris.length === 0)
    return ["invalid_redirect_uri", "redirect_uris: authorization_code needs one"];
  const acts = grantTypes.includes("client_credentials") || grantTypes.includes(EXCHANGE);
  if (acts && input.token_endpoint_auth_method === "none")
    return [
      "invalid_client_metadata",
      "token_endpoint_auth_method: a client that acts for itself must authenticate",
    ];
  return null;
}

/** What a client is told about itself (RFC 7591 section 3.2.1); it has read its secret, if it is here. */
export function registrationOf(client: ClientRecord, secret: string | null) {
  return {
    client_id: client.id,
    ...(secret !== null && { client_secret: secret, client_secret_expires_at: 0 }),
    client_id_issued_at: Math.floor(client.createdAtMs / 1000),
    client_name: client.name,
    ...(client.uri !== null && { client_uri: client.uri }),
    redirect_uris: client.redirectUris,
    grant_types: client.grantTypes,
    response_types: client.grantTypes.includes("authorization_code") ? ["code"] : [],
    token_endpoint_auth_method: client.authMethod,
    ...(client.jwks !== null && { jwks: client.jwks }),
    ...(client.tlsSubject !== null && { tls_client_auth_subject_dn: client.tlsSubject }),
    dpop_bound_access_tokens: client.dpopBound,
    scope: scopeText(client.scopes),
  };
}

/** A client as its account sees it in a list. */
export const clientView = z.object({
  id: z.string(),
  name: z.string(),
  principalId: z.string(),
  redirectUris: z.array(z.string()),
  grantTypes: z.array(z.enum(GRANT_TYPES)),
  scopes: z.array(z.enum(SCOPES)),
  authMethod: z.enum(AUTH_METHODS),
  createdAt: z.string(),
});

export const viewOfClient = (client: ClientRecord): z.infer<typeof clientView> => ({
  id: client.id,
  name: client.name,
  principalId: client.principalId ?? "",
  redirectUris: client.redirectUris,
  grantTypes: client.grantTypes,
  scopes: client.scopes,
  authMethod: client.authMethod,
  createdAt: new Date(client.createdAtMs).toISOString(),
});
