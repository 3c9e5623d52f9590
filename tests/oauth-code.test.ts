import { env } from "cloudflare:workers";
import { decodeJwt } from "jose";
import { beforeAll, expect, it } from "vitest";
import {
  answerOf,
  browserOf,
  formOf,
  grantedTo,
  REDIRECT,
  registered,
  requestOf,
  type Tokens,
  VERIFIER,
} from "./oauth.ts";
import { call, misspelt, newAccount, ORIGIN, problemOf, type TestAccount } from "./helpers.ts";

let account: TestAccount;
let clientId: string;
beforeAll(async () => {
  account = await newAccount();
  clientId = await registered();
});

const bearer = (token: string) => ({ headers: { Authorization: `Bearer ${token}` } });
const statusOf = async (token: string) =>
  (await call("GET", "/v1/sessions/current", bearer(token))).status;
const pageOf = (request: Record<string, string>, headers: Record<string, string> = {}) =>
  call("GET", `/oauth/authorize?${new URLSearchParams(request).toString()}`, { headers });
const redeem = (fields: Record<string, string>, headers?: Record<string, string>) =>
  formOf(
    "/oauth/token",
    { grant_type: "authorization_code", client_id: clientId, redirect_uri: REDIRECT, ...fields },
    headers,
  );
const refreshed = (refresh_token: string, more: Record<string, string> = {}) =>
  formOf("/oauth/token", {
    grant_type: "refresh_token",
    client_id: clientId,
    refresh_token,
    ...more,
  });
const errorOf = async (response: Response) => (await response.json<{ error: string }>()).error;

it("leads from a consent to tokens that do what was consented to, in the account of who consented", async () => {
  const browser = await browserOf(account);
  const request = await requestOf(clientId);
  const shown = await pageOf(request, browser);
  const text = await shown.text();
  expect(shown.status).toBe(200);
  expect(text).toContain("Otter&#39;s notebook");
  expect(text).toContain(REDIRECT);
  expect(text).toContain("units:read");
  expect(shown.headers.get("Content-Security-Policy")).toContain(
    "form-action 'self' https://app.example",
  );
  const said = await answerOf(browser, request);
  expect(said.get("state")).toBe("state-1");
  expect(said.get("iss")).toBe(ORIGIN);
  const answer = await redeem({ code: said.get("code") ?? "", code_verifier: VERIFIER });
  expect(answer.headers.get("Cache-Control")).toBe("no-store");
  const tokens = await answer.json<Tokens>();
  expect(tokens).toMatchObject({ token_type: "Bearer", scope: "search units:read" });
  expect(decodeJwt(tokens.access_token)).toMatchObject({
    sub: account.principal.principalId,
    account_id: account.accountId,
    client_id: clientId,
  });
  expect((await call("GET", "/v1/units", bearer(tokens.access_token))).status).toBe(200);
  expect((await call("GET", "/v1/keys", bearer(tokens.access_token))).status).toBe(403);
});

it("brings a browser from another site to itself first, then asks to sign in", async () => {
  const request = await requestOf(clientId);
  const first = await (await pageOf(request)).text();
  const again = /http-equiv="refresh" content="0; url=([^"]+)"/.exec(first)?.[1] ?? "";
  expect(again).toMatch(/^\/oauth\/authorize\?/);
  const second = await (await call("GET", again.replaceAll("&amp;", "&"))).text();
  expect(second).toContain("Sign in first");
  const third = await call("GET", again.replaceAll("&amp;", "&"), {
    headers: await browserOf(account),
  });
  expect(await third.text()).toContain('name="decision"');
});

it("shows what cannot be believed to the person, and never sends it anywhere", async () => {
  const browser = await browserOf(account);
  const good = await requestOf(clientId);
  for (const wrong of [
    { client_id: "o0_0000000000000000" },
    { client_id: "'><script>" },
    { redirect_uri: "https://evil.example/callback" },
    { redirect_uri: `${REDIRECT}/more` },
    { redirect_uri: "javascript:alert(1)" },
  ]) {
    const shown = await pageOf({ ...good, ...wrong }, browser);
    expect(shown.status, JSON.stringify(wrong)).toBe(400);
    expect(shown.headers.get("Location")).toBeNull();
    expect(await shown.text()).not.toContain("<script>");
    const posted = await formOf(
      "/oauth/authorize",
      { ...good, ...wrong, decision: "allow" },
      browser,
    );
    expect((await problemOf(posted)).code).toBe("invalid-request");
  }
});

it("tells the application what is wrong with its request", async () => {
  const good = await requestOf(clientId);
  const cases: [Record<string, string>, string][] = [
    [{ response_type: "token" }, "unsupported_response_type"],
    [{ code_challenge: "" }, "invalid_request"],
    [{ code_challenge_method: "plain" }, "invalid_request"],
    [{ scope: "search everything" }, "invalid_scope"],
    [{ resource: "https://elsewhere.example" }, "invalid_target"],
    [{ request: "eyJ" }, "invalid_request"],
  ];
  for (const [wrong, error] of cases) {
    const answer = await pageOf({ ...good, ...wrong });
    expect(answer.status).toBe(302);
    const to = new URL(answer.headers.get("Location") ?? "");
    expect(to.origin + to.pathname).toBe(REDIRECT);
    expect(to.searchParams.get("error"), JSON.stringify(wrong)).toBe(error);
    expect(to.searchParams.get("state")).toBe("state-1");
    expect(to.searchParams.get("iss")).toBe(ORIGIN);
  }
});

