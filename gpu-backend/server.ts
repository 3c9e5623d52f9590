import { createHash, timingSafeEqual } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { setImmediate as yieldToIo } from "node:timers/promises";
import { EMBEDDED_SPACE } from "#domain/embedding/space.ts";
import { LIMITS } from "#domain/shared/limits.ts";
import { type Answer, embeddings, json, problem } from "./answer.ts";
import type { Priority } from "./batcher.ts";
import type { Embedder } from "./embedder.ts";
import { parseEmbeddings } from "./request.ts";
import type { Tokenise } from "./tokens.ts";

type Deps = { embedder: Embedder; tokenise: Tokenise; token: string | undefined };

const ROUTES: Record<string, string> = { "/v1/embeddings": "POST", "/healthz": "GET, HEAD" };
const CONNECTIONS_MAX = 512;
const DISCARD_BYTES_MAX = 33_554_432;
/** Cutting texts into word pieces stops for other requests this often. */
const TOKENISE_MS_MAX = 4;

/** `drain` refuses what is new, and resolves when everything accepted has been answered. */
export function createBackend(deps: Deps): { server: Server; drain(): Promise<void> } {
  let draining = false;
  const server = createServer(
    { requestTimeout: 30_000, headersTimeout: 10_000 },
    (request, response) => {
      const gone = new AbortController();
      response.once("close", () => gone.abort());
      answer(deps, request, draining, gone.signal)
        .catch((error: unknown) => {
          if (!gone.signal.aborted) log("request-failed", error);
          return problem({ code: "internal" });
        })
        .then((result) => write(request, response, result, draining))
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

const log = (event: string, error: unknown) =>
  process.stderr.write(`${JSON.stringify({ event, error: String(error) })}\n`);

/** In the contract's order: route, method, credential, media type, size, content, room. */
async function answer(
  deps: Deps,
  request: IncomingMessage,
  draining: boolean,
  gone: AbortSignal,
): Promise<Answer> {
  const path = (request.url ?? "/").split("?", 1)[0] ?? "/";
  const methods = ROUTES[path];
  if (methods === undefined) return problem({ code: "not-found" });
  if (!methods.split(", ").includes(request.method ?? ""))
    return problem({ code: "method-not-allowed" }, { allow: methods });
  if (path === "/healthz") return health(deps.embedder, draining);
  if (deps.token !== undefined && !holds(request, deps.token)) {
    return problem(
      { code: "unauthenticated" },
      { "www-authenticate": 'Bearer realm="wishub-gpu"' },
    );
  }
  if (draining)
    return problem({
      code: "overloaded",
      detail: "This backend is shutting down.",
      retryAfterS: 1,
    });
  const mediaType = request.headers["content-type"]?.split(";", 1)[0]?.trim().toLowerCase();
  if (mediaType !== "application/json") return problem({ code: "unsupported-media-type" });
  const body = await bodyOf(request);
  if (body === undefined) return problem({ code: "body-too-large" });
  return embed(deps, body, priorityOf(request), gone);
}

async function embed(
  deps: Deps,
  body: string,
  priority: Priority,
  gone: AbortSignal,
): Promise<Answer> {
  const parsed = parseEmbeddings(body);
  if (!parsed.ok) return problem(parsed.error);
  const { texts, format } = parsed.value;
  const refused = deps.embedder.refuses(priority, texts.length);
  if (refused && !refused.ok) return problem(refused.error);
  const rows: number[][] = [];
  let sinceMs = performance.now();
  for (const text of texts) {
    rows.push(deps.tokenise(text));
    if (performance.now() - sinceMs < TOKENISE_MS_MAX) continue;
    await yieldToIo();
    sinceMs = performance.now();
    if (gone.aborted) return problem({ code: "overloaded" }); // nobody reads it
  }
  const vectors = await deps.embedder.embed(rows, priority, gone);
  if (!vectors.ok) return problem(vectors.error);
  return embeddings(
    vectors.value,
    format,
    rows.reduce((sum, row) => sum + row.length, 0),
  );
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
