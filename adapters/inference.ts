import {
  openAiVectorsOf,
  vectorsOf,
  type EmbeddingRefusal,
  type Priority,
} from "#domain/embedding/answer.ts";
import { EMBEDDED_SPACE, WORKERS_AI_SPACE, type Space } from "#domain/embedding/space.ts";
import { vectorCache } from "#domain/embedding/vector-cache.ts";
import { log } from "#domain/observability/log.ts";
import type { Problem } from "#domain/shared/problem.ts";
import { err, ok, type Result } from "#domain/shared/result.ts";
import { breakers } from "#adapters/breakers.ts";
import { askEndpoint } from "#adapters/egress.ts";
import { batched } from "#adapters/query-batch.ts";
import { spanned, traceLink } from "#adapters/tracing.ts";

export type EmbedFailure = Problem<"no-model-bound" | "overloaded">;
type Vectors = Result<Float32Array[], EmbedFailure>;
type Run = (texts: string[], priority: Priority) => Promise<Vectors>;

type Embedder = {
  /** Where its vectors live. */
  space: Space;
  embedQuery(text: string): Promise<Result<Float32Array, EmbedFailure>>;
  /** In the order of the texts; bounded batches, one after another. */
  embedDocuments(texts: readonly string[]): Promise<Vectors>;
};

const QUERY_CACHE_BYTES = 4 * 2 ** 20;
const DOCUMENTS_A_RUN = 32;
const ENDPOINT_DIMENSIONS = 1_024;

/** Query vectors by space and text: the space is in the key, so a change of model never meets an old vector. */
const queries = vectorCache(QUERY_CACHE_BYTES);

/** The one way to vectors, in every space that is bound; new collections begin in the first. */
export function embedding(env: Env) {
  const embedders = providers(env).map(embedderOf);
  const [preferred] = embedders;
  if (preferred === undefined) throw new Error("no embedding space is bound");
  const named = (space: string) => embedders.find((each) => each.space.id === space);
  const unbound = (space: string) =>
    failed("no-model-bound", `no model is bound for the space ${space}`);
  return {
    space: preferred.space,
    spaces: embedders.map((each) => each.space),
    query: async (space: string, text: string): Promise<Result<Float32Array, EmbedFailure>> =>
      (await named(space)?.embedQuery(text)) ?? unbound(space),
    documents: async (space: string, texts: readonly string[]): Promise<Vectors> =>
      (await named(space)?.embedDocuments(texts)) ?? unbound(space),
  };
}

function embedderOf({ space, run }: Provider): Embedder {
  return {
    space,
    async embedQuery(text) {
      const key = `${space.id}\n${text}`;
      const known = queries.get(key);
      if (known) return ok(known);
      const made = await batched(space.id, text, (texts) => run(texts, "query"));
      if (made.ok) queries.set(key, made.value);
      return made;
    },
    async embedDocuments(texts) {
      const vectors: Float32Array[] = [];
      for (let from = 0; from < texts.length; from += DOCUMENTS_A_RUN) {
        const made = await run(texts.slice(from, from + DOCUMENTS_A_RUN), "document");
        if (!made.ok) return made;
        vectors.push(...made.value);
      }
      return ok(vectors);
    },
  };
}

type Provider = { space: Space; run: Run };

/** An OpenAI-compatible endpoint first where one is set, then Workers AI where deployed, EmbeddedAI elsewhere. */
function providers(env: Env): Provider[] {
  const space =
    env.WISHUB_EMBED_MODEL === WORKERS_AI_SPACE.model ? WORKERS_AI_SPACE : EMBEDDED_SPACE;
  const run: Run = (texts, priority) => runBinding(env, space, texts, priority);
  // EmbeddedAI is ours and says itself when it has enough; what lies outside is behind a breaker.
  const bound = space === EMBEDDED_SPACE ? { space, run } : behindBreaker({ space, run });
  if (!env.WISHUB_AI_URL || !env.WISHUB_AI_MODEL) return [bound];
  return [behindBreaker(endpoint(env, env.WISHUB_AI_URL, env.WISHUB_AI_MODEL)), bound];
}

function behindBreaker({ space, run }: Provider): Provider {
  const through = breakers();
  const hasFailed = (made: Vectors) => !made.ok && made.error.code === "overloaded";
  const resting = (retryAfterS: number): Vectors =>
    err({ code: "overloaded", detail: "the model failed time and again", retryAfterS });
  return {
    space,
    run: (texts, priority) => through(space.id, () => run(texts, priority), hasFailed, resting),
  };
}

async function runBinding(
  env: Env,
  space: Space,
  texts: string[],
  priority: Priority,
): Promise<Vectors> {
  try {
    // Workers AI's own type lists the models of its day; the shape of the answer is checked below instead.
    const ai = env.AI as unknown as {
      run(model: string, input: object, options: object): Promise<unknown>;
    };
    const answer = await spanned("embed", "client", { texts: texts.length }, () =>
      ai.run(
        space.model,
        { text: texts },
        space === EMBEDDED_SPACE ? { priority, trace: traceLink() } : {},
      ),
    );
    if (isRefusal(answer)) return failed(answer.refused, answer.detail);
    const vectors = vectorsOf(answer, texts.length, space.dimensions);
    return vectors
      ? ok(vectors)
      : failed(
          "overloaded",
          `the model did not answer with ${space.dimensions}-dimensional vectors`,
        );
  } catch (error) {
    const message = String(error);
    log("error", "embedding-failed", { space: space.id, error: message });
    return failed(
      /no such model|5007|not found/i.test(message) ? "no-model-bound" : "overloaded",
      "the model did not answer",
    );
  }
}

/** OpenAI's shape. Its vectors are its model's own space, of as many dimensions as WISHUB_AI_DIMENSIONS says. */
function endpoint(env: Env, url: string, model: string): Provider {
  const dimensions = Number(env.WISHUB_AI_DIMENSIONS ?? ENDPOINT_DIMENSIONS);
  const space = { id: `${model}@${dimensions}`, model, dimensions };
  const headers: Record<string, string> = { "content-type": "application/json" };
  if (env.WISHUB_AI_KEY) headers["authorization"] = `Bearer ${env.WISHUB_AI_KEY}`;
  const run: Run = async (input) => {
    try {
      const { status, body } = await askEndpoint(`${url.replace(/\/+$/, "")}/embeddings`, {
        headers,
        body: JSON.stringify({ model, input, encoding_format: "base64" }),
      });
      if (status === 404 || status === 401)
        return failed("no-model-bound", `the endpoint answered ${status}`);
      if (status < 200 || status > 299)
        return failed("overloaded", `the endpoint answered ${status}`);
      const answer: unknown = JSON.parse(new TextDecoder().decode(body));
      const vectors = openAiVectorsOf(answer, input.length, dimensions);
      return vectors
        ? ok(vectors)
        : failed("no-model-bound", `the endpoint's vectors do not have ${dimensions} dimensions`);
    } catch (error) {
      log("error", "embedding-failed", { space: space.id, error: String(error) });
      return failed("overloaded", "the endpoint did not answer");
    }
  };
  return { space, run };
}

function isRefusal(answer: unknown): answer is EmbeddingRefusal {
  return typeof answer === "object" && answer !== null && "refused" in answer;
}

function failed(code: EmbedFailure["code"], detail: string): Result<never, EmbedFailure> {
  return err(code === "overloaded" ? { code, detail, retryAfterS: 1 } : { code, detail });
}
