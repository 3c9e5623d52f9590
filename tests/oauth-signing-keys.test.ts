import { env } from "cloudflare:workers";
import { decodeProtectedHeader } from "jose";
import { beforeAll, expect, it } from "vitest";
import { makeClient, type TestClient, tokenOf } from "./oauth.ts";
import { call, newAccount, type TestAccount } from "./helpers.ts";

let first: TestAccount;
let client: TestClient;
beforeAll(async () => {
  first = await newAccount();
  await env.CATALOG_0.prepare("INSERT INTO installation VALUES (1, ?, ?, 0)")
    .bind(first.accountId, first.principal.principalId)
    .run();
  client = await makeClient(first, {});
});

const shown = async () =>
  (
    await (await call("GET", "/.well-known/jwks.json")).json<{ keys: { kid: string }[] }>()
  ).keys.map(({ kid }) => kid);
const statusOf = async (token: string) =>
  (await call("GET", "/v1/sessions/current", { headers: { Authorization: `Bearer ${token}` } }))
    .status;
const kidOf = (token: string) => decodeProtectedHeader(token).kid;

it("signs with a new key after a rotation, and still believes the tokens of the one before", async () => {
  const before = await tokenOf(client, {});
  const rotated = await first.call("POST", "/v1/oauth/signing-keys");
  expect(rotated.status).toBe(201);
  const { kid } = await rotated.json<{ kid: string }>();
  const after = await tokenOf(client, {});
  expect(kidOf(after.token)).toBe(kid);
  expect(kidOf(before.token)).not.toBe(kid);
  expect(await shown()).toEqual([kid, kidOf(before.token)]);
  expect(await statusOf(before.token)).toBe(200);
  expect(await statusOf(after.token)).toBe(200);
});

it("believes no token of a withdrawn key any more, and goes on with another key", async () => {
  const { token } = await tokenOf(client, {});
  expect(await statusOf(token)).toBe(200);
  const kid = kidOf(token) ?? "";
  expect((await first.call("DELETE", `/v1/oauth/signing-keys/${kid}`)).status).toBe(204);
  expect(await statusOf(token)).toBe(401);
  expect(await shown()).not.toContain(kid);
  expect((await first.call("DELETE", `/v1/oauth/signing-keys/${kid}`)).status).toBe(404);
  const { results } = await env.CATALOG_0.prepare(
    "SELECT sealed_private_jwk FROM signing_key WHERE kid = ?",
  )
    .bind(kid)
    .all();
  expect(results).toEqual([{ sealed_private_jwk: "" }]);
  const next = await tokenOf(client, {});
  expect(kidOf(next.token)).not.toBe(kid);
  expect(await statusOf(next.token)).toBe(200);
});

it("lets nobody but the first account change them", async () => {
  const other = await newAccount();
  expect((await other.call("POST", "/v1/oauth/signing-keys")).status).toBe(403);
  expect((await other.call("GET", "/v1/oauth/signing-keys")).status).toBe(403);
  const kid = (await shown())[0] ?? "";
  expect((await other.call("DELETE", `/v1/oauth/signing-keys/${kid}`)).status).toBe(403);
  const { apiKey } = await first.key(["keys", "search"]);
  const headers = { Authorization: `Bearer ${apiKey}` };
  expect((await call("POST", "/v1/oauth/signing-keys", { headers })).status).toBe(403);
});
