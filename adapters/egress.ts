import { breakers } from "#adapters/breakers.ts";
import { currentTraceparent, spanned } from "#adapters/tracing.ts";
import { allowedOrigins, egressTarget } from "#domain/egress/target.ts";
import { log } from "#domain/observability/log.ts";
import { joined } from "#domain/shared/bytes.ts";
import { LIMITS } from "#domain/shared/limits.ts";
import type { Problem } from "#domain/shared/problem.ts";
import { err, ok, type Result } from "#domain/shared/result.ts";

/** Both bounds can only be narrowed. `secure` takes plain HTTP to the operator's origins only. */
export type EgressRequest = {
  method?: "GET" | "HEAD" | "POST" | "PUT" | "DELETE";
  headers?: Record<string, string>;
  body?: string | Uint8Array;
  secure?: boolean;
  bytesMax?: number;
  timeoutMs?: number;
};
/** The whole answer of a target: status, headers, and its body after decompression. */
export type EgressAnswer = { status: number; headers: Headers; body: Uint8Array };
export type Egress = (
  url: string,
  request?: EgressRequest,
) => Promise<Result<EgressAnswer, Problem<"egress-refused" | "egress-failed">>>;

/**
 * The one way out (ARCHITECTURE, rule 12): public addresses and the operator's origins, no redirects, at most 1 MB
 * after decompression, at most 10 s from the look-up of the name to the last byte.
 */
export function egress(env: Env): Egress {
  const allowed = originsOf(env);
  const guarded = guardedNetwork(env);
  const through = breakers();
  return async (text, request = {}) => {
    const target = egressTarget(text, allowed);
    if (!target.ok) return target;
    if (request.secure === true && !target.value.open && !target.value.url.startsWith("https:"))
      return refused("it must start with https://");
    const network = target.value.open ? fetch : guarded;
    if (network === null) return refused("nothing here can tell where its name leads");
    const bytesMax = Math.min(request.bytesMax ?? Infinity, LIMITS.egressBytesMax);
    const timeoutMs = Math.min(request.timeoutMs ?? Infinity, LIMITS.egressTimeoutMs);
    const { method = "GET", body } = request;
    const init = { method, redirect: "manual" as const, ...(body !== undefined && { body }) };
    const call = () =>
      within(timeoutMs, async (signal) => {
        const headers = tracedHeaders(request.headers);
        const response = await network(target.value.url, { ...init, headers, signal });
        if (response.status >= 300 && response.status < 400 && response.status !== 304) {
          await response.body?.cancel();
          return refused("it leads elsewhere, and redirects are not followed");
        }
        const bytes = await bounded(response, bytesMax);
        return bytes === null
          ? failed("its answer is too long")
          : ok({ status: response.status, headers: response.headers, body: bytes });
      });
    // By path as well: what one account's target does must not shut the whole origin for the others.
    const { origin, pathname } = new URL(target.value.url);
    const work = () => through(`${method} ${origin}${pathname}`, call, isDown, resting);
    return await spanned(`${method} ${origin}`, "client", {}, work, ({ ok: isHeard }) => !isHeard);
  };
}

/** Whether a call could have this target at all, said before it is kept: what its name leads to is seen when it is called. */
export function mayBeReached(env: Env, url: string): Problem<"egress-refused"> | null {
  const target = egressTarget(url, originsOf(env));
  if (!target.ok) return target.error;
  const isSafe = target.value.open || target.value.url.startsWith("https:");
  return isSafe ? null : refused("it must start with https://").error;
}

/**
 * A call to an inference endpoint, which is the operator's own configuration and nothing of a caller's: it may be private
 * and take 120 s. Throws when it does not answer, a RangeError when it answers too much.
 */
