import { type Problem, PROBLEMS } from "#domain/shared/problem.ts";

/** What OpenAI's clients read of a failure (platform.openai.com/docs/guides/error-codes). */
export type OpenAiError = {
  message: string;
  type: string;
  param: string | null;
  code: string;
};

const TYPES: Record<number, string> = {
  401: "authentication_error",
  403: "permission_error",
  429: "rate_limit_error",
};

/** A problem as OpenAI writes it; it stands in the problem document as `error`. */
export function openAiError(problem: Problem): OpenAiError {
  const { status, title } = PROBLEMS[problem.code];
  const first = problem.errors?.[0];
  return {
    message: problem.detail ?? (first === undefined ? title : `${first.pointer} ${first.detail}`),
    type: TYPES[status] ?? (status >= 500 ? "server_error" : "invalid_request_error"),
    param: first?.pointer ?? null,
    code: problem.code,
  };
}

/** What has no chance a moment later: OpenAI's clients repeat every 409, 429 and 5xx unless they are told so. */
export const isFinal = ({ code }: Problem): boolean =>
  code === "no-model-bound" || code === "inference-budget-spent";
