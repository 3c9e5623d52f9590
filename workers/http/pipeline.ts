import { type Action, ACTIONS, refusalOf } from "#domain/policies/actions.ts";
import type { Context } from "hono";
import { isUsableFrom } from "#domain/accounts/key-rules.ts";
import type { LimitHeaders } from "#domain/limits/headers.ts";
import { log } from "#domain/observability/log.ts";
import { traceparentText } from "#domain/observability/traceparent.ts";
import { LIMITS } from "#domain/shared/limits.ts";
import type { Problem } from "#domain/shared/problem.ts";
import { servicesOf } from "#adapters/index.ts";
import { authenticate } from "#workers/http/guard/auth.ts";
import { bookmarkOf, withBookmark } from "#workers/http/bookmark.ts";
import {
  type BodyPlan,
  bodyPlan,
  queryPlan,
  readBody,
  readContent,
  readQuery,
} from "#workers/http/body.ts";
import { once } from "#workers/http/idempotency.ts";
import {
  type Answer,
  type AppEnv,
  type Call,
  isApi,
  refuse,
  type Route,
  type RouteConfig,
} from "#workers/http/kit.ts";
import { isOfOperation, performedFor } from "#workers/http/operations.ts";
import { observed } from "#workers/http/guard/observed.ts";
import { narrow, permit, policedBy } from "#workers/http/guard/policing.ts";
import { spend, spendByAddress, underLoad } from "#workers/http/guard/limits.ts";
import { failureResponse, Refusal } from "#workers/http/problem.ts";
import { recorded, refusalsRecorded } from "#workers/http/guard/recorded.ts";
import { traceIsOf, tracedRequest, traceOfRequest } from "#workers/http/guard/tracing.ts";

/** The one function a mounted route runs, in the order CONTRACT.md fixes; everything about the route is worked out here, once. */
export function pipeline(route: Route): (c: Context) => Promise<Response> {
  const { config, known, admits } = route;
  const policed = policedBy(route);
  const body: BodyPlan | undefined = config.request?.body && bodyPlan(config.request.body);
  const query = config.request?.query && queryPlan(config.request.query.strict());
  const params = config.request?.params;
  const repetition = repetitionOf(config);
  const { access } = config;
  if (access !== "public" && !Object.hasOwn(ACTIONS, access))
    throw new Error(
      `${config.method} ${config.path} names no action that anybody could be allowed`,
    );
  const handler = access === "public" ? route.handler : recorded(access, route.handler);
  const isPerformable = isOfOperation(config);
  const isBookmarked = access !== "public" && isApi(config.path);

  const answer = async (c: Context): Promise<Answer> => {
    c.set("services", servicesOf(c.env));
    if (!isPerformable && performedFor(c.req.raw) !== undefined) refuse({ code: "not-found" });
    if (access !== "public") await allow(c as Call<{ access: Action }>, access);
    else if (admits !== undefined) await admitted(c, admits);
    else if (config.method !== "get") await spendByAddress(c, c.get("services"));
    const bytes = body === undefined ? undefined : await readBody(c, body);
    c.set("bookmark", isBookmarked ? bookmarkOf(c, c.get("nowMs")) : null);
    let already: Answer | null = null;
    if (known !== undefined && bytes !== undefined) {
      already = known(c as Context<AppEnv>, bytes);
      c.set("body", bytes);
    }
    if (already === null && body !== undefined && bytes !== undefined) readContent(c, body, bytes);
    // A page takes whatever a link carries; the API refuses what it does not know.
    if (isApi(config.path) || query !== undefined) readQuery(c, query);
    const key = repetition === "ignored" ? undefined : idempotencyKey(c);
    if (params !== undefined) {
      const outcome = params.safeParse(c.req.param());
      if (!outcome.success) refuse({ code: "not-found" });
      c.req.addValidatedData("param", outcome.data ?? {});
    }
    const permission = c.get("permission");
    if (permission !== undefined) await permit(c, permission, policed);
    if (already !== null) return already;
    if (repetition === "ignored") return await handler(c);
    if (key !== undefined && repetition !== "own" && access !== "public") {
      return await once(
        c as Call<{ access: Action }>,
        { key, bytes, sealed: repetition === "sealed" },
        handler,
      );
    }
    c.set("operationId", crypto.randomUUID().replaceAll("-", ""));
    return await handler(c);
  };
  const told = access === "public" ? answer : refusalsRecorded(access, answer);
  const marked = async (c: Context) =>
    withBookmark(await told(c), c.get("bookmark"), c.get("seenMs"));
  const name = `${config.method.toUpperCase()} ${config.path}`;
  const work = isBookmarked ? marked : told;
  const answered = framed(underLoad(config.priority ?? "normal", work), name);
  return observed(name, access === "public" ? null : access, answered);
}

export function repetitionOf(config: RouteConfig): NonNullable<RouteConfig["idempotency"]> {
  return config.idempotency ?? (config.method === "get" ? "ignored" : "stored");
}

async function admitted(c: Context, admits: NonNullable<Route["admits"]>): Promise<void> {
  try {
    await admits(c);
  } catch (refusal) {
    await spendByAddress(c, c.get("services"));
    throw refusal;
  }
}

