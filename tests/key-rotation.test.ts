import { env } from "cloudflare:workers";
import { expect, it } from "vitest";
import type { KeyView } from "#domain/accounts/keys.ts";
import type { Scope } from "#domain/accounts/model.ts";
import { call, elsewhereOf, isolate, newAccount, problemOf, type TestAccount } from "./helpers.ts";

type Made = KeyView & { apiKey: string };

const withKey = (apiKey: string) => ({ headers: { Authorization: `Bearer ${apiKey}` } });
const works = async (apiKey: string) =>
  (await call("GET", "/v1/sessions/current", withKey(apiKey))).status === 200;

async function make(by: string, scopes: Scope[] = ["keys", "search"], more = {}): Promise<Made> {
  const made = await call("POST", "/v1/keys", {
    ...withKey(by),
    body: { name: "Made", scopes, ...more },
  });
  expect(made.status).toBe(201);
  return await made.json<Made>();
}

const rotate = (by: string, id: string, body: object = {}, headers = {}) =>
  call("POST", `/v1/keys/${id}/rotate`, {
    body,
    headers: { ...withKey(by).headers, ...headers },
  });

/** Another principal of the account, in this role, and its key with every right to keys. */
async function colleague(account: TestAccount, role: string): Promise<string> {
  const { apiKey, id } = await make(account.apiKey, ["keys", "search"]);
  const principalId = id.replace("k", "p");
  await env.CATALOG_0.batch([
    env.CATALOG_0.prepare(
      "INSERT INTO principal (account_id, id, kind, name, role, status, created_at_ms) VALUES (?, ?, 'service', 'x', ?, 'active', 0)",
    ).bind(account.accountId, principalId, role),
    env.CATALOG_0.prepare(
      "UPDATE api_key SET principal_id = ?, parent_id = NULL WHERE id = ?",
    ).bind(principalId, id),
  ]);
  return apiKey;
}

it("gives a new key with the same rights, and lets the old one work beside it", async () => {
  const account = await newAccount();
  const expiresAt = new Date(Date.now() + 7 * 86_400_000).toISOString();
  const old = await make(account.apiKey, ["search", "units:read"], { expiresAt });
  const answer = await rotate(account.apiKey, old.id, { overlapSeconds: 3_600 });
  expect(answer.status).toBe(201);
  const next = await answer.json<Made>();
  expect(next).toMatchObject({
    name: old.name,
    scopes: old.scopes,
    principalId: old.principalId,
    parentId: old.parentId,
    expiresAt,
    replacedById: null,
  });
  expect(next.apiKey).not.toBe(old.apiKey);
  expect([await works(old.apiKey), await works(next.apiKey)]).toEqual([true, true]);
  const read = await account.call("GET", `/v1/keys/${old.id}`);
  const replaced = await read.json<KeyView>();
  expect(replaced.replacedById).toBe(next.id);
  const leftS = (Date.parse(replaced.expiresAt ?? "") - Date.now()) / 1_000;
  expect(leftS).toBeGreaterThan(3_500);
  expect(leftS).toBeLessThanOrEqual(3_600);
});

it("ends the old key at once without an overlap", async () => {
  const account = await newAccount();
  const old = await make(account.apiKey);
  expect(await works(old.apiKey)).toBe(true);
  const next = await (await rotate(account.apiKey, old.id, { overlapSeconds: 0 })).json<Made>();
  expect([await works(old.apiKey), await works(next.apiKey)]).toEqual([false, true]);
});

it("replaces a key once, also when it is asked twice at the same time", async () => {
  const account = await newAccount();
  const old = await make(account.apiKey);
  const answers = await Promise.all([1, 2].map(() => rotate(account.apiKey, old.id)));
  expect(answers.map(({ status }) => status).sort((a, b) => a - b)).toEqual([201, 409]);
  const refused = await rotate(account.apiKey, old.id);
  expect((await problemOf(refused)).code).toBe("conflict");
});

