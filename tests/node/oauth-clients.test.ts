import * as oauth from "oauth4webapi";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { freePort } from "#scripts/launch/free-port.ts";
import { launch, type Launched, temporaryState } from "./launched.ts";
import { accountClient, person } from "./oauth-person.ts";
import { type OwnerKey, ownerOf } from "./owner.ts";

// Other people's clients against the product as `npm start` serves it: they check what they get, by the letter.

const state = temporaryState();
const REDIRECT = "http://127.0.0.1:3999/callback";
const DEVICE = "urn:ietf:params:oauth:grant-type:device_code";
const EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange";
const ACCESS = "urn:ietf:params:oauth:token-type:access_token";
/** Loopback has no TLS: both libraries want to be told that this is meant. */
const plain = { [oauth.allowInsecureRequests]: true };

let product: Launched;
let owner: OwnerKey;
let server: oauth.AuthorizationServer;
let somebody: Awaited<ReturnType<typeof person>>;

beforeAll(async () => {
  product = launch({ state: state.path, port: await freePort() });
  await product.ready();
  owner = ownerOf(state.path);
  somebody = await person(owner);
  server = await discovered();
}, 120_000);
afterAll(async () => {
  product.process.kill("SIGTERM");
  await product.ended;
  state.remove();
});

/** From a refusal to the server that gives tokens: nothing but the product's address is known. */
async function discovered(): Promise<oauth.AuthorizationServer> {
  const resource = new URL(owner.url);
  const found = await oauth.resourceDiscoveryRequest(resource, plain);
  const { authorization_servers } = await oauth.processResourceDiscoveryResponse(resource, found);
  const issuer = new URL(authorization_servers?.[0] ?? "");
  const answer = await oauth.discoveryRequest(issuer, { ...plain, algorithm: "oauth2" });
  return await oauth.processDiscoveryResponse(issuer, answer);
}

async function registered(members: Partial<oauth.Client>): Promise<oauth.Client> {
  const answer = await oauth.dynamicClientRegistrationRequest(
    server,
    {
      client_name: "oauth4webapi",
      redirect_uris: [REDIRECT],
      grant_types: ["authorization_code", "refresh_token", DEVICE],
      token_endpoint_auth_method: "none",
      ...members,
    },
    plain,
  );
  return await oauth.processDynamicClientRegistrationResponse(answer);
}

async function consentTo(client: oauth.Client, verifier: string, scope = "search units:read") {
  const to = new URL(server.authorization_endpoint ?? "");
  const asked = {
    client_id: client.client_id,
    redirect_uri: REDIRECT,
    response_type: "code",
    scope,
    state: "state-1",
    code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
    code_challenge_method: "S256",
    resource: owner.url,
  };
  for (const [name, value] of Object.entries(asked)) to.searchParams.set(name, value);
  const answered = await somebody.answers(to);
  return oauth.validateAuthResponse(server, client, answered, "state-1");
}

const units = async (token: string, dpop?: oauth.DPoPHandle) =>
  await oauth.protectedResourceRequest(
    token,
    "GET",
    new URL(`${owner.url}/v1/units`),
    undefined,
    undefined,
    { ...plain, ...(dpop !== undefined && { DPoP: dpop }) },
  );

