import { TaskState } from "@a2a-js/sdk";
import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it, vi } from "vitest";
import { a2aClient, all, saying, taskOf, told, type Transport, TRANSPORTS } from "./a2a.ts";
import { agentOf, artifact, completed, status } from "./a2a-agent.ts";
import { call, newAccount, problemOf, type TestAccount } from "./helpers.ts";

/** An object that is gone in the middle of whatever it did, like its machine. */
const crashed = async (id: string) =>
  await expect(
    runInDurableObject(env.AGENT.getByName(id), (_, state) => state.abort("crashed")),
  ).rejects.toThrow();
let owner: TestAccount;
let caller: TestAccount;
beforeAll(async () => {
  [owner, caller] = [await newAccount(), await newAccount()];
});

describe.each(Object.keys(TRANSPORTS) as Transport[])("an agent over %s", (transport) => {
  it("is found by what it can do, and streams a task although it dies in the middle and comes back", async () => {
    const capability = `draw-otters.${transport === "JSONRPC" ? "rpc" : "rest"}`;
    const agent = await agentOf(owner, { capabilities: [capability] });
    // Another account's agent, which knows what it needs and not who can do it.
    const asking = await agentOf(caller, { type: "coordination", visibility: "private" });
    const key = await caller.call("POST", `/v1/agents/${asking.id}/keys`, {
      body: { name: "Its own", scopes: ["agents", "search"] },
    });
    const { apiKey } = await key.json<{ apiKey: string }>();
    const matched = await call("POST", "/v1/agents/match", {
      body: { task: "draw me an otter", requiredCapabilities: [capability] },
      headers: { Authorization: `Bearer ${apiKey}` },
    });
    const { matches } = await matched.json<{ matches: { agentId: string }[] }>();
    expect(matches.map(({ agentId }) => agentId)).toEqual([agent.id]);

    const client = await a2aClient({ apiKey }, `/a2a/${matches[0]?.agentId}`, transport);
    const stream = all(client.sendMessageStream(saying("draw me an otter")));

    const first = await agent.next({ leaseMs: 400 });
    expect(first).toMatchObject({ kind: "task", attempts: 1 });
    expect(first.from).toEqual({ accountId: caller.accountId, agentId: asking.id });
    expect(first.body.message.parts).toMatchObject([{ text: "draw me an otter" }]);
    expect((await agent.say(first, status("working"))).status).toBe(200);
    expect((await agent.say(first, artifact("half an"))).status).toBe(200);

    // It dies, and so does its object while somebody listens; who comes back is given the message with a higher token.
    await crashed(agent.id);
    const again = await agent.next();
    expect(again).toMatchObject({ id: first.id, attempts: 2, body: first.body });
    expect(again.fencingToken).toBeGreaterThan(first.fencingToken);
    const sofar = await (await agent.read(again.body.taskId)).json();
    expect(sofar).toMatchObject({ artifacts: [{ parts: [{ text: "half an" }] }] });

    // What it still says as the one that died is refused, and reaches nobody.
    const late = await agent.say(first, completed("half an otter is enough"));
    expect([late.status, (await problemOf(late)).code]).toEqual([409, "lease-lost"]);
    await agent.say(again, artifact(" otter", true));
    expect(await (await agent.say(again, completed("done"))).json()).toMatchObject({
      state: "completed",
    });

    expect(told(await stream)).toEqual([
      `task ${TaskState.TASK_STATE_SUBMITTED}`,
      `statusUpdate ${TaskState.TASK_STATE_WORKING}`,
      "half an",
      " otter",
      `statusUpdate ${TaskState.TASK_STATE_COMPLETED}`,
    ]);
    const whole = await client.getTask({ tenant: "", id: again.body.taskId });
    expect(whole.artifacts[0]?.parts.map(({ content }) => content?.value)).toEqual([
      "half an",
      " otter",
    ]);
    expect(await agent.lease({ waitMs: 0 })).toEqual([]);
  });

  it("tells nothing more to a caller whose key was revoked", async () => {
    const agent = await agentOf(owner);
    const key = await caller.key(["agents"]);
    const client = await a2aClient(key, `/a2a/${agent.id}`, transport);
    const stream = all(client.sendMessageStream(saying("draw me an otter")));
    const task = await agent.next();
    expect((await caller.call("DELETE", `/v1/keys/${key.id}`)).status).toBe(204);
    await agent.say(task, completed("a secret otter"));
    const words = told(await stream);
    expect(words[0]).toBe(`task ${TaskState.TASK_STATE_SUBMITTED}`);
    expect(words).not.toContain(`statusUpdate ${TaskState.TASK_STATE_COMPLETED}`);
  });

  it("waits with its answer until the agent has done it, or shows the task at once", async () => {
    const agent = await agentOf(owner);
    const client = await a2aClient(caller, `/a2a/${agent.id}`, transport);
    const waiting = taskOf(client, "wait for it");
    await agent.say(await agent.next(), completed("here"));
    expect((await waiting).status?.state).toBe(TaskState.TASK_STATE_COMPLETED);
    const shown = await taskOf(client, "do not wait", { returnImmediately: true });
    expect(shown.status?.state).toBe(TaskState.TASK_STATE_SUBMITTED);
    expect((await agent.next()).body.taskId).toBe(shown.id);
  });

  it("gives a message for an answer where the agent makes no task of it", async () => {
    const agent = await agentOf(owner);
    const client = await a2aClient(caller, `/a2a/${agent.id}`, transport);
    const answer = client.sendMessage(saying("hello"));
    await agent.say(await agent.next(), { answer: [{ text: "hello yourself" }] });
    expect(await answer).toMatchObject({ parts: [{ content: { value: "hello yourself" } }] });
    const { tasks } = await client.listTasks({
      tenant: "",
      contextId: "",
      status: TaskState.TASK_STATE_COMPLETED,
      pageToken: "",
      statusTimestampAfter: undefined,
    });
    expect(tasks).toEqual([]);
    expect(await agent.lease({ waitMs: 0 })).toEqual([]);
  });

  it("asks its caller, and goes on with what they say", async () => {
    const agent = await agentOf(owner);
    const client = await a2aClient(caller, `/a2a/${agent.id}`, transport);
    const asking = taskOf(client, "draw");
    await agent.say(await agent.next(), {
      status: { state: "input-required", parts: [{ text: "what?" }] },
    });
    const { id: taskId, contextId, status: asked } = await asking;
    expect(asked?.state).toBe(TaskState.TASK_STATE_INPUT_REQUIRED);
    expect(await agent.lease({ waitMs: 0 })).toEqual([]);
    const going = taskOf(client, "an otter", { taskId });
    const message = await agent.next();
    expect(message).toMatchObject({ conversationId: contextId, body: { taskId } });
    await agent.say(message, completed("there"));
    const { history } = await going;
    const said = history.map(({ parts }) => parts[0]?.content?.value);
    expect(said).toEqual(["draw", "what?", "an otter"]);
  });

  it("takes a canceled task away from whoever works on it", async () => {
    const agent = await agentOf(owner);
    const client = await a2aClient(caller, `/a2a/${agent.id}`, transport);
    const { id } = await taskOf(client, "never mind", { returnImmediately: true });
    const message = await agent.next();
    const canceled = await client.cancelTask({ tenant: "", id, metadata: {} });
    expect(canceled.status?.state).toBe(TaskState.TASK_STATE_CANCELED);
    const late = await agent.say(message, completed("too late"));
    expect((await problemOf(late)).code).toBe("lease-lost");
    expect((await client.getTask({ tenant: "", id })).status?.state).toBe(
      TaskState.TASK_STATE_CANCELED,
    );
  });
});

