import { evictDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import { call, isolate, newAccount, problemOf, type TestAccount } from "./helpers.ts";

const WHO = "/v1/sessions/current";

/** An account on a plan, before anybody has asked anything in its name. */
async function accountOn(plan: string): Promise<TestAccount> {
  const account = await newAccount();
  await env.CATALOG_0.prepare("UPDATE account SET plan = ? WHERE id = ?")
    .bind(plan, account.accountId)
    .run();
  return account;
}

type Statuses = Record<string, number>;
/** So many requests at once over isolates that know nothing of one another; how many got which status. */
async function burst(
  isolates: number,
  requests: number,
  by: (n: number) => TestAccount,
): Promise<Statuses> {
  const all = Array.from({ length: isolates }, () => isolate({}));
  const statuses: Statuses = {};
  const next = async (n: number) => {
    const response = await all[n % isolates]?.(by(n), "GET", WHO);
    await response?.body?.cancel();
    const status = String(response?.status);
    statuses[status] = (statuses[status] ?? 0) + 1;
  };
  for (let sent = 0; sent < requests; sent += 100)
    await Promise.all(Array.from({ length: 100 }, (_, i) => next(sent + i)));
  return statuses;
}

/** The account as other keys of it call. */
async function withKeys(account: TestAccount, keys: number): Promise<TestAccount[]> {
  const made: TestAccount[] = [];
  for (let i = 0; i < keys; i++)
    made.push({ ...account, apiKey: (await account.key(["search"])).apiKey });
  return made;
}

describe("an account on a plan of 1,000 requests a minute", () => {
  let free: TestAccount;
  beforeAll(async () => {
    free = await accountOn("free");
  });

  it("says what its limits are and how much is left of the scarcest", async () => {
    const answer = await free.call("GET", WHO);
    expect(answer.headers.get("RateLimit-Policy")).toBe(
      '"account";q=1000;w=60, "day";q=50000;w=86400, "key";q=600;w=60',
    );
    expect(answer.headers.get("RateLimit")).toMatch(/^"key";r=599;t=6[01]$/);
    const { plan, limits } = await (
      await free.call("GET", "/v1/limits")
    ).json<{ plan: string; limits: { name: string; requests: number; remaining: number }[] }>();
    expect(plan).toBe("free");
    const [account] = limits;
    expect(account).toMatchObject({ name: "account", requests: 1_000, periodSeconds: 60 });
    expect(account?.remaining).toBeGreaterThan(900);
    expect(account?.remaining).toBeLessThan(1_000);
  });

  it("gets its 1,000 over twelve isolates and never more, and at most a chunk less", async () => {
    const account = await accountOn("free");
    const keys = await withKeys(account, 3);
    const {
      "200": passed = 0,
      "429": refused = 0,
      ...rest
    } = await burst(12, 1_500, (n) => keys[n % 3] ?? account);
    expect(rest).toEqual({});
    expect(passed + refused).toBe(1_500);
    expect(passed).toBeLessThanOrEqual(1_000);
    expect(passed).toBeGreaterThanOrEqual(950);
  });

  it("tells whoever is refused which limit it was and when to come back", async () => {
    const account = await accountOn("free");
    await burst(1, 700, () => account);
    const refused = await isolate({})(account, "GET", WHO);
    expect(refused.status).toBe(429);
    expect(Number(refused.headers.get("Retry-After"))).toBeGreaterThan(30);
    expect(Number(refused.headers.get("Retry-After"))).toBeLessThanOrEqual(61);
    expect(refused.headers.get("RateLimit")).toMatch(/^"key";r=0;t=\d+$/);
    const problem = await problemOf(refused);
    expect(problem).toMatchObject({
      code: "too-many-requests",
      detail: "the key limit is 600 requests in 60 s",
    });
  });

  it("keeps the rest of the account free when one of its keys has spent its own limit", async () => {
    const account = await accountOn("free");
    const [loud, quiet] = await withKeys(account, 2);
    if (loud === undefined || quiet === undefined) throw new Error("no keys");
    const statuses = await burst(4, 800, () => loud);
    expect(statuses["200"]).toBeLessThanOrEqual(600);
    expect((await isolate({})(quiet, "GET", WHO)).status).toBe(200);
  });

  it("stays spent when the object that counts is lost", async () => {
    const account = await accountOn("free");
    const before = await burst(2, 700, () => account);
    await evictDurableObject(env.BUCKET.getByName(account.accountId));
    const after = await burst(2, 100, () => account);
    expect((before["200"] ?? 0) + (after["200"] ?? 0)).toBeLessThanOrEqual(606);
  });

  it("is asked who it is before it is told that it asks too often", async () => {
    const stranger = await call("GET", WHO, { headers: { Authorization: "Bearer nobody" } });
    expect(stranger.status).toBe(401);
    expect(stranger.headers.get("RateLimit")).toBeNull();
  });
});

it("sets no limit where the plan has none, and sends no header about any", async () => {
  const account = await accountOn("unlimited");
  const answer = await account.call("GET", WHO);
  expect(answer.headers.get("RateLimit")).toBeNull();
  expect(await (await account.call("GET", "/v1/limits")).json()).toEqual({
    plan: "unlimited",
    limits: [],
  });
});

it("lets the first account, and nobody else, give accounts their plans", async () => {
  const [first, other] = [await newAccount(), await newAccount()];
  await env.CATALOG_0.prepare("INSERT INTO installation VALUES (1, ?, ?, 0)")
    .bind(first.accountId, first.principal.principalId)
    .run();
  const path = `/v1/accounts/${other.accountId}/plan`;
  expect((await other.call("PUT", path, { body: { plan: "unlimited" } })).status).toBe(403);
  const changed = await first.call("PUT", path, { body: { plan: "fleet" } });
  expect(await changed.json()).toEqual({ accountId: other.accountId, plan: "fleet" });
  const { plan } = await (await other.call("GET", "/v1/limits")).json<{ plan: string }>();
  expect(plan).toBe("fleet");
  const odd = await first.call("PUT", path, { body: { plan: "endless" } });
  expect(odd.status).toBe(400);
  const nobody = await first.call("PUT", "/v1/accounts/a0_0000000000000000/plan", {
    body: { plan: "free" },
  });
  expect(nobody.status).toBe(404);
  const own = await first.call("PUT", `/v1/accounts/${first.accountId}/plan`, {
    body: { plan: "free" },
  });
  expect(own.status).toBe(409);
});

it("lets requests pass when the object that counts cannot be asked", async () => {
  const account = await accountOn("free");
  const silent = { getByName: () => ({ ask: () => Promise.reject(new Error("gone")) }) };
  expect((await isolate({ BUCKET: silent })(account, "GET", WHO)).status).toBe(200);
  const busy = Object.assign(new Error("busy"), { overloaded: true });
  const overloaded = { getByName: () => ({ ask: () => Promise.reject(busy) }) };
  const refused = await isolate({ BUCKET: overloaded })(account, "GET", WHO);
  expect([refused.status, refused.headers.get("Retry-After")]).toEqual([503, "1"]);
});
