import type { Problem } from "#domain/shared/problem.ts";
import type { ChatInput, EmbeddingsInput, RerankInput } from "./model.ts";
import type { InferenceKind, Model } from "./models.ts";

/** What a call of a model came to, and whether it may be made again: only where the server itself failed, never where it is full. */
export type Failed = { problem: Problem; isRetryable: boolean };

const MESSAGE_CHARS_MAX = 500;
const RETRY_AFTER_S_MAX = 3_600;

/** What a server that answered with another status than 2xx says. `body` is its answer, parsed where it is JSON. */
export function failedBy(status: number, retryAfter: string | null, body: unknown): Failed {
  const told = (problem: Problem, isRetryable = false): Failed => ({ problem, isRetryable });
  if (status === 429 || status === 503) {
    const seconds = /^\d{1,9}$/.test(retryAfter ?? "") ? Number(retryAfter) : 1;
    const retryAfterS = Math.min(Math.max(1, seconds), RETRY_AFTER_S_MAX);
    return told({ code: "overloaded", detail: "the model has too much to do", retryAfterS });
  }
  if (status === 404)
    return told({ code: "no-model-bound", detail: "the endpoint has no such model or address" });
  if (status === 400 || status === 413 || status === 422) {
    const detail = messageIn(body) ?? `the model refused the request with ${status}`;
    return told({ code: "invalid-request", detail, errors: [{ pointer: "", detail }] });
  }
  return told(
    { code: "model-failed", detail: `the model's server answered ${status}` },
    status >= 500 || status === 408,
  );
}

/** Of an error in OpenAI's form or another common one; data for people to read, and bounded. */
function messageIn(body: unknown): string | null {
  const { error, message, detail } = record(body);
  const found = [record(error)["message"], error, message, detail].find(
    (each) => typeof each === "string" && each !== "",
  );
  return typeof found === "string"
    ? found.slice(0, MESSAGE_CHARS_MAX).toWellFormed().replaceAll("\0", " ")
    : null;
}

const record = (value: unknown): Record<string, unknown> =>
  typeof value === "object" && value !== null ? { ...value } : {};

const PATHS: Record<InferenceKind, string> = {
  embeddings: "/embeddings",
  chat: "/chat/completions",
  rerank: "/rerank",
};

/** What is asked of an OpenAI-compatible address, and where below it. A stream is always asked to say what it took. */
export function endpointRequest(
  { id, kind }: Model,
  input: EmbeddingsInput | ChatInput | RerankInput,
): { path: string; body: string } {
  const given = Object.fromEntries(Object.entries(input).filter(([, value]) => value != null));
  if ("documents" in input) given["documents"] = textsOf(input);
  delete given["stream_options"];
  if (given["stream"] === true) given["stream_options"] = { include_usage: true };
  // What our own callers are is not the endpoint's business, and smaller answers are taken apart faster.
  delete given["user"];
  if (kind === "embeddings") given["encoding_format"] = "base64";
  return { path: PATHS[kind], body: JSON.stringify({ ...given, model: id }) };
}

/** TEI's own form of re-ranking: what it wants instead where it answers 422 to the common one. */
export const teiRerankBody = (input: RerankInput): string =>
  JSON.stringify({ query: input.query, texts: textsOf(input) });

/** What Workers AI is given (developers.cloudflare.com/workers-ai/models). */
export function bindingInput(input: EmbeddingsInput | ChatInput | RerankInput): object {
  if ("input" in input)
    return { text: typeof input.input === "string" ? [input.input] : input.input };
  if ("documents" in input) {
    const { query, top_n } = input;
    const contexts = textsOf(input).map((text) => ({ text }));
    return { query, contexts, top_k: top_n ?? contexts.length };
  }
  const { user: _, stream_options: __, max_completion_tokens, max_tokens, ...rest } = input;
  const given = Object.fromEntries(Object.entries(rest).filter(([, value]) => value != null));
  const most = max_completion_tokens ?? max_tokens;
  return most == null ? given : { ...given, max_tokens: most };
}

/** The documents of a re-ranking as texts. */
export const textsOf = ({ documents }: RerankInput): string[] =>
  documents.map((each) => (typeof each === "string" ? each : each.text));
