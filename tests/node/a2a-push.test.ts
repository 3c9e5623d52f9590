import { createServer, type Server } from "node:http";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { freePort } from "#scripts/launch/free-port.ts";
import { launch, type Launched, temporaryState } from "./launched.ts";
import { ownerOf } from "./owner.ts";

let state: ReturnType<typeof temporaryState>;
let port: number;
let product: Launched;
let server: Server;
let url: string;
const received: { authorization: string | undefined; token: unknown; body: object }[] = [];

beforeAll(async () => {
  server = createServer((request, response) => {
    let text = "";
    request.setEncoding("utf8").on("data", (part: string) => (text += part));
    request.on("end", () => {
      const { authorization, "x-a2a-notification-token": token } = request.headers;
      received.push({ authorization, token, body: JSON.parse(text) as object });
      response.writeHead(204).end();
    });
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  url = `http://127.0.0.1:${address.port}`;
  state = temporaryState();
  port = await freePort();
  product = launch({ state: state.path, port, env: { WISHUB_EGRESS_ALLOW: url } });
  await product.ready();
}, 60_000);
afterAll(async () => {
  product.process.kill("SIGTERM");
  await product.ended;
  await new Promise((done) => server.close(done));
  state.remove();
});

async function api<T>(path: string, body: unknown): Promise<T> {
  const { apiKey } = ownerOf(state.path);
  const answer = await fetch(`http://127.0.0.1:${port}${path}`, {
    method: "POST",
    headers: {
      Authorization: `Bearer ${apiKey}`,
      "Content-Type": "application/json",
      "A2A-Version": "1.0",
    },
    body: JSON.stringify(body),
  });
  return (await answer.json()) as T;
}

type Sent = { task: { id: string }; error?: { message: string } };
type Leased = { messages: { id: string; fencingToken: number }[] };

it("pushes what happens to a task to whoever asked for it, in order and with their credentials", async () => {
  const agent = await api<{ id: string }>("/v1/agents", {
    name: "Heron",
    type: "query",
    description: "Waits.",
    capabilities: [],
  });
  const send = async (to: string) =>
    await api<Sent>(`/a2a/${agent.id}/rest/message:send`, {
      message: { messageId: "m1", role: "ROLE_USER", parts: [{ text: "draw" }] },
      configuration: {
        returnImmediately: true,
        taskPushNotificationConfig: {
          url: to,
          token: "mine",
          authentication: { scheme: "Bearer", credentials: "of-the-receiver" },
        },
      },
    });
  // Where nobody may be reached nothing is begun.
  expect((await send("http://127.0.0.1:9/hook")).error).toBeDefined();
  const { task } = await send(`${url}/hook`);
  const { messages } = await api<Leased>(`/v1/agents/${agent.id}/messages/lease`, { limit: 10 });
  expect(messages).toHaveLength(1);
  const [message] = messages;
  const held = { messageId: message?.id, fencingToken: message?.fencingToken };
  const say = (said: object) =>
    api(`/v1/agents/${agent.id}/tasks/${task.id}/updates`, { ...held, ...said });
  await say({ status: { state: "working" } });
  await say({ artifacts: [{ artifactId: "a", parts: [{ text: "an otter" }] }] });
  await say({ status: { state: "completed" } });
  await vi.waitFor(() => expect(received).toHaveLength(3), { timeout: 20_000, interval: 50 });
  for (const { authorization, token } of received)
    expect([authorization, token]).toEqual(["Bearer of-the-receiver", "mine"]);
  expect(received.map(({ body }) => body)).toMatchObject([
    { statusUpdate: { taskId: task.id, status: { state: "TASK_STATE_WORKING" } } },
    { artifactUpdate: { artifact: { parts: [{ text: "an otter" }] } } },
    { statusUpdate: { status: { state: "TASK_STATE_COMPLETED" } } },
  ]);
});
