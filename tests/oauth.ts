import { base64url } from "jose";
import { call, ORIGIN, type TestAccount } from "./helpers.ts";

export type TestClient = { id: string; secret: string; header: { Authorization: string } };

/** A form to an OAuth endpoint. */
export const formOf = (
  path: string,
  fields: Record<string, string>,
  headers: Record<string, string> = {},
): Promise<Response> =>
  call("POST", path, {
    body: new URLSearchParams(fields).toString(),
    headers: { "Content-Type": "application/x-www-form-urlencoded", ...headers },
  });

/** A client of the account that acts for itself, unless the members say otherwise. */
export async function makeClient(account: TestAccount, members: object): Promise<TestClient> {
  const body = { grant_types: ["client_credentials"], ...members };
  const made = await account.call("POST", "/v1/oauth/clients", { body });
  if (made.status !== 201) throw new Error(await made.text());
  const { client_id: id, client_secret: secret } = await made.json<{
    client_id: string;
    client_secret: string;
  }>();
  return { id, secret, header: { Authorization: `Basic ${btoa(`${id}:${secret}`)}` } };
}

export async function tokenOf(client: TestClient, fields: Record<string, string>) {
  const sent = { grant_type: "client_credentials", ...fields };
  const response = await formOf("/oauth/token", sent, client.header);
  if (response.status !== 200) throw new Error(await response.text());
  const answer = await response.json<{ access_token: string }>();
  return { answer, token: answer.access_token };
}

/** A browser in which the account's owner is signed in. */
export async function browserOf(account: TestAccount): Promise<{ Cookie: string; Origin: string }> {
  const opened = await call("POST", "/v1/sessions", { body: { apiKey: account.apiKey } });
  const Cookie = opened.headers.get("Set-Cookie")?.split(";")[0] ?? "";
  return { Cookie, Origin: ORIGIN };
}

export const REDIRECT = "https://app.example/callback";

/** An application that registered itself, without a secret. */
export async function registered(members: object = {}): Promise<string> {
  const made = await call("POST", "/oauth/register", {
    body: {
      client_name: "Otter's notebook",
      redirect_uris: [REDIRECT],
      token_endpoint_auth_method: "none",
      grant_types: ["authorization_code", "refresh_token"],
      ...members,
    },
  });
  if (made.status !== 201) throw new Error(await made.text());
  return (await made.json<{ client_id: string }>()).client_id;
}

export const VERIFIER = "otters-hold-hands-while-they-sleep-so-that-none-drifts";
export async function challengeOf(verifier: string): Promise<string> {
  const bytes = new TextEncoder().encode(verifier);
  return base64url.encode(new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)));
}

export async function requestOf(clientId: string, more: Record<string, string> = {}) {
  return {
    response_type: "code",
    client_id: clientId,
    redirect_uri: REDIRECT,
    scope: "search units:read",
    state: "state-1",
    code_challenge: await challengeOf(VERIFIER),
    code_challenge_method: "S256",
    ...more,
  };
}

/** The person in the browser says yes (or no): what the application is told. */
export async function answerOf(
  browser: Record<string, string>,
  request: Record<string, string>,
  decision = "allow",
): Promise<URLSearchParams> {
  const answer = await formOf("/oauth/authorize", { ...request, decision }, browser);
  if (answer.status !== 303) throw new Error(`${answer.status} ${await answer.text()}`);
  const to = answer.headers.get("Location") ?? "";
  if (!to.startsWith(REDIRECT)) throw new Error(to);
  return new URL(to).searchParams;
}

export type Tokens = { access_token: string; refresh_token: string; scope: string };

/** All of it: a code for what was asked, and tokens for the code. */
export async function grantedTo(
  account: TestAccount,
  clientId: string,
  more: Record<string, string> = {},
): Promise<Tokens> {
  const said = await answerOf(await browserOf(account), await requestOf(clientId, more));
  const response = await formOf("/oauth/token", {
    grant_type: "authorization_code",
    client_id: clientId,
    code: said.get("code") ?? "",
    code_verifier: VERIFIER,
    redirect_uri: REDIRECT,
  });
  if (response.status !== 200) throw new Error(await response.text());
  return await response.json<Tokens>();
}
