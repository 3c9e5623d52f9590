import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { Queue } from "#domain/scheduling/queue.ts";
import { LIMITS } from "#domain/shared/limits.ts";
import { OWN_QUEUE } from "#domain/tasks/queue-settings.ts";
import { TaskCommands } from "#objects/task-commands.ts";
import { TaskPool } from "#objects/task-pool.ts";
import { TaskRows } from "#objects/task-rows.ts";
import { TaskSeen } from "#objects/task-seen.ts";
import { TaskTelling } from "#objects/task-telling.ts";
import { call, problemOf } from "./helpers.ts";
import { type Desk, type Given, newDesk, ok, type Task } from "./task-desk.ts";

let desk: Desk;
beforeEach(async () => {
  desk = await newDesk();
});

const queueOf = () => env.TASK_QUEUE.getByName(`account/${desk.owner.accountId}/0`);
const seqOf = (id: string) => Number.parseInt(id.split("_").at(-1) ?? "", 36);
const redrive = async (ids: string[]) =>
  (await ok<{ redriven: number }>(desk.post("/v1/queues/account/redrive", { ids }))).redriven;
async function one(): Promise<Given> {
  const [given, more] = await desk.lease();
  if (given === undefined || more !== undefined) throw new Error("not one task was leased");
  return given;
}

describe("a redriven task that came after others", () => {
  async function failedPair(): Promise<[string, string]> {
    const [first, second] = await desk.batch([{ ref: "first" }, { dependsOn: ["first"] }]);
    await ok(desk.say("fail", await one(), { reason: "broken", final: true }));
    return [first?.id ?? "", second?.id ?? ""];
  }

  it("waits for them again, whichever of them is named first", async () => {
    const [first, second] = await failedPair();
    expect(await redrive([second, first])).toBe(2);
    await evictDurableObject(queueOf());
    const given = await one();
    expect(given.id).toBe(first);
    await ok(desk.say("complete", given, { result: 1 }));
    expect((await one()).id).toBe(second);
  });

  it("stays where it is while one of them has failed for good", async () => {
    const [first, second] = await failedPair();
    expect(await redrive([second])).toBe(0);
    expect(await desk.show(second)).toMatchObject({ state: "canceled", cause: "dependency" });
    expect(await redrive([first])).toBe(1);
    expect(await redrive([second])).toBe(1);
    expect((await one()).id).toBe(first);
  });
});

it("tells of the end after a redrive by another callback than of the end before it", async () => {
  const callback = { url: "https://hooks.example.com/ends" };
  const task = await ok<Task>(desk.post("/v1/tasks", { type: "step", input: 1, callback }));
  await ok(desk.say("fail", await one(), { final: true }));
  const shown = await queueOf().show(seqOf(task.id), desk.owner.accountId);
  const { callback: kept } = JSON.parse(shown?.details ?? "") as { callback: { name: string } };
  const waiting = (n: number) =>
    vi.waitFor(async () =>
      expect(await env.DELIVERY.getByName(kept.name).state()).toMatchObject({ waiting: n }),
    );
  await waiting(1);
  expect(await redrive([task.id])).toBe(1);
  await ok(desk.post(`/v1/tasks/${task.id}/cancel`, {}));
  await waiting(2);
});

