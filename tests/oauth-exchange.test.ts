import { decodeJwt } from "jose";
import { beforeAll, expect, it } from "vitest";
import { formOf, grantedTo, makeClient, registered, type TestClient, tokenOf } from "./oauth.ts";
import { call, newAccount, ORIGIN, type TestAccount } from "./helpers.ts";

const EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange";
const ACCESS = "urn:ietf:params:oauth:token-type:access_token";

let account: TestAccount;
let agent: TestClient;
let appId: string;
beforeAll(async () => {
  account = await newAccount();
  agent = await acting(account);
  appId = await registered();
});

const acting = (of: TestAccount, scope = "search units:read") =>
  makeClient(of, { grant_types: [EXCHANGE, "client_credentials"], scope });
const exchanged = (by: TestClient, subject: string, more: Record<string, string> = {}) =>
  formOf(
    "/oauth/token",
    { grant_type: EXCHANGE, subject_token: subject, subject_token_type: ACCESS, ...more },
    by.header,
  );
async function given(by: TestClient, subject: string, more: Record<string, string> = {}) {
  const answer = await exchanged(by, subject, more);
  if (answer.status !== 200) throw new Error(await answer.text());
  return await answer.json<{ access_token: string; scope: string; expires_in: number }>();
}
const errorOf = async (response: Response) => (await response.json<{ error: string }>()).error;
const statusOf = async (token: string) =>
  (await call("GET", "/v1/sessions/current", { headers: { Authorization: `Bearer ${token}` } }))
    .status;

it("lets an agent act for a person, and says that it does", async () => {
  const person = await grantedTo(account, appId);
  const answer = await given(agent, person.access_token, { scope: "search" });
  expect(answer).toMatchObject({ scope: "search", issued_token_type: ACCESS });
  expect(answer).not.toHaveProperty("refresh_token");
  expect(decodeJwt(answer.access_token)).toMatchObject({
    sub: account.principal.principalId,
    client_id: agent.id,
    act: { sub: account.principal.principalId, client_id: agent.id },
  });
  expect(await statusOf(answer.access_token)).toBe(200);
});

it("keeps the whole chain of who acts for whom, and ends it at four", async () => {
  let { token } = await tokenOf(agent, {});
  const names = [];
  for (let hop = 0; hop < 4; hop++) {
    const next = await acting(account);
    names.unshift(next.id);
    token = (await given(next, token)).access_token;
    expect(await statusOf(token)).toBe(200);
  }
  let act = decodeJwt(token)["act"] as { client_id: string; act?: never } | undefined;
  const chain = [];
  for (; act !== undefined; act = act.act) chain.push(act.client_id);
  expect(chain).toEqual(names);
  expect(await errorOf(await exchanged(await acting(account), token))).toBe("invalid_request");
});

it("gives no more than the subject and the client both have, for no longer", async () => {
  const narrow = await makeClient(account, { scope: "search keys" });
  const { token } = await tokenOf(narrow, { resource: `${ORIGIN}/v1` });
  const answer = await given(agent, token);
  expect(answer.scope).toBe("search");
  expect(answer.expires_in).toBeLessThanOrEqual(900);
  expect(decodeJwt(answer.access_token)).toMatchObject({ aud: `${ORIGIN}/v1` });
  expect(decodeJwt(answer.access_token).exp).toBeLessThanOrEqual(decodeJwt(token).exp ?? 0);
  const wider = [
    await exchanged(agent, token, { scope: "units:read" }),
    await exchanged(agent, token, { scope: "keys" }),
  ];
  for (const one of wider) expect(await errorOf(one)).toBe("invalid_scope");
  for (const resource of [ORIGIN, `${ORIGIN}/mcp`, "https://elsewhere.example"])
    expect(await errorOf(await exchanged(agent, token, { resource }))).toBe("invalid_target");
});

it("takes no token of another account, none that has ended, and nothing else for one", async () => {
  const other = await newAccount();
  const theirs = await tokenOf(await acting(other), {});
  const ended = await tokenOf(agent, {});
  await formOf("/oauth/revoke", { token: ended.token }, agent.header);
  const good = await tokenOf(agent, {});
  for (const subject of [theirs.token, ended.token, account.apiKey, "nonsense", `${good.token}x`])
    expect(await errorOf(await exchanged(agent, subject))).toBe("invalid_request");
  const asked = { subject_token_type: "urn:ietf:params:oauth:token-type:saml2" };
  expect(await errorOf(await exchanged(agent, good.token, asked))).toBe("invalid_request");
  const wanted = { requested_token_type: "urn:ietf:params:oauth:token-type:refresh_token" };
  expect(await errorOf(await exchanged(agent, good.token, wanted))).toBe("invalid_request");
});

it("takes the client's own token as the actor's, and nobody else's", async () => {
  const person = await grantedTo(account, appId);
  const own = await tokenOf(agent, {});
  const foreign = await tokenOf(await acting(account), {});
  const actor = (token: string) => ({ actor_token: token, actor_token_type: ACCESS });
  expect(
    await statusOf((await given(agent, person.access_token, actor(own.token))).access_token),
  ).toBe(200);
  const refused = await exchanged(agent, person.access_token, actor(foreign.token));
  expect(await errorOf(refused)).toBe("invalid_request");
});

it("ends what was exchanged with whatever it came from", async () => {
  const person = await grantedTo(account, appId);
  const one = await acting(account);
  const two = await acting(account);
  const first = await given(one, person.access_token);
  const second = await given(two, first.access_token);
  expect(await statusOf(second.access_token)).toBe(200);
  // One link of the chain, revoked alone.
  const third = await given(two, first.access_token);
  await formOf("/oauth/revoke", { token: first.access_token }, one.header);
  expect(await statusOf(third.access_token)).toBe(401);

  const again = await given(one, person.access_token);
  const last = await given(two, again.access_token);
  await account.call("DELETE", `/v1/oauth/clients/${one.id}`);
  expect(await statusOf(last.access_token)).toBe(401);

  const direct = await given(two, person.access_token);
  await formOf("/oauth/revoke", { token: person.refresh_token, client_id: appId });
  expect(await statusOf(direct.access_token)).toBe(401);
});

it("is for clients of an account that prove who they are", async () => {
  const { token } = await tokenOf(agent, {});
  const open = await registered({ token_endpoint_auth_method: "client_secret_post" }).catch(
    (error: unknown) => String(error),
  );
  const refused = await formOf("/oauth/token", {
    grant_type: EXCHANGE,
    client_id: open,
    subject_token: token,
    subject_token_type: ACCESS,
  });
  expect(await errorOf(refused)).toBe("invalid_client");
  const plain = await makeClient(account, {});
  expect(await errorOf(await exchanged(plain, token))).toBe("unauthorized_client");
});
