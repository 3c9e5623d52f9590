import type { IncomingMessage, ServerResponse } from "node:http";

// A server of models as OpenAI, vLLM and TEI write theirs: it refuses what they refuse. What a model does is in its name.

type Body = Record<string, unknown>;
type Reply = (response: ServerResponse, body: Body) => void;

/** Whoever serves the models checks this key. */
export const MODEL_KEY = "model-key";
export const DIMENSIONS = 8;
/** Everything that there is a model of, as the operator lists it. */
export const MODELS = [
  ...["letters", "lies", "short", "uneven", "nothing", "tokens"].map((id) => `embeddings=${id}`),
  ...["echo", "flaky", "down", "busy", "strict", "garbage", "long", "forbidden", "gone"].map(
    (id) => `chat=${id}`,
  ),
  ...["cut", "broken-chunk", "failing", "unstreamed", "boaster", "slow"].map((id) => `chat=${id}`),
  ...["overlap", "tei", "twice", "outside"].map((id) => `rerank=${id}`),
].join(",");

const json = (response: ServerResponse, value: unknown, status = 200, headers = {}): void => {
  response.writeHead(status, { "Content-Type": "application/json", ...headers });
  response.end(JSON.stringify(value));
};
const refused = (response: ServerResponse, status: number, message: string, headers = {}): void =>
  json(response, { error: { message, type: "invalid_request_error" } }, status, headers);

/** Serves `/v1/embeddings`, `/v1/chat/completions` and `/v1/rerank` below `at`; `GET /asked?model=` tells what was asked. */
export function modelServer(at: string) {
  const asked = new Map<string, Body[]>();
  return (request: IncomingMessage, response: ServerResponse): void => {
    const { pathname, searchParams } = new URL(request.url ?? "/", "http://models");
    if (pathname === `${at}/asked`)
      return json(response, asked.get(searchParams.get("model") ?? "") ?? []);
    let text = "";
    request.setEncoding("utf8").on("data", (piece: string) => (text += piece));
    request.on("end", () => {
      if (request.headers.authorization !== `Bearer ${MODEL_KEY}`)
        return refused(response, 401, "Incorrect API key provided");
      if (request.headers["content-type"] !== "application/json")
        return refused(response, 415, "send JSON");
      const body = JSON.parse(text) as Body;
      const model = typeof body["model"] === "string" ? body["model"] : "tei";
      const before = asked.get(model) ?? [];
      asked.set(model, [...before, body]);
      const reply = { ...EMBEDDINGS, ...CHATS, ...RERANKS }[model];
      const fault = faultIn(pathname.slice(at.length), body);
      if (fault !== null) return refused(response, 400, fault);
      if (reply === undefined) return refused(response, 404, `The model ${model} does not exist`);
      if (model === "flaky" && before.length % 3 < 2) return refused(response, 500, "flaky");
      reply(response, body);
    });
  };
}

/** What OpenAI's API answers 400 to. */
function faultIn(path: string, body: Body): string | null {
  if (Object.values(body).includes(null)) return "null is not of the expected type";
  if (path === "/v1/embeddings") return "input" in body ? null : "input is required";
  if (path === "/v1/rerank") return "query" in body ? null : "query is required";
  if (path !== "/v1/chat/completions") return `unknown address ${path}`;
  if (!Array.isArray(body["messages"]) || body["messages"].length === 0) return "no messages";
  if ("stream_options" in body && body["stream"] !== true)
    return "The 'stream_options' parameter is only allowed when 'stream' is enabled.";
  return null;
}

const inputsOf = ({ input }: Body): string[] =>
  Array.isArray(input) ? (input as string[]) : [String(input)];

function lettersOf(text: string): number[] {
  const vector = Array.from({ length: DIMENSIONS }, () => 0.5);
  for (const letter of text) {
    const place = letter.charCodeAt(0) % DIMENSIONS;
    vector[place] = (vector[place] ?? 0) + 1;
  }
  return vector;
}

const base64 = (vector: number[]): string =>
  Buffer.from(Float32Array.from(vector).buffer).toString("base64");
const embedded = (response: ServerResponse, vectors: unknown[], usage: object = {}): void =>
  json(response, {
    object: "list",
    // Some servers finish out of order: the index says which is which.
    data: vectors.map((embedding, index) => ({ object: "embedding", index, embedding })).reverse(),
    usage,
  });

