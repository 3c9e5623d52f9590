import { env } from "cloudflare:workers";
import { beforeAll, expect, it } from "vitest";
import {
  formOf,
  grantedTo,
  makeClient,
  registered,
  type TestClient,
  tokenOf,
  type Tokens,
} from "./oauth.ts";
import { call, newAccount, ORIGIN, type TestAccount } from "./helpers.ts";

let account: TestAccount;
let client: TestClient;
let appId: string;
beforeAll(async () => {
  account = await newAccount();
  client = await makeClient(account, { scope: "search" });
  appId = await registered();
});

const told = async (token: string, by = client) =>
  await (await formOf("/oauth/introspect", { token }, by.header)).json<Record<string, unknown>>();
const statusOf = async (token: string) =>
  (await call("GET", "/v1/sessions/current", { headers: { Authorization: `Bearer ${token}` } }))
    .status;
const errorOf = async (response: Response) => (await response.json<{ error: string }>()).error;

it("tells a client of the account what its tokens are worth", async () => {
  const { token } = await tokenOf(client, {});
  expect(await told(token)).toMatchObject({
    active: true,
    scope: "search",
    client_id: client.id,
    token_type: "Bearer",
    iss: ORIGIN,
    aud: [ORIGIN],
    account_id: account.accountId,
  });
  const tokens = await grantedTo(account, appId);
  expect(await told(tokens.access_token)).toMatchObject({ active: true, client_id: appId });
  expect(await told(tokens.refresh_token)).toMatchObject({ active: true, client_id: appId });
});

it("tells nobody of another account more than of what is no token", async () => {
  const other = await newAccount();
  const stranger = await makeClient(other, {});
  const { token } = await tokenOf(client, {});
  const tokens = await grantedTo(account, appId);
  for (const text of [token, tokens.refresh_token, "nonsense", account.apiKey, `${token}x`])
    expect(await told(text, stranger)).toEqual({ active: false });
});

it("tells only who proves who they are", async () => {
  const { token } = await tokenOf(client, {});
  const answers = [
    await formOf("/oauth/introspect", { token }),
    await formOf("/oauth/introspect", { token, client_id: appId }),
    await formOf("/oauth/introspect", { token }, { Authorization: `Bearer ${account.apiKey}` }),
  ];
  for (const answer of answers) {
    expect(answer.status).toBe(401);
    expect(await errorOf(answer)).toBe("invalid_client");
  }
  expect((await formOf("/oauth/introspect", {}, client.header)).status).toBe(400);
});

it("ends one access token, at once here, and no other one", async () => {
  const first = await tokenOf(client, {});
  const second = await tokenOf(client, {});
  expect(await statusOf(first.token)).toBe(200);
  const answer = await formOf("/oauth/revoke", { token: first.token }, client.header);
  expect(answer.status).toBe(200);
  expect(await statusOf(first.token)).toBe(401);
  expect(await told(first.token)).toEqual({ active: false });
  expect(await statusOf(second.token)).toBe(200);
});

it("ends a family by its refresh token, also by one that was used", async () => {
  for (const which of ["newest", "used"] as const) {
    const first = await grantedTo(account, appId);
    const answer = await formOf("/oauth/token", {
      grant_type: "refresh_token",
      client_id: appId,
      refresh_token: first.refresh_token,
    });
    const next = await answer.json<Tokens>();
    expect(await statusOf(next.access_token)).toBe(200);
    const { refresh_token: token } = which === "newest" ? next : first;
    expect((await formOf("/oauth/revoke", { token, client_id: appId })).status).toBe(200);
    expect(await statusOf(next.access_token)).toBe(401);
    expect(await statusOf(first.access_token)).toBe(401);
    expect(await told(next.refresh_token)).toEqual({ active: false });
  }
});

it("ends nothing of another client's, and does not say so", async () => {
  const tokens = await grantedTo(account, appId);
  const { token } = await tokenOf(client, {});
  const other = await registered();
  for (const text of [tokens.refresh_token, tokens.access_token, token, "nonsense"]) {
    const answer = await formOf("/oauth/revoke", { token: text, client_id: other });
    expect(answer.status).toBe(200);
  }
  expect(await statusOf(tokens.access_token)).toBe(200);
  expect(await statusOf(token)).toBe(200);
});

it("refuses a token revoked elsewhere within 5 seconds", async () => {
  const tokens = await grantedTo(account, appId);
  expect(await statusOf(tokens.access_token)).toBe(200);
  const revokedAtMs = Date.now();
  await env.CATALOG_0.prepare("UPDATE oauth_grant SET revoked_at_ms = 1").run();
  await expect
    .poll(() => statusOf(tokens.access_token), { interval: 200, timeout: 10_000 })
    .toBe(401);
  expect(Date.now() - revokedAtMs).toBeLessThan(5_500);
});
