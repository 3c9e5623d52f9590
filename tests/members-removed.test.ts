import { env } from "cloudflare:workers";
import { expect, it } from "vitest";
import type { Role } from "#domain/accounts/model.ts";
import { call, newAccount, type TestAccount } from "./helpers.ts";
import {
  answerOf,
  formOf,
  REDIRECT,
  registered,
  requestOf,
  type Tokens,
  VERIFIER,
} from "./oauth.ts";
import { freshEmail, signedIn, tokenTo } from "./people.ts";
import { acceptWith, invite, joined, type Made } from "./people-invited.ts";

/** Somebody new in the account, in a session that has just proven a second factor. */
async function proven(account: TestAccount, role: Role) {
  const member = await joined(account, role);
  const { headers } = await signedIn(member);
  await env.CATALOG_0.prepare("UPDATE session SET factor_at_ms = ? WHERE person_id = ?")
    .bind(Date.now(), member.personId)
    .run();
  return { ...member, headers };
}

it("gives no application back what it could do for a member who was removed and comes again", async () => {
  const account = await newAccount();
  const member = await proven(account, "member");
  const clientId = await registered();
  const said = await answerOf(member.headers, await requestOf(clientId));
  const tokens = await formOf("/oauth/token", {
    grant_type: "authorization_code",
    client_id: clientId,
    code: said.get("code") ?? "",
    code_verifier: VERIFIER,
    redirect_uri: REDIRECT,
  });
  const { refresh_token } = await tokens.json<Tokens>();
  const body = { grant_types: ["client_credentials"], scope: "search" };
  const own = await call("POST", "/v1/oauth/clients", { body, headers: member.headers });
  const { client_id, client_secret } = await own.json<Record<string, string>>();

  await account.call("DELETE", `/v1/members/${member.principalId}`);
  await invite(account, member.email, "viewer");
  const again = await (await acceptWith(await tokenTo(member.email))).json<Made>();
  expect(again.principalId).toBe(member.principalId);

  const refreshed = { grant_type: "refresh_token", client_id: clientId, refresh_token };
  expect((await formOf("/oauth/token", refreshed)).status).toBe(400);
  const Authorization = `Basic ${btoa(`${client_id}:${client_secret}`)}`;
  const asked = { grant_type: "client_credentials" };
  expect((await formOf("/oauth/token", asked, { Authorization })).status).toBe(401);
});

it("honours no invitation by somebody who was removed, or could not send it any more", async () => {
  const account = await newAccount();
  const [removed, demoted, former] = [
    await proven(account, "admin"),
    await proven(account, "admin"),
    await proven(account, "owner"),
  ];
  const invited = async (by: { headers: Record<string, string> }, role: Role) => {
    const email = freshEmail();
    const sent = await call("POST", "/v1/invitations", {
      body: { email, role },
      headers: by.headers,
    });
    expect(sent.status).toBe(201);
    return tokenTo(email);
  };
  const tokens = [
    await invited(removed, "admin"),
    await invited(demoted, "admin"),
    await invited(former, "owner"),
  ];
  const kept = await invited(former, "admin");
  await account.call("DELETE", `/v1/members/${removed.principalId}`);
  const patch = (id: string, role: Role) =>
    account.call("PATCH", `/v1/members/${id}`, { body: { role } });
  await patch(demoted.principalId, "member");
  await patch(former.principalId, "admin");
  for (const token of tokens) expect((await acceptWith(token)).status).toBe(400);
  expect((await acceptWith(kept)).status).toBe(201);
});
