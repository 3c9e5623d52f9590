import { env } from "cloudflare:workers";
import { expect, it } from "vitest";
import type { Role } from "#domain/accounts/model.ts";
import { call, newAccount, problemOf } from "./helpers.ts";
import { ask, freshEmail, newPerson, OPEN, sessionOf, signedIn, tokenTo } from "./people.ts";
import { acceptWith, invite, joined, type Made } from "./people-invited.ts";

type Member = { id: string; name: string; email: string | null; role: string };

const who = (headers: Record<string, string>) => call("GET", "/v1/sessions/current", { headers });

it("goes on in another account of the same person, and in none that is not theirs", async () => {
  const account = await newAccount();
  const person = await newPerson();
  await invite(account, person.email, "member");
  await acceptWith(await tokenTo(person.email));
  const { headers } = await signedIn(person);
  const switched = await call("POST", "/v1/sessions/switch", {
    body: { accountId: account.accountId },
    headers,
  });
  expect(switched.status).toBe(201);
  expect(await switched.json()).toMatchObject({ accountId: account.accountId, role: "member" });
  const next = { Cookie: switched.headers.get("Set-Cookie")?.split(";")[0] ?? "" };
  expect(await (await who(next)).json()).toMatchObject({ accountId: account.accountId });
  expect((await who(headers)).status).toBe(401);
  const foreign = (await newAccount()).accountId;
  const refused = await call("POST", "/v1/sessions/switch", {
    body: { accountId: foreign },
    headers: { ...next, Origin: headers.Origin },
  });
  expect(refused.status).toBe(404);
  const direct = await signedIn(person, { accountId: account.accountId });
  expect(await direct.opened.json()).toMatchObject({ accountId: account.accountId });
  expect((await signedIn(person, { accountId: foreign })).opened.status).toBe(403);
});

it("ends a switched session when the first one would have ended", async () => {
  const person = await newPerson();
  const { headers } = await signedIn(person);
  const endMs = Date.now() + 60_000;
  await env.CATALOG_0.prepare("UPDATE session SET expires_at_ms = ? WHERE person_id = ?")
    .bind(endMs, person.personId)
    .run();
  const body = { accountId: person.accountId };
  const switched = await call("POST", "/v1/sessions/switch", { body, headers });
  const lifeS = /Max-Age=(\d+)/.exec(switched.headers.get("Set-Cookie") ?? "")?.[1];
  expect(Number(lifeS)).toBeLessThanOrEqual(60);
});

it("removes a member with their sessions and keys at once, and elsewhere within 5 seconds", async () => {
  const account = await newAccount();
  const member = await joined(account, "member");
  const { headers } = await signedIn(member);
  const elsewhere = { ...env } as Env; // an isolate of its own
  const there = () => ask(elsewhere, "GET", "/v1/sessions/current", { headers });
  expect((await there()).status).toBe(200);
  await env.CATALOG_0.prepare(
    "INSERT INTO api_key (id, account_id, principal_id, name, secret_hash, scopes, created_at_ms) VALUES (?, ?, ?, 'x', 'h', '[]', 0)",
  )
    .bind(`k0_${member.principalId.slice(3)}`, account.accountId, member.principalId)
    .run();
  const removedAtMs = Date.now();
  const removed = await account.call("DELETE", `/v1/members/${member.principalId}`);
  expect(removed.status).toBe(204);
  expect((await who(headers)).status).toBe(401);
  await expect
    .poll(async () => (await there()).status, { interval: 200, timeout: 8_000 })
    .toBe(401);
  expect(Date.now() - removedAtMs).toBeLessThan(5_500);
  const key = await env.CATALOG_0.prepare("SELECT revoked_at_ms AS at FROM api_key WHERE id = ?")
    .bind(`k0_${member.principalId.slice(3)}`)
    .first<number>("at");
  expect(key).toBeGreaterThan(0);
  expect((await signedIn(member)).opened.status).toBe(403);
  expect((await account.call("GET", `/v1/members/${member.principalId}`)).status).toBe(404);
  expect((await account.call("DELETE", `/v1/members/${member.principalId}`)).status).toBe(404);
});

