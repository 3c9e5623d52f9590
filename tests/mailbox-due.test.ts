import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it, vi } from "vitest";
import { TaskState } from "@a2a-js/sdk";
import { a2aClient, all, saying, told } from "./a2a.ts";
import { agentOf } from "./a2a-agent.ts";
import { connect } from "./agent-session.ts";
import { newAccount, type TestAccount } from "./helpers.ts";
import { type Message, mailbox } from "./mailbox.ts";

let owner: TestAccount;
beforeAll(async () => {
  owner = await newAccount();
});

const objectOf = (id: string) => env.AGENT.getByName(id);
const alarmOf = (id: string): Promise<number | null> =>
  runInDurableObject(objectOf(id), (_, { storage }) => storage.getAlarm());

describe("what somebody else gives back for later, or lets run out", () => {
  it("comes to a session that has been waiting all the time", async () => {
    const box = await mailbox(owner);
    const session = await connect(`/v1/agents/${box.id}/session`, owner.apiKey);
    await box.sent({ body: "again" });
    session.send({ type: "receive", credit: 2 });
    const first = await session.next();
    const [message] = first["messages"] as Message[];
    // Its alarm is at the end of the lease by now, and nothing is under way any more.
    await vi.waitFor(async () => expect(await alarmOf(box.id)).toBeLessThan(Date.now() + 60_000));
    const startedMs = Date.now();
    expect((await box.settle("nack", message, { delayMs: 200 })).status).toBe(200);
    expect(await session.next()).toMatchObject({ type: "messages", messages: [{ attempts: 2 }] });
    expect(Date.now() - startedMs).toBeLessThan(5_000);
    session.close();
  });

  it("comes to a long poll that has been waiting all the time", async () => {
    const box = await mailbox(owner);
    await box.sent({ body: "again" });
    const [message] = await box.leased(1);
    const startedMs = Date.now();
    // What is asked of one object is begun in the order it came.
    const object = objectOf(box.id);
    const waiting = object.lease({ limit: 1, leaseMs: 30_000, waitMs: 15_000 });
    for (let turn = 0; turn < 3; turn++) await object.redrive([1_000]);
    expect((await box.settle("nack", message, { delayMs: 200 })).status).toBe(200);
    expect(await waiting).toMatchObject({ value: [{ attempts: 2 }] });
    expect(Date.now() - startedMs).toBeLessThan(5_000);
  });

  it("is told to whoever delivers, who had looked before and found nothing", async () => {
    const box = await mailbox(owner);
    await box.sent({ body: "again" });
    await objectOf(box.id).setDelivered(true);
    const given = await objectOf(box.id).leaseForDelivery(8, 60_000);
    if (!given.ok) throw new Error("it could not look");
    const [one] = given.value.leased;
    if (one === undefined) throw new Error("it found nothing");
    const untilMs = Date.now() + 30_000;
    const { seq, lease } = one;
    const later = { delayMs: 20_000, final: false, reason: null };
    await objectOf(box.id).settle([{ how: "nack", seq, token: lease.token, ...later }]);
    const alarmMs = await alarmOf(box.id);
    expect(alarmMs).not.toBeNull();
    expect(alarmMs).toBeLessThan(untilMs);
    // And nobody is told of leases that the delivery itself began.
    expect(given.value.nextMs).toBeGreaterThan(untilMs);
  });
});

describe("a task that nobody does", () => {
  const begun = async (metadata: object = {}) => {
    const agent = await agentOf(owner);
    const caller = await a2aClient(owner, `/a2a/${agent.id}`, "JSONRPC");
    const sent = { ...saying("draw", { returnImmediately: true }), metadata };
    const task = await caller.sendMessage(sent);
    return { agent, caller, id: "status" in task ? task.id : "" };
  };

  it("fails at its deadline, and who waits for it is told then", async () => {
    const deadline = new Date(Date.now() + 1_000).toISOString();
    const { caller, id } = await begun({ "wishub/delegation": { deadline } });
    const events = await all(caller.resubscribeTask({ id, tenant: "" }));
    expect(told(events).at(-1)).toBe(`statusUpdate ${TaskState.TASK_STATE_FAILED}`);
    expect(Date.now() - Date.parse(deadline)).toBeLessThan(4_000);
  });

  it("fails with the last lease that it is given", async () => {
    const { agent, caller, id } = await begun();
    for (let attempt = 1; attempt < 5; attempt++)
      expect((await agent.next({ leaseMs: 10 })).attempts).toBe(attempt);
    expect((await agent.next({ leaseMs: 300 })).attempts).toBe(5);
    const events = await all(caller.resubscribeTask({ id, tenant: "" }));
    expect(told(events).at(-1)).toBe(`statusUpdate ${TaskState.TASK_STATE_FAILED}`);
  });
});

describe("an agent that is paused, with a webhook", () => {
  it("costs no alarm, and its delivery goes on with it even where nobody says that it did", async () => {
    const box = await mailbox(owner);
    const path = `/v1/agents/${box.id}`;
    await owner.call("PUT", `${path}/delivery`, { body: { url: "https://hooks.example.com/x" } });
    expect((await owner.call("POST", `${path}/pause`)).status).toBe(200);
    await box.sent({ body: "for later" });
    const delivery = env.DELIVERY.getByName(box.id);
    const alarm = () => runInDurableObject(delivery, (_, { storage }) => storage.getAlarm());
    await vi.waitFor(async () => {
      await runDurableObjectAlarm(objectOf(box.id));
      expect(await alarm()).toBeNull();
    });
    // Whoever lets it go on dies between saying so and doing it.
    await delivery.expect();
    expect(await alarm()).toBeLessThan(Date.now() + 30_000);
    expect((await owner.call("POST", `${path}/resume`)).status).toBe(200);
    await vi.waitFor(async () => expect((await delivery.state())?.health.failures).toBe(1));
  });
});
