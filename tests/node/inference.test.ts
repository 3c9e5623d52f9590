import { createServer, type Server } from "node:http";
import OpenAI, { APIError, NotFoundError, RateLimitError } from "openai";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { freePort } from "#scripts/launch/free-port.ts";
import { MODEL_KEY, modelServer, MODELS } from "./model-server.ts";
import { commandLine } from "./command-line.ts";
import { killAll, launch, type Launched, temporaryState } from "./launched.ts";
import { ownerOf } from "./owner.ts";

// The official client of OpenAI against the served product, which has a server of models behind it.

let models: Server;
const state = temporaryState();
let product: Launched;
let apiKey: string;
let client: OpenAI;

beforeAll(async () => {
  const [port, modelPort] = [await freePort(), await freePort()];
  models = createServer(modelServer(""));
  await new Promise<void>((done) => models.listen(modelPort, "127.0.0.1", done));
  const env = {
    WISHUB_AI_URL: `http://127.0.0.1:${modelPort}/v1`,
    WISHUB_AI_KEY: MODEL_KEY,
    WISHUB_AI_MODELS: MODELS,
  };
  product = launch({ state: state.path, port, env });
  await product.ready();
  ({ apiKey } = ownerOf(state.path));
  client = new OpenAI({ apiKey, baseURL: `${product.url}/v1/inference` });
}, 120_000);
afterAll(async () => {
  product.process.kill("SIGTERM");
  await product.ended;
  killAll(state.path);
  models.closeAllConnections();
  models.close();
  state.remove();
}, 30_000);

const messages = [{ role: "user" as const, content: "good day" }];

it("lists the models, embeds and chats by OpenAI's own client", async () => {
  const listed = [];
  for await (const model of client.models.list()) listed.push(model.id);
  expect(listed).toContain("echo");
  const { data } = await client.embeddings.create({ model: "letters", input: ["aa", "b"] });
  expect(data.map(({ embedding }) => embedding.length)).toEqual([8, 8]);
  const own = "wishub/all-minilm-l6-v2-int8";
  const [vector] = (await client.embeddings.create({ model: own, input: "otters" })).data;
  expect(vector?.embedding).toHaveLength(384);
  const answer = await client.chat.completions.create({ model: "echo", messages });
  expect(answer.choices[0]?.message.content).toBe("you said: good day");
  expect(answer.usage?.total_tokens).toBe(8);
});

it("streams a chat, word by word", async () => {
  const stream = await client.chat.completions.create({
    model: "echo",
    messages,
    stream: true,
    stream_options: { include_usage: true },
  });
  const pieces: string[] = [];
  let tokens = 0;
  for await (const { choices, usage } of stream) {
    pieces.push(choices[0]?.delta.content ?? "");
    tokens = usage?.total_tokens ?? tokens;
  }
  expect(pieces.filter((piece) => piece !== "").length).toBeGreaterThan(2);
  expect([pieces.join(""), tokens]).toEqual(["you said: good day", 8]);
});

it("throws what the client knows, and nothing is taken for whole that broke off", async () => {
  const chat = async (model: string) => await client.chat.completions.create({ model, messages });
  await expect(chat("gpt-4o")).rejects.toBeInstanceOf(NotFoundError);
  await expect(chat("strict")).rejects.toThrow(/maximum context length/);
  const stream = await client.chat.completions.create({ model: "cut", messages, stream: true });
  const read = async () => {
    for await (const _ of stream) continue;
  };
  await expect(read()).rejects.toBeInstanceOf(APIError);
});

type Use = { spentToday: number; heldNow: number };
const useOf = async (): Promise<Use> => {
  const headers = { Authorization: `Bearer ${apiKey}` };
  return (await (await fetch(`${product.url}/v1/inference/use`, { headers })).json()) as Use;
};

it("stops a model that nobody listens to, and counts what it wrote until then", async () => {
  const { spentToday: before } = await useOf();
  const stream = await client.chat.completions.create({ model: "slow", messages, stream: true });
  let seen = 0;
  for await (const _ of stream) if (++seen >= 5) break; // the client hangs up
  await vi.waitFor(async () => expect((await useOf()).heldNow).toBe(0), { timeout: 10_000 });
  expect((await useOf()).spentToday - before).toBeGreaterThanOrEqual(5);
});

it("says once that the day's tokens are spent, and the client does not come again for nothing", async () => {
  const put = async (tokensPerDay: number | null) =>
    await fetch(`${product.url}/v1/inference/bound`, {
      method: "PUT",
      headers: { Authorization: `Bearer ${apiKey}`, "Content-Type": "application/json" },
      body: JSON.stringify({ tokensPerDay }),
    });
  expect((await put(1)).status).toBe(200);
  let calls = 0;
  const counting = new OpenAI({
    apiKey,
    baseURL: `${product.url}/v1/inference`,
    fetch: async (...asked) => {
      calls++;
      return await fetch(...asked);
    },
  });
  const asked = counting.chat.completions.create({ model: "echo", messages });
  await expect(asked).rejects.toBeInstanceOf(RateLimitError);
  expect(calls).toBe(1);
  expect((await put(null)).status).toBe(200);
});

it("is there for who types, word by word and with what it costs", async () => {
  const wishub = commandLine(state.path, product.url);
  expect(await wishub.says(["models"])).toMatch(/^echo +chat \(default\)$/m);
  expect(await wishub.says(["chat", "good day", "--model", "echo"])).toBe("you said: good day\n");
  expect(await wishub.says(["chat", "-"], "from a file")).toBe("you said: from a file\n");
  const cut = await wishub.run(["chat", "good day", "--model", "cut"]);
  expect([cut.code, cut.out, cut.err]).toEqual([
    1,
    expect.stringContaining("half of"),
    expect.stringContaining("cut off"),
  ]);
  expect(await wishub.says(["spending", "--bound", "1000"])).toContain("of 1000 a day");
  const { tokensPerDay } = await wishub.document<{ tokensPerDay: number | null }>([
    "spending",
    "--unbound",
  ]);
  expect(tokensPerDay).toBeNull();
});
