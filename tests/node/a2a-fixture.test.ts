import { Role, type StreamResponse, type Task, TaskState } from "@a2a-js/sdk";
import {
  type Client,
  ClientFactory,
  ClientFactoryOptions,
  JsonRpcTransportFactory,
  RestTransportFactory,
} from "@a2a-js/sdk/client";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startFixture } from "#scripts/a2a-fixture.ts";
import { freePort } from "#scripts/launch/free-port.ts";

// The official client against the agent that compatibility kits are pointed at: the product's handler, bindings and task
// store behind both transports.

let full: Awaited<ReturnType<typeof startFixture>>;
let minimal: Awaited<ReturnType<typeof startFixture>>;
beforeAll(async () => {
  full = await startFixture(await freePort(), "");
  minimal = await startFixture(await freePort(), "minimal");
}, 60_000);
afterAll(async () => {
  await full.end();
  await minimal.end();
});

const transports = {
  "JSON-RPC": new JsonRpcTransportFactory(),
  "HTTP+JSON": new RestTransportFactory(),
};
const clientOf = async (url: string, name: keyof typeof transports): Promise<Client> =>
  await new ClientFactory(
    ClientFactoryOptions.createFrom(ClientFactoryOptions.default, {
      transports: [transports[name]],
      preferredTransports: [transports[name].protocolName],
    }),
  ).createFromUrl(url);

const messageOf = (messageId: string, more: { taskId?: string; contextId?: string } = {}) => ({
  messageId,
  role: Role.ROLE_USER,
  parts: [
    {
      content: { $case: "text" as const, value: "hello" },
      metadata: {},
      filename: "",
      mediaType: "",
    },
  ],
  taskId: "",
  contextId: "",
  metadata: {},
  extensions: [],
  referenceTaskIds: [],
  ...more,
});
const asking = (messageId: string, more = {}) => ({
  tenant: "",
  message: messageOf(messageId, more),
  configuration: undefined,
  metadata: {},
});
const listing = (contextId: string) => ({
  tenant: "",
  contextId,
  status: TaskState.TASK_STATE_COMPLETED,
  pageSize: 20,
  pageToken: "",
  historyLength: undefined,
  statusTimestampAfter: undefined,
  includeArtifacts: false,
});
const byId = (id: string) => ({ tenant: "", id });

async function taskOf(client: Client, messageId: string, more = {}): Promise<Task> {
  const result = await client.sendMessage(asking(messageId, more));
  if (!("status" in result)) throw new Error("a message came where a task was expected");
  return result;
}

async function all(stream: AsyncIterable<StreamResponse>): Promise<StreamResponse[]> {
  const found = [];
  for await (const one of stream) found.push(one);
  return found;
}
const kinds = (events: StreamResponse[]) => events.map(({ payload }) => payload?.$case);
const said = (task: Task) => task.artifacts.flatMap(({ parts }) => parts.map((one) => one.content));

