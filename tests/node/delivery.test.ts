import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { freePort } from "#scripts/launch/free-port.ts";
import { launch, type Launched, temporaryState } from "./launched.ts";
import { type Receiver, webhookReceiver } from "./webhook-receiver.ts";
import { asOwnerOf } from "./owner.ts";

let state: ReturnType<typeof temporaryState>;
let port: number;
let product: Launched;
let receiver: Receiver;
let agentId: string;

beforeAll(async () => {
  state = temporaryState();
  port = await freePort();
  receiver = await webhookReceiver();
  product = await started();
  const body = { name: "Heron", type: "query", description: "Waits.", capabilities: [] };
  agentId = (await api<{ id: string }>("POST", "/v1/agents", body)).id;
}, 60_000);
afterAll(async () => {
  product.process.kill("SIGTERM");
  await product.ended;
  await receiver.close();
  state.remove();
});

async function started(): Promise<Launched> {
  const one = launch({ state: state.path, port, env: { WISHUB_EGRESS_ALLOW: receiver.url } });
  await one.ready();
  return one;
}

const api = asOwnerOf(() => state.path);
const path = () => `/v1/agents/${agentId}/delivery`;
const ping = async () => (await api<{ id: string }>("POST", `${path()}/ping`)).id;
const arrived = (ids: string[]) =>
  vi.waitFor(() => expect(receiver.received.map(({ id }) => id)).toEqual(ids), {
    timeout: 20_000,
    interval: 50,
  });

it("sends what a receiver takes that verifies by the specification's own library", async () => {
  const { secret } = await api<{ secret: string }>("PUT", path(), { url: `${receiver.url}/hook` });
  receiver.secret = secret;
  const id = await ping();
  await arrived([id]);
  expect(receiver.received[0]).toMatchObject({ type: "ping", data: { agentId } });
  expect(receiver.forged).toBe(0);
});

it("signs with the old and the new secret for a day, so that a receiver may change it at any time", async () => {
  const [before] = receiver.received;
  const secret = `whsec_${btoa("a new secret of 32 bytes, or so.")}`;
  await api("PUT", path(), { url: `${receiver.url}/hook`, secret });
  const second = await ping();
  await arrived([before?.id ?? "", second]);
  receiver.secret = secret;
  const third = await ping();
  await arrived([before?.id ?? "", second, third]);
  expect(receiver.forged).toBe(0);
});

type Sent = { id: string };
const send = async (text: string, conversationId?: string) => {
  const body = { body: { text }, ...(conversationId !== undefined && { conversationId }) };
  return (await api<Sent>("POST", `/v1/agents/${agentId}/messages`, body)).id;
};

it("delivers each message of the mailbox as its program would lease it, and then it is gone from there", async () => {
  receiver.received.length = 0;
  const ids = [await send("one", "c"), await send("two", "c"), await send("three", "c")];
  await arrived(ids);
  expect(receiver.received[1]).toMatchObject({
    type: "agent.message",
    data: { id: ids[1], body: { text: "two" }, conversationId: "c", attempts: 1, kind: "message" },
  });
  await vi.waitFor(async () => {
    const path = `/v1/agents/${agentId}/messages`;
    expect(await api("POST", `${path}/lease`, {})).toEqual({ messages: [] });
  });
});

it("leaves what is answered 202 to the program, which settles it by its fencing token", async () => {
  receiver.received.length = 0;
  receiver.answer = () => 202;
  const id = await send("to be worked on");
  await arrived([id]);
  receiver.answer = () => 204;
  const { fencingToken } = (receiver.received[0]?.data ?? {}) as { fencingToken?: number };
  const path = `/v1/agents/${agentId}/messages/${id}`;
  await vi.waitFor(async () => {
    const extended = await api<{ leasedUntil: string }>("POST", `${path}/extend`, { fencingToken });
    expect(Date.parse(extended.leasedUntil)).toBeGreaterThan(Date.now());
  });
  expect(await api("POST", `${path}/ack`, { fencingToken })).toMatchObject({ state: "done" });
});

it("gives a paused agent nothing, and all of it when it goes on", async () => {
  receiver.received.length = 0;
  await api("POST", `/v1/agents/${agentId}/pause`);
  const ids = [await send("while it slept", "s"), await send("still", "s")];
  await vi.waitFor(async () => {
    const { nextAttemptAt } = await api<{ nextAttemptAt: string | null }>("GET", path());
    expect(nextAttemptAt).toBeNull();
  });
  expect(receiver.received).toEqual([]);
  await api("POST", `/v1/agents/${agentId}/resume`);
  await arrived(ids);
});

it("goes on after a kill where it was: what a receiver that was down has not taken arrives, once and in order", async () => {
  receiver.received.length = 0;
  receiver.answer = () => 503;
  const ids: string[] = [];
  for (let i = 0; i < 12; i++) ids.push(await send(`message ${i}`, "kill"));
  await vi.waitFor(async () =>
    expect(await api("GET", path())).toMatchObject({ state: "failing" }),
  );
  product.process.kill("SIGKILL");
  await product.ended;
  receiver.answer = () => 204;
  product = await started();
  await arrived(ids);
  expect(receiver.received[0]?.data).toMatchObject({ attempts: 1 });
  await vi.waitFor(async () =>
    expect(await api("GET", path())).toMatchObject({ state: "active", failures: 0 }),
  );
}, 60_000);
