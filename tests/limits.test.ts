import {
  createExecutionContext,
  evictDurableObject,
  runDurableObjectAlarm,
  runInDurableObject,
  waitOnExecutionContext,
} from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import { servicesOf } from "#adapters/index.ts";
import { app } from "#workers/http/app.ts";
import {
  call,
  isolate,
  newAccount,
  ORIGIN,
  problemOf,
  type TestAccount,
  unobserved,
} from "./helpers.ts";

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

  it("leaves nothing behind in the object once it no longer counts", async () => {
    const account = await accountOn("free");
    await burst(1, 100, () => account);
    const bucket = env.BUCKET.getByName(account.accountId);
    const rows = () =>
      runInDurableObject(bucket, (_, { storage }) =>
        storage.sql.exec("SELECT * FROM bucket").toArray(),
      );
    expect((await rows()).length).toBeGreaterThan(0);
    await runInDurableObject(bucket, (_, { storage }) =>
      storage.sql.exec("UPDATE bucket SET ends_at_ms = 1"),
    );
    expect(await runDurableObjectAlarm(bucket)).toBe(true);
    expect(await rows()).toEqual([]);
    expect(await runDurableObjectAlarm(bucket)).toBe(false);
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
    auditDays: 365,
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
  const from = isolate({ BUCKET: silent });
  for (let i = 0; i < 5; i++) expect((await from(account, "GET", WHO)).status).toBe(200);
  const busy = Object.assign(new Error("busy"), { overloaded: true });
  const overloaded = { getByName: () => ({ ask: () => Promise.reject(busy) }) };
  const refused = await isolate({ BUCKET: overloaded })(account, "GET", WHO);
  expect([refused.status, refused.headers.get("Retry-After")]).toEqual([503, "1"]);
});

describe("where a trusted proxy tells the client's address", () => {
  const at = (address: string, from: (path: string, init: RequestInit) => Promise<Response>) => ({
    guess: () =>
      from(WHO, { headers: { Authorization: "Bearer nobody", "CF-Connecting-IP": address } }),
    signIn: () =>
      from("/v1/sessions", {
        method: "POST",
        headers: { "CF-Connecting-IP": address, "Content-Type": "application/json" },
        body: '{"apiKey":"nobody"}',
      }),
  });
  const edgeOf = (bindings: Env) => async (path: string, init: RequestInit) => {
    const context = createExecutionContext();
    const response = await app.fetch(new Request(`${ORIGIN}${path}`, init), bindings, context);
    await waitOnExecutionContext(context);
    return response;
  };

  it("limits guesses and sign-ins by address, and by the network of an IPv6 address", async () => {
    const from = edgeOf({ ...unobserved, WISHUB_TRUSTED_PROXY: "cloudflare" });
    const statuses = new Set<number>();
    for (let i = 0; i < 1_010; i++)
      statuses.add((await at(`2001:db8::${i.toString(16)}`, from).guess()).status);
    expect([...statuses]).toEqual([401, 429]);
    const refused = await at("2001:db8::ffff", from).signIn();
    expect(refused.status).toBe(429);
    expect(refused.headers.get("RateLimit-Policy")).toBe('"address";q=1000;w=60');
    expect((await at("2001:db8:0:1::1", from).signIn()).status).toBe(401);
    expect((await at("192.0.2.7", from).guess()).status).toBe(401);
  });

  it("limits by address who has identity providers asked, there and back", async () => {
    const from = edgeOf({ ...unobserved, WISHUB_TRUSTED_PROXY: "cloudflare" });
    const headers = { "CF-Connecting-IP": "192.0.2.44" };
    for (let i = 0; i < 1_010; i++) await from("/sso/f0_absent/callback", { headers });
    for (const path of ["/sso/f0_absent", "/sso/f0_absent/callback"])
      expect((await from(path, { headers })).status).toBe(429);
  });

  it("limits nobody by an address that anybody could have written", async () => {
    const from = edgeOf({ ...unobserved });
    const answer = await at("192.0.2.9", from).guess();
    expect(answer.status).toBe(401);
    expect(answer.headers.get("RateLimit")).toBeNull();
  });
});

describe("an isolate with more to do than it can", () => {
  const crowd = (load: ReturnType<typeof servicesOf>["load"], requests: number) =>
    Array.from({ length: requests }, () => load.enter("vital", Date.now())).flatMap((entered) =>
      "slot" in entered ? [() => load.leave(entered)] : [],
    );

  it("refuses what can wait, then what is usual, and never what keeps it governable", async () => {
    const account = await newAccount();
    const bindings = { ...unobserved };
    const { load } = servicesOf(bindings);
    const ask = async (method: string, path: string, headers: Record<string, string> = {}) => {
      const context = createExecutionContext();
      const request = new Request(`${ORIGIN}${path}`, {
        method,
        headers: { Authorization: `Bearer ${account.apiKey}`, ...headers },
      });
      const response = await app.fetch(request, bindings, context);
      await waitOnExecutionContext(context);
      await response.body?.cancel();
      return response;
    };
    const some = crowd(load, 256);
    const refused = await ask("GET", "/v1/units/export");
    expect([refused.status, refused.headers.get("Retry-After")]).toEqual([503, "5"]);
    expect((await ask("GET", WHO)).status).toBe(200);
    expect((await ask("GET", WHO, { Priority: "u=6" })).status).toBe(503);
    const many = crowd(load, 800);
    expect((await ask("GET", WHO)).status).toBe(503);
    expect((await ask("GET", "/healthz")).status).toBe(200);
    expect((await ask("DELETE", "/v1/keys/absent")).status).toBe(404);
    for (const leave of [...some, ...many]) leave();
    await expect.poll(async () => (await ask("GET", WHO)).status).toBe(200);
    await expect.poll(async () => (await ask("GET", "/v1/units/export")).status).toBe(200);
  });
});