it("leads a browser to no address by itself that anybody may have registered a moment ago", async () => {
  const fresh = await registered();
  const shown = await pageOf({ ...(await requestOf(fresh)), response_type: "token" });
  expect(shown.status).toBe(400);
  expect(shown.headers.get("Location")).toBeNull();
  expect(await shown.text()).toContain(`href="${REDIRECT}?error=unsupported_response_type`);
});

it("takes no yes from another site, from nobody, or from an access token", async () => {
  const browser = await browserOf(account);
  const request = { ...(await requestOf(clientId)), decision: "allow" };
  const { Cookie } = browser;
  const answers = [
    await formOf("/oauth/authorize", request, { Cookie }),
    await formOf("/oauth/authorize", request, { Cookie, Origin: "https://evil.example" }),
    await formOf("/oauth/authorize", request, { Origin: ORIGIN }),
  ];
  expect(answers.map(({ status }) => status)).toEqual([403, 403, 401]);
  const { access_token } = await grantedTo(account, clientId);
  const headers = { Authorization: `Bearer ${access_token}` };
  expect((await formOf("/oauth/authorize", request, headers)).status).toBe(403);
});

it("takes a no, and an answer that is neither", async () => {
  const browser = await browserOf(account);
  const request = await requestOf(clientId);
  const said = await answerOf(browser, request, "deny");
  expect([said.get("error"), said.get("code")]).toEqual(["access_denied", null]);
  const neither = await formOf("/oauth/authorize", { ...request, decision: "perhaps" }, browser);
  expect((await problemOf(neither)).errors?.[0]?.pointer).toBe("/decision");
});

it("gives no more than the person's own session may do", async () => {
  const { apiKey } = await account.key(["search"]);
  const browser = await browserOf({ ...account, apiKey });
  const request = await requestOf(clientId, { scope: "search keys admin" });
  const code = (await answerOf(browser, request)).get("code") ?? "";
  const tokens = await (await redeem({ code, code_verifier: VERIFIER })).json<Tokens>();
  expect(tokens.scope).toBe("search");
});

it("asks for what only looks where the application names no scope", async () => {
  const { scope: _, ...request } = await requestOf(clientId);
  const code = (await answerOf(await browserOf(account), request)).get("code") ?? "";
  const tokens = await (await redeem({ code, code_verifier: VERIFIER })).json<Tokens>();
  expect(tokens.scope).toBe("search units:read");
});

it("redeems a code for its own client, verifier and address only", async () => {
  const browser = await browserOf(account);
  const code = (await answerOf(browser, await requestOf(clientId))).get("code") ?? "";
  const other = await registered();
  const flaws: Record<string, string>[] = [
    { code_verifier: `${VERIFIER}x` },
    { code_verifier: "" },
    { code_verifier: "short" },
    { client_id: other },
    { redirect_uri: "https://app.example/other" },
    { code: misspelt(code) },
    { code: "" },
  ];
  for (const wrong of flaws) {
    const refused = await redeem({ code, code_verifier: VERIFIER, ...wrong });
    expect(refused.status, JSON.stringify(wrong)).toBe(400);
    expect(await errorOf(refused)).toBe("invalid_grant");
  }
  expect((await redeem({ code, code_verifier: VERIFIER })).status).toBe(200);
});

it("refuses a code used twice, and ends what the first use gave", async () => {
  const code =
    (await answerOf(await browserOf(account), await requestOf(clientId))).get("code") ?? "";
  const first = await redeem({ code, code_verifier: VERIFIER });
  const tokens = await first.json<Tokens>();
  expect(await errorOf(await redeem({ code, code_verifier: VERIFIER }))).toBe("invalid_grant");
  expect(await statusOf(tokens.access_token)).toBe(401);
  expect(await errorOf(await refreshed(tokens.refresh_token))).toBe("invalid_grant");
});

it("gives the code of two redemptions at once to none of them for long", async () => {
  const code =
    (await answerOf(await browserOf(account), await requestOf(clientId))).get("code") ?? "";
  const answers = await Promise.all(
    Array.from({ length: 5 }, () => redeem({ code, code_verifier: VERIFIER })),
  );
  const given = answers.filter(({ status }) => status === 200);
  expect(given.length).toBe(1);
  const tokens = await given[0]?.json<Tokens>();
  expect(await statusOf(tokens?.access_token ?? "")).toBe(401);
});

