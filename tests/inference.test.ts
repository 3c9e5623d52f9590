import { beforeEach, describe, expect, it } from "vitest";
import { newAccount, type TestAccount } from "./helpers.ts";
import { askedOf, eventsIn, failureOf, said, withModels } from "./inference.ts";
import { DIMENSIONS } from "./node/model-server.ts";

let account: TestAccount;
let models: ReturnType<typeof withModels>;
beforeEach(async () => {
  account = await newAccount();
  models = withModels();
});
const post = async (kind: string, body: object) => await models.post(account, kind, body);

const vectorOf = (item?: { embedding: number[] | string }): number[] =>
  Array.isArray(item?.embedding) ? item.embedding : [];

type Vectors = { data: { index: number; embedding: number[] | string }[]; model: string };

describe("embeddings by the platform's own model", () => {
  it("are OpenAI's, one for each text in their order, in numbers or in base64", async () => {
    const input = ["otters hold hands", "tides turn"];
    const ask = async (more: object) =>
      await (
        await account.call("POST", "/v1/inference/embeddings", { body: { input, ...more } })
      ).json<Vectors>();
    const [plain, packed] = [await ask({}), await ask({ encoding_format: "base64" })];
    expect(plain.model).toBe("wishub/all-minilm-l6-v2-int8");
    expect(plain.data.map(({ index }) => index)).toEqual([0, 1]);
    for (const [i, { embedding }] of packed.data.entries()) {
      const bytes = Uint8Array.from(atob(String(embedding)), (char) => char.charCodeAt(0));
      const numbers = [...new Float32Array(bytes.buffer)];
      expect(numbers).toHaveLength(384);
      const one = vectorOf(plain.data[i]);
      expect(numbers.every((value, j) => Math.abs(value - (one[j] ?? 9)) < 1e-3)).toBe(true);
    }
  });

  it("ignore what they do not know, and refuse what cannot be", async () => {
    const ask = async (body: object) =>
      await account.call("POST", "/v1/inference/embeddings", { body });
    expect((await ask({ input: "a", user: null, novelty: { x: 1 } })).status).toBe(200);
    for (const body of [{}, { input: [] }, { input: "" }, { input: [[1, 2]] }, { input: 7 }])
      expect((await failureOf(await ask(body))).status, JSON.stringify(body)).toBe(400);
    const wide = await failureOf(await ask({ input: "a", dimensions: 12 }));
    expect(wide.errors).toEqual([{ pointer: "/dimensions", detail: expect.any(String) }]);
    expect(wide.error).toMatchObject({ type: "invalid_request_error", param: "/dimensions" });
  });
});

it("says that no model is bound, and makes up nothing", async () => {
  for (const [kind, body] of [
    ["chat", said("hello", { model: undefined })],
    ["rerank", { query: "a", documents: ["b"] }],
  ] as const) {
    const answer = await account.call("POST", `/v1/inference/${kind}`, { body });
    expect(answer.headers.get("X-Should-Retry")).toBe("false");
    expect(await failureOf(answer)).toMatchObject({ status: 501, code: "no-model-bound" });
  }
});

it("lists the models that are offered, and refuses every other", async () => {
  const { data } = await (
    await models.at(account, "GET", "/v1/inference/models")
  ).json<{ data: { id: string; kinds: string[]; default_for: string[] }[] }>();
  expect(data.find(({ id }) => id === "echo")).toMatchObject({
    kinds: ["chat"],
    default_for: ["chat"],
  });
  for (const model of ["gpt-4o", "letters", "wishub/all-minilm-l6-v2-int8"])
    expect(await failureOf(await post("chat", said("x", { model }))), model).toMatchObject({
      status: 404,
      code: "model-unknown",
    });
});