it("repeats a rotation under its idempotency key, and makes no second key", async () => {
  const account = await newAccount();
  const old = await make(account.apiKey);
  const again = () => rotate(account.apiKey, old.id, {}, { "Idempotency-Key": "turn" });
  const [first, second] = [await again(), await again()];
  expect(await second.text()).toBe(await first.text());
  const { items } = await (await account.call("GET", "/v1/keys")).json<{ items: KeyView[] }>();
  expect(items.length).toBe(3);
});

it("lets a key rotate itself and what it made, and nothing beside or above it", async () => {
  const account = await newAccount();
  const [mine, other] = [await make(account.apiKey), await make(account.apiKey)];
  const child = await make(mine.apiKey);
  expect((await rotate(mine.apiKey, other.id)).status).toBe(403);
  expect((await rotate(child.apiKey, mine.id)).status).toBe(403);
  expect((await rotate(mine.apiKey, child.id)).status).toBe(201);
  expect((await rotate(mine.apiKey, mine.id)).status).toBe(201);
});

it("makes no key by rotation that its caller could not make", async () => {
  const account = await newAccount();
  const parent = await make(account.apiKey, ["keys", "search", "units:read"]);
  const child = await make(parent.apiKey, ["search", "units:read"]);
  await env.CATALOG_0.prepare("UPDATE api_key SET scopes = ? WHERE id = ?")
    .bind('["search","admin"]', child.id)
    .run();
  const refused = await rotate(parent.apiKey, child.id);
  expect(refused.status).toBe(403);
  const member = await colleague(account, "member");
  expect((await rotate(member, child.id)).status).toBe(404);
  const admin = await colleague(account, "admin");
  expect((await rotate(admin, child.id)).status).toBe(403);
});

it("ends with a key everything that was made with it, however far down, sessions included", async () => {
  const account = await newAccount();
  const root = await make(account.apiKey);
  const child = await make(root.apiKey);
  const grandchild = await make(child.apiKey, ["search"]);
  const beside = await make(account.apiKey, ["search"]);
  const session = await call("POST", "/v1/sessions", { body: { apiKey: grandchild.apiKey } });
  const Cookie = session.headers.get("Set-Cookie")?.split(";")[0] ?? "";
  const signedIn = async () =>
    (await call("GET", "/v1/sessions/current", { headers: { Cookie } })).status;
  expect([await works(grandchild.apiKey), await signedIn()]).toEqual([true, 200]);
  expect((await account.call("DELETE", `/v1/keys/${root.id}`)).status).toBe(204);
  expect(
    await Promise.all([root, child, grandchild, beside].map(({ apiKey }) => works(apiKey))),
  ).toEqual([false, false, false, true]);
  expect(await signedIn()).toBe(401);
});

it("hangs what the old key made on the new one", async () => {
  const account = await newAccount();
  const old = await make(account.apiKey);
  const child = await make(old.apiKey);
  const next = await (await rotate(account.apiKey, old.id)).json<Made>();
  expect((await account.call("DELETE", `/v1/keys/${old.id}`)).status).toBe(204);
  expect([await works(child.apiKey), await works(next.apiKey)]).toEqual([true, true]);
  expect((await account.call("DELETE", `/v1/keys/${next.id}`)).status).toBe(204);
  expect(await works(child.apiKey)).toBe(false);
});

it("ends with a key whatever it turned itself into, however often", async () => {
  const account = await newAccount();
  const leaked = await make(account.apiKey);
  const next = await (await rotate(leaked.apiKey, leaked.id)).json<Made>();
  const opened = await call("POST", "/v1/sessions", { body: { apiKey: next.apiKey } });
  const headers = {
    Cookie: opened.headers.get("Set-Cookie")?.split(";")[0] ?? "",
    Origin: env.WISHUB_PUBLIC_URL,
  };
  const turned = await call("POST", `/v1/keys/${next.id}/rotate`, { body: {}, headers });
  const last = await turned.json<Made>();
  const child = await make(last.apiKey);
  expect([await works(last.apiKey), await works(child.apiKey)]).toEqual([true, true]);
  expect((await account.call("DELETE", `/v1/keys/${leaked.id}`)).status).toBe(204);
  const all = [leaked, next, last, child].map(({ apiKey }) => works(apiKey));
  expect(await Promise.all(all)).toEqual([false, false, false, false]);
});

