import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { freePort } from "#scripts/launch/free-port.ts";
import { launch, type Launched, temporaryState } from "./launched.ts";
import { type OutsideAgent, outsideAgent } from "./outside-agent.ts";
import { ownerOf } from "./owner.ts";

let state: ReturnType<typeof temporaryState>;
let port: number;
let product: Launched;
let elsewhere: OutsideAgent;

beforeAll(async () => {
  state = temporaryState();
  port = await freePort();
  elsewhere = await outsideAgent();
  product = launch({ state: state.path, port, env: { WISHUB_EGRESS_ALLOW: elsewhere.url } });
  await product.ready();
}, 60_000);
afterAll(async () => {
  product.process.kill("SIGTERM");
  await product.ended;
  await elsewhere.close();
  state.remove();
});

async function api<T>(method: string, path: string, body?: unknown, apiKey?: string): Promise<T> {
  const owner = ownerOf(state.path).apiKey;
  const answer = await fetch(`http://127.0.0.1:${port}${path}`, {
    method,
    headers: {
      authorization: `Bearer ${apiKey ?? owner}`,
      "content-type": "application/json",
      "A2A-Version": "1.0",
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  return (await answer.json()) as T;
}

type Answer = {
  result?: { task?: { id: string }; status?: { state: string } };
  error?: { message: string; data?: { reason?: string }[] };
};
/** An agent with a key of its own: one of ours, or one that runs elsewhere. */
async function agent(more: object) {
  const made = await api<{ id: string }>("POST", "/v1/agents", { type: "coordination", ...more });
  const key = { name: "Its own", scopes: ["agents"] };
  const { apiKey } = await api<{ apiKey: string }>("POST", `/v1/agents/${made.id}/keys`, key);
  const as = <T>(method: string, path: string, body?: unknown) =>
    api<T>(method, path, body, apiKey);
  return {
    id: made.id,
    as,
    call: (to: string, method: string, params: object) =>
      as<Answer>("POST", `/a2a/${to}`, { jsonrpc: "2.0", id: 1, method, params }),
    asks(to: string, words: string, metadata: object = {}) {
      const message = {
        messageId: crypto.randomUUID(),
        role: "ROLE_USER",
        parts: [{ text: words }],
      };
      const configuration = { returnImmediately: true };
      return this.call(to, "SendMessage", { message, configuration, metadata });
    },
  };
}
const own = (name: string) => agent({ name, description: "Plans.", capabilities: [] });
const outside = (name: string, more: object = {}) =>
  agent({ name, cardUrl: elsewhere.cardUrl, ...more });
const reasonOf = ({ error }: Answer) => error?.data?.find(({ reason }) => reason)?.reason;

describe("work handed on to an agent that runs elsewhere", () => {
  it("is refused on its way back, while it goes on there, and is free again once it has ended", async () => {
    const [a, x] = [await own("A"), await outside("X")];
    const begun = await a.asks(x.id, "wait");
    const id = begun.result?.task?.id ?? "";
    expect(begun.error).toBeUndefined();
    expect(reasonOf(await x.asks(a.id, "do it yourself"))).toBe("DELEGATION_LOOP");
    const canceled = await a.call(x.id, "CancelTask", { id });
    expect(canceled.result?.status?.state).toBe("TASK_STATE_CANCELED");
    expect((await x.asks(a.id, "something else")).error).toBeUndefined();
  });

  it("costs its budget, and nothing where the agent is refused it", async () => {
    const [a, b, x] = [await own("A2"), await own("B2"), await outside("X2")];
    const delegation = { budget: 1 };
    await a.as("POST", `/v1/agents/${b.id}/messages`, { body: "work", delegation });
    const { messages } = await b.as<{ messages: object[] }>(
      "POST",
      `/v1/agents/${b.id}/messages/lease`,
      {},
    );
    expect(messages).toHaveLength(1);
    // A hop that its receiver does not take is given back.
    const unknown = { message: { messageId: "m", role: "ROLE_USER", parts: [{ text: "x" }] } };
    const refused = await b.call(x.id, "SendMessage", {
      message: { ...unknown.message, contextId: "nobody's" },
    });
    expect(refused.error).toBeDefined();
    expect((await b.asks(x.id, "wait")).error).toBeUndefined();
    expect(reasonOf(await b.asks(x.id, "wait"))).toBe("BUDGET_EXHAUSTED");
  });

  it("is taken back there when what it came of is cancelled", async () => {
    const [a, b, x] = [await own("A3"), await own("B3"), await outside("X3")];
    const sent = await a.as<{ delegationId: string }>("POST", `/v1/agents/${b.id}/messages`, {
      body: "work",
      delegation: {},
    });
    await b.as("POST", `/v1/agents/${b.id}/messages/lease`, {});
    const { result } = await b.asks(x.id, "wait");
    const id = result?.task?.id;
    await a.as("POST", `/v1/agents/${a.id}/delegations/${sent.delegationId}/cancel`);
    await vi.waitFor(
      async () => {
        const task = await b.call(x.id, "GetTask", { id });
        expect(task.result?.status?.state).toBe("TASK_STATE_CANCELED");
      },
      { timeout: 10_000 },
    );
  });

  it("counts for how well the agent does what it can", async () => {
    const [a, x] = [await own("A4"), await outside("X4", { capabilities: ["echo-louder"] })];
    const { result } = await a.asks(x.id, "otter", { capability: "echo-louder" });
    const id = result?.task?.id;
    await vi.waitFor(async () => {
      const task = await a.call(x.id, "GetTask", { id });
      expect(task.result?.status?.state).toBe("TASK_STATE_COMPLETED");
    });
    await vi.waitFor(
      async () => {
        const { matches } = await api<{ matches: { agentId: string; why: object }[] }>(
          "POST",
          "/v1/agents/match",
          { task: "say it louder", requiredCapabilities: ["echo-louder"] },
        );
        expect(matches).toMatchObject([
          {
            agentId: x.id,
            why: { capabilities: [{ grade: "exercised" }], quality: { tasks: 1 } },
          },
        ]);
      },
      { timeout: 10_000 },
    );
  });
});
