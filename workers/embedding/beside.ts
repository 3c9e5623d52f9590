import {
  openAiVectorsOf,
  unpackRows,
  type EmbeddingRefusal,
  type Priority,
} from "#domain/embedding/answer.ts";
import { EMBEDDED_SPACE } from "#domain/embedding/space.ts";
import { currentTraceparent, spanned, toldBy } from "#adapters/tracing.ts";
import { err, ok, type Result } from "#domain/shared/result.ts";

const { dimensions, model } = EMBEDDED_SPACE;
/** A query's searcher is waiting; a batch of documents on a slow machine is not. */
const TIMEOUT_MS = { query: 2_000, document: 60_000 };
const DOWN_MS = 2_000;
const BUSY_MS_MAX = 2_000;

/** When each neighbour may be asked again; per isolate, so a fresh one simply tries. */
const restUntilMs = { gpu: 0, embedder: 0 };

/** The gpu-backend's vectors, or null where it is down, full or answers anything but vectors of this space. */
export async function embedOnGpu(
  gpu: Fetcher,
  texts: readonly string[],
  priority: Priority,
): Promise<Float32Array[] | null> {
  if (Date.now() < restUntilMs.gpu) return null;
  try {
    const response = await spanned("POST gpu-backend", "client", { texts: texts.length }, () =>
      askGpu(gpu, texts, priority),
    );
    if (response.status === 429 || response.status === 503) {
      const seconds = Number(response.headers.get("retry-after")) || 1;
      restUntilMs.gpu = Date.now() + Math.min(seconds * 1_000, BUSY_MS_MAX);
      await response.body?.cancel();
      return null;
    }
    const vectors = response.ok
      ? openAiVectorsOf(await response.json(), texts.length, dimensions)
      : null;
    if (!vectors) restUntilMs.gpu = Date.now() + DOWN_MS;
    return vectors;
  } catch {
    restUntilMs.gpu = Date.now() + DOWN_MS; // not there, or garbage: the embedded model answers instead
    return null;
  }
}

async function askGpu(
  gpu: Fetcher,
  texts: readonly string[],
  priority: Priority,
): Promise<Response> {
  const traceparent = currentTraceparent();
  const response = await gpu.fetch("http://gpu/v1/embeddings", {
    method: "POST",
    headers: {
      "content-type": "application/json",
      "x-wishub-priority": priority,
      ...(traceparent !== undefined && { traceparent }),
    },
    body: JSON.stringify({ model, input: texts, encoding_format: "base64" }),
    signal: AbortSignal.timeout(TIMEOUT_MS[priority]),
  });
  const ms = /^total;dur=(\d{1,7}(?:\.\d+)?)$/.exec(
    response.headers.get("server-timing") ?? "",
  )?.[1];
  if (ms !== undefined) toldBy("gpu-backend", "POST /v1/embeddings", Math.round(Number(ms)));
  return response;
}

/** The second workerd's answer, or null where there is none to be had. */
export async function embedBeside(
  embedder: Fetcher,
  texts: readonly string[],
  priority: Priority,
): Promise<Result<Float32Array[], EmbeddingRefusal> | null> {
  if (Date.now() < restUntilMs.embedder) return null;
  try {
    const response = await embedder.fetch("http://embedder/run", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ model, text: texts, priority }),
      signal: AbortSignal.timeout(TIMEOUT_MS.document),
    });
    if (response.status === 501 || response.status === 503)
      return err((await response.json()) as EmbeddingRefusal);
    const vectors = response.ok
      ? unpackRows(await response.arrayBuffer(), texts.length, dimensions)
      : null;
    if (vectors) return ok(vectors);
  } catch {
    // It is being started again, which takes about a second; until then this isolate embeds.
  }
  restUntilMs.embedder = Date.now() + DOWN_MS;
  return null;
}
