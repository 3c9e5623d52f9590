import { createHash, timingSafeEqual } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { setImmediate as yieldToIo } from "node:timers/promises";
import { EMBEDDED_SPACE } from "#domain/embedding/space.ts";
import { LIMITS } from "#domain/shared/limits.ts";
import type { Problem } from "#domain/shared/problem.ts";
import { err, ok, type Result } from "#domain/shared/result.ts";
import { type Answer, type Dialect, embeddings, json, problem } from "./answer.ts";
import type { Priority } from "./batcher.ts";
import type { Embedder } from "./embedder.ts";
import { createMetrics, type Gauge, type Metrics } from "./metrics.ts";
import { INPUTS_MAX, parseEmbeddings } from "./request.ts";
import type { Rerank } from "./rerank.ts";
import { parseEmbed, parseRerank } from "./tei.ts";
import type { Tokenise } from "./tokens.ts";

type Deps = {
  embedder: Embedder;
  tokenise: Tokenise;
  token: string | undefined;
  rerank: Rerank;
  /** What else is to be seen at /metrics. */
  gauges?: () => Gauge[];
};
type At = Deps & { metrics: Metrics };

const LOOK = "GET, HEAD";
const ROUTES: Record<string, string> = {
  "/v1/embeddings": "POST",
  "/embed": "POST",
  "/rerank": "POST",
  "/healthz": LOOK,
  "/health": LOOK,
  "/info": LOOK,
  "/metrics": LOOK,
};
const DIALECTS: Record<string, Dialect> = { "/embed": "tei", "/rerank": "tei" };
const CONNECTIONS_MAX = 512;
const DISCARD_BYTES_MAX = 33_554_432;
/** Cutting texts into word pieces stops for other requests this often. */
const TOKENISE_MS_MAX = 4;

/** `drain` refuses what is new, and resolves when everything accepted has been answered. */
export function createBackend(deps: Deps): { server: Server; drain(): Promise<void> } {
  let draining = false;
  const metrics = createMetrics();
  const at: At = { ...deps, metrics };
  const server = createServer(
    { requestTimeout: 30_000, headersTimeout: 10_000 },
    (request, response) => {
      const gone = new AbortController();
      const sinceMs = performance.now();
      const path = pathOf(request);
      response.once("close", () => {
        gone.abort();
        const status = response.headersSent ? response.statusCode : 499; // nobody waited for one
        metrics.observe(routeOf(path), status, (performance.now() - sinceMs) / 1_000);
      });
      answer(at, request, draining, gone.signal)
        .catch((error: unknown) => {
          if (!gone.signal.aborted) log("request-failed", error);
          return problem({ code: "internal" }, {}, DIALECTS[path]);
        })
        .then((result) => write(request, response, timed(request, result, sinceMs), draining))
        .catch((error: unknown) => {
          if (!gone.signal.aborted) log("answer-failed", error);
          response.destroy();
        });
    },
  );
  server.maxConnections = CONNECTIONS_MAX;
  return {
    server,
    drain() {
      draining = true;
      const closed = new Promise<void>((done) => server.close(() => done()));
      server.closeIdleConnections();
      return closed;
    },
  };
}

/** Whoever asks as part of a trace is told how long it took here (W3C Server Timing, in ms). */
function timed({ headers }: IncomingMessage, answer: Answer, sinceMs: number): Answer {
  if (headers["traceparent"] === undefined) return answer;
  const ms = (performance.now() - sinceMs).toFixed(1);
  return { ...answer, headers: { ...answer.headers, "server-timing": `total;dur=${ms}` } };
}

const log = (event: string, error: unknown) =>
  process.stderr.write(`${JSON.stringify({ event, error: String(error) })}\n`);

const pathOf = (request: IncomingMessage) => (request.url ?? "/").split("?", 1)[0] ?? "/";
const routeOf = (path: string) => (Object.hasOwn(ROUTES, path) ? path : "other");

/** In the contract's order: route, method, credential, media type, size, content, room. */
async function answer(
  at: At,
  request: IncomingMessage,
  draining: boolean,
  gone: AbortSignal,
): Promise<Answer> {
  const path = pathOf(request);
  const dialect = DIALECTS[path];
  const refuse = (why: Problem, headers = {}) => problem(why, headers, dialect);
  const methods = Object.hasOwn(ROUTES, path) ? ROUTES[path] : undefined;
  if (methods === undefined) return refuse({ code: "not-found" });
  if (!methods.split(", ").includes(request.method ?? ""))
    return refuse({ code: "method-not-allowed" }, { allow: methods });
  if (path === "/healthz" || path === "/health") return health(at.embedder, draining);
  if (at.token !== undefined && !holds(request, at.token)) {
    return refuse({ code: "unauthenticated" }, { "www-authenticate": 'Bearer realm="wishub-gpu"' });
  }
  if (path === "/metrics") return measured(at);
  if (path === "/info") return info();
  if (draining)
    return refuse({
      code: "overloaded",
      detail: "This backend is shutting down.",
      retryAfterS: 1,
    });
  const mediaType = request.headers["content-type"]?.split(";", 1)[0]?.trim().toLowerCase();
  if (mediaType !== "application/json") return refuse({ code: "unsupported-media-type" });
  const body = await bodyOf(request);
  if (body === undefined) return refuse({ code: "body-too-large" });
  const done = await answered(at, path, body, priorityOf(request), gone);
  return done.ok ? done.value : refuse(done.error);
}

