import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { FAKES } from "#adapters/channels/fakes/all.ts";
import { callbackName } from "#domain/tasks/callback.ts";
import { pushName } from "#domain/a2a/push.ts";
import { sha256Hex } from "#domain/shared/hash.ts";
import type { TopicName } from "#domain/topics/topics.ts";
import { Delivery } from "#objects/delivery.ts";
import { agentOf as a2aAgentOf, completed } from "./a2a-agent.ts";
import { told } from "./event-sources.ts";
import { call, newAccount, type TestAccount } from "./helpers.ts";
import { mailbox } from "./mailbox.ts";
import { type Given, ok, type Task } from "./task-desk.ts";
import { asking, placeOf, randomHex, spanIn, traceOf, type Whole } from "./tracing.ts";

// A trace goes on wherever its work does: into rows, events, mailboxes and calls to the outside, and nobody else's with it.

const URL = "https://hooks.example.com/told";
type Traced = { traceparent?: string };
type Lease = Given & Traced;

let owner: TestAccount;
beforeEach(async () => {
  owner = await newAccount();
});
const soon = <T>(seen: () => Promise<T>): Promise<T> =>
  vi.waitFor(seen, { timeout: 20_000, interval: 50 });
const post = (path: string, body: object, headers: Record<string, string> = {}) =>
  owner.call("POST", path, { body, headers });
const step = (headers: Record<string, string> = {}, more: object = {}) =>
  ok<Task>(post("/v1/tasks", { type: "step", input: 1, ...more }, headers));
const lease = async (more: object = {}) =>
  (await ok<{ tasks: Lease[] }>(post("/v1/tasks/lease", { types: ["step"], limit: 10, ...more })))
    .tasks;
const say = (how: string, { id, fencingToken }: Lease, more: object = {}, headers = {}) =>
  post(`/v1/tasks/${id}/${how}`, { fencingToken, ...more }, headers);
const shard = () => env.TASK_QUEUE.getByName(`account/${owner.accountId}/0`);
const kept = () =>
  runInDurableObject(shard(), (_, { storage }) =>
    storage.sql.exec("SELECT seq FROM task_trace").toArray(),
  );
const happened = async (topic: TopicName, subject: string) =>
  (await told(owner, topic)).filter((one) => one.subject === subject) as unknown as ({
    type: string;
  } & Traced)[];

/** Lets a receiver's object send what waits for it, and says with which headers each went out. */
async function sentBy(name: string): Promise<Headers[]> {
  const sent: Headers[] = [];
  const EGRESS = {
    fetch: async (_: string, init: RequestInit) => {
      sent.push(new Headers(init.headers));
      return new Response(null, { status: 204 });
    },
  };
  await runInDurableObject(env.DELIVERY.getByName(name), async (_, state) => {
    // It may have tried by itself, where no name leads anywhere.
    state.storage.kv.delete("health");
    state.storage.sql.exec("UPDATE item SET leased_until_ms = 0, due_ms = 0");
    await new Delivery(state, { ...env, EGRESS } as unknown as Env).alarm();
  });
  return sent;
}

