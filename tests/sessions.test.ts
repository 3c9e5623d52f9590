import { createExecutionContext, waitOnExecutionContext } from "cloudflare:test";
import { env, exports } from "cloudflare:workers";
import { expect, it } from "vitest";
import { app } from "#workers/http/app.ts";
import { call, newAccount, ORIGIN, unobserved } from "./helpers.ts";

const cookieOf = (response: Response) => response.headers.get("Set-Cookie")?.split(";")[0] ?? "";

async function signedIn(body: object) {
  const opened = await call("POST", "/v1/sessions", { body });
  expect(opened.status).toBe(201);
  return { opened, Cookie: cookieOf(opened) };
}

it("signs a browser in by key, with a cookie that no script and no other site can use", async () => {
  const account = await newAccount();
  const { opened, Cookie } = await signedIn({ apiKey: account.apiKey });
  expect(opened.headers.get("Set-Cookie")).toMatch(
    /^wishub_session=ws0_\w+; Path=\/; HttpOnly; SameSite=Strict; Max-Age=\d+$/,
  );
  const current = await call("GET", "/v1/sessions/current", { headers: { Cookie } });
  expect(await current.json()).toMatchObject({
    accountId: account.accountId,
    kind: "session",
    role: "owner",
    owner: true,
  });
  const { results } = await env.CATALOG_0.prepare("SELECT * FROM session").all();
  expect(JSON.stringify(results)).not.toContain(Cookie.slice(-38));
});

it("takes a session over TLS in the cookie that no other host of the domain can set, and in no other", async () => {
  const account = await newAccount();
  const url = "https://hub.example.org";
  const at = async (path: string, init: RequestInit) => {
    const context = createExecutionContext();
    const bindings = { ...unobserved, WISHUB_PUBLIC_URL: url } as Env;
    const response = await app.fetch(new Request(`${url}${path}`, init), bindings, context);
    await waitOnExecutionContext(context);
    return response;
  };
  const opened = await at("/v1/sessions", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ apiKey: account.apiKey }),
  });
  expect(opened.headers.get("Set-Cookie")).toMatch(
    /^__Host-wishub_session=ws0_\w+; Path=\/; HttpOnly; SameSite=Strict; Max-Age=\d+; Secure$/,
  );
  const Cookie = cookieOf(opened);
  expect((await at("/v1/sessions/current", { headers: { Cookie } })).status).toBe(200);
  const headers = { Cookie: Cookie.replace("__Host-", "") };
  expect((await at("/v1/sessions/current", { headers })).status).toBe(401);
});

it("changes something by cookie only from its own origin", async () => {
  const { apiKey } = await newAccount();
  const { Cookie } = await signedIn({ apiKey });
  const body = { name: "Made in a browser", scopes: ["search"] };
  const make = (headers: Record<string, string>) =>
    call("POST", "/v1/keys", { body, headers: { Cookie, ...headers } });
  expect((await make({})).status).toBe(403);
  expect((await make({ Origin: "https://evil.example" })).status).toBe(403);
  expect((await make({ Origin: "null" })).status).toBe(403);
  expect((await make({ Origin: ORIGIN })).status).toBe(201);
});

it("refuses to sign a visitor of another site in", async () => {
  const { apiKey } = await newAccount();
  const headers = { Origin: "https://evil.example" };
  expect((await call("POST", "/v1/sessions", { body: { apiKey }, headers })).status).toBe(403);
});

it("signs out, and the cookie is worth nothing from then on", async () => {
  const { apiKey } = await newAccount();
  const { Cookie } = await signedIn({ apiKey });
  const closed = await call("DELETE", "/v1/sessions", { headers: { Cookie, Origin: ORIGIN } });
  expect(closed.status).toBe(204);
  expect(closed.headers.get("Set-Cookie")).toContain("Max-Age=0");
  expect((await call("GET", "/v1/sessions/current", { headers: { Cookie } })).status).toBe(401);
});

it("ends a session together with the key it was opened with", async () => {
  const account = await newAccount();
  const { id, apiKey } = await account.key(["search"]);
  const { Cookie } = await signedIn({ apiKey });
  expect((await call("GET", "/v1/sessions/current", { headers: { Cookie } })).status).toBe(200);
  await account.call("DELETE", `/v1/keys/${id}`);
  expect((await call("GET", "/v1/sessions/current", { headers: { Cookie } })).status).toBe(401);
});

