import { env } from "cloudflare:workers";
import { beforeAll, expect, it } from "vitest";
import { decodeJwt, decodeProtectedHeader } from "jose";
import { servicesOf } from "#adapters/index.ts";
import { tokenVerdict } from "#domain/oauth/token-verdict.ts";
import { formOf, grantedTo, makeClient, registered, tokenOf } from "./oauth.ts";
import { call, newAccount, ORIGIN, problemOf, type TestAccount } from "./helpers.ts";

let account: TestAccount;
beforeAll(async () => {
  account = await newAccount();
});

const bearer = (token: string) => ({ headers: { Authorization: `Bearer ${token}` } });

it("tells clients where tokens are had, starting from a refusal", async () => {
  const refused = await call("GET", "/v1/units");
  const where = /resource_metadata="([^"]+)"/.exec(refused.headers.get("WWW-Authenticate") ?? "");
  const resource = await (
    await call("GET", where?.[1]?.slice(ORIGIN.length) ?? "")
  ).json<{ resource: string; authorization_servers: string[] }>();
  expect(resource).toMatchObject({ resource: ORIGIN, authorization_servers: [ORIGIN] });
  const server = await (
    await call("GET", "/.well-known/oauth-authorization-server")
  ).json<Record<string, unknown>>();
  expect(server).toMatchObject({
    issuer: ORIGIN,
    token_endpoint: `${ORIGIN}/oauth/token`,
    jwks_uri: `${ORIGIN}/.well-known/jwks.json`,
  });
});

it("describes each part of the product as a resource, and nothing else", async () => {
  for (const part of ["v1", "mcp", "a2a"]) {
    const found = await call("GET", `/.well-known/oauth-protected-resource/${part}`);
    expect(await found.json()).toMatchObject({ resource: `${ORIGIN}/${part}` });
  }
  expect((await call("GET", "/.well-known/oauth-protected-resource/else")).status).toBe(404);
});

it("gives a client of an account a token that does what its scopes say, for a quarter of an hour", async () => {
  const client = await makeClient(account, { scope: "search units:read" });
  const { answer, token } = await tokenOf(client, {});
  expect(answer).toMatchObject({
    token_type: "Bearer",
    expires_in: 900,
    scope: "search units:read",
  });
  expect(decodeProtectedHeader(token)).toMatchObject({ alg: "ES256", typ: "at+jwt" });
  expect(decodeJwt(token)).toMatchObject({
    iss: ORIGIN,
    aud: ORIGIN,
    client_id: client.id,
    account_id: account.accountId,
  });
  expect((await call("GET", "/v1/units", bearer(token))).status).toBe(200);
  const refused = await call("GET", "/v1/keys", bearer(token));
  expect((await problemOf(refused)).code).toBe("forbidden");
  expect(refused.headers.get("WWW-Authenticate")).toContain(
    'error="insufficient_scope", scope="keys"',
  );
  const who = await call("GET", "/v1/sessions/current", bearer(token));
  expect(await who.json()).toMatchObject({ kind: "token", accountId: account.accountId });
});

it("takes a secret in the header or in the form, as the client registered, and nowhere else", async () => {
  const basic = await makeClient(account, {});
  const post = await makeClient(account, { token_endpoint_auth_method: "client_secret_post" });
  const grant = { grant_type: "client_credentials" };
  const header = (id: string, secret: string) => ({
    Authorization: `Basic ${btoa(`${encodeURIComponent(id)}:${encodeURIComponent(secret)}`)}`,
  });
  const inBody = ({ id, secret }: { id: string; secret: string }) => ({
    ...grant,
    client_id: id,
    client_secret: secret,
  });
  const answers = [
    await formOf("/oauth/token", grant, header(basic.id, basic.secret)),
    await formOf("/oauth/token", inBody(post)),
    await formOf("/oauth/token", inBody(basic)),
    await formOf("/oauth/token", grant, header(post.id, post.secret)),
    await formOf("/oauth/token", inBody(post), header(post.id, post.secret)),
    await formOf("/oauth/token", { ...grant, client_id: basic.id }),
    await formOf("/oauth/token", grant, header(basic.id, post.secret)),
    await formOf("/oauth/token", grant, header("o0_0000000000000000", basic.secret)),
    await formOf("/oauth/token", grant, { Authorization: `Bearer ${account.apiKey}` }),
    await formOf("/oauth/token", grant),
  ];
  expect(answers.map(({ status }) => status)).toEqual([
    200, 200, 401, 401, 400, 401, 401, 401, 401, 401,
  ]);
  const [, , wrong, ...others] = await Promise.all(
    answers.map((answer) => answer.json<{ error: string; error_description: string }>()),
  );
  expect(wrong?.error).toBe("invalid_client");
  // Nothing tells a client that is not there from one whose proof is wrong.
  expect(others[3]).toEqual(wrong);
  expect(others[4]).toEqual(wrong);
});

