import { env } from "cloudflare:workers";
import { expect, it } from "vitest";
import { formOf, REDIRECT } from "./oauth.ts";
import { call, newAccount } from "./helpers.ts";

const register = (body: unknown) => call("POST", "/oauth/register", { body });
const good = { redirect_uris: [REDIRECT], client_name: "Notebook" };

it("registers an application for nobody in particular, ignoring what it does not know", async () => {
  const made = await register({ ...good, logo_uri: "https://app.example/l.png", contacts: ["x"] });
  expect(made.status).toBe(201);
  const client = await made.json<Record<string, unknown>>();
  expect(client).toMatchObject({
    client_name: "Notebook",
    redirect_uris: [REDIRECT],
    grant_types: ["authorization_code"],
    response_types: ["code"],
    token_endpoint_auth_method: "client_secret_basic",
    client_secret_expires_at: 0,
  });
  expect(client["client_secret"]).toMatch(/^wo0_/);
  const { results } = await env.CATALOG_0.prepare("SELECT * FROM oauth_client").all();
  expect(JSON.stringify(results)).not.toContain(String(client["client_secret"]).slice(-38));
});

it("refuses what could hurt somebody or means nothing", async () => {
  const cases: [object, string][] = [
    [{ ...good, redirect_uris: ["javascript:alert(1)"] }, "invalid_redirect_uri"],
    [{ ...good, redirect_uris: ["http://app.example/cb"] }, "invalid_redirect_uri"],
    [{ ...good, redirect_uris: [] }, "invalid_redirect_uri"],
    [{ ...good, redirect_uris: Array(11).fill(REDIRECT) }, "invalid_redirect_uri"],
    [{ ...good, redirect_uris: [`${REDIRECT}?${"x".repeat(3_000)}`] }, "invalid_redirect_uri"],
    [{ ...good, grant_types: ["password"] }, "invalid_client_metadata"],
    [{ ...good, grant_types: ["client_credentials"] }, "invalid_client_metadata"],
    [{ ...good, response_types: ["token"] }, "invalid_client_metadata"],
    [{ ...good, token_endpoint_auth_method: "telepathy" }, "invalid_client_metadata"],
    [{ ...good, scope: "search everything" }, "invalid_client_metadata"],
    [{ ...good, client_name: "a\u0000b" }, "invalid_client_metadata"],
    [{ ...good, client_uri: "javascript:alert(1)" }, "invalid_client_metadata"],
    [[], "invalid_client_metadata"],
  ];
  for (const [body, error] of cases) {
    const refused = await register(body);
    expect(refused.status, JSON.stringify(body).slice(0, 200)).toBe(400);
    expect(await refused.json(), JSON.stringify(body).slice(0, 200)).toMatchObject({ error });
  }
  for (const body of ["{", '"'.repeat(40_000)])
    expect((await register(body)).status).toBeOneOf([400, 413]);
});

it("lets an open client act for nobody by itself", async () => {
  const made = await register(good);
  const { client_id, client_secret } = await made.json<Record<string, string>>();
  const header = { Authorization: `Basic ${btoa(`${client_id}:${client_secret}`)}` };
  const refused = await formOf("/oauth/token", { grant_type: "client_credentials" }, header);
  expect(await refused.json()).toMatchObject({ error: "unauthorized_client" });
});

it("shows an account its own clients only", async () => {
  const account = await newAccount();
  await register(good);
  const list = await account.call("GET", "/v1/oauth/clients");
  expect(await list.json()).toEqual({ items: [], nextCursor: null });
});
