import { evictDurableObject, runDurableObjectAlarm } from "cloudflare:test";
import { describe, expect, it } from "vitest";
import { LIMITS } from "#domain/shared/limits.ts";
import { agentOf, type Client, connect, objectOf } from "./agent-session.ts";
import { newAccount, type TestAccount } from "./helpers.ts";

type Message = { id: string; body: unknown; fencingToken: number; attempts: number };
type Pushed = { offset: number; messages: Message[] };

const pathOf = (agentId: string) => `/v1/agents/${agentId}/session`;
const sendTo = (account: TestAccount, agentId: string, ...bodies: unknown[]) =>
  Promise.all(
    bodies.map((body) =>
      account.call("POST", `/v1/agents/${agentId}/messages`, { body: { body } }),
    ),
  );
/** The next push, whatever comes before it. */
async function pushed(session: Client): Promise<Pushed> {
  for (;;) {
    const frame = await session.next();
    if (frame.type === "messages") return frame as unknown as Pushed;
  }
}
const bodiesOf = ({ messages }: Pushed) => messages.map(({ body }) => body);
const settle = (session: Client, agentId: string, how: string, messages: Message[]) =>
  session.ask({
    type: "request",
    method: "POST",
    path: `/v1/agents/${agentId}/messages/${how}`,
    body: { messages: messages.map(({ id, fencingToken }) => ({ id, fencingToken })) },
  });

async function connected() {
  const account = await newAccount();
  const agentId = await agentOf(account);
  const path = pathOf(agentId);
  return { account, agentId, path, session: await connect(path, account.apiKey) };
}

describe("messages over a session", () => {
  it("are pushed as they come, as many as were asked for, and settled where they were pushed", async () => {
    const { account, agentId, session } = await connected();
    await sendTo(account, agentId, "before");
    session.send({ type: "receive", credit: 2 });
    const first = await pushed(session);
    expect(bodiesOf(first)).toEqual(["before"]);
    await sendTo(account, agentId, "second");
    const second = await pushed(session);
    expect(bodiesOf(second)).toEqual(["second"]);
    await sendTo(account, agentId, "no credit");
    const acked = await settle(session, agentId, "ack", [...first.messages, ...second.messages]);
    expect(acked).toMatchObject({ status: 200, body: { results: [{ state: "done" }, {}] } });
    expect((await settle(session, agentId, "ack", first.messages)).body).toMatchObject({
      results: [{ code: "not-found" }],
    });
    session.send({ type: "receive", credit: 1 });
    expect(bodiesOf(await pushed(session))).toEqual(["no credit"]);
  });

  it("wake a session that hibernates", async () => {
    const { account, agentId, session } = await connected();
    session.send({ type: "receive", credit: 2 });
    await session.ask({ type: "echo" });
    await evictDurableObject(objectOf(agentId));
    await sendTo(account, agentId, "good morning");
    const { messages } = await pushed(session);
    await evictDurableObject(objectOf(agentId));
    expect((await settle(session, agentId, "ack", messages)).body).toMatchObject({
      results: [{ state: "done" }],
    });
  });

  it("come again by the alarm, where a lease ends and nobody says anything", async () => {
    const { account, agentId, session } = await connected();
    session.send({ type: "receive", credit: 2, leaseMs: LIMITS.leaseMsMin });
    await sendTo(account, agentId, "again");
    const first = await pushed(session);
    const ends = Date.now() + LIMITS.leaseMsMin;
    while (Date.now() < ends) await session.ask({ type: "echo" });
    await runDurableObjectAlarm(objectOf(agentId));
    const again = await pushed(session);
    expect(again.offset).toBeGreaterThan(first.offset);
    const late = await settle(session, agentId, "ack", first.messages);
    expect(late.body).toMatchObject({ results: [{ code: "lease-lost" }] });
  });

  it("are not pushed to a paused agent, and wait for it", async () => {
    const { account, agentId, path, session } = await connected();
    await account.call("POST", `/v1/agents/${agentId}/pause`);
    session.close();
    const paused = await connect(path, account.apiKey);
    paused.send({ type: "receive", credit: 2 });
    await sendTo(account, agentId, "later");
    expect((await paused.ask({ type: "echo" })).status).toBe(200);
    await account.call("POST", `/v1/agents/${agentId}/resume`);
    const back = await connect(path, account.apiKey);
    back.send({ type: "receive", credit: 2 });
    expect(bodiesOf(await pushed(back))).toEqual(["later"]);
  });

  it("are sent in the order of the frames, those to one agent together, each with its answer", async () => {
    const { account, agentId, session } = await connected();
    const other = await agentOf(account, "Other");
    const to = (id: string, agent: string, body: object) => ({
      type: "request",
      id,
      method: "POST",
      path: `/v1/agents/${agent}/messages`,
      body,
    });
    const count = 40;
    for (let i = 0; i < count; i += 10)
      session.send(
        Array.from({ length: 10 }, (_, j) =>
          to(`${i + j}`, other, { body: i + j, conversationId: "c" }),
        ),
      );
    session.send([
      to("absent", "ag0_0000000000000000", { body: 1 }),
      to("bad", agentId, { body: 1, priority: 11 }),
      to("foreign", agentId, { body: 1, fromAgentId: "ag0_0000000000000000" }),
      { ...to("once", agentId, { body: 1 }), headers: { "idempotency-key": "one" } },
      { ...to("twice", agentId, { body: 1 }), headers: { "idempotency-key": "one" } },
    ]);
    const statuses: Record<string, number> = {};
    for (let i = 0; i < count + 5; i++) {
      const { id, status = 0 } = await session.next();
      statuses[String(id)] = status;
    }
    expect(statuses).toMatchObject({ "0": 201, "39": 201, absent: 404, bad: 400, foreign: 400 });
    expect(statuses).toMatchObject({ once: 201, twice: 201 });
    const receiver = await connect(pathOf(other), account.apiKey);
    receiver.send({ type: "receive", credit: 10 });
    const bodies: unknown[] = [];
    while (bodies.length < count) {
      const { messages } = await pushed(receiver);
      bodies.push(...messages.map(({ body }) => body));
      await settle(receiver, other, "ack", messages);
      receiver.send({ type: "receive", credit: messages.length });
    }
    expect(bodies).toEqual(Array.from({ length: count }, (_, i) => i));
  });
});

