import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { newAccount, problemOf, type TestAccount } from "./helpers.ts";
import { type Desk, type Given, newDesk, ok, type Task } from "./task-desk.ts";

let owner: TestAccount;
let post: Desk["post"];
let batch: Desk["batch"];
let lease: Desk["lease"];
let say: Desk["say"];
let show: Desk["show"];
beforeEach(async () => {
  ({ owner, post, batch, lease, say, show } = await newDesk());
});

describe("a long result", () => {
  const stored = async (id: string) =>
    (await env.BLOBS.list({ prefix: `results/${owner.accountId}/${id}/` })).objects.length;
  const read = async (id: string) => await owner.call("GET", `/v1/tasks/${id}/result`);

  it("comes back as it was given, and lies in the object store", async () => {
    const [task] = await batch([{}]);
    expect((await problemOf(await read(task?.id ?? ""))).code).toBe("conflict");
    const [given] = await lease();
    if (given === undefined) throw new Error("nothing was leased");
    const result = { text: "水獭 ".repeat(30_000) };
    expect((await say("complete", given, { result })).status).toBe(200);
    expect(await stored(given.id)).toBe(1);
    expect(await (await read(given.id)).json()).toEqual(result);
    // Said again it is the same, and leaves nothing behind.
    expect((await say("complete", given, { result })).status).toBe(200);
    expect(await stored(given.id)).toBe(1);
  });

  const upload = (
    given: Given,
    body: string | ReadableStream,
    headers: Record<string, string> = {},
  ) =>
    owner.call("PUT", `/v1/tasks/${given.id}/result?fencingToken=${given.fencingToken}`, {
      body,
      headers: { "Content-Type": "application/octet-stream", ...headers },
    });

  it("may be bytes of any kind, streamed", async () => {
    await batch([{}]);
    const [given] = await lease();
    if (given === undefined) throw new Error("nothing was leased");
    const bytes = new Uint8Array(9_000_000).map((_, i) => i % 251);
    const stream = new Blob([bytes]).stream();
    expect((await upload(given, stream)).status).toBe(200);
    const back = await read(given.id);
    expect(back.headers.get("Content-Type")).toBe("application/octet-stream");
    expect(new Uint8Array(await back.arrayBuffer())).toEqual(bytes);
  });

  it("of whoever is too late, or that is too long, changes nothing", async () => {
    await batch([{}]);
    const [given] = await lease();
    if (given === undefined) throw new Error("nothing was leased");
    const late = await upload({ ...given, fencingToken: given.fencingToken + 1 }, "late");
    expect((await problemOf(late)).code).toBe("lease-lost");
    const long = await upload(given, "x", { "Content-Length": "1073741824" });
    expect((await problemOf(long)).code).toBe("body-too-large");
    expect([await stored(given.id), (await show(given.id)).state]).toEqual([0, "working"]);
  });
});

describe("whoever follows a task", () => {
  async function* events(id: string, last?: string) {
    const headers: Record<string, string> = last === undefined ? {} : { "Last-Event-ID": last };
    const answer = await owner.call("GET", `/v1/tasks/${id}/events`, { headers });
    expect(answer.headers.get("Content-Type")).toBe("text/event-stream");
    let text = "";
    for await (const piece of answer.body?.pipeThrough(new TextDecoderStream()) ?? []) {
      text += piece;
      for (let end = text.indexOf("\n\n"); end !== -1; end = text.indexOf("\n\n")) {
        const fields = Object.fromEntries(
          text
            .slice(0, end)
            .split("\n")
            .map((line) => line.split(/: (.*)/s).slice(0, 2)),
        ) as Record<string, string>;
        text = text.slice(end + 2);
        yield {
          id: fields["id"],
          name: fields["event"],
          data: JSON.parse(fields["data"] ?? "null"),
        };
      }
    }
  }

  it("is told how it stands and what is said of it, until it has ended; and goes on where it was", async () => {
    const [task] = await batch([{}]);
    const id = task?.id ?? "";
    const following = events(id);
    expect((await following.next()).value).toMatchObject({
      name: "task",
      data: { state: "submitted" },
    });
    const [given] = await lease();
    if (given === undefined) throw new Error("nothing was leased");
    expect((await following.next()).value).toMatchObject({
      name: "task",
      data: { state: "working" },
    });
    await say("heartbeat", given, { progress: 0.25, event: { seen: 3 } });
    const told = (await following.next()).value;
    expect(told).toMatchObject({ name: "progress", data: { progress: 0.25, data: { seen: 3 } } });
    expect(await show(id)).toMatchObject({ progress: 0.25, state: "working" });
    const list = await ok<{ items: Task[] }>(owner.call("GET", "/v1/tasks"));
    expect(list.items).toMatchObject([{ id, progress: 0.25 }]);
    await say("heartbeat", given, { progress: 0.9 });
    await say("complete", given, { result: "found" });
    const rest = [];
    for await (const event of following) rest.push(event);
    expect(rest).toMatchObject([
      { name: "progress", data: { progress: 0.9, data: null } },
      { name: "task", data: { state: "completed", progress: 1 } },
    ]);
    const again = [];
    for await (const event of events(id, told?.id)) again.push(event.name);
    expect(again).toEqual(["progress", "task"]);
  });

  it("is refused what is longer than a few words, and a task that is not theirs", async () => {
    const [task] = await batch([{}]);
    const [given] = await lease();
    if (given === undefined) throw new Error("nothing was leased");
    const long = await say("heartbeat", given, { event: "x".repeat(5_000) });
    expect(await problemOf(long)).toMatchObject({ errors: [{ pointer: "/event" }] });
    const stranger = await newAccount();
    expect((await stranger.call("GET", `/v1/tasks/${task?.id}/events`)).status).toBe(404);
    expect((await stranger.call("GET", `/v1/tasks/${task?.id}/result`)).status).toBe(404);
  });
});