/** Each protocol has its own way to ask and to answer; between them is one way to embed. */
async function answered(
  at: At,
  path: string,
  body: string,
  priority: Priority,
  gone: AbortSignal,
): Promise<Result<Answer, Problem>> {
  if (path === "/rerank") return rerank(at, body, gone);
  if (path === "/embed") {
    const parsed = parseEmbed(body);
    if (!parsed.ok) return parsed;
    const embedded = await embed(at, parsed.value, priority, gone);
    if (!embedded.ok) return embedded;
    return ok(json(embedded.value.vectors.map((vector) => Array.from(vector))));
  }
  const parsed = parseEmbeddings(body);
  if (!parsed.ok) return parsed;
  const embedded = await embed(at, parsed.value.texts, priority, gone);
  if (!embedded.ok) return embedded;
  return ok(embeddings(embedded.value.vectors, parsed.value.format, embedded.value.tokens));
}

async function rerank(at: At, body: string, gone: AbortSignal): Promise<Result<Answer, Problem>> {
  const parsed = parseRerank(body);
  if (!parsed.ok) return parsed;
  const { query, texts, return_text: withText } = parsed.value;
  const ranked = await at.rerank(query, texts, gone);
  if (!ranked.ok) return ranked;
  const shown = ranked.value.results.map(({ index, score }) =>
    withText ? { index, score, text: texts[index] } : { index, score },
  );
  return ok(json(shown));
}

type Embedded = { vectors: Float32Array[]; tokens: number };

async function embed(
  { embedder, tokenise }: Deps,
  texts: readonly string[],
  priority: Priority,
  gone: AbortSignal,
): Promise<Result<Embedded, Problem>> {
  const refused = embedder.refuses(priority, texts.length);
  if (refused && !refused.ok) return refused;
  const rows: number[][] = [];
  let sinceMs = performance.now();
  for (const text of texts) {
    rows.push(tokenise(text));
    if (performance.now() - sinceMs < TOKENISE_MS_MAX) continue;
    await yieldToIo();
    sinceMs = performance.now();
    if (gone.aborted) return err({ code: "overloaded" }); // nobody reads it
  }
  const vectors = await embedder.embed(rows, priority, gone);
  if (!vectors.ok) return vectors;
  const tokens = rows.reduce((sum, row) => sum + row.length, 0);
  return ok({ vectors: vectors.value, tokens });
}

function health(embedder: Embedder, draining: boolean): Answer {
  const { id: space, model, dimensions } = EMBEDDED_SPACE;
  const state = {
    status: draining ? "draining" : "ready",
    ready: !draining,
    model,
    space,
    dimensions,
    ...embedder.state(),
  };
  return { ...json(state), status: draining ? 503 : 200 };
}

/** As Text Embeddings Inference tells of itself. */
function info(): Answer {
  const { model, id, dimensions } = EMBEDDED_SPACE;
  const limits = { max_client_batch_size: INPUTS_MAX, max_input_length: 256 };
  return json({ model_id: model, model_dtype: "int8", space: id, dimensions, ...limits });
}

function measured({ embedder, metrics, gauges }: At): Answer {
  const { queue, running, batches, texts, tokensPerSecond } = embedder.state();
  const text = metrics.text([
    gauge("queue_depth", "Texts that wait for the model.", [
      { labels: { priority: "query" }, value: queue.query },
      { labels: { priority: "document" }, value: queue.document },
    ]),
    gauge("running", "Texts in the batches that run.", [{ value: running }]),
    counter("batches_total", "Batches that the model has run.", batches),
    counter("texts_total", "Texts embedded.", texts),
    gauge("tokens_per_second", "Word pieces a second, of late.", [{ value: tokensPerSecond }]),
    gauge("memory_bytes", "Resident memory of the process.", [
      { value: process.memoryUsage.rss() },
    ]),
    ...(gauges?.() ?? []),
  ]);
  const headers = { "content-type": "text/plain; version=0.0.4; charset=utf-8" };
  return { status: 200, headers, body: text };
}

const gauge = (name: string, help: string, values: Gauge["values"]): Gauge => ({
  name: `wishub_gpu_${name}`,
  help,
  type: "gauge",
  values,
});
const counter = (name: string, help: string, value: number): Gauge => ({
  ...gauge(name, help, [{ value }]),
  type: "counter",
});

const priorityOf = (request: IncomingMessage): Priority =>
  request.headers["x-wishub-priority"] === "query" ? "query" : "document";

function holds(request: IncomingMessage, token: string): boolean {
  const given = /^Bearer (.+)$/i.exec(request.headers.authorization ?? "")?.[1] ?? "";
  return timingSafeEqual(sha256(given), sha256(token));
}

const sha256 = (value: string) => createHash("sha256").update(value).digest();

/** The whole body as text, or nothing when it is larger than allowed. */
async function bodyOf(request: IncomingMessage): Promise<string | undefined> {
  if (Number(request.headers["content-length"] ?? 0) > LIMITS.bodyBytesMax) return undefined;
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of chunksOf(request)) {
    bytes += chunk.length;
    if (bytes > LIMITS.bodyBytesMax) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

/** A client that is still sending does not read: its answer would be lost in a reset connection. */
async function discardRest(request: IncomingMessage): Promise<void> {
  let bytes = 0;
  for await (const chunk of chunksOf(request)) {
    bytes += chunk.length;
    if (bytes > DISCARD_BYTES_MAX) return;
  }
}

const chunksOf = (request: IncomingMessage): AsyncIterable<Buffer> =>
  request.iterator({ destroyOnReturn: false });

async function write(
  request: IncomingMessage,
  response: ServerResponse,
  answer: Answer,
  draining: boolean,
) {
  if (!request.complete) await discardRest(request);
  if (response.destroyed) return;
  const last = draining || !request.complete;
  const body = Buffer.from(answer.body);
  const headers = { ...answer.headers, "content-length": body.length, "cache-control": "no-store" };
  response.writeHead(answer.status, last ? { ...headers, connection: "close" } : headers);
  response.end(request.method === "HEAD" ? undefined : body);
}
