import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { embedding } from "#adapters/inference.ts";
import { goneOn } from "#adapters/tracing.ts";
import { EMBEDDED_SPACE } from "#domain/embedding/space.ts";
import { embedOnGpu } from "#workers/embedding/beside.ts";
import { newAccount } from "./helpers.ts";
import { asking, placeOf, spanIn, traceOf } from "./tracing.ts";

type Answer = { shape: number[]; data: number[][]; pooling: string; refused?: string };

const ai = env.AI as unknown as {
  run(model: string, input: unknown, options?: { priority: "query" | "document" }): Promise<Answer>;
};
const embed = (text: string[], priority: "query" | "document" = "query") =>
  ai.run(EMBEDDED_SPACE.model, { text }, { priority });
const cosine = (a: ArrayLike<number>, b: ArrayLike<number>) =>
  Array.from(a).reduce((sum, value, i) => sum + value * (b[i] ?? 0), 0);

const PASSAGES = [
  "Photosynthesis turns light, water and carbon dioxide into sugar and oxygen inside the chloroplasts of plants.",
  "The Great Wall was built to protect the northern borders of China against nomadic peoples.",
  "A transaction is atomic: either all of its writes are stored in the database, or none of them.",
  "The heart pumps blood through the arteries; a doctor measures the blood pressure at the arm.",
];

describe("EmbeddedAI", () => {
  it("answers in Workers AI's shape with vectors of unit length", async () => {
    const answer = await embed(["knowledge for agents", "知识"]);
    expect(answer.shape).toEqual([2, EMBEDDED_SPACE.dimensions]);
    expect(answer.pooling).toBe("mean");
    for (const row of answer.data) expect(Math.hypot(...row)).toBeCloseTo(1, 4);
  });

  it.each([
    ["植物怎样利用阳光制造氧气？", 0],
    ["长城为什么修建？", 1],
    ["資料庫的交易是什麼？", 2],
    ["医生怎么量血压？", 3],
  ])("finds the English passage that answers %s", async (question, expected) => {
    const [query = [], ...passages] = (await embed([question, ...PASSAGES])).data;
    const scores = passages.map((passage) => cosine(query, passage));
    expect(scores.indexOf(Math.max(...scores))).toBe(expected);
  });

  it("lets a query overtake a long batch of documents", async () => {
    const finished: string[] = [];
    const documents = Array.from({ length: 24 }, (_, i) => `${i} ${PASSAGES.join(" ")}`);
    const batch = embed(documents, "document").then(() => finished.push("documents"));
    await scheduler.wait(1);
    await embed(["what overtakes what?"]).then(() => finished.push("query"));
    await batch;
    expect(finished).toEqual(["query", "documents"]);
  });

  it("gives requests that wait together each their own vectors", async () => {
    const texts = Array.from(
      { length: 24 },
      (_, i) => `question number ${i} about lakes and rivers`,
    );
    const together = await Promise.all(texts.map((text) => embed([text])));
    const port = embedding(env);
    for (const [i, text] of texts.entries()) {
      const alone = await port.query(port.space.id, text);
      if (!alone.ok) throw new Error(alone.error.code);
      expect(cosine(together[i]?.data[0] ?? [], alone.value)).toBeCloseTo(1, 5);
    }
  });

  it("refuses every task that it has no model for", async () => {
    const chat = await ai.run("@cf/meta/llama-3.1-8b-instruct", { prompt: "Hello" });
    const image = await ai.run(EMBEDDED_SPACE.model, { image: [1, 2, 3] });
    expect([chat.refused, image.refused]).toEqual(["no-model-bound", "no-model-bound"]);
  });

  it("says that it is overloaded instead of queueing without end", async () => {
    const runs = Array.from({ length: 12 }, (_, run) =>
      embed(
        Array.from({ length: 128 }, (_, i) => `flood ${run} ${i}`),
        "query",
      ),
    );
    const refused = (await Promise.all(runs)).filter((answer) => answer.refused === "overloaded");
    expect(refused.length).toBeGreaterThan(0);
    expect(refused.length).toBeLessThan(runs.length);
  });
});

describe("the embedder port", () => {
  it("embeds a query and a document alike, in the embedded space", async () => {
    const port = embedding(env);
    const query = await port.query(port.space.id, "alike in both");
    const documents = await port.documents(port.space.id, ["alike in both", "something else"]);
    if (!query.ok || !documents.ok) throw new Error("not embedded");
    expect(port.space).toEqual(EMBEDDED_SPACE);
    expect(cosine(query.value, documents.value[0] ?? [])).toBeCloseTo(1, 5);
    expect(cosine(query.value, documents.value[1] ?? [])).toBeLessThan(0.9);
  });

  it("gives many queries at once the vectors that they have alone", async () => {
    const port = embedding(env);
    const texts = Array.from({ length: 40 }, (_, i) => `at once ${i}`);
    const together = await Promise.all(texts.map((text) => port.query(port.space.id, text)));
    const documents = await port.documents(port.space.id, texts);
    if (!documents.ok) throw new Error(documents.error.code);
    for (const [i, made] of together.entries()) {
      if (!made.ok) throw new Error(made.error.code);
      expect(cosine(made.value, documents.value[i] ?? [])).toBeCloseTo(1, 5);
    }
  });
});

it("an embedding that the backend makes has its span, as long as the backend says", async () => {
  const owner = await newAccount();
  const { traceId, parent } = asking();
  const link = { traceparent: `00-${traceId}-${parent}-01`, accountId: owner.accountId };
  const asked: (string | null)[] = [];
  const gpu = {
    fetch: async (_: string, init: RequestInit) => {
      asked.push(new Headers(init.headers).get("traceparent"));
      const vector = new Float32Array(EMBEDDED_SPACE.dimensions).fill(0.5);
      const embedding = btoa(String.fromCharCode(...new Uint8Array(vector.buffer)));
      const headers = { "server-timing": "total;dur=12.4" };
      return Response.json({ data: [{ index: 0, embedding }] }, { headers });
    },
  } as unknown as Fetcher;
  const span = { name: "EmbeddedAI run", service: "EmbeddedAI", kind: "server" } as const;
  expect(await goneOn(link, span, () => embedOnGpu(gpu, ["otters"], "document"))).toHaveLength(1);
  const whole = await traceOf(owner, traceId, (names) => names.includes("EmbeddedAI run"));
  const [call, theirs] = [spanIn(whole, "POST gpu-backend"), spanIn(whole, "POST /v1/embeddings")];
  expect(placeOf(asked[0])).toMatchObject({ traceId, spanId: call.spanId });
  expect(theirs).toMatchObject({
    parentSpanId: call.spanId,
    service: "gpu-backend",
    durationMs: 12,
  });
  await embedOnGpu(gpu, ["otters"], "document");
  expect(asked[1]).toBeNull();
});
