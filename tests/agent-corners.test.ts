import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, it, vi } from "vitest";
import { connect } from "./agent-session.ts";
import { newAccount, problemOf, type TestAccount } from "./helpers.ts";
import { agentOf, keyedAgent, mailbox } from "./mailbox.ts";

it("gives out what did not fit into one lease", async () => {
  const box = await mailbox(await newAccount());
  const body = "x".repeat(250_000);
  for (let i = 0; i < 18; i += 1) await box.sent({ body });
  const first = await box.leased(100);
  const second = await box.leased(100);
  expect([first.length, second.length]).toEqual([16, 2]);
});

it("lets no agent direct another's messages to a webhook", async () => {
  const account = await newAccount();
  const [victim, thief] = [await keyedAgent(account), await keyedAgent(account, { type: "query" })];
  const path = `/v1/agents/${victim.id}/delivery`;
  const answer = await thief.as("PUT", path, { url: "https://example.com/hook" });
  expect((await problemOf(answer)).code).toBe("forbidden");
  expect((await thief.as("GET", path)).status).toBe(403);
});

it("gives no budget back for work that is under way, however its request is repeated", async () => {
  const account = await newAccount();
  const [a, b, c] = [
    await keyedAgent(account),
    await keyedAgent(account),
    await keyedAgent(account),
  ];
  await a.as("POST", `/v1/agents/${b.id}/messages`, { body: 1, delegation: { budget: 4 } });
  await b.as("POST", `/v1/agents/${b.id}/messages/lease`, { limit: 1 });
  const hand = (key: string, body: unknown) =>
    b.as(
      "POST",
      `/v1/agents/${c.id}/messages`,
      { body, delegation: { budget: 3 } },
      { "Idempotency-Key": key },
    );
  expect((await hand("one", 1)).status).toBe(201);
  expect((await hand("one", 2)).status).toBe(409);
  expect((await problemOf(await hand("two", 1))).code).toBe("budget-exhausted");
});

it("keeps no hop that is over", async () => {
  const account = await newAccount();
  const [a, b] = [await keyedAgent(account), await keyedAgent(account)];
  const deadline = new Date(Date.now() + 300).toISOString();
  for (let i = 0; i < 10; i += 1)
    await a.as("POST", `/v1/agents/${b.id}/messages`, { body: i, delegation: { deadline } });
  await new Promise((done) => setTimeout(done, 400));
  for (let i = 0; i < 5; i += 1)
    await a.as("POST", `/v1/agents/${b.id}/messages`, { body: i, delegation: {} });
  const n = await runInDurableObject(
    env.AGENT.getByName(b.id),
    (_, { storage }) => storage.sql.exec<{ n: number }>("SELECT count(*) AS n FROM hop").one().n,
  );
  expect(n).toBe(5);
});

it("gives a session that slept what is delayed", async () => {
  const account = await newAccount();
  const box = await mailbox(account);
  const object = env.AGENT.getByName(box.id);
  const client = await connect(`/v1/agents/${box.id}/session`, account.apiKey);
  client.send({ type: "receive", credit: 10 });
  await box.sent({ body: "hello" });
  const frame = await client.next();
  const [message] = frame["messages"] as { id: string; fencingToken: number }[];
  const answer = await client.ask({
    type: "request",
    method: "POST",
    path: `/v1/agents/${box.id}/messages/nack`,
    body: { messages: [{ id: message?.id, fencingToken: message?.fencingToken, delayMs: 1_500 }] },
  });
  expect(answer.status).toBe(200);
  await evictDurableObject(object);
  await new Promise((done) => setTimeout(done, 2_000));
  await runDurableObjectAlarm(object);
  const again = await Promise.race([
    client.next(),
    new Promise((done) => setTimeout(() => done("nothing"), 2_000)),
  ]);
  expect(again).toMatchObject({ type: "messages" });
  client.close();
}, 20_000);