it("lets who was removed come back by a new invitation, without their old keys", async () => {
  const account = await newAccount();
  const member = await joined(account, "admin");
  await account.call("DELETE", `/v1/members/${member.principalId}`);
  await invite(account, member.email, "viewer");
  const again = await (await acceptWith(await tokenTo(member.email))).json<Made>();
  expect(again.principalId).toBe(member.principalId);
  expect(await (await who((await signedIn(member)).headers)).json()).toMatchObject({
    role: "viewer",
  });
});

it("gives a member another role, which their open session has at once", async () => {
  const account = await newAccount();
  const member = await joined(account, "viewer");
  const { headers } = await signedIn(member);
  expect((await call("GET", "/v1/keys", { headers })).status).toBe(403);
  const changed = await account.call("PATCH", `/v1/members/${member.principalId}`, {
    body: { role: "member" },
  });
  expect(await changed.json()).toMatchObject({ role: "member", email: member.email });
  expect((await call("GET", "/v1/keys", { headers })).status).toBe(200);
});

it("keeps at least one owner, also when two are changed at once", async () => {
  const account = await newAccount();
  const own = account.principal.principalId;
  const patch = (id: string, role: Role) =>
    account.call("PATCH", `/v1/members/${id}`, { body: { role } });
  expect((await patch(own, "admin")).status).toBe(409);
  expect((await account.call("DELETE", `/v1/members/${own}`)).status).toBe(409);
  const other = await joined(account, "owner");
  const both = await Promise.all([
    account.call("DELETE", `/v1/members/${other.principalId}`),
    account.call("DELETE", `/v1/members/${own}`),
  ]);
  expect(new Set(both.map(({ status }) => status))).toEqual(new Set([204, 409]));
});

it("lets no administrator make an owner, or touch one", async () => {
  const account = await newAccount();
  const admin = await joined(account, "admin");
  const { headers } = await signedIn(admin);
  await env.CATALOG_0.prepare("UPDATE session SET factor_at_ms = ? WHERE person_id = ?")
    .bind(Date.now(), admin.personId)
    .run();
  const own = account.principal.principalId;
  const as = (method: string, path: string, body?: object) => call(method, path, { body, headers });
  const email = freshEmail();
  expect((await as("POST", "/v1/invitations", { email, role: "owner" })).status).toBe(403);
  expect((await as("PATCH", `/v1/members/${own}`, { role: "viewer" })).status).toBe(403);
  expect((await as("DELETE", `/v1/members/${own}`)).status).toBe(403);
  expect((await as("PATCH", `/v1/members/${admin.principalId}`, { role: "owner" })).status).toBe(
    403,
  );
  expect((await as("POST", "/v1/invitations", { email, role: "admin" })).status).toBe(201);
});

it("asks a person for their second factor before they invite, change or remove anybody", async () => {
  const { headers } = await signedIn(await newPerson());
  const body = { email: freshEmail(), role: "member" };
  const refused = await call("POST", "/v1/invitations", { body, headers });
  expect((await problemOf(refused)).code).toBe("second-factor-required");
});

it("shows e-mails to those who run the account, and names to all", async () => {
  const account = await newAccount();
  const viewer = await joined(account, "viewer");
  const list = async (headers: Record<string, string>) =>
    (await (await call("GET", "/v1/members", { headers })).json<{ items: Member[] }>()).items;
  const byOwner = await list({ Authorization: `Bearer ${account.apiKey}` });
  expect(byOwner.find(({ id }) => id === viewer.principalId)).toMatchObject({
    name: "Otto Member",
    email: viewer.email,
  });
  const byViewer = await list((await signedIn(viewer)).headers);
  expect(byViewer).toHaveLength(2);
  // One's own address one knows.
  const ofOthers = byViewer.filter(({ id }) => id !== viewer.principalId);
  expect(ofOthers.map(({ email }) => email)).toEqual([null]);
  expect(byViewer.find(({ id }) => id === viewer.principalId)?.name).toBe("Otto Member");
});

it("shows nobody to a key that is made for something else, even if an owner made it", async () => {
  const account = await newAccount();
  const { apiKey } = await account.key(["search", "units:read"]);
  for (const path of ["/v1/members", `/v1/members/${account.principal.principalId}`]) {
    const refused = await call("GET", path, { headers: { Authorization: `Bearer ${apiKey}` } });
    expect(await problemOf(refused)).toMatchObject({
      status: 403,
      detail: "needs the scope admin",
    });
  }
});

