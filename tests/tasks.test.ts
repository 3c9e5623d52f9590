import { evictDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { newAccount, problemOf, type TestAccount } from "./helpers.ts";

type Task = { id: string; state: string; type: string; attempts: number; unschedulable?: string };
type Leased = Task & { fencingToken: number; input: unknown };

let owner: TestAccount;
beforeEach(async () => {
  owner = await newAccount();
});

async function made(body: object, headers: Record<string, string> = {}): Promise<Task> {
  const sent = { body: { type: "look", input: 1, ...body }, headers };
  const answer = await owner.call("POST", "/v1/tasks", sent);
  if (answer.status !== 201) throw new Error(`${answer.status}: ${await answer.text()}`);
  return await answer.json<Task>();
}
async function leased(limit = 1, more: object = {}): Promise<Leased[]> {
  const body = { types: ["look"], limit, ...more };
  const answer = await owner.call("POST", "/v1/tasks/lease", { body });
  if (answer.status !== 200) throw new Error(`${answer.status}: ${await answer.text()}`);
  return (await answer.json<{ tasks: Leased[] }>()).tasks;
}
const say = (how: string, task: Leased | undefined, more: object = {}) =>
  owner.call("POST", `/v1/tasks/${task?.id}/${how}`, {
    body: { fencingToken: task?.fencingToken, ...more },
  });
const shown = async ({ id }: Pick<Task, "id">) =>
  await (await owner.call("GET", `/v1/tasks/${id}`)).json<Task>();
const evict = () => evictDurableObject(env.TASK_QUEUE.getByName(`account/${owner.accountId}/0`));

describe("a task", () => {
  it("waits, is given out under a lease, and is done", async () => {
    const task = await made({ input: { otters: [1, "two", null] }, priority: 7 });
    expect(task).toMatchObject({ state: "submitted", type: "look" });
    const [given, none] = await leased(5);
    expect(given).toMatchObject({ id: task.id, input: { otters: [1, "two", null] }, attempts: 1 });
    expect(none).toBeUndefined();
    expect(await shown(task)).toMatchObject({ state: "working" });
    const done = await say("complete", given, { result: { found: true } });
    expect([done.status, await done.json()]).toEqual([200, { id: task.id, state: "completed" }]);
    expect(await shown(task)).toMatchObject({ state: "completed", cause: null });
  });

  it("is as it was after its queue was evicted, whatever it was doing", async () => {
    const long = "otter ".repeat(2_000);
    const [waiting, working] = [await made({ priority: 0 }), await made({ input: long })];
    const [given] = await leased();
    expect(given).toMatchObject({ id: working.id, input: long });
    await evict();
    expect(await shown(waiting)).toMatchObject({ state: "submitted" });
    expect((await leased(5)).map(({ id }) => id)).toEqual([waiting.id]);
    expect((await say("complete", given, { result: long })).status).toBe(200);
    await evict();
    expect(await shown(working)).toMatchObject({ state: "completed" });
  });

  it("done twice under one token is done once, and under an older one not at all", async () => {
    const task = await made({});
    const [first] = await leased(1, { leaseMs: 10 });
    const [second] = await leased(1, { waitMs: 5_000 });
    expect(second?.id).toBe(task.id);
    for (const how of ["complete", "heartbeat", "fail"]) {
      const late = await say(how, first, how === "complete" ? { result: 1 } : {});
      expect([late.status, (await problemOf(late)).code], how).toEqual([409, "lease-lost"]);
    }
    for (const times of [1, 2])
      expect((await say("complete", second, { result: 2 })).status, `${times}`).toBe(200);
    expect((await say("complete", first, { result: 1 })).status).toBe(409);
    expect((await say("fail", second)).status).toBe(409);
  });

  it("that is given back waits, and is dead when it was tried often enough", async () => {
    const task = await made({ attempts: 1 });
    const other = await made({});
    const [first, second] = await leased(2);
    expect(await (await say("fail", second)).json()).toMatchObject({ state: "submitted" });
    expect(await (await say("fail", first, { reason: "too dark" })).json()).toMatchObject({
      state: "failed",
    });
    expect(await shown(task)).toMatchObject({
      state: "failed",
      cause: "attempts",
      reason: "too dark",
    });
    expect(await shown(other)).toMatchObject({ state: "submitted", notBefore: expect.any(String) });
    expect(await leased(5)).toEqual([]);
  });

  it("that nobody can do is kept, and says why", async () => {
    await leased(1, { capabilities: ["swim"] });
    const task = await made({ requires: ["fly", "swim"] });
    expect(task).toMatchObject({
      state: "submitted",
      unschedulable: expect.stringContaining("fly"),
    });
    expect((await made({ requires: ["swim"] })).unschedulable).toBeUndefined();
    expect(await leased(1, { capabilities: ["swim", "fly", "dive"] })).toMatchObject([
      { id: task.id },
    ]);
  });

  it("is canceled with whoever works on it, once", async () => {
    const task = await made({});
    const [given] = await leased();
    const cancel = () => owner.call("POST", `/v1/tasks/${task.id}/cancel`, { body: {} });
    expect((await cancel()).status).toBe(200);
    expect((await say("complete", given, { result: 1 })).status).toBe(409);
    expect((await cancel()).status).toBe(409);
    expect(await shown(task)).toMatchObject({ state: "canceled", cause: "asked" });
  });

  it("is one under one idempotency key, also after its queue was evicted", async () => {
    const headers = { "Idempotency-Key": "once" };
    const first = await made({}, headers);
    await evict();
    expect((await made({}, headers)).id).toBe(first.id);
    const other = await owner.call("POST", "/v1/tasks", {
      body: { type: "look", input: 2 },
      headers,
    });
    expect((await problemOf(other)).code).toBe("idempotency-conflict");
    expect(await leased(5)).toHaveLength(1);
  });

  it("fails at its deadline, and is refused where that has passed", async () => {
    const past = { type: "look", input: 1, deadline: "2020-01-01T00:00:00Z" };
    const refused = await owner.call("POST", "/v1/tasks", { body: past });
    expect(await problemOf(refused)).toMatchObject({
      code: "invalid-request",
      errors: [{ pointer: "/deadline" }],
    });
    const task = await made({ deadline: new Date(Date.now() + 50).toISOString() });
    expect(await leased(1, { types: ["else"], waitMs: 200 })).toEqual([]);
    expect(await shown(task)).toMatchObject({ state: "failed", cause: "deadline" });
  });

  it("is answered again under its key though its deadline has passed since", async () => {
    const deadline = new Date(Date.now() + 1_500).toISOString();
    const again = { "Idempotency-Key": "late" };
    const one = await made({ deadline }, again);
    const many = { tasks: [{ type: "look", input: 1, deadline }] };
    const batch = (headers = { "Idempotency-Key": "several" }) =>
      owner.call("POST", "/v1/tasks/batch", { body: many, headers });
    const first = await (await batch()).json<{ tasks: Task[] }>();
    await vi.waitFor(
      async () => expect(await shown(one)).toMatchObject({ state: "failed" }),
      5_000,
    );
    expect((await made({ deadline }, again)).id).toBe(one.id);
    const second = await (await batch()).json<{ tasks: Task[] }>();
    expect(second.tasks.map(({ id }) => id)).toEqual(first.tasks.map(({ id }) => id));
    expect((await batch({ "Idempotency-Key": "new" })).status).toBe(400);
    const other = { type: "look", input: 2, deadline };
    const refused = await owner.call("POST", "/v1/tasks", { body: other, headers: again });
    expect((await problemOf(refused)).code).toBe("idempotency-conflict");
  });

  it("is nobody else's to see or to take", async () => {
    const task = await made({});
    const stranger = await newAccount();
    expect((await stranger.call("GET", `/v1/tasks/${task.id}`)).status).toBe(404);
    const body = { types: ["look"] };
    const given = await stranger.call("POST", "/v1/tasks/lease", { body });
    expect(await given.json()).toEqual({ tasks: [] });
  });
});

describe("who waits for tasks", () => {
  it("is given the next that comes and that it can do", async () => {
    const able = leased(1, { waitMs: 20_000, capabilities: ["swim"] });
    const unable = leased(1, { waitMs: 300 });
    const task = await made({ requires: ["swim"] });
    expect((await able).map(({ id }) => id)).toEqual([task.id]);
    expect(await unable).toEqual([]);
  });

  it("is given what another's lease left, when it runs out", async () => {
    const task = await made({});
    await leased(1, { leaseMs: 300 });
    expect(await leased(1, { waitMs: 20_000 })).toMatchObject([{ id: task.id, attempts: 2 }]);
  });
});