const EMBEDDINGS: Record<string, Reply> = {
  letters: (response, body) => {
    const vectors = inputsOf(body).map(lettersOf);
    const isText = body["encoding_format"] === "base64";
    const tokens = { prompt_tokens: 7, total_tokens: 7 };
    embedded(response, isText ? vectors.map(base64) : vectors, tokens);
  },
  lies: (response, body) =>
    embedded(
      response,
      inputsOf(body).map(() => base64([NaN, 1])),
    ),
  short: (response, body) => embedded(response, inputsOf(body).slice(1).map(lettersOf)),
  uneven: (response, body) =>
    embedded(
      response,
      inputsOf(body).map((text, i) => lettersOf(text).slice(i)),
    ),
  nothing: (response) => json(response, { object: "list" }),
  tokens: (response, body) =>
    embedded(response, inputsOf(body).map(lettersOf), { prompt_tokens: 1e15, total_tokens: -3 }),
};

type Message = { role: string; content: string };
const lastOf = ({ messages }: Body): string => (messages as Message[]).at(-1)?.content ?? "";
const completion = (content: unknown, usage: object = {}) => ({
  id: "theirs",
  object: "chat.completion",
  choices: [{ index: 0, message: { role: "assistant", content }, finish_reason: "stop" }],
  usage: { prompt_tokens: 5, completion_tokens: 3, total_tokens: 8, ...usage },
});

/** What a stream is cut into, in pieces that end anywhere. */
function streamed(response: ServerResponse, events: string[], ends = true): void {
  response.writeHead(200, { "Content-Type": "text/event-stream; charset=utf-8" });
  const text = events.map((data) => `data: ${data}\n\n`).join("");
  const pieces = text.match(/[^]{1,37}/g) ?? [];
  const more = (): void => {
    const piece = pieces.shift();
    if (piece !== undefined) return void response.write(piece, () => setImmediate(more));
    if (ends) response.end();
    else response.destroy();
  };
  more();
}
const chunk = (delta: object, finish: string | null = null, more: object = {}): string =>
  JSON.stringify({
    id: "theirs",
    object: "chat.completion.chunk",
    choices: [{ index: 0, delta, finish_reason: finish }],
    ...more,
  });
const words = (text: string): string[] => text.split(/(?<= )/).map((content) => chunk({ content }));
const told = JSON.stringify({
  choices: [],
  usage: { prompt_tokens: 5, completion_tokens: 3, total_tokens: 8 },
});

const echo: Reply = (response, body) => {
  const text = `you said: ${lastOf(body)}`;
  if (body["stream"] !== true) return json(response, completion(text));
  const start = chunk({ role: "assistant", content: "" });
  streamed(response, [start, ...words(text), chunk({}, "stop"), told, "[DONE]"]);
};
const CHATS: Record<string, Reply> = {
  echo,
  flaky: echo,
  strict: (response) => refused(response, 400, "This model's maximum context length is 12 tokens."),
  down: (response) => refused(response, 500, "down"),
  busy: (response) => refused(response, 429, "Rate limit reached", { "Retry-After": "7" }),
  gone: (response) => refused(response, 404, "The model `gone` does not exist"),
  forbidden: (response) => refused(response, 403, "no access; the key of acme-corp is blocked"),
  garbage: (response) => void response.end("<html>"),
  long: (response) => json(response, completion("x".repeat(5_000_000))),
  boaster: (response) => json(response, completion("few words", { completion_tokens: 4e12 })),
  cut: (response) => streamed(response, words("half of an "), false),
  "broken-chunk": (response) => streamed(response, [...words("well "), "{ no json", "[DONE]"]),
  failing: (response) =>
    streamed(response, [...words("well "), JSON.stringify({ error: { message: "CUDA" } })]),
  unstreamed: (response) => json(response, completion("not a stream")),
  slow: (response) => {
    response.writeHead(200, { "Content-Type": "text/event-stream" });
    const timer = setInterval(() => response.write(`data: ${chunk({ content: "word " })}\n\n`), 10);
    response.once("close", () => clearInterval(timer));
  },
};

const overlap = (query: unknown, text: string): number =>
  String(query)
    .split(" ")
    .filter((word) => text.includes(word)).length / 10;
const RERANKS: Record<string, Reply> = {
  overlap: (response, { query, documents, top_n }) => {
    const results = (documents as string[])
      .map((text, index) => ({ index, relevance_score: overlap(query, text) }))
      .sort((a, b) => b.relevance_score - a.relevance_score)
      .slice(0, Number(top_n ?? Infinity));
    json(response, { results, usage: { total_tokens: 9 } });
  },
  // Text Embeddings Inference wants `texts`, and answers with a bare list.
  tei: (response, { query, texts }) => {
    if (!Array.isArray(texts)) return json(response, "missing field `texts`", 422);
    json(
      response,
      (texts as string[]).map((text, index) => ({ index, score: overlap(query, text) })),
    );
  },
  twice: (response, { documents }) =>
    json(response, {
      results: (documents as string[]).map(() => ({ index: 0, relevance_score: 1 })),
    }),
  outside: (response, { documents }) =>
    json(response, {
      results: (documents as string[]).map((_, i) => ({ index: i + 1, relevance_score: 1 })),
    }),
};
