import * as openid from "openid-client";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { freePort } from "#scripts/launch/free-port.ts";
import { launch, type Launched, temporaryState } from "./launched.ts";
import { accountClient, application, person, REDIRECT } from "./oauth-person.ts";
import { type OwnerKey, ownerOf } from "./owner.ts";

const DEVICE = "urn:ietf:params:oauth:grant-type:device_code";
const state = temporaryState();
let product: Launched;
let owner: OwnerKey;
let somebody: Awaited<ReturnType<typeof person>>;

beforeAll(async () => {
  product = launch({ state: state.path, port: await freePort() });
  await product.ready();
  owner = ownerOf(state.path);
  somebody = await person(owner);
}, 120_000);
afterAll(async () => {
  product.process.kill("SIGTERM");
  await product.ended;
  state.remove();
});

describe("openid-client", () => {
  const insecure = { execute: [openid.allowInsecureRequests] };

  it("registers, lets a person consent, uses, refreshes, asks about and ends its tokens", async () => {
    const config = await openid.dynamicClientRegistration(
      new URL(owner.url),
      {
        client_name: "openid-client",
        redirect_uris: [REDIRECT],
        grant_types: ["authorization_code", "refresh_token"],
        token_endpoint_auth_method: "client_secret_post",
      },
      undefined,
      { ...insecure, algorithm: "oauth2" },
    );
    const pkceCodeVerifier = openid.randomPKCECodeVerifier();
    const expectedState = openid.randomState();
    const to = openid.buildAuthorizationUrl(config, {
      redirect_uri: REDIRECT,
      scope: "search units:read",
      state: expectedState,
      code_challenge: await openid.calculatePKCECodeChallenge(pkceCodeVerifier),
      code_challenge_method: "S256",
    });
    const answered = await somebody.answers(to);
    const tokens = await openid.authorizationCodeGrant(config, answered, {
      pkceCodeVerifier,
      expectedState,
    });
    const read = await openid.fetchProtectedResource(
      config,
      tokens.access_token,
      new URL(`${owner.url}/v1/units`),
      "GET",
    );
    expect(read.status).toBe(200);
    const next = await openid.refreshTokenGrant(config, tokens.refresh_token ?? "");
    expect(await openid.tokenIntrospection(config, next.access_token)).toMatchObject({
      active: true,
    });
    await openid.tokenRevocation(config, next.refresh_token ?? "");
    expect(await openid.tokenIntrospection(config, next.access_token)).toEqual({ active: false });
    // A refresh token that was used before has ended its family; so has the revocation.
    await expect(
      openid.refreshTokenGrant(config, tokens.refresh_token ?? ""),
    ).rejects.toMatchObject({ error: "invalid_grant" });
  });

  it("gets tokens for itself, bound to its key", async () => {
    const { client_id, client_secret } = await accountClient(owner);
    const config = await openid.discovery(
      new URL(owner.url),
      client_id,
      undefined,
      openid.ClientSecretBasic(client_secret),
      { ...insecure, algorithm: "oauth2" },
    );
    const DPoP = openid.getDPoPHandle(config, await openid.randomDPoPKeyPair("ES256"));
    const tokens = await openid.clientCredentialsGrant(
      config,
      { scope: "search units:read", resource: `${owner.url}/v1` },
      { DPoP },
    );
    expect(tokens.token_type).toBe("dpop");
    const read = await openid.fetchProtectedResource(
      config,
      tokens.access_token,
      new URL(`${owner.url}/v1/units`),
      "GET",
      undefined,
      undefined,
      { DPoP },
    );
    expect(read.status).toBe(200);
  });

  it("waits for a person elsewhere", async () => {
    const { client_id } = await application(owner, [DEVICE]);
    const config = await openid.discovery(new URL(owner.url), client_id, undefined, openid.None(), {
      ...insecure,
      algorithm: "oauth2",
    });
    const started = await openid.initiateDeviceAuthorization(config, { scope: "search" });
    await somebody.allowsDevice(started.verification_uri_complete ?? "");
    const tokens = await openid.pollDeviceAuthorizationGrant(config, { ...started, interval: 0 });
    expect(tokens.scope).toBe("search");
  });
});