describe("an agent that is sent tasks", () => {
  type Message = { kind: string; body: { task: Given } };
  const agentOf = async (): Promise<string> => {
    const body = { name: "Otter", type: "analysis", description: "Looks.", capabilities: ["dive"] };
    return (await ok<{ id: string }>(post("/v1/agents", body))).id;
  };
  const mail = async (id: string) =>
    (await ok<{ messages: Message[] }>(post(`/v1/agents/${id}/messages/lease`, { limit: 10 })))
      .messages;
  const subscribe = (id: string, more: object = {}) =>
    owner.call("PUT", `/v1/agents/${id}/task-subscription`, { body: { types: ["step"], ...more } });

  it("finds them in its mailbox, no more at a time than it wants, and says what became of them", async () => {
    const id = await agentOf();
    expect(await ok(subscribe(id, { atOnce: 2 }))).toMatchObject({ types: ["step"], atOnce: 2 });
    await batch([{ requires: ["dive"] }, { input: { depth: 3 } }, {}]);
    const messages: Awaited<ReturnType<typeof mail>> = [];
    await vi.waitFor(
      async () => {
        messages.push(...(await mail(id)));
        expect(messages).toHaveLength(2);
      },
      { timeout: 10_000 },
    );
    const tasks = messages.map(({ kind, body }) => [kind, body.task] as const);
    expect(tasks.map(([kind, { input }]) => [kind, input])).toEqual([
      ["task", 1],
      ["task", { depth: 3 }],
    ]);
    const [[, first] = []] = tasks;
    if (first === undefined) throw new Error("nothing came");
    expect(await show(first.id)).toMatchObject({ state: "working", agentId: id });
    expect((await say("complete", first, { result: "done" })).status).toBe(200);
    await vi.waitFor(async () => expect(await mail(id)).toHaveLength(1), { timeout: 10_000 });
    expect((await owner.call("DELETE", `/v1/agents/${id}/task-subscription`)).status).toBe(204);
    expect((await owner.call("GET", `/v1/agents/${id}/task-subscription`)).status).toBe(404);
    await batch([{}]);
    expect(await lease()).toHaveLength(1);
  });

  it("loses what it has when it is quarantined, and others are given it at once", async () => {
    const id = await agentOf();
    await subscribe(id);
    const [task] = await batch([{}]);
    await vi.waitFor(async () => expect((await show(task?.id ?? "")).state).toBe("working"));
    await ok(post(`/v1/agents/${id}/quarantine`, { reason: "floods" }));
    const given = await vi.waitFor(async () => {
      const [one] = await lease();
      expect(one?.id).toBe(task?.id);
      return one;
    });
    expect(given).toMatchObject({ attempts: 1 });
  });
});

describe("a callback", () => {
  const outbox = async (id: string) => {
    const name = (await env.TASK_QUEUE.getByName(`account/${owner.accountId}/0`).show(
      Number.parseInt(id.split("_").at(-1) ?? "", 36),
      owner.accountId,
    )) as { details: string | null } | null;
    return JSON.parse(name?.details ?? "null") as {
      callback: { name: string; sealedSecret: string };
    };
  };

  it("waits for its receiver once the task has ended, and its secret is nowhere readable", async () => {
    const secret = `whsec_${btoa("s".repeat(32))}`;
    const callback = { url: "https://hooks.example.com/done", secret };
    const task = await ok<Task>(post("/v1/tasks", { type: "step", input: 1, callback }));
    expect(JSON.stringify(task)).not.toContain("whsec_");
    const { callback: kept } = await outbox(task.id);
    expect(kept.sealedSecret).not.toContain(secret);
    const receiver = env.DELIVERY.getByName(kept.name);
    expect(await receiver.state()).toBeNull();
    const [given] = await lease();
    if (given !== undefined) await say("complete", given, { result: 1 });
    await vi.waitFor(async () =>
      expect(await receiver.state()).toMatchObject({ waiting: 1, url: callback.url }),
    );
  });

  it("may lead to no private address", async () => {
    const callback = { url: "https://169.254.169.254/latest" };
    const refused = await post("/v1/tasks", { type: "step", input: 1, callback });
    expect((await problemOf(refused)).code).toBe("egress-refused");
  });
});