it("refuses a code after its minute", async () => {
  const code =
    (await answerOf(await browserOf(account), await requestOf(clientId))).get("code") ?? "";
  await env.CATALOG_0.prepare("UPDATE oauth_code SET expires_at_ms = ?").bind(Date.now()).run();
  expect(await errorOf(await redeem({ code, code_verifier: VERIFIER }))).toBe("invalid_grant");
});

it("gives a new refresh token for each one used, narrower tokens on request, and never wider ones", async () => {
  const tokens = await grantedTo(account, clientId);
  const next = await (await refreshed(tokens.refresh_token, { scope: "search" })).json<Tokens>();
  expect(next.scope).toBe("search");
  expect(next.refresh_token).not.toBe(tokens.refresh_token);
  expect(await statusOf(next.access_token)).toBe(200);
  const wider = await refreshed(next.refresh_token, { scope: "search admin" });
  expect(await errorOf(wider)).toBe("invalid_scope");
  const elsewhere = await refreshed(next.refresh_token, { resource: "https://elsewhere.example" });
  expect(await errorOf(elsewhere)).toBe("invalid_target");
  const whole = await (await refreshed(next.refresh_token)).json<Tokens>();
  expect(whole.scope).toBe("search units:read");
});

it("ends the whole family when a refresh token comes back that was used before", async () => {
  const first = await grantedTo(account, clientId);
  const second = await (await refreshed(first.refresh_token)).json<Tokens>();
  const third = await (await refreshed(second.refresh_token)).json<Tokens>();
  expect(await errorOf(await refreshed(first.refresh_token))).toBe("invalid_grant");
  expect(await errorOf(await refreshed(third.refresh_token))).toBe("invalid_grant");
  for (const { access_token } of [first, second, third])
    expect(await statusOf(access_token)).toBe(401);
});

it("ends no family for a guess, for another client, or for a token changed", async () => {
  const tokens = await grantedTo(account, clientId);
  const stranger = await grantedTo(await newAccount(), clientId);
  const other = await registered();
  // The stranger knows the grant's name, and nothing else of it.
  const [, grant] = tokens.refresh_token.split("_");
  const forged = stranger.refresh_token.replace(/_\w{16}_/, `_${grant}_`);
  expect(await errorOf(await refreshed(forged))).toBe("invalid_grant");
  expect(await errorOf(await refreshed(tokens.refresh_token, { client_id: other }))).toBe(
    "invalid_grant",
  );
  expect(await errorOf(await refreshed(`${tokens.refresh_token}0`))).toBe("invalid_grant");
  expect((await refreshed(tokens.refresh_token)).status).toBe(200);
});

it("gives one of two refreshes at once a token, and ends the family", async () => {
  const tokens = await grantedTo(account, clientId);
  const answers = await Promise.all([1, 2].map(() => refreshed(tokens.refresh_token)));
  expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([200, 400]);
  const given = await answers.find(({ status }) => status === 200)?.json<Tokens>();
  expect(await errorOf(await refreshed(given?.refresh_token ?? ""))).toBe("invalid_grant");
});

it("keeps no code, secret or refresh token that can be read", async () => {
  const code =
    (await answerOf(await browserOf(account), await requestOf(clientId))).get("code") ?? "";
  const tokens = await (await redeem({ code, code_verifier: VERIFIER })).json<Tokens>();
  for (const table of ["oauth_code", "oauth_grant"]) {
    const { results } = await env.CATALOG_0.prepare(`SELECT * FROM ${table}`).all();
    const text = JSON.stringify(results);
    expect(text).not.toContain(code.slice(-38));
    expect(text).not.toContain(tokens.refresh_token.slice(-38));
    expect(text).not.toContain(tokens.refresh_token.slice(21, 53));
  }
});

it("shows people what acts for them, and ends it when they say so", async () => {
  const mine = await newAccount();
  const tokens = await grantedTo(mine, clientId);
  expect(await statusOf(tokens.access_token)).toBe(200);
  const list = await mine.call("GET", "/v1/oauth/grants");
  const { items } = await list.json<{ items: { id: string; clientName: string }[] }>();
  expect(items).toMatchObject([
    { clientName: "Otter's notebook", scopes: ["search", "units:read"] },
  ]);
  const id = items[0]?.id ?? "";
  expect((await account.call("DELETE", `/v1/oauth/grants/${id}`)).status).toBe(404);
  expect((await mine.call("DELETE", `/v1/oauth/grants/${id}`)).status).toBe(204);
  expect(await statusOf(tokens.access_token)).toBe(401);
  expect(await errorOf(await refreshed(tokens.refresh_token))).toBe("invalid_grant");
  expect(await (await mine.call("GET", "/v1/oauth/grants")).text()).not.toContain(id);
});

it("ends what was given by a key's session with the key", async () => {
  const { id, apiKey } = await account.key(["search"]);
  const tokens = await grantedTo({ ...account, apiKey }, clientId, { scope: "search" });
  await account.call("DELETE", `/v1/keys/${id}`);
  expect(await statusOf(tokens.access_token)).toBe(401);
  expect(await errorOf(await refreshed(tokens.refresh_token))).toBe("invalid_grant");
});
