import { beforeEach, describe, expect, it, vi } from "vitest";
import { call, newAccount, type TestAccount } from "./helpers.ts";

let owner: TestAccount;
beforeEach(async () => {
  owner = await newAccount();
});

/** A new agent with a key of its own, and how it asks for what it waits for. */
async function agent() {
  const body = { name: "Otter", type: "coordination", description: "Waits.", capabilities: [] };
  const { id } = await (await owner.call("POST", "/v1/agents", { body })).json<{ id: string }>();
  const key = { name: "Program", scopes: ["agents", "tasks"] };
  const made = await owner.call("POST", `/v1/agents/${id}/keys`, { body: key });
  const { id: keyId, apiKey } = await made.json<{ id: string; apiKey: string }>();
  const headers = { Authorization: `Bearer ${apiKey}` };
  const wait = (path: string, more: object = {}) =>
    call("POST", path, { body: { waitMs: 20_000, ...more }, headers });
  return { id, keyId, wait };
}
type Agent = Awaited<ReturnType<typeof agent>>;

const post = (path: string, body: object = {}) => owner.call("POST", path, { body });
const STOPS: [string, (agent: Agent) => Promise<Response>][] = [
  ["its key is revoked", ({ id, keyId }) => owner.call("DELETE", `/v1/agents/${id}/keys/${keyId}`)],
  ["it is paused", ({ id }) => post(`/v1/agents/${id}/pause`)],
  ["it is retired", ({ id }) => post(`/v1/agents/${id}/retire`)],
  [
    "it is put in quarantine",
    ({ id }) => post(`/v1/agents/${id}/quarantine`, { reason: "floods others" }),
  ],
];

describe.each(STOPS)("an agent that waits while %s", (_, stop) => {
  it("is given no task, which waits for the next as if it had not been given out", async () => {
    const agent_ = await agent();
    const waiting = agent_.wait("/v1/tasks/lease", { types: ["look"] });
    // Once it waits, somebody has asked for tasks of the type.
    const seen = async () =>
      (
        await (
          await post("/v1/tasks", { type: "look", input: 0, requires: ["fly"] })
        ).json<{
          unschedulable?: string;
        }>()
      ).unschedulable;
    await vi.waitFor(async () => expect(await seen()).not.toContain("nobody has asked"), 10_000);
    expect((await stop(agent_)).ok).toBe(true);
    const task = await (await post("/v1/tasks", { type: "look", input: 1 })).json<{ id: string }>();
    expect((await waiting).status).toBe(403);
    const shown = await owner.call("GET", `/v1/tasks/${task.id}`);
    expect(await shown.json()).toMatchObject({ state: "submitted", attempts: 0 });
    const next = await post("/v1/tasks/lease", { types: ["look"] });
    expect(await next.json()).toMatchObject({ tasks: [{ id: task.id, attempts: 1, input: 1 }] });
  });
});

describe.each(STOPS.slice(0, 2))("an agent that waits while %s", (_, stop) => {
  it("is given no message, which stays as if it had not been given out", async () => {
    const agent_ = await agent();
    const messages = `/v1/agents/${agent_.id}/messages`;
    // Whoever waits is given the first, and waits again.
    const first = agent_.wait(`${messages}/lease`);
    const waiting = agent_.wait(`${messages}/lease`);
    await post(messages, { body: 1 });
    expect((await Promise.race([first, waiting])).status).toBe(200);
    expect((await stop(agent_)).ok).toBe(true);
    const sent = await (await post(messages, { body: 2 })).json<{ id: string }>();
    expect(
      (await Promise.all([first, waiting])).map(({ status }) => status).toSorted((a, b) => a - b),
    ).toEqual([200, 403]);
    const shown = await owner.call("GET", `${messages}/${sent.id}`);
    expect(await shown.json()).toMatchObject({ state: "waiting", attempts: 0 });
  });
});

it("gives an account's key no message of an agent that was paused while it waited", async () => {
  const { id } = await agent();
  const lease = () => post(`/v1/agents/${id}/messages/lease`, { waitMs: 20_000 });
  const both = [lease(), lease()];
  await post(`/v1/agents/${id}/messages`, { body: 1 });
  await Promise.race(both);
  await post(`/v1/agents/${id}/pause`);
  await post(`/v1/agents/${id}/messages`, { body: 2 });
  expect((await Promise.all(both)).map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([
    200, 409,
  ]);
});

it("tells a member of a group nothing once its key is revoked", async () => {
  const key = await owner.key(["events"]);
  const headers = { Authorization: `Bearer ${key.apiKey}` };
  const group = "/v1/topics/agent.events/groups/readers";
  const joined = await call("POST", `${group}/members`, { body: { begin: "latest" }, headers });
  const { memberId, generation } = await joined.json<{ memberId: string; generation: number }>();
  const body = { memberId, generation, waitMs: 20_000 };
  const waiting = call("POST", `${group}/poll`, { body, headers });
  expect((await owner.call("DELETE", `/v1/keys/${key.id}`)).status).toBe(204);
  const event = { id: "e1", type: "custom.tick", data: {} };
  expect((await post("/v1/topics/agent.events/events", event)).status).toBe(201);
  expect([401, 403]).toContain((await waiting).status);
});