it("stores no child of a key that was revoked elsewhere a moment ago", async () => {
  const account = await newAccount();
  const parent = await make(account.apiKey);
  expect(await works(parent.apiKey)).toBe(true);
  await env.CATALOG_0.prepare("UPDATE api_key SET revoked_at_ms = 1 WHERE id = ?")
    .bind(parent.id)
    .run();
  // This isolate still believes the key.
  const body = { name: "Late", scopes: ["search"] };
  const refused = await call("POST", "/v1/keys", { ...withKey(parent.apiKey), body });
  expect(refused.status).toBe(401);
});

it("makes keys by keys by keys no further down than revoking goes", async () => {
  const account = await newAccount();
  let by = account.apiKey;
  let depth = 0;
  for (; depth < 40; depth++) {
    const body = { name: "Deeper", scopes: ["keys"] };
    const made = await call("POST", "/v1/keys", { ...withKey(by), body });
    if (made.status !== 201) {
      expect(made.status).toBe(409);
      break;
    }
    by = (await made.json<Made>()).apiKey;
  }
  expect(depth).toBe(15);
});

it("lets no session make a key that outlives the one it was opened with", async () => {
  const account = await newAccount();
  const expiresAt = new Date(Date.now() + 3_600_000).toISOString();
  const brief = await make(account.apiKey, ["keys", "search"], { expiresAt });
  const session = await call("POST", "/v1/sessions", { body: { apiKey: brief.apiKey } });
  const headers = {
    Cookie: session.headers.get("Set-Cookie")?.split(";")[0] ?? "",
    Origin: env.WISHUB_PUBLIC_URL,
  };
  const body = { name: "Longer", scopes: ["search"] };
  const refused = await call("POST", "/v1/keys", { headers, body });
  expect((await problemOf(refused)).errors?.[0]?.pointer).toBe("/expiresAt");
});

it("shows a member its own keys only, and lets it end no other", async () => {
  const account = await newAccount();
  const { id } = await make(account.apiKey);
  const member = await colleague(account, "member");
  const { items } = await (
    await call("GET", "/v1/keys", withKey(member))
  ).json<{ items: KeyView[] }>();
  expect(items.length).toBe(1);
  for (const method of ["GET", "DELETE"])
    expect((await call(method, `/v1/keys/${id}`, withKey(member))).status).toBe(404);
});

it("lets an administrator end everybody's keys but an owner's", async () => {
  const account = await newAccount();
  const owners = await make(account.apiKey);
  const member = await colleague(account, "member");
  const admin = await colleague(account, "admin");
  const { items } = await (
    await call("GET", "/v1/keys", withKey(member))
  ).json<{ items: KeyView[] }>();
  const end = async (id = "") => (await call("DELETE", `/v1/keys/${id}`, withKey(admin))).status;
  expect([await end(owners.id), await end(items[0]?.id)]).toEqual([403, 204]);
  expect([await works(owners.apiKey), await works(member)]).toEqual([true, false]);
});

it("ends what a key made within 5 seconds in an isolate that has not heard of it", async () => {
  const account = await newAccount();
  const parent = await make(account.apiKey);
  const child = await make(parent.apiKey, ["search"]);
  const elsewhere = isolate({ CATALOG_0: elsewhereOf(env.CATALOG_0) });
  const there = async () =>
    (await elsewhere({ ...account, apiKey: child.apiKey }, "GET", "/v1/sessions/current")).status;
  expect(await there()).toBe(200);
  expect((await account.call("DELETE", `/v1/keys/${parent.id}`)).status).toBe(204);
  const sinceMs = Date.now();
  await expect.poll(there, { interval: 250, timeout: 10_000 }).toBe(401);
  expect(Date.now() - sinceMs).toBeLessThan(5_500);
});
