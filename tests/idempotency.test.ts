import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect, it } from "vitest";
import { ANSWER_LIFE_MS } from "#domain/accounts/idempotency.ts";
import { sha256Hex } from "#domain/shared/hash.ts";
import { Account } from "#objects/account.ts";
import { call, newAccount, problemOf, type TestAccount } from "./helpers.ts";

const key = (name: string) => ({ "Idempotency-Key": name });
const body = { name: "Once", scopes: ["search"] };
const objectOf = (account: TestAccount) => env.ACCOUNT.getByName(account.accountId);
const names = async (account: TestAccount) => {
  const { items } = await (
    await account.call("GET", "/v1/keys")
  ).json<{ items: { name: string }[] }>();
  return items.map(({ name }) => name).filter((name) => name === body.name);
};

it("gives the same answer to the same key and body, and does it once", async () => {
  const account = await newAccount();
  const first = await account.call("POST", "/v1/keys", { body, headers: key("a") });
  const again = await account.call("POST", "/v1/keys", { body, headers: key("a") });
  expect([first.status, again.status]).toEqual([201, 201]);
  expect(again.headers.get("Idempotency-Replayed")).toBe("true");
  expect(again.headers.get("ETag")).toBe(first.headers.get("ETag"));
  expect(again.headers.get("X-Request-Id")).not.toBe(first.headers.get("X-Request-Id"));
  expect(await again.json()).toEqual(await first.json());
  expect(await names(account)).toHaveLength(1);
});

it("remembers the answer after the account's object was evicted", async () => {
  const account = await newAccount();
  const first = await account.call("POST", "/v1/keys", { body, headers: key("a") });
  await evictDurableObject(objectOf(account));
  const again = await account.call("POST", "/v1/keys", { body, headers: key("a") });
  expect(await again.json()).toEqual(await first.json());
});

it("keeps no secret of an answer in readable form", async () => {
  const account = await newAccount();
  const made = await account.call("POST", "/v1/keys", { body, headers: key("a") });
  const { apiKey } = await made.json<{ apiKey: string }>();
  const stored = await runInDurableObject(
    objectOf(account),
    (_: Account, { storage }) =>
      storage.sql.exec<{ body: ArrayBuffer }>("SELECT body FROM operation").one().body,
  );
  expect(new TextDecoder().decode(stored)).not.toContain(apiKey.slice(-38));
});

it("refuses the same key with another body", async () => {
  const account = await newAccount();
  await account.call("POST", "/v1/keys", { body, headers: key("a") });
  const other = await account.call("POST", "/v1/keys", {
    body: { ...body, name: "Other" },
    headers: key("a"),
  });
  expect(other.status).toBe(409);
  expect((await problemOf(other)).code).toBe("idempotency-conflict");
});

it("does one of many that come at once, and asks the rest to come again or gives them its answer", async () => {
  const account = await newAccount();
  const all = await Promise.all(
    Array.from({ length: 8 }, () => account.call("POST", "/v1/keys", { body, headers: key("a") })),
  );
  for (const response of all.filter(({ status }) => status !== 201)) {
    expect(Number(response.headers.get("Retry-After"))).toBeGreaterThan(0);
    expect((await problemOf(response)).code).toBe("idempotency-in-flight");
  }
  expect(await names(account)).toHaveLength(1);
});

it("keeps keys of two accounts, and of two addresses, apart", async () => {
  const [one, two] = [await newAccount(), await newAccount()];
  const made = await (
    await one.call("POST", "/v1/keys", { body, headers: key("a") })
  ).json<{ id: string }>();
  expect((await two.call("POST", "/v1/keys", { body, headers: key("a") })).status).toBe(201);
  expect((await one.call("DELETE", `/v1/keys/${made.id}`, { headers: key("a") })).status).toBe(204);
  expect((await one.call("DELETE", `/v1/keys/${made.id}`, { headers: key("a") })).status).toBe(204);
  expect((await one.call("DELETE", `/v1/keys/${made.id}`)).status).toBe(404);
});

it("deduplicates nothing without a key", async () => {
  const account = await newAccount();
  await account.call("POST", "/v1/keys", { body });
  await account.call("POST", "/v1/keys", { body });
  expect(await names(account)).toHaveLength(2);
});

it("lets a repetition finish what a killed first attempt began, under the same id", async () => {
  const account = await newAccount();
  const first = await (
    await account.call("POST", "/v1/keys", { body, headers: key("a") })
  ).json<{ id: string }>();
  // As if the process had died between the effect and its answer, longer than a lease ago.
  await runInDurableObject(objectOf(account), (_: Account, { storage }) => {
    storage.sql.exec(
      "UPDATE operation SET status = NULL, headers = NULL, body = NULL, lease_until_ms = 0",
    );
  });
  const again = await account.call("POST", "/v1/keys", { body, headers: key("a") });
  const repeated = await again.json<{ id: string; apiKey: string }>();
  expect(repeated.id).toBe(first.id);
  expect(await names(account)).toHaveLength(1);
  const headers = { Authorization: `Bearer ${repeated.apiKey}` };
  expect((await call("GET", "/v1/sessions/current", { headers })).status).toBe(200);
});

it("ignores the answer of an attempt that has lost its lease", async () => {
  const account = objectOf(await newAccount());
  const [id, hash] = [await sha256Hex("operation"), await sha256Hex("body")];
  await account.begin(id, hash);
  await runInDurableObject(account, (_: Account, { storage }) => {
    storage.sql.exec("UPDATE operation SET lease_until_ms = 0");
  });
  expect(await account.begin(id, hash)).toMatchObject({ state: "run", attempt: 2 });
  await account.finish(id, 1, { status: 201, headers: {}, body: new Uint8Array([1]) });
  expect(await account.begin(id, hash)).toMatchObject({ state: "in-flight" });
  await account.finish(id, 2, { status: 202, headers: {}, body: new Uint8Array([2]) });
  expect(await account.begin(id, hash)).toMatchObject({
    state: "answered",
    answer: { status: 202 },
  });
});

it("forgets an answer after 24 hours, and gives the key a new operation", async () => {
  const account = await newAccount();
  const first = await (
    await account.call("POST", "/v1/keys", { body, headers: key("a") })
  ).json<{ id: string }>();
  const rows = () =>
    runInDurableObject(objectOf(account), (_: Account, { storage }) => {
      storage.sql.exec("UPDATE operation SET started_at_ms = started_at_ms - ?", ANSWER_LIFE_MS);
      return storage.sql.exec("SELECT * FROM operation").toArray().length;
    });
  expect(await rows()).toBe(1);
  expect(await runDurableObjectAlarm(objectOf(account))).toBe(true);
  expect(await rows()).toBe(0);
  const again = await (
    await account.call("POST", "/v1/keys", { body, headers: key("a") })
  ).json<{ id: string }>();
  expect(again.id).not.toBe(first.id);
});

it("takes only 1 to 255 printable characters as a key", async () => {
  const account = await newAccount();
  for (const [name, status] of [
    ["a".repeat(255), 201],
    ["a".repeat(256), 400],
    ["\u00e9", 400],
  ] as const) {
    const made = await account.call("POST", "/v1/keys", { body, headers: key(name) });
    expect(made.status, `${name.length} characters`).toBe(status);
  }
});
