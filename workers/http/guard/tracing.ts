import type { Context } from "hono";
import { isWaiting } from "#domain/metrics/waiting.ts";
import { log } from "#domain/observability/log.ts";
import { sampleRateFrom } from "#domain/observability/traceparent.ts";
import { LIMITS } from "#domain/shared/limits.ts";
import {
  begun,
  currentTrace,
  ended,
  handOver,
  perSecond,
  sampledTrace,
  type Trace,
  within,
} from "#adapters/tracing.ts";
import type { Answer } from "#workers/http/kit.ts";

/** Kept though nobody asked: what took as long, and what was no fault of the caller's. */
const SLOW_MS = 1_000;

const mayKeep = perSecond(LIMITS.tracesKeptPerSecond);

const rates = new Map<string | undefined, number>();
function rateOf({ WISHUB_TRACE_SAMPLE: said }: Env): number {
  let rate = rates.get(said);
  if (rate === undefined) rates.set(said, (rate = sampleRateFrom(said)));
  return rate;
}

/** Where a request stands: in the trace its header names, in that of the request it is performed for, or in its own. */
export const traceOfRequest = (c: Context, header: string | null, requestId: string): Trace =>
  begun(header, requestId.replaceAll("-", ""), rateOf(c.env as Env), "http");

/** Whose the running request is, once that is known. */
export function traceIsOf(accountId: string): void {
  const trace = currentTrace();
  if (trace !== undefined) trace.work.accountId = accountId;
}

/** What goes along with a message or a task: the trace, where its caller has one or it is recorded. */
export const carriedTrace = (c: Context): { traceparent?: string } =>
  sampledTrace() !== undefined || c.req.header("traceparent") !== undefined
    ? { traceparent: c.get("traceparent") as string }
    : {};

/** Answers as part of a span, which is kept where the trace is recorded, and alone where it went wrong or took long. */
export async function tracedRequest(
  c: Context,
  trace: Trace,
  name: string,
  answer: () => Promise<Answer>,
): Promise<Answer> {
  if ((c.env as Env).WISHUB_OBSERVING === "0") return await answer();
  const isOutermost = currentTrace() === undefined;
  const startMs = c.get("nowMs") as number;
  const response = await within(trace, answer);
  const { status } = response;
  const endMs = Date.now();
  const isError = status >= 500;
  const isOdd = isError || (endMs - startMs >= SLOW_MS && !isWaiting(name));
  if (!trace.isSampled && !(isOutermost && isOdd && mayKeep(endMs))) return response;
  const { method } = c.req;
  const attributes = { "http.request.method": method, "http.response.status_code": status };
  ended(trace, { name, kind: "server", startMs, endMs, isError, attributes });
  if (trace.isSampled)
    within(trace, () => log("debug", "request", { route: name, status, ms: endMs - startMs }));
  if (isOutermost) handOver(trace);
  return response;
}
