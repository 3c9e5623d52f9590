import { z } from "zod";
import type { Problem } from "#domain/shared/problem.ts";
import { err, ok, type Result } from "#domain/shared/result.ts";

/** Where the model is: an address that takes what TEI's `/rerank` takes, or with `model` what Cohere's and Jina's do. */
export type RerankEndpoint = { url: string; key?: string | undefined; model?: string | undefined };

export type Reranking = { model: string; results: { index: number; score: number }[] };

export type Rerank = (
  query: string,
  documents: readonly string[],
  signal?: AbortSignal,
) => Promise<Result<Reranking, Problem<"no-model-bound" | "egress-failed" | "overloaded">>>;

/** What TEI takes in one request by default (max_client_batch_size). */
const DOCUMENTS_PER_REQUEST = 32;
const TIMEOUT_MS = 60_000;
const ANSWER_BYTES_MAX = 4_194_304;
const RETRY_AFTER_S = 5;

const scored = z.object({ index: z.int().min(0), score: z.number() });
const answers = z.union([
  z.array(scored),
  z.object({ results: z.array(z.object({ index: z.int().min(0), relevance_score: z.number() })) }),
]);

/** Documents by a cross-encoder elsewhere, best first; where no endpoint is set, nothing is made up. */
export function openRerank(endpoint: RerankEndpoint | undefined): Rerank {
  return async (query, documents, signal) => {
    if (endpoint === undefined) {
      const detail = "No model for re-ranking is bound: set WISHUB_GPU_RERANK_URL.";
      return err({ code: "no-model-bound", detail });
    }
    const results: Reranking["results"] = [];
    for (let from = 0; from < documents.length; from += DOCUMENTS_PER_REQUEST) {
      signal?.throwIfAborted();
      const some = documents.slice(from, from + DOCUMENTS_PER_REQUEST);
      const answer = await asked(endpoint, query, some, signal);
      if (!answer.ok) return answer;
      for (const { index, score } of answer.value) results.push({ index: from + index, score });
    }
    results.sort((a, b) => b.score - a.score || a.index - b.index);
    return ok({ model: endpoint.model ?? "tei", results });
  };
}

type Asked = Result<Reranking["results"], Problem<"egress-failed" | "overloaded">>;

async function asked(
  { url, key, model }: RerankEndpoint,
  query: string,
  texts: readonly string[],
  signal: AbortSignal | undefined,
): Promise<Asked> {
  const deadline = AbortSignal.timeout(TIMEOUT_MS);
  let response: Response;
  let body: string | undefined;
  try {
    response = await fetch(url, {
      method: "POST",
      redirect: "error",
      headers: {
        "content-type": "application/json",
        ...(key === undefined ? {} : { authorization: `Bearer ${key}` }),
      },
      body: JSON.stringify(
        model === undefined
          ? { query, texts, truncate: true }
          : { model, query, documents: texts, top_n: texts.length },
      ),
      signal: signal === undefined ? deadline : AbortSignal.any([signal, deadline]),
    });
    body = await textOf(response);
  } catch {
    signal?.throwIfAborted();
    return failed("did not answer");
  }
  if (response.status === 429 || response.status === 503) {
    const given = Number(response.headers.get("retry-after"));
    const retryAfterS = given >= 1 && given <= 3_600 ? Math.ceil(given) : RETRY_AFTER_S;
    return err({ code: "overloaded", detail: "The model for re-ranking is busy.", retryAfterS });
  }
  if (!response.ok) return failed(`answered with ${response.status}`);
  return scoresOf(body, texts.length);
}

/** At most as much as an answer may be; undefined for what is longer. */
async function textOf(response: Response): Promise<string | undefined> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    bytes += chunk.length;
    if (bytes > ANSWER_BYTES_MAX) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

/** An endpoint is not believed: each document once, with a number that is one. */
function scoresOf(body: string | undefined, count: number): Asked {
  const parsed = answers.safeParse(jsonOf(body));
  if (!parsed.success) return failed("answered with something else than scores");
  const scores = Array.isArray(parsed.data)
    ? parsed.data
    : parsed.data.results.map(({ index, relevance_score: score }) => ({ index, score }));
  const named = new Set(scores.map(({ index }) => index));
  if (scores.length !== count || named.size !== count || Math.max(...named) >= count)
    return failed("did not answer with one score for each document");
  return ok(scores);
}

function jsonOf(text: string | undefined): unknown {
  try {
    return text === undefined ? undefined : JSON.parse(text);
  } catch {
    return undefined;
  }
}

const failed = (what: string) =>
  err({ code: "egress-failed" as const, detail: `The model for re-ranking ${what}.` });