describe("a task's trace", () => {
  it("has a span of the task below whatever made it, and one of the attempt, which its worker goes on with", async () => {
    const { traceId, headers } = asking();
    const task = await step(headers);
    const [given] = await lease();
    if (given === undefined) throw new Error("nothing was leased");
    expect(placeOf(given.traceparent)).toMatchObject({ traceId, flags: "01" });
    const own = { traceparent: given.traceparent ?? "" };
    expect((await say("complete", given, { result: 1 }, own)).status).toBe(200);
    const isWhole = (names: string[]) =>
      ["task step", "attempt step", "POST /v1/tasks/{id}/complete"].every((one) =>
        names.includes(one),
      );
    const whole: Whole = await traceOf(owner, traceId, isWhole);
    const [made, done] = [spanIn(whole, "task step"), spanIn(whole, "attempt step")];
    expect(made.parentSpanId).toBe(spanIn(whole, "TaskQueue create").spanId);
    expect(made).toMatchObject({ attributes: { task: task.id, state: "completed" }, error: false });
    expect(done).toMatchObject({
      parentSpanId: made.spanId,
      spanId: placeOf(given.traceparent).spanId,
      attributes: { outcome: "completed", attempts: 1 },
    });
    expect(spanIn(whole, "POST /v1/tasks/{id}/complete").parentSpanId).toBe(done.spanId);
    expect(await kept()).toEqual([]);
  });

  it("goes on where its queue was evicted, and tells each attempt as it ended", async () => {
    const { traceId, headers } = asking();
    await step(headers);
    const [first] = await lease();
    if (first === undefined) throw new Error("nothing was leased");
    await evictDurableObject(shard());
    await say("fail", first, { reason: "no", delayMs: 0 });
    const [second] = await soon(async () => {
      await runDurableObjectAlarm(shard());
      const all = await lease();
      expect(all).toHaveLength(1);
      return all;
    });
    if (second === undefined) throw new Error("nothing was leased");
    expect(placeOf(second.traceparent).spanId).not.toBe(placeOf(first.traceparent).spanId);
    await say("fail", second, { final: true });
    const whole = await traceOf(owner, traceId, (names) => names.includes("task step"));
    const attempts = whole.spans.filter(({ name }) => name === "attempt step");
    expect(attempts.map(({ attributes, error }) => [attributes["outcome"], error])).toEqual([
      ["failed", true],
      ["failed", true],
    ]);
    expect(spanIn(whole, "task step")).toMatchObject({
      error: true,
      attributes: { state: "failed", cause: "refused", attempts: 2 },
    });
    expect(attempts.map(({ spanId }) => spanId)).toEqual(
      [first, second].map((one) => placeOf(one.traceparent).spanId),
    );
  });

  it("is said by its events, and by none of a task that nobody traces, which costs no row", async () => {
    const { traceId, headers } = asking();
    const [traced, silent] = [await step(headers), await step()];
    expect(await kept()).toHaveLength(1);
    const all = await lease();
    expect(all.map(({ id, traceparent }) => [id, placeOf(traceparent).traceId])).toEqual([
      [traced.id, traceId],
      [silent.id, undefined],
    ]);
    for (const one of all) await say("complete", one, { result: 1 });
    await soon(async () => {
      const events = await happened("agent.tasks", traced.id);
      expect(events.map(({ type, traceparent }) => [type, placeOf(traceparent).traceId])).toEqual(
        ["created", "leased", "completed"].map((what) => [`task.${what}`, traceId]),
      );
      const others = await happened("agent.tasks", silent.id);
      expect(others.map(({ traceparent }) => traceparent)).toEqual(
        Array.from({ length: 3 }, () => undefined),
      );
    });
  });

  it("goes with its callback, whose delivery is part of it", async () => {
    const { traceId, headers } = asking();
    await step(headers, { callback: { url: URL } });
    await step({}, { callback: { url: `${URL}/silent` } });
    for (const one of await lease()) await say("complete", one, { result: 1 });
    const named = async (url: string) => callbackName(owner.accountId, await sha256Hex(`${url}\n`));
    for (const [url, expected] of [
      [URL, traceId],
      [`${URL}/silent`, undefined],
    ] as const) {
      const name = await named(url);
      await soon(async () =>
        expect(await env.DELIVERY.getByName(name).state()).toMatchObject({ waiting: 1 }),
      );
      const [sent] = await sentBy(name);
      expect(placeOf(sent?.get("traceparent")).traceId).toBe(expected);
    }
    const whole = await traceOf(owner, traceId, (names) => names.includes("deliver"));
    const task = spanIn(whole, "task step");
    for (const each of whole.spans.filter(({ name }) => name === "deliver"))
      expect(each).toMatchObject({ parentSpanId: task.spanId, service: "Delivery" });
  });

  it("reaches the agent that is sent it", async () => {
    const box = await mailbox(owner);
    const path = `/v1/agents/${box.id}/task-subscription`;
    await ok(owner.call("PUT", path, { body: { types: ["step"] } }));
    const { traceId, headers } = asking();
    await step(headers);
    const message = await soon(async () => {
      const [one] = (await box.leased()) as unknown as (Traced & { body: { task: Traced } })[];
      if (one === undefined) throw new Error("nothing yet");
      return one;
    });
    expect(placeOf(message.traceparent).traceId).toBe(traceId);
    expect(message.body.task.traceparent).toBe(message.traceparent);
  });

  it("of a batch is kept of the first only: a trace is to be read", async () => {
    const { headers } = asking();
    const tasks = Array.from({ length: 100 }, () => ({ type: "step", input: 1 }));
    await ok(post("/v1/tasks/batch", { tasks }, headers));
    expect(await kept()).toHaveLength(32);
  });
});