describe("of a task that is worked on", () => {
  const otter = { name: "Otter", type: "generation", description: "Dives.", capabilities: [] };
  const agent = async (name: string) => {
    const { id } = await ok<{ id: string }>(desk.post("/v1/agents", { ...otter, name }));
    const key = { name: "Program", scopes: ["tasks", "agents"] };
    const { apiKey } = await ok<{ apiKey: string }>(desk.post(`/v1/agents/${id}/keys`, key));
    const headers = { Authorization: `Bearer ${apiKey}` };
    return async (path: string, body: object) => await call("POST", path, { headers, body });
  };
  const done = ({ id, fencingToken }: Given) =>
    [`/v1/tasks/${id}/complete`, { fencingToken, result: 1 }] as const;

  it("no agent says what it did not take itself", async () => {
    const [mine, others] = [await agent("Mine"), await agent("Other")];
    await desk.batch([{}, {}]);
    const ask = { types: ["step"], limit: 1 };
    const [taken] = (await ok<{ tasks: Given[] }>(mine("/v1/tasks/lease", ask))).tasks;
    const accounts = await one();
    if (taken === undefined) throw new Error("nothing was leased");
    for (const [who, task] of [
      [mine, accounts],
      [others, accounts],
      [others, taken],
    ] as const)
      expect((await problemOf(await who(...done(task)))).code).toBe("lease-lost");
    await ok(mine(...done(taken)));
    await ok(desk.post(...done(accounts)));
  });

  it("a key of the account speaks for its agents only where it may act for them", async () => {
    const mine = await agent("Mine");
    await desk.batch([{}]);
    const ask = { types: ["step"], limit: 1 };
    const [taken] = (await ok<{ tasks: Given[] }>(mine("/v1/tasks/lease", ask))).tasks;
    if (taken === undefined) throw new Error("nothing was leased");
    const { apiKey } = await desk.owner.key(["tasks"]);
    const headers = { Authorization: `Bearer ${apiKey}` };
    const [path, body] = done(taken);
    expect((await problemOf(await call("POST", path, { headers, body }))).code).toBe("lease-lost");
    await ok(desk.post(path, body));
  });
});

it("takes back one task of an agent whose mailbox will not have that one, and leaves it the others", async () => {
  const otter = { name: "Otter", type: "analysis", description: "Dives.", capabilities: [] };
  const { id } = await ok<{ id: string }>(desk.post("/v1/agents", otter));
  const [first, second] = await desk.batch([{ ref: "a" }, { ref: "b" }]);
  // A message of another body came under the name that the first task's message will have.
  const clash = { key: `t ${first?.id} 1`, bodyHash: "another" };
  const body = JSON.stringify({ task: null });
  const [sent] = await env.AGENT.getByName(id).send([
    {
      from: { accountId: desk.owner.accountId, agentId: null },
      isOwn: true,
      kind: "message",
      conversationId: null,
      inReplyTo: null,
      priority: 4,
      deadlineMs: null,
      once: [clash],
      body,
      bytes: body.length,
    },
  ]);
  expect(sent?.ok).toBe(true);
  const subscription = { body: { types: ["step"], atOnce: 2 } };
  await ok(desk.owner.call("PUT", `/v1/agents/${id}/task-subscription`, subscription));
  await vi.waitFor(async () => expect((await desk.show(first?.id ?? "")).state).toBe("submitted"));
  expect((await desk.show(second?.id ?? "")).state).toBe("working");
});

it("gives out no more in one transaction than may lie in memory at once", async () => {
  const { accountId } = desk.owner;
  const input = "x".repeat(LIMITS.taskInputBytesMax - 100);
  for (let n = 0; n < 16; n++) await desk.batch([{ input }, { input }, { input }]);
  await runInDurableObject(queueOf(), (_, { storage }) => {
    const rows = new TaskRows(storage, accountId);
    const queue = Queue.load(OWN_QUEUE, rows.open(), rows.newest(), "open");
    const telling = new TaskTelling({
      sql: storage.sql,
      env,
      queue: null,
      rows,
      recall: () => {},
    });
    const seen = new TaskSeen(storage.sql);
    const pool = new TaskPool(env, `account/${accountId}/0`);
    const commands = new TaskCommands(rows, seen, telling, accountId, pool);
    const ask = { types: ["step"], capabilities: [], near: null, limit: 100, holder: null };
    const lease = () => commands.lease(queue, { ...ask, leaseMs: 1_000 }, Date.now());
    storage.transactionSync(() => {
      commands.begin(Date.now());
      const given = [lease(), lease(), lease()];
      expect(given.map((one) => one?.length ?? null)).toEqual([16, 16, null]);
      commands.begin(Date.now());
      expect(lease()).toHaveLength(16);
    });
  });
});