it("gives a session no more than its key has", async () => {
  const account = await newAccount();
  const { apiKey } = await account.key(["search"]);
  const { Cookie } = await signedIn({ apiKey });
  expect((await call("GET", "/v1/keys", { headers: { Cookie } })).status).toBe(403);
});

it("signs nobody out by how many sessions somebody else opens", async () => {
  const account = await newAccount();
  const mine = await signedIn({ apiKey: account.apiKey });
  const other = await account.key(["search"]);
  await env.CATALOG_0.batch([
    env.CATALOG_0.prepare(
      "INSERT INTO principal (account_id, id, kind, name, role, status, created_at_ms) VALUES (?, 'p0_other', 'service', 'x', 'member', 'active', 0)",
    ).bind(account.accountId),
    env.CATALOG_0.prepare("UPDATE api_key SET principal_id = 'p0_other' WHERE id = ?").bind(
      other.id,
    ),
    // As if it had opened them one by one, each later than the owner's.
    env.CATALOG_0.prepare(
      `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1100)
       INSERT INTO session (id, account_id, principal_id, token_hash, scopes, created_at_ms, expires_at_ms)
       SELECT 's0_many' || i, ?1, 'p0_other', 'x', '[]', 0, ?2 + i FROM n`,
    ).bind(account.accountId, Date.now() + 8 * 86_400_000),
  ]);
  await signedIn({ apiKey: other.apiKey });
  const headers = { Cookie: mine.Cookie };
  expect((await call("GET", "/v1/sessions/current", { headers })).status).toBe(200);
  const left = await env.CATALOG_0.prepare(
    "SELECT count(*) AS n FROM session WHERE principal_id = 'p0_other'",
  ).first("n");
  expect(left).toBeLessThan(1_100);
});

it("takes a session's token for no API key, nor a key for a cookie", async () => {
  const { apiKey } = await newAccount();
  const { Cookie } = await signedIn({ apiKey });
  const Authorization = `Bearer ${Cookie.split("=")[1]}`;
  expect((await call("GET", "/v1/keys", { headers: { Authorization } })).status).toBe(401);
  expect(
    (await call("GET", "/v1/keys", { headers: { Cookie: `wishub_session=${apiKey}` } })).status,
  ).toBe(401);
});

it("signs in by a console code once, as the owner", async () => {
  const first = await exports.Admin.setup();
  const code = await exports.Admin.issueConsoleCode();
  const [one, other] = await Promise.all(
    [1, 2].map(() => call("POST", "/v1/sessions", { body: { code } })),
  );
  expect(new Set([one?.status, other?.status])).toEqual(new Set([201, 401]));
  const Cookie =
    [one, other]
      .map((response) => (response ? cookieOf(response) : ""))
      .find((cookie) => cookie !== "") ?? "";
  const current = await call("GET", "/v1/sessions/current", { headers: { Cookie } });
  expect(await current.json()).toMatchObject({
    accountId: first.accountId,
    role: "owner",
    owner: true,
    keyId: null,
  });
});

it("refuses a console code that has run out", async () => {
  await exports.Admin.setup();
  const code = await exports.Admin.issueConsoleCode();
  await env.CATALOG_0.prepare("UPDATE console_code SET expires_at_ms = ?").bind(Date.now()).run();
  expect((await call("POST", "/v1/sessions", { body: { code } })).status).toBe(401);
});

it("makes the first account once; set up again, it gives that account another key", async () => {
  const [one, two] = [await exports.Admin.setup(), await exports.Admin.setup()];
  expect(two).toMatchObject({ created: false, accountId: one.accountId });
  for (const { apiKey } of [one, two]) {
    expect(
      (await call("GET", "/v1/keys", { headers: { Authorization: `Bearer ${apiKey}` } })).status,
    ).toBe(200);
  }
});

it("refuses a sign-in with neither key nor code, with both, or with a wrong one", async () => {
  const { apiKey } = await newAccount();
  for (const body of [{}, { apiKey, code: "x" }, { apiKey: 1 }, { apiKey, more: 1 }]) {
    expect((await call("POST", "/v1/sessions", { body })).status, JSON.stringify(body)).toBe(400);
  }
  expect((await call("POST", "/v1/sessions", { body: { apiKey: "wh0_wrong" } })).status).toBe(401);
  expect((await call("POST", "/v1/sessions", { body: { code: "wc0_wrong" } })).status).toBe(401);
});