async function allow(c: Call<{ access: Action }>, action: Action): Promise<void> {
  const nowMs = c.get("nowMs");
  const principal = await authenticate(c, nowMs).catch(async (refusal: unknown) => {
    await spendByAddress(c, c.get("services"));
    throw refusal;
  });
  // Like a bad credential, so that whoever found a key learns nothing about it.
  if (principal.networks !== undefined && !isUsableFrom(principal, addressOf(c)))
    refuse({ code: "unauthenticated" });
  c.set("principal", principal);
  traceIsOf(principal.accountId);
  const refusal = refusalOf(principal, action, nowMs);
  if (refusal !== null) refuse(refusal);
  if (principal.policyVersion > 0) await narrow(c, principal, action);
  const spending = spend(c, c.get("services").limits, principal, nowMs);
  if (spending !== undefined) await spending;
}

const addressOf = (c: Call<{ access: Action }>): string | null =>
  c.get("services").addressOf(c.req.raw);

function idempotencyKey(c: Context): string | undefined {
  const key = c.req.header("Idempotency-Key");
  if (key === undefined) return undefined;
  if (key.length >= 1 && key.length <= LIMITS.idempotencyKeyCharsMax && /^[\x20-\x7e]+$/.test(key))
    return key;
  const detail = `must be 1 to ${LIMITS.idempotencyKeyCharsMax} printable ASCII characters`;
  return refuse({
    code: "invalid-request",
    errors: [{ pointer: "#/headers/Idempotency-Key", detail }],
  });
}

/** Request id, trace, failures and the headers every answer has: around each route (`name`), and around 404 and 405. */
export function framed(
  answer: (c: Context) => Promise<Answer> | Answer,
  name = "no route",
): (c: Context) => Promise<Response> {
  return async (c) => {
    const requestId = crypto.randomUUID();
    c.set("requestId", requestId);
    c.set("nowMs", Date.now());
    const header = c.req.raw.headers.get("traceparent");
    const trace = traceOfRequest(c, header, requestId);
    const traceparent = traceparentText(trace);
    c.set("traceparent", traceparent);
    const response = await tracedRequest(c, trace, name, async () => {
      try {
        return await answer(c);
      } catch (thrown) {
        return failure(c, thrown, requestId);
      }
    });
    return finished(c, response, requestId, header === null ? undefined : traceparent);
  };
}

function finished(
  c: Context,
  response: Answer,
  requestId: string,
  traceparent: string | undefined,
): Response {
  const limits: LimitHeaders | undefined = c.get("limits");
  if (!(response instanceof Response)) {
    const { text, status, headers } = response;
    headers["X-Request-Id"] = requestId;
    headers["X-Content-Type-Options"] = "nosniff";
    headers["Cache-Control"] ??= "no-store";
    if (traceparent !== undefined) headers["traceparent"] = traceparent;
    if (limits !== undefined) {
      headers["RateLimit"] = limits.left;
      headers["RateLimit-Policy"] = limits.policies;
    }
    return new Response(text, { status, headers });
  }
  let { headers } = response;
  let answer = response;
  try {
    headers.set("X-Request-Id", requestId);
  } catch {
    // An answer that came from a binding has immutable headers.
    if (response.webSocket !== null) return response;
    answer = new Response(response.body, response);
    headers = answer.headers;
    headers.set("X-Request-Id", requestId);
  }
  headers.set("X-Content-Type-Options", "nosniff");
  if (!headers.has("Cache-Control")) headers.set("Cache-Control", "no-store");
  if (traceparent !== undefined) headers.set("traceparent", traceparent);
  if (limits !== undefined) {
    headers.set("RateLimit", limits.left);
    headers.set("RateLimit-Policy", limits.policies);
  }
  return answer;
}

function failure(c: Context, thrown: unknown, requestId: string): Response {
  const { WISHUB_PUBLIC_URL } = c.env as Env;
  if (thrown instanceof Refusal) {
    const response = failureResponse(c.req.path, thrown.problem, requestId, WISHUB_PUBLIC_URL);
    for (const [name, value] of Object.entries(thrown.headers ?? {}))
      response.headers.set(name, value);
    return response;
  }
  const fault = faultOf(thrown);
  const problem: Problem = isOverload(fault)
    ? { code: "overloaded", retryAfterS: 1 }
    : { code: "internal" };
  const error =
    fault instanceof Error
      ? { name: fault.name, message: fault.message, stack: fault.stack }
      : { thrown: String(fault) };
  log("error", "request-failed", {
    requestId,
    method: c.req.method,
    path: c.req.path,
    code: problem.code,
    ...error,
  });
  return failureResponse(c.req.path, problem, requestId, WISHUB_PUBLIC_URL);
}

/** What the database said, not the query around it: that quotes its parameters, which are people's contents. */
const faultOf = (thrown: unknown): unknown =>
  thrown instanceof Error && "params" in thrown && "query" in thrown ? thrown.cause : thrown;

/** An object's stub marks the error; D1 only says so in its message. */
function isOverload(thrown: unknown): boolean {
  if (!(thrown instanceof Error)) return false;
  return (
    ("overloaded" in thrown && thrown.overloaded === true) ||
    /^D1_ERROR.*overloaded/.test(thrown.message)
  );
}