export async function askEndpoint(url: string, init: EndpointRequest): Promise<EgressAnswer> {
  const response = await openEndpoint(url, init);
  const body = await bounded(response, LIMITS.endpointBytesMax);
  if (body === null) throw new RangeError("the endpoint's answer is too long");
  return { status: response.status, headers: response.headers, body };
}
type EndpointRequest = { headers: Record<string, string>; body: string };

/** The same before its body has come, for an answer that is streamed: whoever reads it bounds it. */
export async function openEndpoint(url: string, init: EndpointRequest): Promise<Response> {
  const signal = AbortSignal.timeout(LIMITS.endpointTimeoutMs);
  return await spanned("inference endpoint", "client", {}, () => {
    const headers = tracedHeaders(init.headers);
    return fetch(url, { method: "POST", ...init, headers, redirect: "manual", signal });
  });
}

/** With the trace in which the call is made, where it is in one. */
function tracedHeaders(headers: Record<string, string> = {}): Record<string, string> {
  const traceparent = currentTraceparent();
  return traceparent === undefined ? headers : { traceparent, ...headers };
}

/**
 * The network for names that anybody may give. Ours refuses private addresses as it connects, after the look-up, so no
 * name can lead to one moment's public and the next one's private address. Cloudflare's has no private addresses. Where
 * there is neither (`wrangler dev`), only the operator's origins are reached.
 */
function guardedNetwork({ EGRESS, WISHUB_EGRESS_NETWORK }: Env): typeof fetch | null {
  if (EGRESS !== undefined) return (input, init) => EGRESS.fetch(input, init);
  return WISHUB_EGRESS_NETWORK === "platform" ? fetch : null;
}

/** What is not an origin opens nothing; `npm start` refuses it. */
function originsOf({ WISHUB_EGRESS_ALLOW }: Env): ReadonlySet<string> {
  const origins = allowedOrigins(WISHUB_EGRESS_ALLOW);
  if (origins.ok) return origins.value;
  log("error", "egress-allow-invalid", { part: origins.error });
  return new Set();
}

const isDown = (outcome: Outcome<EgressAnswer>): boolean =>
  outcome.ok ? outcome.value.status >= 500 : outcome.error.code === "egress-failed";

const resting = (retryAfterS: number): Outcome<never> =>
  err({
    code: "egress-failed",
    detail: "it failed time and again, and is left alone for a while",
    retryAfterS,
  });

type Outcome<T> = Result<T, Problem<"egress-refused" | "egress-failed">>;

/** One clock for connecting, waiting and reading: a target that sends a byte a second is as late as one that sends none. */
async function within<T>(
  timeoutMs: number,
  work: (signal: AbortSignal) => Promise<Outcome<T>>,
): Promise<Outcome<T>> {
  const abort = new AbortController();
  const late = Promise.withResolvers<Outcome<T>>();
  const timer = setTimeout(() => {
    late.resolve(failed("it took too long"));
    abort.abort();
  }, timeoutMs);
  try {
    return await Promise.race([work(abort.signal), late.promise]);
  } catch {
    // Why is nobody's business: it tells what is inside from what is not.
    return failed("it could not be reached");
  } finally {
    clearTimeout(timer);
  }
}

/** The body as far as it is no longer than this; it comes here decompressed, a piece at a time. */
async function bounded(response: Response, bytesMax: number): Promise<Uint8Array | null> {
  if (Number(response.headers.get("Content-Length") ?? 0) > bytesMax) {
    await response.body?.cancel();
    return null;
  }
  const pieces: Uint8Array[] = [];
  let length = 0;
  const reader = (response.body as ReadableStream<Uint8Array> | null)?.getReader();
  for (let next = await reader?.read(); next?.value !== undefined; next = await reader?.read()) {
    length += next.value.byteLength;
    if (length > bytesMax) {
      await reader?.cancel();
      return null;
    }
    pieces.push(next.value);
  }
  return joined(pieces);
}

const refused = (detail: string) => err({ code: "egress-refused" as const, detail });
const failed = (detail: string) => err({ code: "egress-failed" as const, detail });