describe("a task", () => {
  it("is one again where it is asked for twice under one key", async () => {
    const agent = await agentOf(owner);
    const message = { messageId: "m1", role: "ROLE_USER", parts: [{ text: "once" }] };
    const body = { message, configuration: { returnImmediately: true } };
    const send = async (key: string) => {
      const headers = { "A2A-Version": "1.0", "Idempotency-Key": key };
      const path = `/a2a/${agent.id}/rest/message:send`;
      const answer = await caller.call("POST", path, { body, headers });
      return (await answer.json<{ task: { id: string } }>()).task.id;
    };
    const [one, again, other] = [await send("k1"), await send("k1"), await send("k2")];
    expect(again).toBe(one);
    expect(other).not.toBe(one);
    expect(await agent.lease({ limit: 10, waitMs: 0 })).toHaveLength(2);
  });

  it("ends with its message: well where that is acknowledged, badly where it is given up", async () => {
    const agent = await agentOf(owner);
    const client = await a2aClient(caller, `/a2a/${agent.id}`, "JSONRPC");
    for (const [how, more, state] of [
      ["ack", {}, TaskState.TASK_STATE_COMPLETED],
      ["nack", { final: true }, TaskState.TASK_STATE_FAILED],
    ] as const) {
      const { id } = await taskOf(client, how, { returnImmediately: true });
      const message = await agent.next();
      const path = `/v1/agents/${agent.id}/messages/${message.id}/${how}`;
      await owner.call("POST", path, { body: { fencingToken: message.fencingToken, ...more } });
      expect((await client.getTask({ tenant: "", id })).status?.state, how).toBe(state);
    }
  });

  it("is its caller's, and no other account's", async () => {
    const agent = await agentOf(owner);
    const [client, stranger] = [
      await a2aClient(caller, `/a2a/${agent.id}`, "JSONRPC"),
      await a2aClient(await newAccount(), `/a2a/${agent.id}`, "JSONRPC"),
    ];
    const { id } = await taskOf(client, "mine", { returnImmediately: true });
    const which = { tenant: "", id };
    for (const asked of [
      () => stranger.getTask(which),
      () => stranger.cancelTask({ ...which, metadata: {} }),
      () => taskOf(stranger, "let me", { taskId: id }),
      () => all(stranger.resubscribeTask(which)),
    ])
      await expect(asked()).rejects.toMatchObject({ name: "TaskNotFoundError" });
    expect((await client.getTask(which)).id).toBe(id);
    const foreign = await caller.call("GET", `/v1/agents/${agent.id}/tasks/${id}`);
    expect(foreign.status).toBe(404);
  });
});