describe("a session's request that is none", () => {
  it("is refused by what is wrong with it", async () => {
    const account = await newAccount();
    const box = await mailbox(account);
    const client = await connect(`/v1/agents/${box.id}/session`, account.apiKey);
    const get = await client.ask({ type: "request", method: "GET", path: "/v1/agents", body: {} });
    const header = await client.ask({
      type: "request",
      method: "POST",
      path: "/v1/agents",
      headers: { "idempotency-key": "a\nb" },
      body: {},
    });
    expect([get.status, header.status]).toEqual([400, 400]);
    client.close();
  });

  it("spoils no other message", async () => {
    const account = await newAccount();
    const box = await mailbox(account);
    const client = await connect(`/v1/agents/${box.id}/session`, account.apiKey);
    const path = `/v1/agents/${box.id}/messages`;
    const bad = {
      type: "request",
      id: "bad",
      method: "POST",
      path,
      headers: { "idempotency-key": "x".repeat(300) },
      body: { body: 1 },
    };
    const good = { type: "request", id: "good", method: "POST", path, body: { body: 2 } };
    client.send([bad, good]);
    const found: Record<string, number | undefined> = {};
    while (Object.keys(found).length < 2) {
      const frame = await client.next();
      if (frame.type === "answer") found[frame.id ?? ""] = frame.status;
    }
    expect(found).toEqual({ bad: 400, good: 201 });
    client.close();
  });
});

describe("a task's request by an Idempotency-Key", () => {
  const rpc = (to: string, message: object, as: TestAccount, key: string) =>
    as
      .call("POST", `/a2a/${to}`, {
        body: {
          jsonrpc: "2.0",
          id: 1,
          method: "SendMessage",
          params: { message, configuration: { returnImmediately: true } },
        },
        headers: { "A2A-Version": "1.0", "Idempotency-Key": key },
      })
      .then((answer) =>
        answer.json<{
          result?: { task: { id: string; history: unknown[] } };
          error?: { data: { reason?: string }[] };
        }>(),
      );
  const said = (text: string, more: object = {}) => ({
    messageId: text,
    role: "ROLE_USER",
    parts: [{ text }],
    ...more,
  });

  it("is refused with another body", async () => {
    const account = await newAccount();
    const id = await agentOf(account);
    const first = await rpc(id, said("one"), account, "k");
    const again = await rpc(id, said("one"), account, "k");
    expect(again.result?.task.id).toBe(first.result?.task.id);
    const other = await rpc(id, said("two"), account, "k");
    expect(other.error?.data[0]?.reason).toBe("IDEMPOTENCY_CONFLICT");
  });

  it("goes on with a task once", async () => {
    const account = await newAccount();
    const id = await agentOf(account);
    const first = await rpc(id, said("one"), account, "k");
    const taskId = first.result?.task.id;
    await rpc(id, said("two", { taskId }), account, "k2");
    const twice = await rpc(id, said("two", { taskId }), account, "k2");
    expect(twice.result?.task.history).toHaveLength(2);
  });
});

it("knows the chain of work whose lease has run out", async () => {
  const account = await newAccount();
  const [a, b] = [await keyedAgent(account), await keyedAgent(account)];
  await a.as("POST", `/v1/agents/${b.id}/messages`, { body: 1, delegation: {} });
  await b.as("POST", `/v1/agents/${b.id}/messages/lease`, { limit: 1, leaseMs: 10 });
  await vi.waitFor(() => new Promise((done) => setTimeout(done, 50)));
  // Any other message has what is over noticed.
  await a.as("POST", `/v1/agents/${b.id}/messages`, { body: 2 });
  const back = await b.as("POST", `/v1/agents/${a.id}/messages`, { body: 3, delegation: {} });
  expect((await problemOf(back)).code).toBe("delegation-loop");
});

