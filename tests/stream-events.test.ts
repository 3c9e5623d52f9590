import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { OWED_MS } from "#domain/sessions/subscription.ts";
import type { SessionState } from "#domain/sessions/state.ts";
import { LIMITS } from "#domain/shared/limits.ts";
import { positionText } from "#domain/topics/position.ts";
import { partitionNameOf } from "#domain/topics/topics.ts";
import { type Client, connect, type Frame } from "./agent-session.ts";
import { newAccount, type TestAccount } from "./helpers.ts";
import { append, type CloudEvent, Reader } from "./live-events.ts";

const STREAM = "/v1/stream";

let account: TestAccount;
beforeEach(async () => {
  account = await newAccount();
});
const object = () => env.STREAM.getByName(`${account.accountId} ${account.principal.principalId}`);
const partition = (n: number) =>
  env.TOPIC.getByName(
    partitionNameOf({ accountId: account.accountId, topic: "agent.events", partition: n }),
  );

type Subscribed = { topics: string[]; position: string };
type Told = { subscription: string; position: string; events: CloudEvent[] };

async function subscribed(client: Client, more: object = {}): Promise<Subscribed & { id: string }> {
  const answer = await client.ask({ type: "subscribe", topics: ["agent.events"], ...more });
  if (answer.status !== 200) throw new Error(JSON.stringify(answer));
  return { id: String(answer.id), ...(answer.body as Subscribed) };
}

const toldIn = (frame: Frame): Told => {
  if (frame.type !== "events") throw new Error(JSON.stringify(frame));
  return frame as unknown as Told;
};

/** The numbers of so many events, and the position behind them. */
async function numbers(
  client: Client,
  count: number,
): Promise<{ told: number[]; position: string }> {
  const told: number[] = [];
  let position = "";
  while (told.length < count) {
    const frame = toldIn(await client.next());
    told.push(...frame.events.map(({ data }) => Number(data["n"])));
    position = frame.position;
  }
  return { told, position };
}

/** Changes what lies on the object's sockets, as if it had been so when it fell asleep. */
async function asleep(change: (state: SessionState) => void): Promise<void> {
  await runInDurableObject(object(), (_, state) => {
    for (const socket of state.getWebSockets()) {
      const kept = socket.deserializeAttachment() as SessionState;
      change(kept);
      socket.serializeAttachment(kept);
    }
  });
  await evictDurableObject(object());
}

describe("a subscription of a stream", () => {
  it("is told what happens from now on, as it is kept", async () => {
    await append(account, [1]);
    const client = await connect(STREAM, account.apiKey);
    const { topics } = await subscribed(client);
    expect(topics).toEqual(["agent.events"]);
    await append(account, [2, 3]);
    const { told } = await numbers(client, 2);
    expect(told).toEqual([2, 3]);
    const reader = await Reader.open(account, `?from=${new Date(0).toISOString()}`);
    await append(account, [4]);
    const [pushed] = toldIn(await client.next()).events;
    await reader.numbers(3);
    expect((await reader.next())?.event).toEqual(pushed);
    await reader.close();
  });

  it("goes on behind a position, over another stream and by the other way", async () => {
    const first = await connect(STREAM, account.apiKey);
    await subscribed(first);
    await append(account, [1]);
    const { position } = await numbers(first, 1);
    first.close();
    await append(account, [2, 3]);
    const second = await connect(STREAM, account.apiKey);
    await subscribed(second, { after: position });
    expect((await numbers(second, 2)).told).toEqual([2, 3]);
    const reader = await Reader.open(account, "?topic=agent.events", { "Last-Event-ID": position });
    expect(await reader.numbers(2)).toEqual([2, 3]);
    await reader.close();
  });

  it("wants what its filter says, each of several for itself", async () => {
    const client = await connect(STREAM, account.apiKey);
    const paid = await subscribed(client, { types: ["custom.paid"] });
    const otters = await subscribed(client, { agent: "a_otter" });
    await append(account, [1], { type: "custom.paid" });
    await append(account, [2], { more: { agentId: "a_otter" } });
    await append(account, [3], { type: "custom.paid", more: { agentId: "a_otter" } });
    const frames: Told[] = [];
    for (let i = 0; i < 4; i++) frames.push(toldIn(await client.next()));
    const of = (id: string) =>
      frames.filter((one) => one.subscription === id).map(({ events }) => events[0]?.data["n"]);
    expect(of(paid.id)).toEqual([1, 3]);
    expect(of(otters.id)).toEqual([2, 3]);
  });

  it("survives the sleep of its object, and misses nothing", async () => {
    const client = await connect(STREAM, account.apiKey);
    await subscribed(client);
    await append(account, [1]);
    expect((await numbers(client, 1)).told).toEqual([1]);
    await evictDurableObject(object());
    await append(account, [2]);
    await evictDurableObject(partition(0));
    await append(account, [3]);
    expect((await numbers(client, 2)).told).toEqual([2, 3]);
  });

  it("goes on in new partitions, each key's events in their order", async () => {
    const client = await connect(STREAM, account.apiKey);
    await subscribed(client);
    await append(account, [1], { key: "a" });
    await partition(0).grow(1);
    const keys = ["a", "b", "c", "d"];
    const all = Array.from({ length: 16 }, (_, i) => i + 2);
    for (const n of all) await append(account, [n], { key: keys[n % 4] ?? "" });
    const { told } = await numbers(client, 17);
    expect(told.toSorted((a, b) => a - b)).toEqual([1, ...all]);
    for (const [i] of keys.entries()) {
      const own = told.filter((n) => n > 1 && n % 4 === i);
      expect(own).toEqual(own.toSorted((a, b) => a - b));
    }
  });

  it("ends when it is asked to, and its object is told no more", async () => {
    const client = await connect(STREAM, account.apiKey);
    const { id } = await subscribed(client);
    const own = async (frame: object) => await client.ask(frame);
    client.send({ type: "unsubscribe", id });
    expect(await client.next()).toMatchObject({ type: "answer", id, status: 204 });
    await append(account, [1]);
    expect(await own({ type: "echo", body: 1 })).toMatchObject({ body: 1 });
    await vi.waitFor(async () => {
      const listening = await runInDurableObject(partition(0), (_, { storage }) =>
        storage.sql.exec<{ n: number }>("SELECT count(*) AS n FROM listener").one(),
      );
      expect(listening.n).toBe(0);
    });
    client.send({ type: "unsubscribe", id });
    expect(await client.next()).toMatchObject({ id, status: 404, body: { code: "not-found" } });
  });
});

