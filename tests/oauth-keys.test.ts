import { expect, it } from "vitest";
import { formOf, grantedTo, makeClient, registered, tokenOf } from "./oauth.ts";
import { call, newAccount, type TestAccount } from "./helpers.ts";

const bearer = (token: string) => ({ headers: { Authorization: `Bearer ${token}` } });

/** Another key of the account, and requests with it. */
async function worker(account: TestAccount): Promise<TestAccount & { id: string }> {
  const { id, apiKey } = await account.key(["search", "units:read", "keys"]);
  const withKey: TestAccount["call"] = (method, path, { body, headers = {} } = {}) =>
    call(method, path, { body, headers: { Authorization: `Bearer ${apiKey}`, ...headers } });
  return { ...account, id, apiKey, call: withKey };
}

it("makes and rotates no API key by an access token, which would outlive it", async () => {
  const account = await newAccount();
  const clientId = await registered();
  const { access_token } = await grantedTo(account, clientId, { scope: "keys search" });
  const expiresAt = new Date(Date.now() + 60_000).toISOString();
  const asked = { body: { name: "Escaped", scopes: ["search"], expiresAt } };
  const made = await call("POST", "/v1/keys", { ...asked, ...bearer(access_token) });
  expect(made.status).toBe(403);
  const own = await account.call("POST", "/v1/keys", asked);
  const { id } = await own.json<{ id: string }>();
  const rotated = await call("POST", `/v1/keys/${id}/rotate`, {
    body: {},
    ...bearer(access_token),
  });
  expect(rotated.status).toBe(403);
});

it("holds a token to what the account's policy says of the key that gave it, however it was got", async () => {
  const account = await newAccount();
  const key = await worker(account);
  const EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange";
  const members = { grant_types: ["client_credentials", EXCHANGE], scope: "search units:read" };
  const client = await makeClient(key, members);
  const others = await makeClient(account, members);
  const { token } = await tokenOf(client, {});
  const exchange = await formOf(
    "/oauth/token",
    {
      grant_type: EXCHANGE,
      subject_token: token,
      subject_token_type: "urn:ietf:params:oauth:token-type:access_token",
    },
    others.header,
  );
  const tokens = [
    (await grantedTo(key, await registered())).access_token,
    token,
    (await exchange.json<{ access_token: string }>()).access_token,
  ];
  const free = await tokenOf(others, {});
  const rules = [
    {
      id: "no-reading",
      effect: "forbid",
      actions: ["unit.read"],
      when: `principal.keyId == "${key.id}"`,
    },
  ];
  const headers = { "If-Match": '"0"' };
  expect((await account.call("PUT", "/v1/policies", { headers, body: { rules } })).status).toBe(
    200,
  );
  expect((await key.call("GET", "/v1/units")).status).toBe(403);
  for (const [i, each] of tokens.entries())
    expect((await call("GET", "/v1/units", bearer(each))).status, `token ${i}`).toBe(403);
  expect((await call("GET", "/v1/units", bearer(free.token))).status).toBe(200);
});
