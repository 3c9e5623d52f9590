import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { once } from "node:events";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openRerank } from "./rerank.ts";

type Reply = { status?: number; headers?: Record<string, string>; body: unknown };
type Seen = { headers: Record<string, unknown>; body: Record<string, unknown> };

/** A model server that scores by length, or answers whatever it was told to. */
let server: Server;
let url = "";
let reply: ((seen: Seen) => Reply) | undefined;
const seen: Seen[] = [];
beforeAll(async () => {
  server = createServer((request, response) => {
    let text = "";
    request.on("data", (chunk: Buffer) => (text += chunk.toString()));
    request.on("end", () => {
      const one = { headers: request.headers, body: JSON.parse(text) as Record<string, unknown> };
      seen.push(one);
      const { status = 200, headers = {}, body } = (reply ?? byLength)(one);
      response.writeHead(status, { "content-type": "application/json", ...headers });
      response.end(typeof body === "string" ? body : JSON.stringify(body));
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/rerank`;
});
afterAll(() => void server.close());

const byLength = ({ body }: Seen): Reply => ({
  body: (body["texts"] as string[]).map((text, index) => ({ index, score: text.length / 100 })),
});

describe("documents", () => {
  it("come back best first, each once, also where the endpoint takes only some at a time", async () => {
    reply = undefined;
    seen.length = 0;
    const documents = Array.from({ length: 70 }, (_, at) => "x".repeat((at * 37) % 71));
    const answer = await openRerank({ url, key: "k" })("question", documents);
    const results = answer.ok ? answer.value.results : [];
    expect(results.map(({ index }) => documents[index]?.length)).toEqual(
      documents.map(({ length }) => length).sort((a, b) => b - a),
    );
    expect(seen.map(({ body }) => (body["texts"] as string[]).length)).toEqual([32, 32, 6]);
    expect(seen[0]?.headers["authorization"]).toBe("Bearer k");
    expect(seen[0]?.body["query"]).toBe("question");
  });

  it("are sent as Cohere's shape has them where a model is named", async () => {
    reply = ({ body }) => ({
      body: {
        results: (body["documents"] as string[]).map((_, index) => ({
          index,
          relevance_score: index,
        })),
      },
    });
    const answer = await openRerank({ url, model: "ranker" })("q", ["a", "b"]);
    expect(answer).toEqual({
      ok: true,
      value: {
        model: "ranker",
        results: [
          { index: 1, score: 1 },
          { index: 0, score: 0 },
        ],
      },
    });
    expect(seen.at(-1)?.body).toMatchObject({ model: "ranker", documents: ["a", "b"], top_n: 2 });
  });
});

describe("an endpoint that lies, fails or is missing", () => {
  it("is never believed", async () => {
    const lies: unknown[] = [
      "not json",
      '[{"index":0,"score":NaN},{"index":1,"score":1}]',
      [{ index: 0, score: 1 }],
      [
        { index: 0, score: 1 },
        { index: 0, score: 2 },
      ],
      [
        { index: 0, score: 1 },
        { index: 7, score: 2 },
      ],
      [
        { index: 0, score: "1" },
        { index: 1, score: 2 },
      ],
      { results: [] },
      JSON.stringify([
        { index: 0, score: 1 },
        { index: 1, score: 2 },
      ]) + " ".repeat(5_000_000),
    ];
    for (const body of lies) {
      reply = () => ({ body });
      expect(await openRerank({ url })("q", ["a", "b"])).toMatchObject({
        ok: false,
        error: { code: "egress-failed" },
      });
    }
  });

  it("says what it is: busy, broken, elsewhere, not there, not set", async () => {
    const ask = () => openRerank({ url })("q", ["a"]);
    reply = () => ({ status: 429, headers: { "retry-after": "7" }, body: {} });
    expect(await ask()).toMatchObject({ error: { code: "overloaded", retryAfterS: 7 } });
    reply = () => ({ status: 500, body: {} });
    expect(await ask()).toMatchObject({ error: { code: "egress-failed" } });
    reply = () => ({ status: 302, headers: { location: "http://127.0.0.1:1/" }, body: {} });
    expect(await ask()).toMatchObject({ error: { code: "egress-failed" } });
    const gone = openRerank({ url: "http://127.0.0.1:1/rerank" });
    expect(await gone("q", ["a"])).toMatchObject({ error: { code: "egress-failed" } });
    const unset = openRerank(undefined);
    expect(await unset("q", ["a"])).toMatchObject({ error: { code: "no-model-bound" } });
  });
});
