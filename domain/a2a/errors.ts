import type { Invalid, Problem } from "#domain/shared/problem.ts";
import { PROBLEMS } from "#domain/shared/problem.ts";
import { err } from "#domain/shared/result.ts";

/** Every failure A2A names, with its code in each binding (specification 1.0, section 5.4; JSON-RPC 2.0 for the first five). */
const FAILURES = {
  parse: { rpc: -32700, http: 400, status: "INVALID_ARGUMENT", title: "The request is not JSON" },
  "invalid-request": {
    rpc: -32600,
    http: 400,
    status: "INVALID_ARGUMENT",
    title: "The request is not a JSON-RPC 2.0 request",
  },
  "method-not-found": {
    rpc: -32601,
    http: 404,
    status: "NOT_FOUND",
    title: "There is no method of that name",
  },
  "invalid-params": {
    rpc: -32602,
    http: 400,
    status: "INVALID_ARGUMENT",
    title: "The parameters are not valid",
  },
  internal: { rpc: -32603, http: 500, status: "INTERNAL", title: "Something went wrong here" },
  "task-not-found": {
    rpc: -32001,
    http: 404,
    status: "NOT_FOUND",
    reason: "TASK_NOT_FOUND",
    title: "There is no task of that id that you may see",
  },
  "task-not-cancelable": {
    rpc: -32002,
    http: 400,
    status: "FAILED_PRECONDITION",
    reason: "TASK_NOT_CANCELABLE",
    title: "The task has ended already",
  },
  "push-not-supported": {
    rpc: -32003,
    http: 400,
    status: "FAILED_PRECONDITION",
    reason: "PUSH_NOTIFICATION_NOT_SUPPORTED",
    title: "This agent sends no push notifications",
  },
  "unsupported-operation": {
    rpc: -32004,
    http: 400,
    status: "FAILED_PRECONDITION",
    reason: "UNSUPPORTED_OPERATION",
    title: "This agent does not do that",
  },
  "content-type-not-supported": {
    rpc: -32005,
    http: 400,
    status: "INVALID_ARGUMENT",
    reason: "CONTENT_TYPE_NOT_SUPPORTED",
    title: "This agent does not take that media type",
  },
  "extended-card-not-configured": {
    rpc: -32007,
    http: 400,
    status: "FAILED_PRECONDITION",
    reason: "EXTENDED_AGENT_CARD_NOT_CONFIGURED",
    title: "This agent has no extended card",
  },
  "extension-required": {
    rpc: -32008,
    http: 400,
    status: "FAILED_PRECONDITION",
    reason: "EXTENSION_SUPPORT_REQUIRED",
    title: "This agent is only to be called with an extension",
  },
  "version-not-supported": {
    rpc: -32009,
    http: 400,
    status: "FAILED_PRECONDITION",
    reason: "VERSION_NOT_SUPPORTED",
    title: "This version of A2A is not spoken here",
  },
} as const;
type FailureName = keyof typeof FAILURES;

export type A2aFailure = {
  name: FailureName;
  detail?: string;
  errors?: Invalid[];
  /** What the product says in its own words, where a rule of ours and none of A2A's was broken. */
  problem?: Problem;
};

export const failed = (name: FailureName, detail?: string) =>
  err<A2aFailure>(detail === undefined ? { name } : { name, detail });

/** JSON as `google.protobuf.Any` is written: named by `@type`. */
type Detail = Record<string, unknown>;
const TYPE = "type.googleapis.com/google.rpc";

/** Where a rule of the product was broken before or beside A2A's own: its code in capitals, and our name as the domain. */
function detailsOf({ name, errors, problem }: A2aFailure): Detail[] {
  const known: { title: string; reason?: string } = FAILURES[name];
  const details: Detail[] = [];
  if (problem !== undefined) {
    const reason = problem.code.toUpperCase().replaceAll("-", "_");
    details.push({ "@type": `${TYPE}.ErrorInfo`, reason, domain: "wishub" });
  } else if (known.reason !== undefined)
    details.push({
      "@type": `${TYPE}.ErrorInfo`,
      reason: known.reason,
      domain: "a2a-protocol.org",
    });
  const invalid = errors ?? problem?.errors ?? [];
  if (invalid.length > 0) {
    const fieldViolations = invalid.map(({ pointer, detail }) => ({
      field: pointer.slice(1).replaceAll("/", "."),
      description: detail,
    }));
    details.push({ "@type": `${TYPE}.BadRequest`, fieldViolations });
  }
  return details;
}

const messageOf = ({ name, detail, problem }: A2aFailure): string =>
  detail ??
  problem?.detail ??
  (problem === undefined ? FAILURES[name].title : PROBLEMS[problem.code].title);

/** The `error` of a JSON-RPC answer (section 9.5). */
export function rpcError(failure: A2aFailure) {
  const data = detailsOf(failure);
  const error = { code: FAILURES[failure.name].rpc as number, message: messageOf(failure) };
  return data.length === 0 ? error : { ...error, data };
}

/** The body of a failed HTTP+JSON answer and its status (section 11.6, AIP-193). */
export function restError(failure: A2aFailure) {
  const { problem, name } = failure;
  const code: number = problem === undefined ? FAILURES[name].http : PROBLEMS[problem.code].status;
  const status = problem === undefined ? FAILURES[name].status : (STATUSES[code] ?? "UNKNOWN");
  const error = { code, status, message: messageOf(failure), details: detailsOf(failure) };
  return { status: code, body: { error } };
}

/** Names of google.rpc.Code for what the product refuses by itself. */
const STATUSES: Record<number, string> = {
  400: "INVALID_ARGUMENT",
  401: "UNAUTHENTICATED",
  403: "PERMISSION_DENIED",
  404: "NOT_FOUND",
  405: "UNIMPLEMENTED",
  409: "ABORTED",
  412: "FAILED_PRECONDITION",
  413: "INVALID_ARGUMENT",
  429: "RESOURCE_EXHAUSTED",
  500: "INTERNAL",
  501: "UNIMPLEMENTED",
  503: "UNAVAILABLE",
};

/** What a failure of ours is in A2A's words. Both bindings then carry our code beside it. */
export function failureOf(problem: Problem): A2aFailure {
  if (problem.code === "unsupported-media-type")
    return {
      name: "content-type-not-supported",
      ...(problem.detail !== undefined && { detail: problem.detail }),
    };
  const status: number = PROBLEMS[problem.code].status;
  // That there is too much to do is nothing the request could say otherwise.
  return { name: status === 429 || status >= 500 ? "internal" : "invalid-request", problem };
}
