import * as oauth from "oauth4webapi";
import { attributesOf } from "#domain/federation/roles.ts";
import type { Identity } from "#domain/federation/identity.ts";
import type { OidcSettings } from "#domain/federation/provider.ts";
import { kept } from "#domain/shared/kept.ts";
import type { Problem } from "#domain/shared/problem.ts";
import { err, ok, type Result } from "#domain/shared/result.ts";
import type { Egress } from "#adapters/egress.ts";

type Failure = Problem<"sign-in-refused" | "egress-refused" | "egress-failed">;

/** A provider's own description of itself is asked for again after this; its keys whenever one is unknown. */
const METADATA_LIFE_MS = 600_000;
const METADATA_KEPT = 100;
/** Clocks of two organisations differ by seconds. */
const CLOCK_TOLERANCE_S = 30;

/** What a browser takes along to the provider, and what has to come back with it. */
export type OidcAttempt = { state: string; nonce: string; codeVerifier: string };
type Client = { settings: OidcSettings; secret: string | null; redirectUri: string };

/** The relying party of OpenID Connect Core 1.0 (code flow, PKCE); everything it asks goes through `egress`. */
export function oidc(egress: Egress) {
  const known = kept<{ bytes: 1; server: oauth.AuthorizationServer; untilMs: number }>(
    METADATA_KEPT,
  );

  async function discover(issuer: string, nowMs: number): Promise<oauth.AuthorizationServer> {
    const found = known.get(issuer);
    if (found !== undefined && nowMs < found.untilMs) return found.server;
    const url = new URL(issuer);
    const response = await oauth.discoveryRequest(url, through(egress));
    const server = await oauth.processDiscoveryResponse(url, response);
    known.set(issuer, { bytes: 1, server, untilMs: nowMs + METADATA_LIFE_MS });
    return server;
  }

  return {
    /** Whether there is a provider of that name, and one that speaks the code flow. */
    async check(issuer: string, nowMs: number): Promise<Result<null, Failure>> {
      return await outcome(async () => {
        known.drop(issuer);
        const { authorization_endpoint, token_endpoint } = await discover(issuer, nowMs);
        if (authorization_endpoint === undefined || token_endpoint === undefined)
          throw new oauth.OperationProcessingError("it names no endpoints to sign in by");
        return null;
      });
    },

    /** Where to send the browser, and what to keep until it is back. */
    async begin(
      client: Client,
      nowMs: number,
    ): Promise<Result<OidcAttempt & { url: string }, Failure>> {
      return await outcome(async () => {
        const server = await discover(client.settings.issuer, nowMs);
        const attempt = {
          state: oauth.generateRandomState(),
          nonce: oauth.generateRandomNonce(),
          codeVerifier: oauth.generateRandomCodeVerifier(),
        };
        const url = new URL(server.authorization_endpoint ?? "");
        if (url.protocol !== "https:" && url.protocol !== new URL(server.issuer).protocol)
          throw new oauth.OperationProcessingError("it signs in without TLS");
        const parameters = {
          client_id: client.settings.clientId,
          redirect_uri: client.redirectUri,
          response_type: "code",
          scope: ["openid", ...client.settings.scopes].join(" "),
          state: attempt.state,
          nonce: attempt.nonce,
          code_challenge: await oauth.calculatePKCECodeChallenge(attempt.codeVerifier),
          code_challenge_method: "S256",
        };
        for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value);
        return { ...attempt, url: url.href };
      });
    },

    /** Whom the answer in `parameters` vouches for: its code is exchanged, and the id token's signature and claims verified. */
    async finish(
      client: Client,
      attempt: OidcAttempt,
      parameters: URLSearchParams,
      nowMs: number,
    ): Promise<Result<Identity, Failure>> {
      return await outcome(async () => {
        const server = await discover(client.settings.issuer, nowMs);
        return await verified(server, client, attempt, parameters, through(egress));
      });
    },
  };
}

type Options = ReturnType<typeof through>;