describe("an endpoint's models", () => {
  it("answer a chat, and are told what concerns them only", async () => {
    const more = { model: undefined, user: "ann", temperature: null, max_tokens: 50, novelty: 1 };
    const answer = await post("chat", said("good day", more));
    expect(await answer.json()).toMatchObject({
      object: "chat.completion",
      model: "echo",
      choices: [{ message: { role: "assistant", content: "you said: good day" } }],
      usage: { prompt_tokens: 5, completion_tokens: 3, total_tokens: 8 },
    });
    expect((await askedOf("echo")).at(-1)).toEqual({
      model: "echo",
      messages: [{ role: "user", content: "good day" }],
      max_tokens: 50,
    });
  });

  it("embed in the order of the texts", async () => {
    const input = ["aa", "b", "ccc"];
    const { data } = await (await post("embeddings", { model: "letters", input })).json<Vectors>();
    expect(data.map(({ embedding }) => embedding.length)).toEqual([
      DIMENSIONS,
      DIMENSIONS,
      DIMENSIONS,
    ]);
    expect(vectorOf(data[0])["a".charCodeAt(0) % DIMENSIONS]).toBeCloseTo(2.5);
  });

  it("rank documents, whichever form their server speaks", async () => {
    const documents = ["tides", "otters hold hands", { text: "otters" }];
    for (const model of ["overlap", "tei"]) {
      const body = { model, query: "otters hold", documents, top_n: 2, return_documents: true };
      expect(await (await post("rerank", body)).json(), model).toMatchObject({
        results: [
          { index: 1, document: { text: "otters hold hands" } },
          { index: 2, document: { text: "otters" } },
        ],
      });
    }
  });

  it("are given no address of an image to fetch", async () => {
    const image = (url: string) => ({
      model: "echo",
      messages: [{ role: "user", content: [{ type: "image_url", image_url: { url } }] }],
    });
    expect((await post("chat", image("http://169.254.169.254/latest"))).status).toBe(400);
    expect((await post("chat", image("data:image/png;base64,AAAA"))).status).toBe(200);
  });
});

describe("a server of models that fails", () => {
  it.each(["lies", "short", "uneven", "nothing"])("is not believed (%s)", async (model) => {
    const answer = await post("embeddings", { model, input: ["one", "two"] });
    expect(await failureOf(answer)).toMatchObject({ status: 502, code: "model-failed" });
  });

  it.each(["twice", "outside"])("is not believed in its ranking (%s)", async (model) => {
    const answer = await post("rerank", { model, query: "q", documents: ["one", "two"] });
    expect(await failureOf(answer)).toMatchObject({ status: 502, code: "model-failed" });
  });

  it.each([
    ["garbage", 502, "model-failed"],
    ["long", 502, "model-failed"],
    ["forbidden", 502, "model-failed"],
    ["gone", 501, "no-model-bound"],
    ["strict", 400, "invalid-request"],
  ])("is told of as what it is (%s)", async (model, status, code) => {
    const failure = await failureOf(await post("chat", said("x", { model })));
    expect(failure).toMatchObject({ status, code });
    if (model === "strict") expect(failure.error.message).toContain("maximum context length");
    expect(JSON.stringify(failure)).not.toContain("acme-corp");
  });

  it("is asked again where it was itself that failed, and never where it is full", async () => {
    expect((await post("chat", said("again", { model: "flaky" }))).status).toBe(200);
    expect(await askedOf("flaky")).toHaveLength(3);
    const busy = await post("chat", said("x", { model: "busy" }));
    expect([busy.status, busy.headers.get("Retry-After")]).toEqual([503, "7"]);
    expect(await askedOf("busy")).toHaveLength(1);
  });

  it("is left alone after it failed time and again, while others are asked", async () => {
    const codes = new Set<string>();
    for (let i = 0; i < 20; i++)
      codes.add((await failureOf(await post("chat", said("x", { model: "down" })))).code);
    expect([...codes]).toEqual(["model-failed", "overloaded"]);
    // Ten calls pay for one repetition: far fewer than three times twenty.
    expect((await askedOf("down")).length).toBeLessThan(20);
    expect((await post("chat", said("x"))).status).toBe(200);
  });
});