describe("oauth4webapi", () => {
  it("goes from the product's address to units: registration, consent, refresh, introspection, revocation", async () => {
    const client = await registered({});
    const verifier = oauth.generateRandomCodeVerifier();
    const said = await consentTo(client, verifier);
    const none = oauth.None();
    const redeemed = await oauth.authorizationCodeGrantRequest(
      server,
      client,
      none,
      said,
      REDIRECT,
      verifier,
      plain,
    );
    const first = await oauth.processAuthorizationCodeResponse(server, client, redeemed);
    expect(first).toMatchObject({ token_type: "bearer", scope: "search units:read" });
    expect((await units(first.access_token)).status).toBe(200);

    const refreshed = await oauth.refreshTokenGrantRequest(
      server,
      client,
      none,
      first.refresh_token ?? "",
      plain,
    );
    const second = await oauth.processRefreshTokenResponse(server, client, refreshed);
    const teller = await accountClient(owner);
    const by = { client_id: teller.client_id };
    const basic = oauth.ClientSecretBasic(teller.client_secret);
    const told = async (token: string) =>
      await oauth.processIntrospectionResponse(
        server,
        by,
        await oauth.introspectionRequest(server, by, basic, token, plain),
      );
    expect(await told(second.access_token)).toMatchObject({
      active: true,
      client_id: client.client_id,
    });
    await oauth.processRevocationResponse(
      await oauth.revocationRequest(server, client, none, second.refresh_token ?? "", plain),
    );
    expect(await told(second.access_token)).toEqual({ active: false });
    await expect(units(second.access_token)).rejects.toMatchObject({ status: 401 });
  });

  it("is told the error by name, and finds who said so", async () => {
    const client = await registered({});
    const to = new URL(server.authorization_endpoint ?? "");
    for (const [name, value] of Object.entries({
      client_id: client.client_id,
      redirect_uri: REDIRECT,
      response_type: "code",
      state: "state-1",
      code_challenge: await oauth.calculatePKCECodeChallenge("x".repeat(43)),
      code_challenge_method: "S256",
    }))
      to.searchParams.set(name, value);
    const answered = await somebody.answers(to, "deny");
    expect(() => oauth.validateAuthResponse(server, client, answered, "state-1")).toThrow(
      expect.objectContaining({ error: "access_denied" }),
    );
    const refused = await oauth.refreshTokenGrantRequest(
      server,
      client,
      oauth.None(),
      "nonsense",
      plain,
    );
    await expect(oauth.processRefreshTokenResponse(server, client, refused)).rejects.toMatchObject({
      error: "invalid_grant",
    });
  });

  it("gets tokens for itself by secret and by its own signature, and checks them by our keys", async () => {
    const resource = new Request(`${owner.url}/v1/units`);
    const grant = async (client: oauth.Client, auth: oauth.ClientAuth) => {
      const answer = await oauth.clientCredentialsGrantRequest(
        server,
        client,
        auth,
        new URLSearchParams({ scope: "search" }),
        plain,
      );
      return await oauth.processClientCredentialsResponse(server, client, answer);
    };
    const secret = await accountClient(owner);
    const one = await grant(
      { client_id: secret.client_id },
      oauth.ClientSecretBasic(secret.client_secret),
    );
    const pair = await oauth.generateKeyPair("ES256", { extractable: true });
    const key = await crypto.subtle.exportKey("jwk", pair.publicKey);
    const { kty, crv, x, y } = key;
    const signing = await accountClient(owner, {
      token_endpoint_auth_method: "private_key_jwt",
      jwks: { keys: [{ kty, crv, x, y }] },
    });
    const two = await grant({ client_id: signing.client_id }, oauth.PrivateKeyJwt(pair.privateKey));
    for (const { access_token } of [one, two]) {
      resource.headers.set("Authorization", `Bearer ${access_token}`);
      const claims = await oauth.validateJwtAccessToken(server, resource, owner.url, {
        ...plain,
        signingAlgorithms: ["ES256"],
      });
      expect(claims).toMatchObject({ iss: owner.url, scope: "search" });
    }
  });

  it("binds its tokens to its key, nonce and all", async () => {
    const client = await registered({});
    const DPoP = oauth.DPoP(client, await oauth.generateKeyPair("ES256"));
    const verifier = oauth.generateRandomCodeVerifier();
    const said = await consentTo(client, verifier);
    const redeem = async () =>
      await oauth.processAuthorizationCodeResponse(
        server,
        client,
        await oauth.authorizationCodeGrantRequest(
          server,
          client,
          oauth.None(),
          said,
          REDIRECT,
          verifier,
          { ...plain, DPoP },
        ),
      );
    // The first answer brings the nonce; the code is still good.
    const refusal: unknown = await redeem().catch((error: unknown) => error);
    expect(oauth.isDPoPNonceError(refusal)).toBe(true);
    const tokens = await redeem();
    expect(tokens.token_type).toBe("dpop");
    expect((await units(tokens.access_token, DPoP)).status).toBe(200);
    await expect(units(tokens.access_token)).rejects.toMatchObject({ status: 401 });
  });

  it("waits for a person elsewhere, as a device without a keyboard does", async () => {
    const client = await registered({});
    const started = await oauth.processDeviceAuthorizationResponse(
      server,
      client,
      await oauth.deviceAuthorizationRequest(
        server,
        client,
        oauth.None(),
        new URLSearchParams({ scope: "search" }),
        plain,
      ),
    );
    const poll = async () =>
      await oauth.processDeviceCodeResponse(
        server,
        client,
        await oauth.deviceCodeGrantRequest(
          server,
          client,
          oauth.None(),
          started.device_code,
          plain,
        ),
      );
    await expect(poll()).rejects.toMatchObject({ error: "authorization_pending" });
    await somebody.allowsDevice(started.verification_uri_complete ?? "");
    expect(await poll()).toMatchObject({ scope: "search" });
  });

  it("acts for somebody else by token exchange", async () => {
    const client = await registered({});
    const verifier = oauth.generateRandomCodeVerifier();
    const said = await consentTo(client, verifier);
    const tokens = await oauth.processAuthorizationCodeResponse(
      server,
      client,
      await oauth.authorizationCodeGrantRequest(
        server,
        client,
        oauth.None(),
        said,
        REDIRECT,
        verifier,
        plain,
      ),
    );
    const agent = await accountClient(owner);
    const by = { client_id: agent.client_id };
    const answer = await oauth.genericTokenEndpointRequest(
      server,
      by,
      oauth.ClientSecretBasic(agent.client_secret),
      EXCHANGE,
      new URLSearchParams({
        subject_token: tokens.access_token,
        subject_token_type: ACCESS,
        scope: "units:read",
      }),
      plain,
    );
    const acting = await oauth.processGenericTokenEndpointResponse(server, by, answer);
    expect(acting).toMatchObject({ scope: "units:read", issued_token_type: ACCESS });
    expect((await units(acting.access_token)).status).toBe(200);
  });
});
