import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { type Backend, buildBackend, cosine, startBackend } from "./process.ts";

const started: Backend[] = [];
const start = async (env?: Record<string, string>) => {
  const backend = await startBackend(env);
  started.push(backend);
  return backend;
};

const WORDS = ["river", "engine", "contract", "galaxy", "kitchen", "protein", "market", "violin"];
const sentences = (count: number, words: number) =>
  Array.from({ length: count }, (_, i) =>
    Array.from({ length: words }, (_, j) => WORDS[(i * 3 + j * j + i * j) % WORDS.length]).join(
      " ",
    ),
  );

type Health = {
  status: string;
  queue: { query: number; document: number };
  running: number;
  batches: number;
  texts: number;
};
const health = async ({ url }: Backend) => (await (await fetch(`${url}/healthz`)).json()) as Health;

let shared: Backend;
beforeAll(async () => {
  await buildBackend();
  shared = await start();
}, 120_000);
afterAll(() => {
  for (const { child } of started) child.kill("SIGKILL");
});

describe("a vector", () => {
  it("has length 1 and is the same in OpenAI's two formats", async () => {
    const [packed] = await shared.vectors(["How do agents share what they know?"]);
    const body = JSON.stringify({ input: "How do agents share what they know?" });
    const headers = { "content-type": "application/json" };
    const answer = await (
      await fetch(`${shared.url}/v1/embeddings`, { method: "POST", headers, body })
    ).json();
    expect(answer).toMatchObject({
      object: "list",
      data: [{ object: "embedding", index: 0 }],
      usage: { prompt_tokens: 10 },
    });
    expect((answer as { data: { embedding: number[] }[] }).data[0]?.embedding).toEqual(
      Array.from(packed ?? []),
    );
    expect(cosine(packed ?? new Float32Array(), packed ?? new Float32Array())).toBeCloseTo(1, 5);
  });

  it("says how long it took to whoever asks as part of a trace, and to nobody else", async () => {
    const traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    const traced = await shared.embed("otters", { headers: { traceparent } });
    expect(traced.headers.get("server-timing")).toMatch(/^total;dur=\d+\.\d$/);
    expect((await shared.embed("otters")).headers.get("server-timing")).toBeNull();
  });

  it("is near what means the same, in English and Chinese, and far from what does not", async () => {
    const [cat, kitten, chinese, tax] = await shared.vectors([
      "A cat sleeps on the sofa",
      "A kitten is napping on the couch",
      "一只猫在沙发上睡觉",
      "The company has to pay its taxes in April",
    ]);
    if (!cat || !kitten || !chinese || !tax) throw new Error("four vectors were asked for");
    expect(cosine(cat, kitten)).toBeGreaterThan(0.5);
    expect(cosine(cat, chinese)).toBeGreaterThan(0.3);
    expect(cosine(cat, tax)).toBeLessThan(0.2);
  });

  it("hardly depends on what else is in the batch", async () => {
    const texts = sentences(24, 9).map((text, i) => (i % 2 ? text : `${text} ${text} ${text}`));
    const together = await shared.vectors(texts);
    for (const [i, text] of texts.entries()) {
      const [alone] = await shared.vectors([text]);
      expect(
        cosine(alone ?? new Float32Array(), together[i] ?? new Float32Array()),
      ).toBeGreaterThan(0.99);
    }
  });
});

describe("concurrent requests", () => {
  it("are answered in fewer batches than there are texts, each with its own vector", async () => {
    const texts = sentences(96, 7).map((text, i) => `${text} ${i}`);
    const before = await health(shared);
    const answers = await Promise.all(
      texts.map((text) => shared.vectors([text], { headers: { "x-wishub-priority": "query" } })),
    );
    const after = await health(shared);
    expect(after.texts - before.texts).toBe(96);
    expect(after.batches - before.batches).toBeLessThan(48);
    const alone = await shared.vectors(texts);
    for (const [i, [answer]] of answers.entries()) {
      expect(cosine(answer ?? new Float32Array(), alone[i] ?? new Float32Array())).toBeGreaterThan(
        0.98,
      );
    }
  });

  it("let a query pass documents that came first", async () => {
    let documentsDone = false;
    const documents = shared.vectors(sentences(400, 60)).then(() => (documentsDone = true));
    await vi.waitFor(async () =>
      expect((await health(shared)).queue.document).toBeGreaterThan(100),
    );
    await shared.vectors(["what passes?"], { headers: { "x-wishub-priority": "query" } });
    expect(documentsDone).toBe(false);
    await documents;
  });

  it("are all answered by several workers too", async () => {
    const backend = await start({ WISHUB_GPU_WORKERS: "2" });
    const answers = await Promise.all(sentences(64, 8).map((text) => backend.vectors([text])));
    expect(answers.flat().length).toBe(64);
  });
});