it("answers 404 for another account's members and invitations", async () => {
  const [account, stranger] = [await newAccount(), await newAccount()];
  const member = await joined(account, "member");
  const { id } = await (await invite(account, freshEmail(), "viewer")).json<{ id: string }>();
  for (const [method, path, body] of [
    ["GET", `/v1/members/${member.principalId}`],
    ["PATCH", `/v1/members/${member.principalId}`, { role: "viewer" }],
    ["DELETE", `/v1/members/${member.principalId}`],
    ["DELETE", `/v1/invitations/${id}`],
  ] as const)
    expect((await stranger.call(method, path, { body })).status, `${method} ${path}`).toBe(404);
});

it("begins another account where anybody may, the same one for a repeated request", async () => {
  const person = await newPerson();
  const { headers } = await signedIn(person);
  const body = { name: "Second" };
  expect((await call("POST", "/v1/accounts", { body, headers })).status).toBe(403);
  const again = { ...headers, "Idempotency-Key": "one" };
  const made = await ask(OPEN, "POST", "/v1/accounts", { body, headers: again });
  const { accountId } = await made.json<{ accountId: string }>();
  expect(made.status).toBe(201);
  await ask(OPEN, "POST", "/v1/accounts", { body, headers: again });
  const { items } = await (
    await call("GET", "/v1/accounts", { headers })
  ).json<{ items: { accountId: string }[] }>();
  expect(items.map((one) => one.accountId)).toEqual([person.accountId, accountId]);
  const switched = await call("POST", "/v1/sessions/switch", { body: { accountId }, headers });
  const log = await call("GET", "/v1/audit", { headers: sessionOf(switched) });
  const { items: noted } = await log.json<{ items: { action: string }[] }>();
  expect(noted.map(({ action }) => action)).toEqual(["account.make"]);
});

it("lets a member leave, and the last owner not", async () => {
  const account = await newAccount();
  const member = await joined(account, "member");
  const { headers } = await signedIn(member);
  expect((await call("POST", "/v1/members/leave", { headers })).status).toBe(204);
  expect((await who(headers)).status).toBe(401);
  const owner = await signedIn(await newPerson());
  expect((await call("POST", "/v1/members/leave", owner)).status).toBe(409);
  expect((await account.call("POST", "/v1/members/leave")).status).toBe(403);
});

it("shows of others what a role may see and a purpose needs, and of oneself everything", async () => {
  const account = await newAccount();
  const [reader, other] = [await joined(account, "member"), await joined(account, "viewer")];
  const { headers } = await signedIn(reader);
  const shown = async (id: string, query = "", by: object = { headers }) =>
    await (await call("GET", `/v1/members/${id}${query}`, by)).json<Member>();
  const key = { headers: { Authorization: `Bearer ${account.apiKey}` } };
  expect(await shown(other.principalId)).toMatchObject({ name: "Otto Member", email: null });
  expect(await shown(other.principalId, "?purpose=administration")).toMatchObject({ email: null });
  expect(await shown(reader.principalId)).toMatchObject({ email: reader.email });
  expect(await shown(other.principalId, "", key)).toMatchObject({ email: other.email });
  const masked = { name: "O. M.", email: "p…@e….org" };
  expect(await shown(other.principalId, "?purpose=support", key)).toMatchObject(masked);
  const page = await account.call("GET", "/v1/members?purpose=audit");
  expect(JSON.stringify(await page.json())).not.toContain("Otto");
  const refused = await account.call("GET", "/v1/members?purpose=curiosity");
  expect((await problemOf(refused)).errors?.[0]?.pointer).toBe("#/query/purpose");
});

it("begins no other account for whom an identity provider vouches, so that it can sign nobody in there", async () => {
  const person = await newPerson();
  const { headers } = await signedIn(person);
  await env.CATALOG_0.prepare(
    "UPDATE person SET email_index = NULL, password_hash = NULL WHERE id = ?",
  )
    .bind(person.personId)
    .run();
  const made = await ask(OPEN, "POST", "/v1/accounts", { body: { name: "Second" }, headers });
  expect(made.status).toBe(403);
});
