import { scimError } from "#domain/federation/scim/describe.ts";
import { isFinal, openAiError } from "#domain/inference/failure.ts";
import { failureOf, restError, rpcError } from "#domain/a2a/errors.ts";
import type { Invalid, Problem, ProblemCode } from "#domain/shared/problem.ts";
import { PROBLEMS } from "#domain/shared/problem.ts";

/** Where a client reads who gives tokens for us (RFC 9728), below the public address. */
const RESOURCE_METADATA = "/.well-known/oauth-protected-resource";

/** The document for the part of the product that was asked: MCP's clients compare its `resource` with where they asked. */
export const resourceMetadataAt = (publicUrl: string, path: string): string =>
  `${publicUrl}${RESOURCE_METADATA}${path === MCP_PATH ? MCP_PATH : ""}`;

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
  earliest?: number;
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
  if (problem.earliest !== undefined) document.earliest = problem.earliest;
  return document;
}

export function problemResponse(
  problem: Problem,
  requestId: string,
  publicUrl: string,
  path = "",
): Response {
  const headers: Record<string, string> = { "Content-Type": "application/problem+json" };
  if (problem.retryAfterS !== undefined)
    headers["Retry-After"] = String(Math.max(1, Math.ceil(problem.retryAfterS)));
  const challenge = challengeOf(problem, publicUrl, path);
  if (challenge !== null) headers["WWW-Authenticate"] = challenge;
  return new Response(JSON.stringify(problemDocument(problem, requestId, publicUrl)), {
    status: PROBLEMS[problem.code].status,
    headers,
  });
}

/** How to come back with what is missing: where tokens are had (RFC 9728 section 5.1), or which scope (RFC 6750 section 3). */
function challengeOf({ code, scope }: Problem, publicUrl: string, path: string): string | null {
  const where = `resource_metadata="${resourceMetadataAt(publicUrl, path)}"`;
  if (code === "unauthenticated") return `Bearer realm="wishub", ${where}`;
  if (code !== "forbidden" || scope === undefined) return null;
  return `Bearer realm="wishub", error="insufficient_scope", scope="${scope}", ${where}`;
}

/** What fails before A2A begins, in the form of the binding that is spoken at this address (domain/a2a/errors.ts). */
function a2aResponse(path: string, problem: Problem, headers: Headers): Response {
  const failure = failureOf(problem);
  const { status, body } = restError(failure);
  if (/\/rest(\/|$)/.test(path)) {
    headers.set("Content-Type", "application/a2a+json");
    return Response.json(body, { status, headers });
  }
  headers.set("Content-Type", "application/json");
  // All that can be wrong with a body before its method is known is that it is no JSON; and JSON-RPC says so in a 200.
  const isUnread = problem.code === "invalid-request";
  const error = rpcError(isUnread ? { ...failure, name: "parse" } : failure);
  return Response.json(
    { jsonrpc: "2.0", id: null, error },
    { status: isUnread ? 200 : status, headers },
  );
}

/** Where the Model Context Protocol is spoken. */
export const MCP_PATH = "/mcp";

/** Where OpenAI's protocol is spoken: a problem carries its `error` too. */
const INFERENCE_PATH = "/v1/inference/";

/** JSON-RPC 2.0 section 5.1; what is not about the message itself is a server's own error. */
function rpcCodeOf({ code, errors }: Problem): number {
  if (code !== "invalid-request") return -32000;
  const pointer = errors?.[0]?.pointer ?? "";
  if (pointer === "") return -32700;
  return pointer.startsWith("#/") ? -32600 : -32602;
}

/** A failure in the form of the protocol that is spoken at this address. */
export function failureResponse(
  path: string,
  problem: Problem,
  requestId: string,
  publicUrl: string,
): Response {
  const response = problemResponse(problem, requestId, publicUrl, path);
  if (path === MCP_PATH) {
    const data = problemDocument(problem, requestId, publicUrl);
    const error = { code: rpcCodeOf(problem), message: problem.detail ?? data.title, data };
    response.headers.set("Content-Type", "application/json");
    return Response.json({ jsonrpc: "2.0", id: null, error }, response);
  }
  if (/^\/a2a(\/|$)/.test(path) && !path.includes("/.well-known/"))
    return a2aResponse(path, problem, response.headers);
  if (path.startsWith(INFERENCE_PATH)) {
    if (isFinal(problem)) response.headers.set("X-Should-Retry", "false");
    const error = openAiError(problem);
    return Response.json({ ...problemDocument(problem, requestId, publicUrl), error }, response);
  }
  if (!path.startsWith("/scim/")) return response;
  const { status, headers } = response;
  headers.set("Content-Type", "application/scim+json");
  const body = scimError(problem, `urn:wishub:request:${requestId}`);
  return new Response(JSON.stringify(body), { status, headers });
}
