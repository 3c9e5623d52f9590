import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Backend, buildBackend, startBackend } from "./process.ts";

/** A server of Text Embeddings Inference, as far as it re-ranks: what shares a word with the query is better. */
const tei = createServer((request, response) => {
  let text = "";
  request.on("data", (chunk: Buffer) => (text += chunk.toString()));
  request.on("end", () => {
    const { query, texts } = JSON.parse(text) as { query: string; texts: string[] };
    const scores = texts.map((one, index) => ({ index, score: one.includes(query) ? 0.9 : 0.1 }));
    response.end(JSON.stringify(scores));
  });
});
const token = "s3cret";
let backend: Backend;
let bare: Backend;
beforeAll(async () => {
  await buildBackend();
  tei.listen(0, "127.0.0.1");
  await once(tei, "listening");
  const url = `http://127.0.0.1:${(tei.address() as AddressInfo).port}/rerank`;
  [backend, bare] = await Promise.all([
    startBackend({ WISHUB_GPU_RERANK_URL: url, WISHUB_GPU_TOKEN: token }),
    startBackend(),
  ]);
}, 120_000);
afterAll(() => {
  backend.child.kill("SIGKILL");
  bare.child.kill("SIGKILL");
  tei.close();
});

const post = async (to: Backend, path: string, body: unknown) => {
  const headers = { "content-type": "application/json", authorization: `Bearer ${token}` };
  const sent = typeof body === "string" ? body : JSON.stringify(body);
  const response = await fetch(to.url + path, { method: "POST", headers, body: sent });
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
};

describe("Text Embeddings Inference's requests", () => {
  it("are embedded as OpenAI's are", async () => {
    const { body } = await post(bare, "/embed", { inputs: ["a lease", "a queue"], truncate: true });
    const [lease, queue] = await bare.vectors(["a lease", "a queue"]);
    expect(body).toEqual([Array.from(lease ?? []), Array.from(queue ?? [])]);
    const one = await post(bare, "/embed", { inputs: "a lease" });
    expect(one.body).toHaveLength(1);
  });

  it("are re-ranked by the endpoint, best first, with the texts where they are asked for", async () => {
    const texts = ["a tree", "a lease that ends", "a stone"];
    const { body } = await post(backend, "/rerank", { query: "lease", texts, return_text: true });
    expect(body).toEqual([
      { index: 1, score: 0.9, text: "a lease that ends" },
      { index: 0, score: 0.1, text: "a tree" },
      { index: 2, score: 0.1, text: "a stone" },
    ]);
  });

  it("are told what is wrong as both kinds of clients read it", async () => {
    const unset = await post(bare, "/rerank", { query: "q", texts: ["a"] });
    expect(unset).toMatchObject({
      status: 501,
      body: { code: "no-model-bound", error_type: "Backend" },
    });
    expect(unset.body["error"]).toContain("WISHUB_GPU_RERANK_URL");
    for (const [path, body] of [
      ["/embed", "{"],
      ["/embed", {}],
      ["/embed", { inputs: [] }],
      ["/embed", { inputs: 7 }],
      ["/embed", { inputs: "a", normalize: false }],
      ["/rerank", { query: "q", texts: [] }],
      ["/rerank", { texts: ["a"] }],
      ["/rerank", { query: "q", texts: Array.from({ length: 1_001 }, () => "a") }],
    ] as const)
      expect(await post(bare, path, body)).toMatchObject({
        status: 400,
        body: { code: "invalid-request", error_type: "Validation" },
      });
  });
});

describe("what is to be measured", () => {
  const measured = async (to: Backend) => {
    const headers = { authorization: `Bearer ${token}` };
    return await fetch(`${to.url}/metrics`, { headers });
  };

  it("is Prometheus' text, counts what was answered, and names no address that a client made up", async () => {
    await post(bare, "/embed", { inputs: ["counted"] });
    await post(bare, "/made-up?a=1", {});
    const response = await measured(bare);
    expect(response.headers.get("content-type")).toMatch(/^text\/plain; version=0\.0\.4/);
    const text = await response.text();
    for (const line of text.trimEnd().split("\n"))
      expect(line).toMatch(/^(# (HELP|TYPE) wishub_gpu_\w+ .+|wishub_gpu_\w+(\{.*\})? [\d.e+-]+)$/);
    expect(text).toMatch(/^wishub_gpu_requests_total\{route="\/embed",status="200"\} \d+$/m);
    expect(text).toMatch(/^wishub_gpu_requests_total\{route="other",status="404"\} 1$/m);
    expect(text).toMatch(/^wishub_gpu_request_seconds_bucket\{route="\/embed",le="\+Inf"\} \d+$/m);
    expect(text).toMatch(/^wishub_gpu_queue_depth\{priority="document"\} 0$/m);
    expect(text).toMatch(/^wishub_gpu_texts_total [1-9]\d*$/m);
    expect(text).not.toContain("made-up");
    const names = [...text.matchAll(/^# TYPE (\S+)/gm)].map(([, name]) => name);
    expect(new Set(names).size).toBe(names.length);
  });

  it("is shown with the token only, where there is one; that it lives, to everybody", async () => {
    expect((await fetch(`${backend.url}/metrics`)).status).toBe(401);
    expect((await measured(backend)).status).toBe(200);
    expect((await fetch(`${backend.url}/info`)).status).toBe(401);
    expect((await fetch(`${backend.url}/health`)).status).toBe(200);
    expect(await (await fetch(`${bare.url}/info`)).json()).toMatchObject({ dimensions: 384 });
  });
});

it("does not start with an address that is none", async () => {
  await expect(startBackend({ WISHUB_GPU_RERANK_URL: "file:///x" })).rejects.toThrow(
    "WISHUB_GPU_RERANK_URL is not a URL",
  );
  await expect(startBackend({ WISHUB_GPU_DEVICE: "abacus" })).rejects.toThrow(
    "WISHUB_GPU_DEVICE is none of",
  );
});