describe.each(Object.keys(transports) as (keyof typeof transports)[])("over %s", (name) => {
  let client: Client;
  beforeAll(async () => {
    client = await clientOf(full.url, name);
  });

  it("completes a task, and shows it again with its history", async () => {
    const task = await taskOf(client, "tck-complete-task");
    expect(task.status?.state).toBe(TaskState.TASK_STATE_COMPLETED);
    expect(task.status?.message?.parts[0]?.content).toEqual({
      $case: "text",
      value: "Hello from TCK",
    });
    const again = await client.getTask({ ...byId(task.id), historyLength: 10 });
    expect(again.history.map(({ messageId }) => messageId)).toEqual(["tck-complete-task"]);
    expect((await client.getTask({ ...byId(task.id), historyLength: 0 })).history).toEqual([]);
  });

  it("gives text, files and data as artifacts", async () => {
    const contents = async (id: string) => said(await taskOf(client, id));
    expect(await contents("tck-artifact-text")).toEqual([
      { $case: "text", value: "Generated text content" },
    ]);
    expect(await contents("tck-artifact-file-url")).toEqual([
      { $case: "url", value: "https://example.com/output.txt" },
    ]);
    expect(await contents("tck-artifact-data")).toEqual([
      { $case: "data", value: { key: "value", count: 42 } },
    ]);
    const [file] = (await taskOf(client, "tck-artifact-file")).artifacts[0]?.parts ?? [];
    expect(file).toMatchObject({ filename: "output.txt", mediaType: "text/plain" });
    expect(file?.content?.$case).toBe("raw");
  });

  it("answers with a message alone, and leaves no task behind", async () => {
    const contextId = crypto.randomUUID();
    const answer = await client.sendMessage(asking("tck-message-response", { contextId }));
    expect("status" in answer).toBe(false);
    expect(answer).toMatchObject({ contextId, role: Role.ROLE_AGENT });
    expect(kinds(await all(client.sendMessageStream(asking("tck-message-response"))))).toEqual([
      "message",
    ]);
    expect((await client.listTasks(listing(contextId))).tasks).toEqual([]);
  });

  it("streams the task first, then what happens in its order, and ends with it", async () => {
    const events = await all(client.sendMessageStream(asking("tck-stream-artifact-chunked")));
    expect(kinds(events)).toEqual([
      "task",
      "statusUpdate",
      "artifactUpdate",
      "artifactUpdate",
      "statusUpdate",
    ]);
    const [first] = events;
    if (first?.payload?.$case !== "task") throw new Error("no task");
    const whole = await client.getTask(byId(first.payload.value.id));
    expect(said(whole)).toEqual([
      { $case: "text", value: "chunk-1 " },
      { $case: "text", value: "chunk-2" },
    ]);
  });

  it("goes on with a task that asked for input, in its own context only", async () => {
    const task = await taskOf(client, "tck-input-required");
    expect(task.status?.state).toBe(TaskState.TASK_STATE_INPUT_REQUIRED);
    const { id: taskId, contextId } = task;
    await expect(
      taskOf(client, "tck-complete-task", { taskId, contextId: "another" }),
    ).rejects.toThrow(/another context/);
    const ended = await taskOf(client, "tck-complete-task", { taskId });
    expect([ended.id, ended.contextId]).toEqual([taskId, contextId]);
    expect(ended.status?.state).toBe(TaskState.TASK_STATE_COMPLETED);
    await expect(taskOf(client, "tck-complete-task", { taskId })).rejects.toThrow(/has ended/);
  });

  it("tells whoever subscribes later what comes, over an interruption until the end", async () => {
    const { id } = await taskOf(client, "tck-input-required");
    const [one, other] = [client.resubscribeTask(byId(id)), client.resubscribeTask(byId(id))];
    const [first] = [await one.next(), await other.next()];
    expect(first.value?.payload?.$case).toBe("task");
    const rest = Promise.all([all(one), all(other)]);
    await taskOf(client, "tck-stream-001", { taskId: id });
    const [seen, alsoSeen] = await rest;
    expect(kinds(seen).at(-1)).toBe("statusUpdate");
    expect(seen).toEqual(alsoSeen);
    await expect(all(client.resubscribeTask(byId(id)))).rejects.toThrow(/has ended/);
  });

  it("cancels what has not ended, once", async () => {
    const { id } = await taskOf(client, "tck-input-required");
    const canceled = await client.cancelTask({ ...byId(id), metadata: {} });
    expect(canceled.status?.state).toBe(TaskState.TASK_STATE_CANCELED);
    await expect(client.cancelTask({ ...byId(id), metadata: {} })).rejects.toMatchObject({
      name: "TaskNotCancelableError",
    });
  });

  it("names each failure as A2A does", async () => {
    const name = async (work: Promise<unknown>) =>
      await work.then(
        () => "none",
        (error: Error) => error.name,
      );
    expect(await name(client.getTask(byId("none")))).toBe("TaskNotFoundError");
    expect(await name(client.cancelTask({ ...byId("none"), metadata: {} }))).toBe(
      "TaskNotFoundError",
    );
    expect(await name(taskOf(client, "x", { taskId: "none" }))).toBe("TaskNotFoundError");
    const odd = asking("x");
    const [part] = odd.message.parts;
    odd.message.parts = [{ ...(part as NonNullable<typeof part>), mediaType: "application/x-odd" }];
    expect(await name(client.sendMessage(odd))).toBe("ContentTypeNotSupportedError");
    expect(await name(all(client.resubscribeTask(byId("none"))))).toBe("TaskNotFoundError");
  });

  it("pages its tasks, the last that changed first, and shows no artifacts unasked", async () => {
    const contextId = crypto.randomUUID();
    const made = [];
    for (const id of ["tck-artifact-text-1", "tck-artifact-text-2", "tck-artifact-text-3"])
      made.push((await taskOf(client, id, { contextId })).id);
    const page = async (pageToken: string) =>
      await client.listTasks({ ...listing(contextId), pageSize: 2, pageToken });
    const first = await page("");
    const second = await page(first.nextPageToken);
    expect([...first.tasks, ...second.tasks].map(({ id }) => id).toSorted()).toEqual(
      made.toSorted(),
    );
    expect([first.totalSize, second.nextPageToken, first.tasks[0]?.artifacts]).toEqual([3, "", []]);
  });

  it("keeps whom to push to, and forgets them once and again", async () => {
    const { id: taskId } = await taskOf(client, "tck-complete-task");
    const config = { tenant: "", id: "mine", taskId, url: "https://example.com/hook", token: "t" };
    const kept = await client.createTaskPushNotificationConfig({
      ...config,
      authentication: undefined,
    });
    expect(kept).toMatchObject({ id: "mine", url: config.url });
    const which = { tenant: "", taskId, id: "mine" };
    expect(await client.getTaskPushNotificationConfig(which)).toMatchObject({ id: "mine" });
    const list = await client.listTaskPushNotificationConfig({
      tenant: "",
      taskId,
      pageSize: 0,
      pageToken: "",
    });
    expect(list.configs.map(({ id }) => id)).toEqual(["mine"]);
    await client.deleteTaskPushNotificationConfig(which);
    await client.deleteTaskPushNotificationConfig(which);
    await expect(client.getTaskPushNotificationConfig(which)).rejects.toThrow();
  });
});

