import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it } from "vitest";
import type { Control } from "#domain/resources/rows.ts";
import { newAccount, problemOf, type TestAccount } from "./helpers.ts";

type Units = { cpuMilli: number; gpuMilli: number; memoryMiB: number };
type Reservation = { id: string; pool: string; fencingToken: number; endsAt: string; units: Units };
type Pool = { name: string; share: number; waiting: number; refusesBelow: number; reserved: Units };

let owner: TestAccount;
beforeEach(async () => {
  owner = await newAccount();
});

const HALF = { cpuMilli: 2_000, memoryMiB: 1_024 };
const own = () => env.RESOURCE_POOL.getByName(`account/${owner.accountId}`);

const reserve = (body: object, headers: Record<string, string> = {}) =>
  owner.call("POST", "/v1/reservations", { body: { units: HALF, ...body }, headers });

async function reserved(body: object = {}): Promise<Reservation> {
  const answer = await reserve(body);
  if (answer.status !== 201) throw new Error(`${answer.status}: ${await answer.text()}`);
  return await answer.json<Reservation>();
}
const say = (how: string, { id, fencingToken }: Reservation, more: object = {}) =>
  owner.call("POST", `/v1/reservations/${id}/${how}`, { body: { fencingToken, ...more } });

async function poolNamed(name: string): Promise<Pool> {
  const { items } = await (await owner.call("GET", "/v1/pools")).json<{ items: Pool[] }>();
  const found = items.find((one) => one.name === name);
  if (found === undefined) throw new Error(`no pool ${name}`);
  return found;
}

describe("capacity", () => {
  it("is shown before anybody used it, and is there when it is first asked for", async () => {
    expect(await poolNamed("account")).toMatchObject({
      capacity: { cpuMilli: 4_000 },
      machines: { ready: 1, starting: 0 },
      share: 0,
      refusesBelow: 0,
      forecast: null,
    });
    const made = await reserved();
    expect(made).toMatchObject({ pool: "account", machine: "m1", units: { gpuMilli: 0, ...HALF } });
    expect(await poolNamed("account")).toMatchObject({ share: 0.5, reservations: 1 });
  });

  it("is held over an eviction, renewed and given back under its token", async () => {
    const made = await reserved();
    await evictDurableObject(own());
    const renewed = await say("renew", made, { leaseMs: 600_000 });
    expect(renewed.status).toBe(200);
    expect((await renewed.json<Reservation>()).endsAt > made.endsAt).toBe(true);
    const wrong = await say("release", { ...made, fencingToken: made.fencingToken + 1 });
    expect([wrong.status, (await problemOf(wrong)).code]).toEqual([409, "lease-lost"]);
    const items = { items: [{ id: made.id }] };
    expect(await (await owner.call("GET", "/v1/reservations")).json()).toMatchObject(items);
    expect((await say("release", made)).status).toBe(200);
    expect((await owner.call("GET", `/v1/reservations/${made.id}`)).status).toBe(404);
    expect(await poolNamed("account")).toMatchObject({ share: 0 });
  });

  it("that nobody renews is taken back at the next look", async () => {
    const made = await reserved({ leaseMs: 1_000 });
    await expect
      .poll(
        async () => {
          await runDurableObjectAlarm(own());
          return (await owner.call("GET", `/v1/reservations/${made.id}`)).status;
        },
        { timeout: 10_000, interval: 200 },
      )
      .toBe(404);
    expect((await say("renew", made)).status).toBe(404);
  });

  it("is refused with a time to come again where there is no room, and then the pool grows", async () => {
    await reserved();
    await reserved();
    const refused = await reserve({});
    expect([refused.status, (await problemOf(refused)).code]).toEqual([503, "overloaded"]);
    expect(Number(refused.headers.get("Retry-After"))).toBeGreaterThan(0);
    await runDurableObjectAlarm(own());
    expect(await poolNamed("account")).toMatchObject({ machines: { ready: 1, starting: 2 } });
  });

  it("is reserved once under one idempotency key", async () => {
    const headers = { "Idempotency-Key": crypto.randomUUID() };
    const [first, again] = [await reserve({}, headers), await reserve({}, headers)];
    expect(await again.json()).toEqual(await first.json());
    expect(await poolNamed("account")).toMatchObject({ reservations: 1 });
  });

  it("that no machine has is refused by name, and nothing is reserved for nothing", async () => {
    const large = await reserve({ units: { cpuMilli: 4_001 } });
    expect(large.status).toBe(400);
    expect((await problemOf(large)).errors?.[0]?.pointer).toBe("/units");
    for (const units of [{}, { cpuMilli: -1 }, { cpuMilli: 0.5 }, { disk: 1 }])
      expect((await reserve({ units })).status, JSON.stringify(units)).toBe(400);
    expect((await reserve({ pool: "moon" })).status).toBe(400);
  });

  it("of another account is not there", async () => {
    const made = await reserved();
    const other = await newAccount();
    for (const [method, path, body] of [
      ["GET", "", undefined],
      ["POST", "/release", { fencingToken: made.fencingToken }],
      ["POST", "/renew", { fencingToken: made.fencingToken }],
    ] as const) {
      const sent = body === undefined ? {} : { body };
      const answer = await other.call(method, `/v1/reservations/${made.id}${path}`, sent);
      expect(answer.status).toBe(404);
    }
  });
});

describe("the shared pool", () => {
  const shared = () => env.RESOURCE_POOL.getByName("shared/gpu");

  it("hears of its queue, and tells it what to refuse", async () => {
    expect(await shared().report("shared/gpu/7", { waiting: 3, working: 2 })).toEqual({ floor: 0 });
    const pool = await poolNamed("gpu");
    expect(pool.waiting).toBeGreaterThanOrEqual(3);
    expect(pool.share).toBeGreaterThanOrEqual(0.5);
  });

  it("that has been too full for long makes its queue refuse what matters least, and take the rest", async () => {
    // As three stretches of three minutes above 90 % leave it (domain/resources/rules.test.ts).
    await runInDurableObject(shared(), (_pool, { storage }) => {
      const control = storage.kv.get<Control>("control");
      if (control === undefined) throw new Error("the pool was never used");
      const brownOut = { floor: 7, side: null, sinceMs: Date.now() };
      storage.kv.put("control", { ...control, brownOut });
    });
    await evictDurableObject(shared());
    const give = async (priority: number) => {
      const body = { pool: "gpu", type: "embed.batch", input: { texts: ["otter"] }, priority };
      return await owner.call("POST", "/v1/tasks", { body });
    };
    expect((await give(9)).status).toBe(201);
    await expect.poll(async () => (await give(4)).status).toBe(503);
    const refused = await give(6);
    expect((await problemOf(refused)).code).toBe("overloaded");
    expect(refused.headers.get("Retry-After")).toBe("60");
    expect((await give(7)).status).toBe(201);
    expect((await reserve({ pool: "gpu", units: { gpuMilli: 1 } })).status).toBe(503);
    expect(await poolNamed("gpu")).toMatchObject({ refusesBelow: 7 });
  });
});
