import { evictDurableObject, listDurableObjectIds, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import { newAccount, problemOf, type TestAccount } from "./helpers.ts";
import { agentOf, mailbox } from "./mailbox.ts";

let owner: TestAccount;
beforeAll(async () => {
  owner = await newAccount();
});

type Shown = { id: string; state: string; cause: string | null; reason: string | null };

async function page(id: string, query: string): Promise<{ items: Shown[]; nextCursor: string }> {
  return await (await owner.call("GET", `/v1/agents/${id}/messages${query}`)).json();
}
const contents = async (id: string) =>
  await (await owner.call("GET", `/v1/agents/${id}/mailbox`)).json();

describe("a message that nobody can work on", () => {
  it("is a dead letter after five attempts, with what was said last, and lets its conversation go on", async () => {
    const box = await mailbox(owner);
    const poison = await box.sent({ body: "poison", conversationId: "c" });
    await box.sent({ body: "next", conversationId: "c" });
    for (let attempt = 1; attempt <= 5; attempt++) {
      const [message] = await box.leased();
      expect([message?.id, message?.attempts]).toEqual([poison.id, attempt]);
      const back = await box.settle("nack", message, { reason: `no. ${attempt}` });
      expect(await back.json()).toMatchObject({ state: attempt < 5 ? "waiting" : "dead" });
    }
    const { items } = await page(box.id, "?state=dead");
    expect(items).toMatchObject([{ id: poison.id, cause: "attempts", reason: "no. 5" }]);
    expect((await box.leased()).map(({ body }) => body)).toEqual(["next"]);
  });

  it("is given out again where it stood, once it is put back", async () => {
    const box = await mailbox(owner);
    for (const body of [1, 2]) await box.sent({ body, conversationId: "c" });
    const [first] = await box.leased();
    await box.settle("nack", first, { final: true, reason: "cannot be read" });
    const redrive = await owner.call("POST", `/v1/agents/${box.id}/messages/redrive`, {
      body: { ids: [first?.id, "msg_of_nobody"] },
    });
    expect(await redrive.json()).toEqual({ redriven: 1 });
    const [again] = await box.leased(5);
    expect(again).toMatchObject({ id: first?.id, body: 1, attempts: 1 });
    await box.settle("ack", again);
    expect((await box.leased(5)).map(({ body }) => body)).toEqual([2]);
  });

  it("dies at its deadline, is never given out after it, and loses it when it is put back", async () => {
    const box = await mailbox(owner);
    const deadline = new Date(Date.now() - 1_000).toISOString();
    await box.sent({ body: "late", deadline });
    expect(await box.leased()).toEqual([]);
    expect((await page(box.id, "?state=dead")).items).toMatchObject([{ cause: "deadline" }]);
    await owner.call("POST", `/v1/agents/${box.id}/messages/redrive`, { body: {} });
    expect((await box.leased()).map(({ body }) => body)).toEqual(["late"]);
  });
});

describe("looking into a mailbox", () => {
  it("shows what lies there without taking anything out, a page at a time", async () => {
    const box = await mailbox(owner);
    const sent = [];
    for (const body of [1, 2, 3]) sent.push((await box.sent({ body })).id);
    const [leased] = await box.leased();
    const first = await page(box.id, "?limit=2");
    const rest = await page(box.id, `?limit=2&cursor=${first.nextCursor}`);
    expect([...first.items, ...rest.items].map(({ id }) => id)).toEqual(sent);
    expect((await page(box.id, "?state=leased")).items.map(({ id }) => id)).toEqual([leased?.id]);
    expect(await contents(box.id)).toMatchObject({ waiting: 2, leased: 1, dead: 0, bytes: 3 });
    const one = await owner.call("GET", `/v1/agents/${box.id}/messages/${sent[1]}`);
    expect(await one.json()).toMatchObject({ id: sent[1], body: 2, state: "waiting" });
  });

  it("deletes what nobody works on, and only that", async () => {
    const box = await mailbox(owner);
    const { id } = await box.sent({ body: 1 });
    const remove = () => owner.call("DELETE", `/v1/agents/${box.id}/messages/${id}`);
    const [leased] = await box.leased();
    expect((await problemOf(await remove())).code).toBe("conflict");
    await box.settle("nack", leased);
    expect((await remove()).status).toBe(200);
    expect((await remove()).status).toBe(404);
    expect(await contents(box.id)).toMatchObject({ waiting: 0, leased: 0, dead: 0, bytes: 0 });
  });
});

describe("the object of an agent", () => {
  it("begins with its first message, and has an alarm only while it keeps something", async () => {
    const id = await agentOf(owner);
    const named = env.AGENT.idFromName(id);
    const isThere = async () =>
      (await listDurableObjectIds(env.AGENT)).some((one) => one.equals(named));
    expect(await isThere()).toBe(false);
    await owner.call("POST", `/v1/agents/${id}/messages`, { body: { body: 1 } });
    expect(await isThere()).toBe(true);
    const stub = env.AGENT.get(named);
    const alarm = () => runInDurableObject(stub, (_, { storage }) => storage.getAlarm());
    expect(await alarm()).toBeGreaterThan(Date.now() + 23 * 3_600_000);
    const lease = await owner.call("POST", `/v1/agents/${id}/messages/lease`, { body: {} });
    const [message] = (await lease.json<{ messages: { id: string; fencingToken: number }[] }>())
      .messages;
    await owner.call("POST", `/v1/agents/${id}/messages/${message?.id}/ack`, {
      body: { fencingToken: message?.fencingToken },
    });
    // As if a day had passed.
    await runInDurableObject(stub, (_, { storage }) => storage.kv.put("mailboxUpkeepMs", 1));
    await evictDurableObject(stub);
    await runInDurableObject(stub, (instance) => instance.alarm());
    expect(await alarm()).toBeNull();
  });

  it("is evicted between any two steps, and nobody notices", async () => {
    const box = await mailbox(owner);
    const evict = () => evictDurableObject(env.AGENT.getByName(box.id));
    const sent = await box.sent({ body: "x".repeat(10_000), conversationId: "c" });
    await box.sent({ body: "next", conversationId: "c", deduplicationId: "n" });
    await evict();
    const [message] = await box.leased(2);
    expect([message?.id, message?.body]).toEqual([sent.id, "x".repeat(10_000)]);
    await evict();
    expect(await box.leased(2)).toEqual([]);
    expect((await box.settle("extend", message)).status).toBe(200);
    await evict();
    expect((await box.settle("ack", message)).status).toBe(200);
    await evict();
    expect((await box.sent({ body: "next", deduplicationId: "n" })).duplicate).toBe(true);
    const [next] = await box.leased(2);
    expect(next?.body).toBe("next");
    expect(next?.fencingToken).toBeGreaterThan(message?.fencingToken ?? Infinity);
  });
});