describe("too much work", () => {
  it("is refused with 429 and the time to come back, and what was accepted is answered", async () => {
    const backend = await start({ WISHUB_GPU_QUEUE: "40" });
    const answers = await Promise.all(
      Array.from({ length: 12 }, () => backend.embed(sentences(20, 100))),
    );
    const statuses = answers.map(({ status }) => status);
    expect(new Set(statuses)).toEqual(new Set([200, 429]));
    const refused = answers.find(({ status }) => status === 429);
    expect(Number(refused?.headers.get("retry-after"))).toBeGreaterThanOrEqual(1);
    expect(await refused?.json()).toMatchObject({
      code: "too-many-requests",
      error: { type: "rate_limit_error" },
    });
    expect((await health(backend)).texts).toBe(
      20 * statuses.filter((status) => status === 200).length,
    );
  });

  it("is taken out of the queue when its client has gone", async () => {
    const gone = new AbortController();
    const before = await health(shared);
    const request = shared.embed(sentences(1_000, 60), { signal: gone.signal });
    await vi.waitFor(async () =>
      expect((await health(shared)).queue.document).toBeGreaterThan(500),
    );
    gone.abort();
    await expect(request).rejects.toThrow();
    await vi.waitFor(async () =>
      expect(await health(shared)).toMatchObject({ queue: { document: 0 }, running: 0 }),
    );
    expect((await health(shared)).texts - before.texts).toBeLessThan(500);
  });
});

describe("bad input", () => {
  const post = (
    body: string,
    headers: Record<string, string> = { "content-type": "application/json" },
  ) =>
    fetch(`${shared.url}/v1/embeddings`, { method: "POST", headers, body }).then(
      ({ status }) => status,
    );

  it("gets the status that names its fault, never a 500", async () => {
    expect(await post("{")).toBe(400);
    expect(await post("")).toBe(400);
    expect(await post(`{"input":${"[".repeat(500_000)}${"]".repeat(500_000)}}`)).toBe(400);
    expect(await post(JSON.stringify({ input: "x".repeat(10_000_000) }))).toBe(413);
    expect(await post('{"input":"a"}', { "content-type": "text/plain" })).toBe(415);
    expect((await fetch(`${shared.url}/v1/embeddings`)).headers.get("allow")).toBe("POST");
    expect((await fetch(`${shared.url}/v1/chat`)).status).toBe(404);
  });

  it("is looked at only with the token, where there is one", async () => {
    const backend = await start({ WISHUB_GPU_TOKEN: "s3cret" });
    expect((await backend.embed("")).status).toBe(401);
    expect((await backend.embed("a", { headers: { authorization: "Bearer wrong" } })).status).toBe(
      401,
    );
    expect((await backend.embed("a", { headers: { authorization: "Bearer s3cret" } })).status).toBe(
      200,
    );
  });
});

describe("the end", () => {
  it("comes after everything accepted is answered, on SIGTERM, and nothing new is accepted", async () => {
    const backend = await start();
    const accepted = backend.vectors(sentences(80, 60));
    await vi.waitFor(async () => expect((await health(backend)).queue.document).toBeGreaterThan(0));
    backend.child.kill("SIGTERM");
    await vi.waitFor(async () => {
      const headers = { "x-wishub-priority": "query" };
      const late = await backend.embed("late", { headers }).then(
        ({ status }) => status,
        () => "no connection",
      );
      expect([503, "no connection"]).toContain(late);
    });
    expect((await accepted).length).toBe(80);
    expect(await backend.ended).toBe(0);
  });

  it("comes by itself when the parent's pipe closes", async () => {
    const backend = await start({ WISHUB_PARENT_PIPE: "1" });
    backend.child.stdin?.end();
    expect(await backend.ended).toBe(0);
  });

  it("is one sentence when it cannot start", async () => {
    await expect(start({ WISHUB_GPU_PORT: new URL(shared.url).port })).rejects.toThrow(
      /port \d+ is in use/,
    );
    await expect(start({ WISHUB_GPU_PORT: "abc" })).rejects.toThrow(
      "WISHUB_GPU_PORT is not a number",
    );
    await expect(start({ WISHUB_GPU_HOST: "0.0.0.0" })).rejects.toThrow(
      "set WISHUB_GPU_TOKEN as well",
    );
    await expect(start({ WISHUB_GPU_MODEL: "/nowhere.onnx" })).rejects.toThrow("build it first");
  });
});
