import { listDurableObjectIds, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeAll, expect, it, vi } from "vitest";
import { pushName } from "#domain/a2a/push.ts";
import { agentOf, completed } from "./a2a-agent.ts";
import { newAccount, type TestAccount } from "./helpers.ts";

const URL = "https://hooks.example.com/push";
let owner: TestAccount;
beforeAll(async () => {
  owner = await newAccount();
});

type Answer<T> = { result: T; error?: { message: string } };
async function rpc<T>(agentId: string, method: string, params: object, headers: object = {}) {
  const answer = await owner.call("POST", `/a2a/${agentId}`, {
    body: { jsonrpc: "2.0", id: 1, method, params },
    headers: { "A2A-Version": "1.0", ...headers },
  });
  return await answer.json<Answer<T>>();
}
const said = (more: object = {}) => ({
  message: { messageId: "m1", role: "ROLE_USER", parts: [{ text: "draw" }] },
  configuration: { returnImmediately: true, ...more },
});
const begin = async (agentId: string, config?: object, headers?: object): Promise<string> => {
  const params = said(config && { taskPushNotificationConfig: config });
  const { result } = await rpc<{ task: { id: string } }>(agentId, "SendMessage", params, headers);
  return result.task.id;
};
const receiver = (agentId: string, taskId: string, id: string) =>
  env.DELIVERY.getByName(pushName(agentId, taskId, id));
const isThere = async (...named: [string, string, string]) =>
  (await receiver(...named).state()) !== null;
const configure = (agentId: string, taskId: string, id: string) =>
  rpc(agentId, "CreateTaskPushNotificationConfig", { taskId, id, url: URL });

/** How many there are for whom something is kept. */
async function receivers(): Promise<number> {
  let kept = 0;
  for (const id of await listDurableObjectIds(env.DELIVERY))
    kept += await runInDurableObject(
      env.DELIVERY.get(id),
      (_, { storage }) => [...storage.kv.list({ limit: 1 })].length,
    );
  return kept;
}

it("ends whoever is told of a task with the task", async () => {
  const agent = await agentOf(owner);
  const task = await begin(agent.id, { id: "c1", url: URL });
  expect((await configure(agent.id, task, "c2")).error).toBeUndefined();
  const endsOf = (id: string) =>
    runInDurableObject(
      receiver(agent.id, task, id),
      (_, { storage }) => storage.kv.get<{ endsWhenSent?: true }>("endpoint")?.endsWhenSent,
    );
  expect([await endsOf("c1"), await endsOf("c2")]).toEqual([undefined, undefined]);
  const message = await agent.next();
  expect((await agent.say(message, completed("done"))).status).toBe(200);
  for (const id of ["c1", "c2"]) await vi.waitFor(async () => expect(await endsOf(id)).toBe(true));
  // And one that is asked for afterwards is shown, and never made.
  expect((await configure(agent.id, task, "c3")).error).toBeUndefined();
  expect(await isThere(agent.id, task, "c3")).toBe(false);
});

it("keeps nobody for a task that was not begun", async () => {
  const agent = await agentOf(owner);
  const headers = { "Idempotency-Key": "once" };
  const task = await begin(agent.id, { id: "c1", url: URL }, headers);
  const before = await receivers();
  expect(await begin(agent.id, { id: "c1", url: URL }, headers)).toBe(task);
  expect(await receivers()).toBe(before);
  expect(await isThere(agent.id, task, "c1")).toBe(true);
  const message = await agent.next();
  await agent.say(message, completed("done"));
  // Going on with what has ended is refused, and nobody is told of it.
  const { message: words, configuration } = said({
    taskPushNotificationConfig: { id: "c9", url: URL },
  });
  const late = await rpc(agent.id, "SendMessage", {
    message: { ...words, messageId: "m2", taskId: task },
    configuration,
  });
  expect(late.error).toBeDefined();
  expect(await isThere(agent.id, task, "c9")).toBe(false);
});

it("tells the others although one that is told takes nothing more", async () => {
  const agent = await agentOf(owner);
  const [full, free] = [
    await begin(agent.id, { id: "c1", url: URL }),
    await begin(agent.id, { id: "c1", url: URL }),
  ];
  const filling = Array.from({ length: 5_000 }, (_, i) => ({ id: `x${i}`, lane: "x", body: "{}" }));
  expect((await receiver(agent.id, full, "c1").enqueue(filling)).ok).toBe(true);
  const messages = [await agent.next(), await agent.next()];
  const [first, second] = [full, free].map((id) => messages.find(({ body }) => body.taskId === id));
  if (first === undefined || second === undefined) throw new Error("a task did not come");
  for (let n = 0; n < 120; n++)
    await agent.say(first, { artifacts: [{ artifactId: `a${n % 50}`, parts: [{ text: "." }] }] });
  await agent.say(second, completed("done"));
  await vi.waitFor(
    async () => expect((await receiver(agent.id, free, "c1").state())?.waiting).toBe(1),
    { timeout: 20_000, interval: 200 },
  );
}, 60_000);