it("lets nobody off the chain of work that they are at, though it is late", async () => {
  const account = await newAccount();
  const [a, b] = [await keyedAgent(account), await keyedAgent(account)];
  const deadline = new Date(Date.now() + 500).toISOString();
  await a.as("POST", `/v1/agents/${b.id}/messages`, { body: 1, delegation: { deadline } });
  await b.as("POST", `/v1/agents/${b.id}/messages/lease`, { limit: 1 });
  await new Promise((done) => setTimeout(done, 600));
  const back = await b.as("POST", `/v1/agents/${a.id}/messages`, { body: 3, delegation: {} });
  expect((await problemOf(back)).code).toBe("delegation-loop");
});

it("does what other parts wait for though one fails, and that one again", async () => {
  const account = await newAccount();
  const box = await mailbox(account);
  await box.sent({ body: 1 });
  const object = env.AGENT.getByName(box.id);
  await runInDurableObject(object, async (_, { storage }) => {
    storage.kv.put("life", {
      agentId: "ag0_x",
      isHeld: true,
      isGone: false,
      sinceMs: 0,
      sweep: { shard: 0, after: {}, left: 1, atMs: 1 },
      lookMs: null,
    });
    await storage.setAlarm(Date.now() + 60_000);
  });
  await evictDurableObject(object);
  await runDurableObjectAlarm(object);
  const next = await runInDurableObject(object, (_, { storage }) => storage.getAlarm());
  expect((next ?? 0) - Date.now()).toBeLessThan(6_000);
});

it("has few told of one task, also where each message names another one", async () => {
  const account = await newAccount();
  const id = await agentOf(account);
  const send = async (n: number, taskId?: string) => {
    const message = { messageId: `m${n}`, role: "ROLE_USER", parts: [{ text: "x" }], taskId };
    const taskPushNotificationConfig = { id: `p${n}`, url: "https://example.com/hook" };
    const params = {
      message,
      configuration: { returnImmediately: true, taskPushNotificationConfig },
    };
    const answer = await account.call("POST", `/a2a/${id}`, {
      body: { jsonrpc: "2.0", id: 1, method: "SendMessage", params },
      headers: { "A2A-Version": "1.0" },
    });
    return await answer.json<{ result?: { task: { id: string } }; error?: { code: number } }>();
  };
  const taskId = (await send(0)).result?.task.id;
  for (let n = 1; n < 8; n += 1) expect((await send(n, taskId)).error).toBeUndefined();
  expect((await send(8, taskId)).error?.code).toBe(-32602);
  expect((await send(9, taskId)).error?.code).toBe(-32602);
});

it("shows an agent's task to no other agent of its account, and to the account", async () => {
  const account = await newAccount();
  const [asking, curious, worker] = [
    await keyedAgent(account),
    await keyedAgent(account),
    await keyedAgent(account, { type: "generation" }),
  ];
  const at = `/a2a/${worker.id}/rest`;
  const version = { "A2A-Version": "1.0" };
  const message = { messageId: "m1", role: "ROLE_USER", parts: [{ text: "draw" }] };
  const configuration = { returnImmediately: true };
  const begun = await asking.as("POST", `${at}/message:send`, { message, configuration }, version);
  const { task } = await begun.json<{ task: { id: string } }>();
  const seenBy = async (answer: Promise<Response>) => (await answer).status;
  expect(await seenBy(asking.as("GET", `${at}/tasks/${task.id}`, undefined, version))).toBe(200);
  expect(await seenBy(curious.as("GET", `${at}/tasks/${task.id}`, undefined, version))).toBe(404);
  const cancel = curious.as("POST", `${at}/tasks/${task.id}:cancel`, undefined, version);
  expect(await seenBy(cancel)).toBe(404);
  const list = await curious.as("GET", `${at}/tasks`, undefined, version);
  expect(await list.json()).toMatchObject({ tasks: [], totalSize: 0 });
  const own = await account.call("GET", `${at}/tasks/${task.id}`, { headers: version });
  expect(own.status).toBe(200);
});
