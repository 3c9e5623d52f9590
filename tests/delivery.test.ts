import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, inject, it, vi } from "vitest";
import { KEEPING } from "#domain/delivery/pace.ts";
import { Delivery } from "#objects/delivery.ts";
import { Items } from "#objects/delivery-items.ts";
import { newAccount, problemOf, type TestAccount } from "./helpers.ts";

const HOOK = "https://hooks.example.com/agent";
const agentOf = async (account: TestAccount): Promise<string> => {
  const body = { name: "Heron", type: "query", description: "Waits.", capabilities: [] };
  return (await (await account.call("POST", "/v1/agents", { body })).json<{ id: string }>()).id;
};
type Shown = { url: string; state: string; waiting: number; failures: number; secret?: string };

describe("where an agent's messages are delivered", () => {
  it("is set, read, changed and ended by its own account; its secret is shown once", async () => {
    const account = await newAccount();
    const path = `/v1/agents/${await agentOf(account)}/delivery`;
    expect((await problemOf(await account.call("GET", path))).code).toBe("not-found");
    const put = await account.call("PUT", path, { body: { url: HOOK } });
    const made = await put.json<Shown>();
    expect([put.status, made.state, made.url, made.waiting]).toEqual([200, "active", HOOK, 0]);
    expect(made.secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
    const changed = await account.call("PUT", path, { body: { url: `${HOOK}/2` } });
    expect(await changed.json<Shown>()).not.toHaveProperty("secret");
    const read = await (await account.call("GET", path)).json<Shown>();
    expect(read.url).toBe(`${HOOK}/2`);
    expect(JSON.stringify(read)).not.toContain("whsec_");
    expect((await account.call("DELETE", path)).status).toBe(204);
    expect((await account.call("GET", path)).status).toBe(404);
    expect((await account.call("POST", `${path}/ping`)).status).toBe(404);
  });

  it("may be no private address, no plain HTTP, and nothing that is no URL", async () => {
    const account = await newAccount();
    const path = `/v1/agents/${await agentOf(account)}/delivery`;
    for (const url of [
      "https://127.0.0.1/hook",
      "https://169.254.169.254/latest",
      "https://[::ffff:10.0.0.1]/",
      "https://localhost/",
      "http://hooks.example.com/",
      "ftp://hooks.example.com/",
      "hook",
    ]) {
      const answer = await account.call("PUT", path, { body: { url } });
      expect([(await problemOf(answer)).code, url]).toEqual(["egress-refused", url]);
    }
    expect((await account.call("GET", path)).status).toBe(404);
  });

  it("keeps its secret where no database shows it", async () => {
    const account = await newAccount();
    const id = await agentOf(account);
    const secret = `whsec_${btoa("s".repeat(32))}`;
    await account.call("PUT", `/v1/agents/${id}/delivery`, { body: { url: HOOK, secret } });
    const stored = await runInDurableObject(env.DELIVERY.getByName(id), (_, state) =>
      JSON.stringify([...state.storage.kv.list()]),
    );
    expect(stored).toContain(HOOK);
    expect(stored).not.toContain(secret);
  });
});

/**
 * The object as it is where the operator lets it reach a server on loopback (tests/outside.ts). Its alarm rings when the
 * test says so.
 */
function within<T>(
  name: string,
  run: (delivery: Delivery, storage: DurableObjectStorage) => Promise<T>,
): Promise<T> {
  return runInDurableObject(env.DELIVERY.getByName(name), async (_, state) => {
    const own = new Delivery(state, { ...env, WISHUB_EGRESS_ALLOW: inject("outside") });
    const result = await run(own, state.storage);
    await state.storage.deleteAlarm();
    return result;
  });
}
const push = {
  accountId: "a0_test",
  agentId: null,
  form: "push",
  sealedHeaders: null,
  sealedSecret: null,
} as const;
const sends = (name: string, path: string, items: [string, string][]): Promise<void> =>
  within(name, async (delivery) => {
    await delivery.configure({ ...push, url: `${inject("outside")}${path}` });
    const all = items.map(([id, lane]) => ({ id, lane, body: `{"id":"${id}"}` }));
    expect(await delivery.enqueue(all)).toEqual({ ok: true, value: all.length });
  });
const ring = (name: string) => within(name, (delivery) => delivery.alarm());
const stateOf = (name: string) => within(name, async (delivery) => delivery.state());

describe("what is to be delivered", () => {
  it("is sent by an alarm, and then there is neither alarm nor row", async () => {
    await sends("heron-well", "/ok", [
      ["a", "1"],
      ["b", "1"],
      ["c", "2"],
    ]);
    const left = await within("heron-well", async (delivery, storage) => {
      await delivery.alarm();
      return [await storage.getAlarm(), storage.sql.exec("SELECT * FROM item").toArray()];
    });
    expect(left).toEqual([null, []]);
    expect(await stateOf("heron-well")).toMatchObject({
      waiting: 0,
      health: { failures: 0, lastStatus: 200 },
    });
  });

  it("waits for an endpoint that is down without being given up, also when its object is evicted", async () => {
    await sends("heron-down", "/broken", [
      ["a", "1"],
      ["b", "2"],
    ]);
    const alarmMs = await within("heron-down", async (delivery, storage) => {
      await delivery.alarm();
      return await storage.getAlarm();
    });
    await evictDurableObject(env.DELIVERY.getByName("heron-down"));
    const state = await stateOf("heron-down");
    expect(state).toMatchObject({ waiting: 2, deadLetters: 0, health: { lastStatus: 500 } });
    expect(state?.health.failures).toBeGreaterThan(0);
    expect(state?.health.resumesAtMs).toBe(alarmMs);
    expect(state?.nextAttemptMs).toBe(alarmMs);
  });

  it("that an endpoint refuses holds up its own lane only, becomes a dead letter, and can be sent again", async () => {
    const name = "heron-picky";
    await sends(name, "/missing", [
      ["a", "1"],
      ["b", "1"],
      ["c", "2"],
    ]);
    const heads: string[][] = [];
    for (let i = 0; i < 8; i++) {
      heads.push(
        await within(name, async (delivery, storage) => {
          await delivery.alarm();
          const tried = storage.sql
            .exec<{ id: string }>("SELECT id FROM item WHERE token > 0 ORDER BY id")
            .toArray();
          storage.sql.exec("UPDATE item SET due_ms = 0 WHERE dead_at_ms IS NULL");
          return tried.map(({ id }) => id);
        }),
      );
    }
    expect(heads[0]).toEqual(["a", "c"]); // b waits behind a
    const redriven = await within(name, async (delivery) => {
      expect(delivery.deadLetters(0, 10)).toMatchObject([
        { id: "a", attempts: 8, reason: "it was refused with 404 every time", body: '{"id":"a"}' },
        { id: "c", attempts: 8 },
      ]);
      expect(delivery.state()).toMatchObject({ waiting: 1, deadLetters: 2 });
      return await delivery.redrive();
    });
    expect(redriven).toBe(2);
    expect(await stateOf(name)).toMatchObject({ waiting: 3, deadLetters: 0 });
    await sends(name, "/ok", []);
    await ring(name);
    expect(await stateOf(name)).toMatchObject({ waiting: 0, deadLetters: 0 });
  });

  it("is taken over by the next attempt when one dies in the middle, and the late end of the first changes nothing", async () => {
    const name = "heron-killed";
    await sends(name, "/ok", [["a", "1"]]);
    const { first, second } = await within(name, async (_, storage) => {
      const items = new Items(storage, () => KEEPING);
      const nowMs = Date.now();
      const [one] = items.take(nowMs, 8);
      expect(items.take(nowMs, 8)).toEqual([]);
      expect(items.dueMs()).toBe(nowMs + 30_000);
      const [two] = items.take(nowMs + 30_000, 8);
      if (one === undefined || two === undefined) throw new Error("nothing was leased");
      expect(items.delivered(one)).toBe(false);
      expect(items.waiting().items).toBe(1);
      expect(items.delivered(two)).toBe(true);
      return { first: one, second: two };
    });
    expect(second.token).toBeGreaterThan(first.token);
  });

  it("is refused where too much waits, with when to come again, and twice the same is one", async () => {
    const name = "heron-full";
    await sends(name, "/ok", [["a", "1"]]);
    const stub = env.DELIVERY.getByName(name);
    const many = Array.from({ length: 4_999 }, (_, i) => ({ id: `m${i}`, lane: "1", body: "{}" }));
    expect((await stub.enqueue([{ id: "a", lane: "1", body: "{}" }])).ok).toBe(true);
    expect((await stub.state())?.waiting).toBe(1);
    expect((await stub.enqueue(many)).ok).toBe(true);
    expect(await stub.enqueue([{ id: "z", lane: "1", body: "{}" }])).toMatchObject({
      ok: false,
      error: { code: "too-many-requests", retryAfterS: 5 },
    });
    await stub.close();
    expect(await runDurableObjectAlarm(stub)).toBe(false);
  });

  it("leaves nothing behind after the last of it was sent", async () => {
    const name = "heron-last";
    await sends(name, "/ok", [["a", "1"]]);
    const left = await within(name, async (delivery, storage) => {
      await delivery.enqueue([{ id: "b", lane: "1", body: "{}" }], true);
      expect(delivery.state()).toMatchObject({ waiting: 2 });
      await delivery.alarm();
      return {
        alarm: await storage.getAlarm(),
        kept: [...storage.kv.list()],
        tables: storage.sql.exec("SELECT name FROM sqlite_master WHERE name = 'item'").toArray(),
      };
    });
    expect(left).toEqual({ alarm: null, kept: [], tables: [] });
    // Set again it is as new.
    await sends(name, "/ok", [["c", "1"]]);
    expect(await stateOf(name)).toMatchObject({ waiting: 1 });
  });

  it("for a receiver that nobody configured is sent, and nothing is left of the receiver", async () => {
    const name = "heron-passing";
    const url = `${inject("outside")}/ok`;
    const passing = { ...push, form: "webhook", url, isUnsigned: true } as const;
    const left = await within(name, async (delivery, storage) => {
      await delivery.pass({ ...passing, secrets: [] }, [{ id: "a", lane: "1", body: "{}" }]);
      expect(delivery.state()?.waiting).toBe(1);
      await delivery.alarm();
      return [delivery.state(), await storage.getAlarm(), storage.kv.get("endpoint") ?? null];
    });
    expect(left).toEqual([null, null, null]);
    // One that is away is kept, with all that waits for it.
    const away = await within(`${name}-away`, async (delivery) => {
      const broken = { ...passing, url: `${inject("outside")}/broken`, secrets: [] };
      await delivery.pass(broken, [{ id: "a", lane: "1", body: "{}" }]);
      await delivery.alarm();
      return delivery.state();
    });
    expect(away).toMatchObject({ waiting: 1, health: { lastStatus: 500 } });
  });

  it("is not sent to an endpoint whose account was erased", async () => {
    const account = await newAccount();
    const id = await agentOf(account);
    await account.call("PUT", `/v1/agents/${id}/delivery`, { body: { url: HOOK } });
    const ping = await account.call("POST", `/v1/agents/${id}/delivery/ping`);
    expect(ping.status).toBe(202);
    await env.CATALOG_0.prepare(
      "UPDATE data_key SET kek_id = NULL, wrapped = NULL, erased_at_ms = 1 WHERE scope = ?",
    )
      .bind(`account:${account.accountId}`)
      .run();
    const stub = env.DELIVERY.getByName(id);
    await evictDurableObject(stub);
    await vi.waitFor(async () => {
      await runDurableObjectAlarm(stub);
      expect((await stub.state())?.health.goneAtMs).not.toBeNull();
    });
  });
});
