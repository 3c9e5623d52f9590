import { env } from "cloudflare:workers";
import { expect, it } from "vitest";
import { call, misspelt, newAccount, problemOf } from "./helpers.ts";
import {
  ask,
  freshEmail,
  mailsTo,
  newPerson,
  OPEN,
  PASSWORD,
  signedIn,
  tokenTo,
} from "./people.ts";

const signUp = (email: string) => ask(OPEN, "POST", "/v1/sign-up", { body: { email } });
const complete = (token: string, more: object = {}) =>
  ask(OPEN, "POST", "/v1/sign-up/complete", {
    body: { token, name: "Grete Hermann", password: PASSWORD, ...more },
  });

it("signs a person up with the link that was mailed, and in with their password", async () => {
  const email = freshEmail();
  expect((await signUp(email)).status).toBe(202);
  const made = await complete(await tokenTo(email), { accountName: "Tide tables" });
  expect(made.status).toBe(201);
  const { personId, accountId } = await made.json<{ personId: string; accountId: string }>();
  const { opened, headers } = await signedIn({ email: email.toUpperCase() });
  expect(opened.status).toBe(201);
  expect(await opened.json()).toMatchObject({ personId, accountId, role: "owner", keyId: null });
  const me = await (await call("GET", "/v1/people/me", { headers })).json();
  expect(me).toMatchObject({
    id: personId,
    email,
    name: "Grete Hermann",
    factors: { totp: false },
  });
  const account = await (await call("GET", "/v1/account", { headers })).json();
  expect(account).toMatchObject({ id: accountId, name: "Tide tables" });
});

it("keeps no personal field readable in the database", async () => {
  const { email, personId } = await newPerson();
  await signUp(freshEmail());
  const tables = ["person", "principal", "mail", "mail_link", "session", "attempt"];
  for (const table of tables) {
    const { results } = await env.CATALOG_0.prepare(`SELECT * FROM ${table}`).all();
    expect(JSON.stringify(results), table).not.toMatch(/example\.org|Grete|wl0_/);
  }
  const row = await env.CATALOG_0.prepare("SELECT * FROM person WHERE id = ?")
    .bind(personId)
    .first<{ password_hash: string; email_index: string }>();
  expect(row?.password_hash).toMatch(/^\$2[aby]\$12\$/);
  expect(row?.email_index).not.toContain(email.split("@")[0]);
});

it("answers the same whether somebody has signed up with an address or not; the mail says which", async () => {
  const { email } = await newPerson();
  const stranger = freshEmail();
  const [known, unknown] = [await signUp(email), await signUp(stranger)];
  expect([known.status, await known.text()]).toEqual([unknown.status, await unknown.text()]);
  expect((await mailsTo(email)).at(0)?.kind).toBe("already-here");
  expect((await mailsTo(stranger)).at(0)?.kind).toBe("sign-up");
  expect((await mailsTo(email)).at(0)?.text).not.toContain("wl0_");
});

it("lets a link work once, and of two at once one", async () => {
  const email = freshEmail();
  await signUp(email);
  const token = await tokenTo(email);
  const statuses = (await Promise.all([complete(token), complete(token)])).map((r) => r.status);
  expect(new Set(statuses)).toEqual(new Set([201, 409]));
  const again = await complete(token);
  expect(again.status).toBe(400);
  expect((await problemOf(again)).errors?.[0]?.pointer).toBe("/token");
});

it("lets the first of two links to one address win", async () => {
  const email = freshEmail();
  await signUp(email);
  const first = await tokenTo(email);
  await signUp(email);
  const second = await tokenTo(email);
  expect(second).not.toBe(first);
  expect((await complete(second)).status).toBe(201);
  expect((await complete(first)).status).toBe(409);
});

it("refuses a link that has run out, a made-up one and a changed one in the same words", async () => {
  const email = freshEmail();
  await signUp(email);
  const token = await tokenTo(email);
  await env.CATALOG_0.prepare("UPDATE mail_link SET expires_at_ms = 1").run();
  const answers = [token, "wl0_x", misspelt(token)];
  const details = new Set<string>();
  for (const one of answers) {
    const refused = await complete(one);
    expect(refused.status).toBe(400);
    details.add(JSON.stringify((await problemOf(refused)).errors));
  }
  expect(details.size).toBe(1);
});

it("refuses a password that anybody tries, before the link is used up", async () => {
  const email = freshEmail();
  await signUp(email);
  const token = await tokenTo(email);
  const refused = await complete(token, { password: "Password123456" });
  expect(refused.status).toBe(400);
  expect((await problemOf(refused)).errors?.[0]?.pointer).toBe("/password");
  expect((await complete(token)).status).toBe(201);
});

it("mails an address three times in a quarter of an hour and no more, and tells nobody", async () => {
  const email = freshEmail();
  for (let i = 0; i < 5; i++) expect((await signUp(email)).status).toBe(202);
  expect(await mailsTo(email)).toHaveLength(3);
});

it("lets nobody sign up by themselves where the operator does not", async () => {
  for (const WISHUB_SIGNUP of ["invite", "closed"]) {
    const bindings = { ...env, WISHUB_SIGNUP } as Env;
    const refused = await ask(bindings, "POST", "/v1/sign-up", { body: { email: freshEmail() } });
    expect(refused.status, WISHUB_SIGNUP).toBe(403);
  }
});

it("refuses what is no address", async () => {
  for (const email of [
    "",
    "a",
    "a@b",
    "a b@c.de",
    "<a@b.de>",
    "a@b.de,c@d.de",
    "a@b..de",
    7,
    `${"a".repeat(250)}@b.de`,
  ])
    expect((await ask(OPEN, "POST", "/v1/sign-up", { body: { email } })).status).toBe(400);
});

it("answers a wrong password like an address that nobody has", async () => {
  const person = await newPerson();
  const wrong = await call("POST", "/v1/sessions", {
    body: { email: person.email, password: "some other password" },
  });
  const nobody = await call("POST", "/v1/sessions", {
    body: { email: freshEmail(), password: PASSWORD },
  });
  const [one, other] = [await problemOf(wrong), await problemOf(nobody)];
  expect([wrong.status, one.code]).toEqual([401, "unauthenticated"]);
  expect({ ...one, instance: "" }).toEqual({ ...other, instance: "" });
});

it("lets the first account's owner alone read the outbox", async () => {
  const account = await newAccount();
  expect((await account.call("GET", "/v1/outbox")).status).toBe(403);
  const { headers } = await signedIn(await newPerson());
  expect((await call("GET", "/v1/outbox", { headers })).status).toBe(403);
});

it("signs out as a person, and their other sessions live on", async () => {
  const person = await newPerson();
  const [one, other] = [await signedIn(person), await signedIn(person)];
  const who = (headers: Record<string, string>) =>
    call("GET", "/v1/sessions/current", { headers }).then(({ status }) => status);
  expect((await call("DELETE", "/v1/sessions", one)).status).toBe(204);
  expect([await who(one.headers), await who(other.headers)]).toEqual([401, 200]);
});

it("asks nobody for a person who signs in with a key", async () => {
  const account = await newAccount();
  expect((await account.call("GET", "/v1/people/me")).status).toBe(404);
});