describe("what no client would send", () => {
  const send = async (body: string, headers: Record<string, string> = {}, url = full.url) => {
    const answer = await fetch(`${url}/a2a/`, {
      method: "POST",
      headers: { "Content-Type": "application/json", "A2A-Version": "1.0", ...headers },
      body,
    });
    const { error, id } = (await answer.json()) as { error: { code: number }; id: unknown };
    return [answer.status, error.code, id];
  };

  it("gets JSON-RPC's own errors, with the id of the request where there is one", async () => {
    expect(await send("{")).toEqual([200, -32700, null]);
    expect(await send("[]")).toEqual([200, -32600, null]);
    expect(await send('{"jsonrpc":"1.0","id":3,"method":"GetTask"}')).toEqual([200, -32600, 3]);
    const request = (method: string, params: object) =>
      JSON.stringify({ jsonrpc: "2.0", id: "a", method, params });
    expect(await send(request("NoSuchMethod", {}))).toEqual([200, -32601, "a"]);
    expect(await send(request("SendMessage", {}))).toEqual([200, -32602, "a"]);
    expect(await send(request("GetTask", { id: "" }))).toEqual([200, -32602, "a"]);
    const get = request("GetTask", { id: "none" });
    for (const version of ["", "0.3", "99.0"])
      expect(await send(get, { "A2A-Version": version })).toEqual([200, -32009, "a"]);
    expect(await send(get, { "A2A-Version": "1.0.7" })).toEqual([200, -32001, "a"]);
    expect((await send(get, { "Content-Type": "text/plain" }))[1]).toBe(-32005);
  });

  it("is told by a minimal agent what it does not do", async () => {
    const params = { message: { messageId: "x", role: "ROLE_USER", parts: [{ text: "hello" }] } };
    const [get, set] = [{ id: "t" }, { taskId: "t", url: "https://example.com/hook" }];
    const asked: [string, object, number][] = [
      ["SendStreamingMessage", params, -32004],
      ["SubscribeToTask", get, -32004],
      ["CreateTaskPushNotificationConfig", set, -32003],
      ["GetExtendedAgentCard", {}, -32004],
    ];
    for (const [method, given, code] of asked) {
      const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method, params: given });
      expect(await send(body, {}, minimal.url), method).toEqual([200, code, 1]);
    }
    const push = { ...params, configuration: { taskPushNotificationConfig: set } };
    const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method: "SendMessage", params: push });
    expect(await send(body, {}, minimal.url)).toEqual([200, -32003, 1]);
  });

  it("gets Google's status in HTTP+JSON, with A2A's reason", async () => {
    const answer = await fetch(`${full.url}/a2a/rest/tasks/none`, {
      headers: { "A2A-Version": "1.0" },
    });
    expect([answer.status, answer.headers.get("Content-Type")]).toEqual([
      404,
      "application/a2a+json",
    ]);
    expect(await answer.json()).toMatchObject({
      error: {
        code: 404,
        status: "NOT_FOUND",
        details: [{ reason: "TASK_NOT_FOUND", domain: "a2a-protocol.org" }],
      },
    });
  });
});