async function verified(
  server: oauth.AuthorizationServer,
  { settings, secret, redirectUri }: Client,
  attempt: OidcAttempt,
  parameters: URLSearchParams,
  options: Options,
): Promise<Identity> {
  const client = { client_id: settings.clientId, [oauth.clockTolerance]: CLOCK_TOLERANCE_S };
  const callback = oauth.validateAuthResponse(server, client, parameters, attempt.state);
  const response = await oauth.authorizationCodeGrantRequest(
    server,
    client,
    authenticationOf(server, secret),
    callback,
    redirectUri,
    attempt.codeVerifier,
    options,
  );
  const tokens = await oauth.processAuthorizationCodeResponse(server, client, response, {
    expectedNonce: attempt.nonce,
    requireIdToken: true,
  });
  // TLS alone would do for a code flow (OIDC Core 3.1.3.7); the operator may have opened an origin without it.
  await oauth.validateApplicationLevelSignature(server, response, options);
  const claims = oauth.getValidatedIdTokenClaims(tokens);
  if (claims === undefined) throw new oauth.OperationProcessingError("it sent no id token");
  const more = await userInfo(server, client, tokens.access_token, claims.sub, options);
  const { amr } = claims;
  const attributes = attributesOf({ ...more, ...claims });
  return {
    subject: claims.sub,
    attributes,
    name: attributes.get("name")?.[0] ?? "",
    email: attributes.get("email")?.[0] ?? "",
    secondFactor: Array.isArray(amr) && amr.includes("mfa"),
  };
}

async function userInfo(
  server: oauth.AuthorizationServer,
  client: oauth.Client,
  accessToken: string,
  subject: string,
  options: Options,
): Promise<Record<string, unknown>> {
  if (server.userinfo_endpoint === undefined) return {};
  const response = await oauth.userInfoRequest(server, client, accessToken, options);
  return await oauth.processUserInfoResponse(server, client, subject, response);
}

function authenticationOf(server: oauth.AuthorizationServer, secret: string | null) {
  if (secret === null) return oauth.None();
  const methods = server.token_endpoint_auth_methods_supported ?? ["client_secret_basic"];
  return methods.includes("client_secret_basic")
    ? oauth.ClientSecretBasic(secret)
    : oauth.ClientSecretPost(secret);
}

class EgressRefusal extends Error {
  readonly problem: Failure;
  constructor(problem: Failure) {
    super(problem.code);
    this.problem = problem;
  }
}

/** The library's requests by our own way out, which takes plain HTTP to the operator's origins only. */
function through(egress: Egress) {
  return {
    [oauth.allowInsecureRequests]: true,
    [oauth.customFetch]: async (
      url: string,
      {
        method,
        headers,
        body,
      }: { method: string; headers: Record<string, string>; body?: unknown },
    ): Promise<Response> => {
      const answer = await egress(url, {
        method: method === "POST" ? "POST" : "GET",
        headers,
        secure: true,
        ...(body instanceof URLSearchParams && { body: body.toString() }),
      });
      if (!answer.ok) throw new EgressRefusal(answer.error);
      const { status, headers: sent, body: bytes } = answer.value;
      const type = sent.get("Content-Type") ?? "";
      return new Response(status === 204 || status === 304 ? null : bytes, {
        status,
        headers: { "Content-Type": type },
      });
    },
  };
}

/** What the library refuses is told by its kind and never by its text, which may hold what the provider sent. */
async function outcome<T>(work: () => Promise<T>): Promise<Result<T, Failure>> {
  try {
    return ok(await work());
  } catch (error) {
    if (error instanceof EgressRefusal) return err(error.problem);
    const code = error instanceof Error && "code" in error ? String(error.code) : "";
    if (
      error instanceof oauth.OperationProcessingError ||
      error instanceof oauth.UnsupportedOperationError ||
      error instanceof oauth.AuthorizationResponseError ||
      error instanceof oauth.ResponseBodyError ||
      error instanceof oauth.WWWAuthenticateChallengeError
    )
      return err({ code: "sign-in-refused", detail: REASONS[code] ?? "its answer is not valid" });
    throw error;
  }
}

const REASONS: Record<string, string> = {
  [oauth.AUTHORIZATION_RESPONSE_ERROR]: "the provider did not sign you in",
  [oauth.RESPONSE_BODY_ERROR]: "the provider did not exchange the code",
  [oauth.WWW_AUTHENTICATE_CHALLENGE]: "the provider did not exchange the code",
  [oauth.JWT_TIMESTAMP_CHECK]: "its token is not valid now",
  [oauth.JWT_CLAIM_COMPARISON]: "its token is for somebody else, or of another sign-in",
  [oauth.JSON_ATTRIBUTE_COMPARISON]: "it names another issuer or subject than it should",
  [oauth.KEY_SELECTION]: "no key of the provider has signed its token",
  [oauth.UNSUPPORTED_OPERATION]: "its token is signed in a way that is not taken",
  [oauth.MISSING_SERVER_METADATA]: "its description of itself is not complete",
};