describe("a connection that was lost", () => {
  it("is taken up at an offset: what came stays the client's, what did not comes again, uncounted", async () => {
    const { account, agentId, path, session } = await connected();
    await sendTo(account, agentId, "first");
    session.send({ type: "receive", credit: 1 });
    const first = await pushed(session);
    session.send({ type: "receive", credit: 1 });
    await sendTo(account, agentId, "second");
    await pushed(session); // which, let us say, never came
    const back = await connect(`${path}?after=${first.offset}`, account.apiKey);
    expect((await session.ended).reason).toBe("replaced");
    back.send({ type: "receive", credit: 5 });
    const again = await pushed(back);
    expect(bodiesOf(again)).toEqual(["second"]);
    expect(again.messages[0]?.attempts).toBe(1);
    const both = [...first.messages, ...again.messages];
    expect((await settle(back, agentId, "ack", both)).body).toMatchObject({
      results: [{ state: "done" }, { state: "done" }],
    });
  });

  it("of a client that remembers nothing gives it everything again, and counts it", async () => {
    const { account, agentId, path, session } = await connected();
    await sendTo(account, agentId, "work");
    session.send({ type: "receive", credit: 1 });
    await pushed(session);
    const back = await connect(path, account.apiKey);
    back.send({ type: "receive", credit: 1 });
    const { messages } = await pushed(back);
    expect(messages).toMatchObject([{ body: "work", attempts: 2 }]);
  });

  it("is taken up after it was noticed too, and after the object slept", async () => {
    const { account, agentId, path, session } = await connected();
    await sendTo(account, agentId, "work");
    session.send({ type: "receive", credit: 1 });
    await pushed(session);
    session.drop();
    await session.ended;
    await evictDurableObject(objectOf(agentId));
    const back = await connect(`${path}?after=0`, account.apiKey);
    back.send({ type: "receive", credit: 1 });
    expect((await pushed(back)).messages).toMatchObject([{ body: "work", attempts: 1 }]);
  });

  it("keeps the messages of a consumer that was too slow", async () => {
    const { account, agentId, path } = await connected();
    const session = await connect(path, account.apiKey, { saysSeen: false });
    await sendTo(account, agentId, "kept");
    session.send({ type: "receive", credit: 1 });
    const { offset } = await pushed(session);
    for (let i = 0; i <= LIMITS.sessionUnseenFramesMax; i++)
      session.send({ type: "echo", id: `${i}` });
    expect(await session.ended).toEqual({ code: 4408, reason: "slow-consumer" });
    const back = await connect(`${path}?after=${offset - 1}`, account.apiKey);
    back.send({ type: "receive", credit: 1 });
    expect(bodiesOf(await pushed(back))).toEqual(["kept"]);
  });
});
