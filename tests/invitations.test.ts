import { env } from "cloudflare:workers";
import { expect, it } from "vitest";
import { call, newAccount } from "./helpers.ts";
import {
  ask,
  freshEmail,
  mailsTo,
  newPerson,
  operatorKey,
  PASSWORD,
  signedIn,
  tokenTo,
} from "./people.ts";
import { acceptWith, invite, type Made } from "./people-invited.ts";

const who = (headers: Record<string, string>) => call("GET", "/v1/sessions/current", { headers });

it("lets somebody new in by invitation, where nobody can sign up by themselves", async () => {
  const account = await newAccount();
  const email = freshEmail();
  const sent = await invite(account, email, "member");
  expect(await sent.json()).toMatchObject({ email, role: "member", newAccount: false });
  expect(JSON.stringify(await (await account.call("GET", "/v1/invitations")).json())).toContain(
    email,
  );
  const made = await (await acceptWith(await tokenTo(email))).json<Made>();
  expect(made.accountId).toBe(account.accountId);
  const { opened, headers } = await signedIn({ email });
  expect(opened.status).toBe(201);
  expect(await (await who(headers)).json()).toMatchObject({
    accountId: account.accountId,
    role: "member",
    owner: false,
  });
  expect(await (await account.call("GET", "/v1/invitations")).json()).toMatchObject({ items: [] });
});

it("shows the invitation's secret to its mailbox alone", async () => {
  const account = await newAccount();
  const email = freshEmail();
  const sent = await (await invite(account, email, "viewer")).text();
  const token = await tokenTo(email);
  expect(token).toMatch(/^wl0_/);
  expect(sent).not.toContain(token.slice(-38));
  const { results } = await env.CATALOG_0.prepare("SELECT * FROM invitation").all();
  expect(JSON.stringify(results)).not.toMatch(/example\.org/);
  expect(JSON.stringify(results)).not.toContain(token.slice(-38));
});

it("takes somebody who is here already by the password they have", async () => {
  const account = await newAccount();
  const person = await newPerson();
  await invite(account, person.email, "auditor");
  const token = await tokenTo(person.email);
  expect((await acceptWith(token, { password: "not the one they have" })).status).toBe(401);
  const made = await (await acceptWith(token)).json<Made>();
  expect(made).toMatchObject({ personId: person.personId, accountId: account.accountId });
  const { headers } = await signedIn(person);
  const { items } = await (
    await call("GET", "/v1/accounts", { headers })
  ).json<{ items: object[] }>();
  expect(items).toMatchObject([
    { accountId: person.accountId, role: "owner", current: true },
    { accountId: account.accountId, role: "auditor", current: false },
  ]);
});

it("lets an invitation work once, and not at all once it is withdrawn or has run out", async () => {
  const account = await newAccount();
  const email = freshEmail();
  const { id } = await (await invite(account, email, "member")).json<{ id: string }>();
  const token = await tokenTo(email);
  expect((await account.call("DELETE", `/v1/invitations/${id}`)).status).toBe(204);
  expect((await acceptWith(token)).status).toBe(400);
  await invite(account, email, "member");
  const second = await tokenTo(email);
  await env.CATALOG_0.prepare("UPDATE invitation SET expires_at_ms = 1").run();
  expect((await acceptWith(second)).status).toBe(400);
  await invite(account, email, "member");
  const third = await tokenTo(email);
  const both = await Promise.all([acceptWith(third), acceptWith(third)]);
  expect(new Set(both.map(({ status }) => status))).toEqual(new Set([201, 409]));
});

it("begins a new account by invitation of the operator alone", async () => {
  const account = await newAccount();
  const email = freshEmail();
  const body = { email, newAccount: true };
  expect((await account.call("POST", "/v1/invitations", { body })).status).toBe(403);
  const headers = { Authorization: `Bearer ${await operatorKey()}` };
  expect((await call("POST", "/v1/invitations", { body, headers })).status).toBe(201);
  const made = await acceptWith(await tokenTo(email), { accountName: "Tide tables" });
  expect(made.status).toBe(201);
  const { accountId } = await made.json<Made>();
  const session = await signedIn({ email });
  expect(await (await call("GET", "/v1/account", session)).json()).toMatchObject({
    id: accountId,
    name: "Tide tables",
  });
  expect(await (await who(session.headers)).json()).toMatchObject({ role: "owner" });
});

it("makes nobody new where signing up is closed, and lets in who is here", async () => {
  const closed = { ...env, WISHUB_SIGNUP: "closed" } as Env;
  const account = await newAccount();
  const [stranger, person] = [freshEmail(), await newPerson()];
  for (const [email, status] of [
    [stranger, 403],
    [person.email, 201],
  ] as const) {
    await invite(account, email, "viewer");
    const body = { token: await tokenTo(email), password: PASSWORD, name: "Otto" };
    expect((await ask(closed, "POST", "/v1/invitations/accept", { body })).status).toBe(status);
  }
});

it("mails one address three invitations of an account in a quarter of an hour", async () => {
  const account = await newAccount();
  const email = freshEmail();
  const statuses = [];
  for (let i = 0; i < 4; i++) statuses.push((await invite(account, email, "viewer")).status);
  expect(statuses).toEqual([201, 201, 201, 429]);
  expect(await mailsTo(email)).toHaveLength(3);
});