describe("the trace of an A2A task", () => {
  it("comes with its message, goes with its pushes, and has a span of its whole life", async () => {
    const agent = await a2aAgentOf(owner);
    const { traceId, headers } = asking();
    const message = { messageId: "m1", role: "ROLE_USER", parts: [{ text: "draw" }] };
    const taskPushNotificationConfig = { id: "c1", url: URL };
    const configuration = { returnImmediately: true, taskPushNotificationConfig };
    const begun = await post(
      `/a2a/${agent.id}`,
      { jsonrpc: "2.0", id: 1, method: "SendMessage", params: { message, configuration } },
      { "A2A-Version": "1.0", ...headers },
    );
    const { result } = await begun.json<{ result: { task: { id: string } } }>();
    const given = (await agent.next()) as Awaited<ReturnType<typeof agent.next>> & Traced;
    expect(placeOf(given.traceparent).traceId).toBe(traceId);
    expect((await agent.say(given, completed("done"))).status).toBe(200);
    const name = pushName(agent.id, result.task.id, "c1");
    await soon(async () =>
      expect((await env.DELIVERY.getByName(name).state())?.waiting).toBeGreaterThan(0),
    );
    for (const sent of await sentBy(name))
      expect(placeOf(sent.get("traceparent")).traceId).toBe(traceId);
    const whole = await traceOf(
      owner,
      traceId,
      (names) => names.includes("a2a task") && names.includes("deliver"),
    );
    const task = spanIn(whole, "a2a task");
    expect(task).toMatchObject({ service: "Agent", attributes: { state: "completed" } });
    expect(placeOf(given.traceparent).spanId).toBe(task.spanId);
  });
});

describe("events say whose trace they are of", () => {
  it("where a unit's publication is recorded, and only its own", async () => {
    const { traceId, headers } = asking();
    const [traced, silent] = await Promise.all([
      ok<{ id: string }>(
        post("/v1/units", { title: "Rafts", body: "Otters raft together by day." }, headers),
      ),
      ok<{ id: string }>(
        post("/v1/units", { title: "Kelp", body: "Kelp grows towards the light." }),
      ),
    ]);
    await soon(async () => {
      const events = await happened("unit.events", traced.id);
      expect(events.map(({ type }) => type)).toContain("unit.searchable");
      for (const one of events) expect(placeOf(one.traceparent).traceId, one.type).toBe(traceId);
      const others = await happened("unit.events", silent.id);
      expect(others.map(({ type }) => type)).toContain("unit.searchable");
      for (const one of others) expect(one.traceparent).toBeUndefined();
    });
  });

  it("where a caller appends them: its own, unless the event brings one", async () => {
    const { traceId, headers } = asking();
    const theirs = `00-${randomHex(16)}-${randomHex(8)}-00`;
    const events = [
      { type: "custom.seen", subject: "a" },
      { type: "custom.seen", subject: "b", traceparent: theirs },
    ];
    await ok(post("/v1/topics/agent.events/events", { events }, headers));
    await ok(post("/v1/topics/agent.events/events", { type: "custom.seen", subject: "c" }));
    const said = async (subject: string) =>
      (await happened("agent.events", subject)).map(({ traceparent }) => traceparent);
    expect((await said("a")).map((one) => placeOf(one).traceId)).toEqual([traceId]);
    expect(await said("b")).toEqual([theirs]);
    expect(await said("c")).toEqual([undefined]);
  });

  it("where an agent's message becomes a dead letter", async () => {
    const box = await mailbox(owner);
    const { traceId, headers } = asking();
    expect((await box.send({ body: "hello" }, headers)).status).toBe(201);
    const [message] = await box.leased();
    expect((await box.settle("nack", message, { final: true })).status).toBe(200);
    await soon(async () => {
      const events = await happened("agent.events", box.id);
      const dead = events.find(({ type }) => type === "agent.dead-letter");
      expect(placeOf(dead?.traceparent).traceId).toBe(traceId);
    });
  });
});

it("a channel's vendor that traces reaches the agent's mailbox, and one that does not adds nothing", async () => {
  const box = await mailbox(owner);
  const vendor = FAKES.telegram();
  const config = vendor.config("https://vendor.example.com");
  const body = { type: "telegram", name: "Ours", agentId: box.id, config };
  const { id } = await ok<{ id: string }>(post("/v1/channels", body));
  const { traceId, headers: theirs } = asking();
  const brought = async (number: number, traced: Record<string, string>) => {
    const said = await vendor.says({ text: `number ${number}`, id: number }, Date.now());
    const { method, query, headers, body: text } = said;
    const init = { headers: { ...headers, ...traced }, ...(method === "POST" && { body: text }) };
    expect((await call(method, `/v1/channels/${id}/inbound${query}`, init)).status).toBe(200);
    return await soon(async () => {
      const [one] = (await box.leased()) as (Traced & Awaited<ReturnType<typeof box.leased>>[0])[];
      if (one === undefined) throw new Error("nothing yet");
      await box.settle("ack", one);
      return one;
    });
  };
  expect(placeOf((await brought(1, theirs)).traceparent).traceId).toBe(traceId);
  expect((await brought(2, {})).traceparent).toBeUndefined();
});