it("refuses scopes and resources beyond a client's own", async () => {
  const client = await makeClient(account, { scope: "search" });
  const ask = async (fields: Record<string, string>) =>
    await (await formOf("/oauth/token", fields, client.header)).json<{ error: string }>();
  const grant = { grant_type: "client_credentials" };
  expect((await ask({ ...grant, scope: "search admin" })).error).toBe("invalid_scope");
  expect((await ask({ ...grant, scope: "nonsense" })).error).toBe("invalid_scope");
  expect((await ask({ ...grant, resource: "https://elsewhere.example" })).error).toBe(
    "invalid_target",
  );
  expect((await ask({ grant_type: "password" })).error).toBe("unsupported_grant_type");
  expect((await ask({})).error).toBe("invalid_request");
});

it("lets a token for one part of the product reach that part only", async () => {
  const client = await makeClient(account, { scope: "search units:read" });
  const { token } = await tokenOf(client, { resource: `${ORIGIN}/mcp` });
  const refused = await call("GET", "/v1/units", bearer(token));
  expect(refused.status).toBe(401);
  expect(refused.headers.get("WWW-Authenticate")).toContain('error="invalid_token"');
  const other = await tokenOf(client, { resource: `${ORIGIN}/v1` });
  expect((await call("GET", "/v1/units", bearer(other.token))).status).toBe(200);
});

it("gives a client no more than its maker has, and ends it with the key it was made by", async () => {
  const { id, apiKey } = await account.key(["keys", "search"]);
  const made = (scope: string) =>
    call("POST", "/v1/oauth/clients", {
      body: { grant_types: ["client_credentials"], scope },
      headers: { Authorization: `Bearer ${apiKey}` },
    });
  const refused = await made("search admin");
  expect(refused.status).toBe(400);
  expect((await problemOf(refused)).errors?.[0]?.pointer).toBe("/scope");
  const { client_id, client_secret } = await (
    await made("search")
  ).json<{ client_id: string; client_secret: string }>();
  const header = { Authorization: `Basic ${btoa(`${client_id}:${client_secret}`)}` };
  const grant = { grant_type: "client_credentials" };
  const answer = await formOf("/oauth/token", grant, header);
  const { access_token } = await answer.json<{ access_token: string }>();
  await account.call("DELETE", `/v1/keys/${id}`);
  expect((await formOf("/oauth/token", grant, header)).status).toBe(401);
  // This isolate has not seen the token yet, so it asks.
  expect((await call("GET", "/v1/sessions/current", bearer(access_token))).status).toBe(401);
});

it("ends a client's tokens with the client: at once where it was revoked", async () => {
  const client = await makeClient(account, {});
  const { token } = await tokenOf(client, {});
  const who = () => call("GET", "/v1/sessions/current", bearer(token));
  expect((await who()).status).toBe(200);
  const stranger = await newAccount();
  expect((await stranger.call("DELETE", `/v1/oauth/clients/${client.id}`)).status).toBe(404);
  expect((await who()).status).toBe(200);
  expect((await account.call("DELETE", `/v1/oauth/clients/${client.id}`)).status).toBe(204);
  expect((await who()).status).toBe(401);
  const list = await account.call("GET", "/v1/oauth/clients");
  expect(await list.text()).not.toContain(client.id);
});

it("refuses the tokens of a client that was revoked elsewhere within 5 seconds", async () => {
  const client = await makeClient(account, {});
  const { token } = await tokenOf(client, {});
  const who = () => call("GET", "/v1/sessions/current", bearer(token));
  expect((await who()).status).toBe(200);
  const revokedAtMs = Date.now();
  await env.CATALOG_0.prepare("UPDATE oauth_client SET revoked_at_ms = 1 WHERE id = ?")
    .bind(client.id)
    .run();
  await expect.poll(async () => (await who()).status, { interval: 200, timeout: 10_000 }).toBe(401);
  expect(Date.now() - revokedAtMs).toBeLessThan(5_500);
});

it("keeps neither a client's secret nor a private key that can be read", async () => {
  const client = await makeClient(account, {});
  await tokenOf(client, {});
  for (const table of ["oauth_client", "signing_key"]) {
    const { results } = await env.CATALOG_0.prepare(`SELECT * FROM ${table}`).all();
    const text = JSON.stringify(results);
    expect(text).not.toContain(client.secret.slice(-38));
    expect(text).not.toMatch(/\\"d\\"/);
  }
});

it("acts as the agent of the key that a token was given by", async () => {
  const mine = await newAccount();
  const clientId = await registered();
  const { token } = await tokenOf(await makeClient(mine, { scope: "search" }), {});
  const granted = await grantedTo(mine, clientId);
  const body = { name: "Otter", type: "query", description: "Finds otters.", capabilities: [] };
  const agent = await (await mine.call("POST", "/v1/agents", { body })).json<{ id: string }>();
  await env.CATALOG_0.prepare("UPDATE api_key SET agent_id = ? WHERE account_id = ?")
    .bind(agent.id, mine.accountId)
    .run();
  const { oauth } = servicesOf(env);
  for (const text of [token, granted.access_token]) {
    const said = await oauth.verified(text, Date.now());
    if (said === null) throw new Error("no token of ours");
    const verdict = tokenVerdict(said, await oauth.tokenRow(said, Date.now()));
    expect(verdict?.principal).toMatchObject({
      agentId: agent.id,
      agent: { type: "query", state: "active" },
    });
  }
});