describe.each(Object.keys(TRANSPORTS) as Transport[])("the platform over %s", (transport) => {
  const ask = async (text: string, account = caller) => {
    const client = await a2aClient(account, "/a2a", transport);
    const answer = await client.sendMessage(saying(text));
    if (!("parts" in answer)) throw new Error("a task came where a message was expected");
    return answer.parts.map(({ content }) => content?.value);
  };

  it("publishes, verifies, finds and matches, each by a message that is answered with one", async () => {
    const account = await newAccount();
    const word = `zostera${transport.length}`;
    const [text, unit] = await ask(
      `publish: Seagrass ${word}\nOtters keep ${word} alive.`,
      account,
    );
    const { id } = unit as { id: string };
    expect(text).toContain(id);
    await vi.waitFor(
      async () => {
        const [, found] = await ask(`search: what keeps ${word} alive?`, account);
        expect((found as { hits: { unitId: string }[] }).hits[0]?.unitId).toBe(id);
      },
      { timeout: 20_000 },
    );
    const [, evidence] = await ask(`verify: ${id}`, account);
    expect(evidence).toHaveProperty("checks");
    const [, matched] = await ask("match: draw an otter", account);
    expect(matched).toHaveProperty("matches");
  });

  it("streams an answer as one message, and has no tasks", async () => {
    const client = await a2aClient(caller, "/a2a", transport);
    expect(told(await all(client.sendMessageStream(saying("search: tides"))))).toEqual(["message"]);
    await expect(client.getTask({ tenant: "", id: "none" })).rejects.toMatchObject({
      name: "TaskNotFoundError",
    });
  });

  it("allows by A2A what a key allows, and nothing else", async () => {
    const { apiKey } = await caller.key(["search"]);
    const narrow = { ...caller, apiKey };
    expect((await ask("search: tides", narrow))[1]).toHaveProperty("hits");
    await expect(ask("publish: Tides\nTwice a day.", narrow)).rejects.toThrow(/units:write/);
  });
});

describe("an agent that a caller may not call", () => {
  const send = { "A2A-Version": "1.0" };
  const message = { message: { messageId: "m", role: "ROLE_USER", parts: [{ text: "hello" }] } };

  it("is 404 like none where it is private, in both bindings", async () => {
    const { id } = await agentOf(owner, { visibility: "private" });
    const absent = `${id.slice(0, -6)}${"0".repeat(6)}`;
    const rpc = { jsonrpc: "2.0", id: 1, method: "SendMessage", params: message };
    for (const [path, body] of [
      ["", rpc],
      ["/rest/message:send", message],
    ] as const) {
      const ask = async (which: string) => {
        const answer = await caller.call("POST", `/a2a/${which}${path}`, { body, headers: send });
        return { status: answer.status, body: await answer.json() };
      };
      const foreign = await ask(id);
      expect(foreign.status).toBe(404);
      expect(foreign).toEqual(await ask(absent));
    }
  });

  it("says why it takes nothing, in A2A's words with our reason", async () => {
    const { id } = await agentOf(owner, { accepts: "account" });
    const path = `/a2a/${id}/rest/message:send`;
    const answer = await caller.call("POST", path, { body: message, headers: send });
    expect(answer.status).toBe(403);
    expect(await answer.json()).toMatchObject({
      error: { status: "PERMISSION_DENIED", details: [{ reason: "FORBIDDEN", domain: "wishub" }] },
    });
  });

  it("asks for a credential before it looks at anything", async () => {
    for (const path of ["/a2a/none", "/a2a/none/rest/message:send"]) {
      const answer = await call("POST", path, { body: "{" });
      expect([answer.status, answer.headers.has("WWW-Authenticate")]).toEqual([401, true]);
      expect((await problemOf(answer)).code).toBe("unauthenticated");
    }
  });
});
