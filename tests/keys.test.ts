import { env } from "cloudflare:workers";
import { expect, it } from "vitest";
import { call, misspelt, newAccount, problemOf } from "./helpers.ts";

const readerOf = (apiKey: string) => ({ headers: { Authorization: `Bearer ${apiKey}` } });

it("shows a new key once and stores only its hash", async () => {
  const account = await newAccount();
  const made = await account.call("POST", "/v1/keys", {
    body: { name: "Reader", scopes: ["units:read"] },
  });
  expect(made.status).toBe(201);
  const { id, apiKey, ...rest } = await made.json<{ id: string; apiKey: string }>();
  expect(apiKey).toMatch(/^wh0_[0-9a-v]{16}_[0-9a-v]{38}$/);
  expect(rest).toMatchObject({
    name: "Reader",
    scopes: ["units:read"],
    expiresAt: null,
    lastUsedAt: null,
  });
  const read = await account.call("GET", `/v1/keys/${id}`);
  expect(read.headers.get("ETag")).toMatch(/^"/);
  expect(await read.text()).not.toContain(apiKey.slice(-38));
  const { results } = await env.CATALOG_0.prepare("SELECT * FROM api_key").all();
  expect(JSON.stringify(results)).not.toContain(apiKey.slice(-38));
});

it("lets a key do what its scopes say and nothing else", async () => {
  const account = await newAccount();
  const { apiKey } = await account.key(["units:read"]);
  expect((await call("GET", "/v1/sessions/current", readerOf(apiKey))).status).toBe(200);
  const refused = await call("GET", "/v1/keys", readerOf(apiKey));
  expect(refused.status).toBe(403);
  expect((await problemOf(refused)).code).toBe("forbidden");
});

it("grants no scope that the maker lacks", async () => {
  const account = await newAccount();
  const { apiKey } = await account.key(["keys", "search"]);
  const body = { name: "More", scopes: ["search", "admin"] };
  const refused = await call("POST", "/v1/keys", { body, ...readerOf(apiKey) });
  expect(refused.status).toBe(403);
  const granted = await call("POST", "/v1/keys", {
    body: { ...body, scopes: ["search"] },
    ...readerOf(apiKey),
  });
  expect(granted.status).toBe(201);
});

it("refuses a revoked key where it was revoked at once, and lists it no more", async () => {
  const account = await newAccount();
  const { id, apiKey } = await account.key(["search"]);
  expect((await call("GET", "/v1/sessions/current", readerOf(apiKey))).status).toBe(200);
  expect((await account.call("DELETE", `/v1/keys/${id}`)).status).toBe(204);
  expect((await call("GET", "/v1/sessions/current", readerOf(apiKey))).status).toBe(401);
  expect((await account.call("DELETE", `/v1/keys/${id}`)).status).toBe(404);
  expect(await (await account.call("GET", "/v1/keys")).text()).not.toContain(id);
});

it("refuses a key revoked elsewhere within 5 seconds", async () => {
  const account = await newAccount();
  const { id, apiKey } = await account.key(["search"]);
  const who = () => call("GET", "/v1/sessions/current", readerOf(apiKey));
  expect((await who()).status).toBe(200);
  const revokedAtMs = Date.now();
  await env.CATALOG_0.prepare("UPDATE api_key SET revoked_at_ms = 1 WHERE id = ?").bind(id).run();
  await expect.poll(async () => (await who()).status, { interval: 200, timeout: 10_000 }).toBe(401);
  expect(Date.now() - revokedAtMs).toBeLessThan(5_500);
});

it("refuses a key from its expiry on", async () => {
  const account = await newAccount();
  const expiresAt = new Date(Date.now() + 700).toISOString();
  const made = await account.call("POST", "/v1/keys", {
    body: { name: "Brief", scopes: ["search"], expiresAt },
  });
  const { apiKey } = await made.json<{ apiKey: string }>();
  const who = () => call("GET", "/v1/sessions/current", readerOf(apiKey));
  expect((await who()).status).toBe(200);
  await expect.poll(async () => (await who()).status, { interval: 50, timeout: 2_000 }).toBe(401);
});

it("refuses an expiry in the past, naming it", async () => {
  const account = await newAccount();
  const body = { name: "Late", scopes: ["search"], expiresAt: "2020-01-01T00:00:00Z" };
  const refused = await account.call("POST", "/v1/keys", { body });
  expect(refused.status).toBe(400);
  expect((await problemOf(refused)).errors?.[0]?.pointer).toBe("/expiresAt");
});

it("makes no key that outlives the one it is made with", async () => {
  const account = await newAccount();
  const expiresAt = new Date(Date.now() + 3_600_000).toISOString();
  const made = await account.call("POST", "/v1/keys", {
    body: { name: "For an hour", scopes: ["keys", "search"], expiresAt },
  });
  const { apiKey } = await made.json<{ apiKey: string }>();
  const child = (end?: string) =>
    call("POST", "/v1/keys", {
      ...readerOf(apiKey),
      body: { name: "Child", scopes: ["search"], ...(end && { expiresAt: end }) },
    });
  for (const end of [undefined, new Date(Date.now() + 7_200_000).toISOString()]) {
    const refused = await child(end);
    expect(refused.status).toBe(400);
    expect((await problemOf(refused)).errors?.[0]?.pointer).toBe("/expiresAt");
  }
  expect((await child(expiresAt)).status).toBe(201);
});

it("refuses anything that is not a key of ours", async () => {
  const { apiKey } = await newAccount();
  const forged = `${apiKey.slice(0, 30)}${apiKey.charAt(30) === "0" ? "1" : "0"}${apiKey.slice(31)}`;
  const wrong = [
    "",
    "x",
    "Basic abc",
    `Bearer ${misspelt(apiKey)}`,
    `Bearer ${forged}`,
    `Bearer ${"a".repeat(9000)}`,
  ];
  for (const Authorization of wrong) {
    const refused = await call("GET", "/v1/keys", { headers: { Authorization } });
    expect(refused.status, Authorization.slice(0, 80)).toBe(401);
    expect(refused.headers.get("WWW-Authenticate")).toContain("Bearer");
  }
});

it("pages through keys, newest first, and refuses what is no page", async () => {
  const account = await newAccount();
  for (let i = 0; i < 4; i++) await account.key(["search"]);
  const seen: string[] = [];
  let cursor: string | null = null;
  do {
    const path: string = `/v1/keys?limit=2${cursor === null ? "" : `&cursor=${cursor}`}`;
    const page = await (
      await account.call("GET", path)
    ).json<{ items: { id: string }[]; nextCursor: string | null }>();
    seen.push(...page.items.map(({ id }) => id));
    cursor = page.nextCursor;
  } while (cursor !== null);
  expect(new Set(seen).size).toBe(5);
  for (const query of [
    "limit=0",
    "limit=101",
    "limit=1.5",
    "limit=ten",
    "limit=1&limit=2",
    "cursor=%00",
    "cursor=abc",
    "order=asc",
  ]) {
    expect((await account.call("GET", `/v1/keys?${query}`)).status, query).toBe(400);
  }
});

it("lists under a key those that end with it, page by page, and no others", async () => {
  const account = await newAccount();
  const made = async (maker: { apiKey: string }, name: string) => {
    const body = { name, scopes: ["keys", "search"] };
    const answer = await call("POST", "/v1/keys", { body, ...readerOf(maker.apiKey) });
    return await answer.json<{ id: string; apiKey: string }>();
  };
  const namesUnder = async (id: string, by = account.apiKey) => {
    const names: string[] = [];
    let next = "";
    do {
      const page: { items: { name: string }[]; nextCursor: string | null } = await (
        await call("GET", `/v1/keys?limit=1&under=${id}${next}`, readerOf(by))
      ).json();
      names.push(...page.items.map(({ name }) => name));
      next = page.nextCursor === null ? "" : `&cursor=${page.nextCursor}`;
    } while (next !== "");
    return names.toSorted();
  };
  const first = await account.key(["keys", "search"]);
  const child = await made(first, "child");
  const grandchild = await made(child, "grandchild");
  await made(await account.key(["keys", "search"]), "another's");
  expect(await namesUnder(first.id)).toEqual(["child", "grandchild"]);
  expect(await namesUnder(grandchild.id)).toEqual([]);

  // What it turned itself into ends with it, and what it made hangs on that.
  const turned = await call("POST", `/v1/keys/${child.id}/rotate`, {
    body: {},
    ...readerOf(child.apiKey),
  });
  expect(turned.status).toBe(201);
  expect(await namesUnder(child.id)).toEqual(["child", "grandchild"]);

  const stranger = await newAccount();
  expect(await namesUnder(first.id, stranger.apiKey)).toEqual([]);
  expect((await account.call("GET", "/v1/keys?under=")).status).toBe(400);
});

it("marks a key as used once in five minutes, not at each use", async () => {
  const account = await newAccount();
  const { id, apiKey } = await account.key(["search"]);
  const lastUsed = () =>
    env.CATALOG_0.prepare("SELECT last_used_at_ms AS at FROM api_key WHERE id = ?")
      .bind(id)
      .first<number>("at");
  await call("GET", "/v1/sessions/current", readerOf(apiKey));
  await expect.poll(lastUsed).toBeGreaterThan(0);
  const first = await lastUsed();
  await call("GET", "/v1/sessions/current", readerOf(apiKey));
  expect(await lastUsed()).toBe(first);
});

it("stops every key of a suspended account", async () => {
  const account = await newAccount();
  await env.CATALOG_0.prepare("UPDATE account SET status = 'suspended' WHERE id = ?")
    .bind(account.accountId)
    .run();
  expect((await account.call("GET", "/v1/keys")).status).toBe(401);
});
