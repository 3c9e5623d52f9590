import type { Invalid, Problem, ProblemCode } from "#domain/shared/problem.ts";
import { PROBLEMS } from "#domain/shared/problem.ts";

/** An expected failure on its way to the one place that answers it; thrown in HTTP files only. */
export class Refusal extends Error {
  readonly problem: Problem;
  readonly headers: Record<string, string> | undefined;
  constructor(problem: Problem, headers?: Record<string, string>) {
    super(problem.code);
    this.name = "Refusal";
    this.problem = problem;
    this.headers = headers;
  }
}

/** What a client reads (RFC 9457); `instance` is the request id a support question names. */
export type ProblemDocument = {
  type: string;
  title: string;
  status: number;
  code: ProblemCode;
  detail?: string;
  instance: string;
  errors?: Invalid[];
};

export function problemDocument(
  problem: Problem,
  requestId: string,
  publicUrl: string,
): ProblemDocument {
  const { status, title } = PROBLEMS[problem.code];
  const document: ProblemDocument = {
    type: `${publicUrl}/docs/problems#${problem.code}`,
    title,
    status,
    code: problem.code,
    instance: `urn:wishub:request:${requestId}`,
  };
  if (problem.detail !== undefined) document.detail = problem.detail;
  if (problem.errors !== undefined) document.errors = problem.errors;
  return document;
}

export function problemResponse(problem: Problem, requestId: string, publicUrl: string): Response {
  const headers: Record<string, string> = { "Content-Type": "application/problem+json" };
  if (problem.retryAfterS !== undefined)
    headers["Retry-After"] = String(Math.max(1, Math.ceil(problem.retryAfterS)));
  if (problem.code === "unauthenticated") headers["WWW-Authenticate"] = 'Bearer realm="wishub"';
  return new Response(JSON.stringify(problemDocument(problem, requestId, publicUrl)), {
    status: PROBLEMS[problem.code].status,
    headers,
  });
}