type Chunk = { choices: { delta: { content?: string } }[]; usage?: object | null };
const streamOf = async (more: object) => {
  const answer = await post("chat", said("a b c", { stream: true, ...more }));
  expect(answer.headers.get("Content-Type")).toContain("text/event-stream");
  return eventsIn(await answer.text());
};
const textOf = (events: string[]): string =>
  events
    .filter((data) => data !== "[DONE]")
    .map((data) => (JSON.parse(data) as Chunk).choices[0]?.delta.content ?? "")
    .join("");

describe("a streamed chat", () => {
  it("comes as OpenAI's chunks, and says what it took where that is asked for", async () => {
    const events = await streamOf({});
    expect(events.at(-1)).toBe("[DONE]");
    expect(textOf(events)).toBe("you said: a b c");
    expect(events.some((data) => data.includes("usage"))).toBe(false);
    const counted = await streamOf({ stream_options: { include_usage: true } });
    const last = JSON.parse(counted.at(-2) ?? "") as Chunk;
    expect(last).toMatchObject({ choices: [], usage: { total_tokens: 8 } });
  });

  it.each(["cut", "broken-chunk", "failing"])(
    "is never taken for whole where it broke off (%s)",
    async (model) => {
      const events = await streamOf({ model });
      expect(events).not.toContain("[DONE]");
      expect(JSON.parse(events.at(-1) ?? "")).toMatchObject({ error: { code: "model-failed" } });
    },
  );

  it("fails before it begins where the model does not stream", async () => {
    const answer = await post("chat", said("x", { stream: true, model: "unstreamed" }));
    expect(await failureOf(answer)).toMatchObject({ status: 502 });
    const busy = await post("chat", said("x", { stream: true, model: "busy" }));
    expect([busy.status, busy.headers.get("Retry-After")]).toEqual([503, "7"]);
  });
});

describe("Workers AI", () => {
  /** As its binding answers: older models with a text, newer ones as OpenAI does, streams as events. */
  const AI = {
    async run(model: string, input: Record<string, unknown>): Promise<unknown> {
      if (model.endsWith("absent")) throw new Error("5007: No such model");
      if (model.endsWith("reranker"))
        return { response: (input["contexts"] as object[]).map((_, id) => ({ id, score: id })) };
      if (input["stream"] !== true) {
        if (model.endsWith("new")) return { choices: [{ message: { content: "new" } }] };
        return { response: "old", usage: { prompt_tokens: 2, completion_tokens: 1 } };
      }
      const events = ['{"response":"so "}', '{"response":"it is"}', "[DONE]"];
      const text = events.map((data) => `data: ${data}\n\n`).join("");
      return new Blob([text]).stream();
    },
  };
  beforeEach(() => {
    models = withModels({
      AI,
      WISHUB_EMBED_MODEL: "@cf/baai/bge-m3",
      WISHUB_AI_MODELS: "chat=@cf/x/old,chat=@cf/x/new,chat=@cf/x/absent,rerank=@cf/x/reranker",
    });
  });

  it("answers like any other", async () => {
    for (const [model, content] of [
      ["@cf/x/old", "old"],
      ["@cf/x/new", "new"],
    ])
      expect(await (await post("chat", said("x", { model }))).json()).toMatchObject({
        choices: [{ message: { role: "assistant", content } }],
      });
    expect(
      await (await post("rerank", { query: "q", documents: ["a", "b"] })).json(),
    ).toMatchObject({
      results: [{ index: 1 }, { index: 0 }],
    });
    expect(textOf(await streamOf({ model: undefined }))).toBe("so it is");
    const absent = await post("chat", said("x", { model: "@cf/x/absent" }));
    expect(await failureOf(absent)).toMatchObject({ status: 501 });
  });
});