describe("a client that takes in too little", () => {
  it("is given no more than its window, costs no other anything, and gets the rest when it has seen some", async () => {
    const slow = await connect(STREAM, account.apiKey, { saysSeen: false });
    const quick = await connect(STREAM, account.apiKey);
    await subscribed(slow);
    await subscribed(quick);
    const all = Array.from({ length: 100 }, (_, i) => i + 1);
    for (const n of all) await append(account, [n]);
    expect((await numbers(quick, 100)).told).toEqual(all);
    // The welcome and the answer are frames of the window, too.
    const window = LIMITS.sessionWindowFrames - 2;
    expect((await numbers(slow, window)).told).toEqual(all.slice(0, window));
    slow.send({ type: "seen", frames: LIMITS.sessionWindowFrames });
    expect((await numbers(slow, 100 - window)).told).toEqual(all.slice(window));
  });

  it("is cut off after a minute, and keeps its place", async () => {
    const slow = await connect(STREAM, account.apiKey, { saysSeen: false });
    await subscribed(slow);
    for (let n = 1; n <= 70; n++) await append(account, [n]);
    const { told, position } = await numbers(slow, LIMITS.sessionWindowFrames - 2);
    await asleep((state) => {
      for (const one of state.subscriptions ?? [])
        if (one.owedSinceMs !== null) one.owedSinceMs -= OWED_MS;
    });
    await append(account, [71]);
    expect(await slow.ended).toMatchObject({ code: 4408 });
    const back = await connect(STREAM, account.apiKey);
    await subscribed(back, { after: position });
    const rest = await numbers(back, 71 - told.length);
    expect([...told, ...rest.told]).toEqual(Array.from({ length: 71 }, (_, i) => i + 1));
  });
});

describe("what a stream may not be told", () => {
  it("is refused in words", async () => {
    const client = await connect(STREAM, account.apiKey);
    const ask = (more: object) => client.ask({ type: "subscribe", ...more });
    expect(await ask({ topics: ["unit.eventz"] })).toMatchObject({
      status: 404,
      body: { code: "topic-unknown" },
    });
    expect(await ask({ after: "nonsense" })).toMatchObject({
      status: 400,
      body: { errors: [{ pointer: "/after" }] },
    });
    const ahead = positionText({ "agent.events": [1] });
    expect(await ask({ after: ahead })).toMatchObject({
      status: 400,
      body: { errors: [{ pointer: "/after", detail: expect.stringContaining("the latest is 0") }] },
    });
    await append(account, [1]);
    expect(await ask({ after: ahead })).toMatchObject({ status: 200 });
    expect(await ask({ types: ["A"] })).toMatchObject({ status: 400 });
    const { id } = await subscribed(client);
    client.send({ type: "subscribe", id });
    expect(await client.next()).toMatchObject({ id, status: 409 });
    for (let i = 2; i < LIMITS.subscriptionsPerStreamMax; i++) await subscribed(client);
    expect(await ask({})).toMatchObject({ status: 429 });
  });

  it("is what its credential may not read", async () => {
    const { apiKey } = await account.key(["search"]);
    const without = await connect(STREAM, apiKey);
    const refused = await without.ask({ type: "subscribe" });
    expect(refused).toMatchObject({
      status: 403,
      body: { code: "forbidden", detail: "needs the scope events" },
    });
    const events = await connect(STREAM, (await account.key(["events"])).apiKey);
    expect(await events.ask({ type: "subscribe", topics: ["audit.logs"] })).toMatchObject({
      status: 403,
    });
    const { topics } = await subscribed(events, { topics: undefined });
    expect(topics).toEqual(["unit.events", "agent.events", "agent.tasks"]);
  });

  it("is anything once its key was revoked", async () => {
    const { id, apiKey } = await account.key(["events"]);
    const client = await connect(STREAM, apiKey);
    await subscribed(client);
    await account.call("DELETE", `/v1/keys/${id}`);
    await evictDurableObject(object());
    await append(account, [1]);
    expect(await client.ended).toMatchObject({ code: 4401 });
  });

  it("is what is kept no more: its place is named, and the stream goes on", async () => {
    const client = await connect(STREAM, account.apiKey);
    const { position } = await subscribed(client);
    await append(account, [1, 2, 3, 4]);
    await numbers(client, 4);
    await runInDurableObject(partition(0), (_, state) => {
      const meta = state.storage.kv.get<object>("meta");
      const whole = { count: 1, parent: null, released: 1, splits: {}, ...meta, earliest: 4 };
      state.storage.kv.put("meta", whole);
    });
    await evictDurableObject(partition(0));
    const late = await connect(STREAM, account.apiKey);
    const { id } = await subscribed(late, { after: position });
    expect(await late.next()).toMatchObject({
      id,
      status: 410,
      body: { code: "offset-gone", earliest: 4 },
    });
    expect(await late.ask({ type: "echo", body: 1 })).toMatchObject({ status: 200 });
  });
});
