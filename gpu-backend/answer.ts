import { EMBEDDED_SPACE } from "#domain/embedding/space.ts";
import { type Problem, PROBLEMS } from "#domain/shared/problem.ts";

export type Answer = { status: number; headers: Record<string, string>; body: string };

/** What OpenAI's clients tell errors apart by. */
const OPENAI_TYPES: Record<number, string> = {
  401: "authentication_error",
  429: "rate_limit_error",
  500: "server_error",
  503: "server_error",
};

/** Text Embeddings Inference's. */
const TEI_TYPES: Record<number, string> = {
  429: "Overloaded",
  500: "Backend",
  501: "Backend",
  502: "Backend",
  503: "Unhealthy",
};

export function json(value: unknown, headers: Record<string, string> = {}): Answer {
  return {
    status: 200,
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify(value),
  };
}

/** Whose clients read it: each knows errors by another member. */
export type Dialect = "openai" | "tei";

/** An RFC 9457 problem that also has the `error` that OpenAI's or Text Embeddings Inference's clients read. */
export function problem(
  problem: Problem,
  headers: Record<string, string> = {},
  dialect: Dialect = "openai",
): Answer {
  const { status, title } = PROBLEMS[problem.code];
  const message = problem.detail ?? problem.errors?.[0]?.detail ?? title;
  const type = OPENAI_TYPES[status] ?? "invalid_request_error";
  const param = problem.errors?.[0]?.pointer ?? null;
  return {
    status,
    headers: {
      "content-type": "application/problem+json",
      ...(problem.retryAfterS === undefined ? {} : { "retry-after": String(problem.retryAfterS) }),
      ...headers,
    },
    body: JSON.stringify({
      type: "about:blank",
      title,
      status,
      code: problem.code,
      ...(problem.detail === undefined ? {} : { detail: problem.detail }),
      ...(problem.errors === undefined ? {} : { errors: problem.errors }),
      ...(dialect === "openai"
        ? { error: { message, type, param, code: problem.code } }
        : { error: message, error_type: TEI_TYPES[status] ?? "Validation" }),
    }),
  };
}

export function embeddings(
  vectors: readonly Float32Array[],
  format: "float" | "base64",
  tokens: number,
): Answer {
  const data = vectors.map((vector, index) => ({
    object: "embedding",
    index,
    embedding: format === "base64" ? base64(vector) : Array.from(vector),
  }));
  const usage = { prompt_tokens: tokens, total_tokens: tokens };
  return json(
    { object: "list", data, model: EMBEDDED_SPACE.model, usage },
    { "x-wishub-space": EMBEDDED_SPACE.id },
  );
}

const base64 = (vector: Float32Array) =>
  Buffer.from(vector.buffer, vector.byteOffset, vector.byteLength).toString("base64");
