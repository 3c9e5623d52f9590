import { scimError } from "#domain/federation/scim/describe.ts";
import type { Invalid, Problem, ProblemCode } from "#domain/shared/problem.ts";
import { PROBLEMS } from "#domain/shared/problem.ts";

/** Where a client reads who gives tokens for us (RFC 9728), below the public address. */
export const RESOURCE_METADATA = "/.well-known/oauth-protected-resource";

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
  const challenge = challengeOf(problem, publicUrl);
  if (challenge !== null) headers["WWW-Authenticate"] = challenge;
  return new Response(JSON.stringify(problemDocument(problem, requestId, publicUrl)), {
    status: PROBLEMS[problem.code].status,
    headers,
  });
}

/** How to come back with what is missing: where tokens are had (RFC 9728 section 5.1), or which scope (RFC 6750 section 3). */
function challengeOf({ code, scope }: Problem, publicUrl: string): string | null {
  const where = `resource_metadata="${publicUrl}${RESOURCE_METADATA}"`;
  if (code === "unauthenticated") return `Bearer realm="wishub", ${where}`;
  if (code !== "forbidden" || scope === undefined) return null;
  return `Bearer realm="wishub", error="insufficient_scope", scope="${scope}", ${where}`;
}

/** A failure in the form of the protocol that is spoken at this address. */
export function failureResponse(
  path: string,
  problem: Problem,
  requestId: string,
  publicUrl: string,
): Response {
  const response = problemResponse(problem, requestId, publicUrl);
  if (!path.startsWith("/scim/")) return response;
  const { status, headers } = response;
  headers.set("Content-Type", "application/scim+json");
  const body = scimError(problem, `urn:wishub:request:${requestId}`);
  return new Response(JSON.stringify(body), { status, headers });
}
