import type { Context } from "hono";
import type { Principal } from "#domain/accounts/model.ts";
import { isOperation } from "#domain/policies/operations.ts";
import { BOOKMARK_HEADER } from "#domain/regions/bookmark.ts";
import { cameFrom } from "#adapters/client-address.ts";
import { isApi, type RouteConfig } from "#workers/http/kit.ts";

/** A request to a route, from whoever has said already who they are: a protocol's call, a frame of a session. */
export type Operation = {
  method: string;
  /** With its query: `/v1/search`. */
  path: string;
  /** Those of `CARRIED`; what else is there is not carried on. */
  headers?: Readonly<Record<string, string>>;
  /** Text and bytes go as they are, anything else as JSON. */
  body?: unknown;
  /** Where the caller is, as `services.addressOf` said when they connected: keys and policies may be bound to networks. */
  address?: string | null;
  /** What asks for it was counted as a request already. */
  isCounted?: boolean;
};

/** Runs a route through the whole pipeline for a principal that was authenticated already; its answer, failures too. */
export type Perform = (
  env: Env,
  ctx: Context["executionCtx"],
  principal: Principal,
  operation: Operation,
) => Promise<Response>;

/** What a caller may say beside the body. Nothing that says who or where they are. */
const CARRIED = [
  "Content-Type",
  "Accept",
  "Idempotency-Key",
  "If-Match",
  "If-None-Match",
  "Priority",
  "traceparent",
  BOOKMARK_HEADER,
] as const;

/** By the request itself, which nobody outside this isolate can hold: no header says that a request was performed. */
const performed = new WeakMap<Request, Performed>();
type Performed = { principal: Principal; isCounted: boolean };

/** Who a request was performed for; undefined where it came from outside. */
export const performedFor = (request: Request): Performed | undefined => performed.get(request);

/**
 * Whether a route is reachable by every protocol. Not a public one, which is for who has no principal. One that opens a
 * WebSocket is: without an upgrade it only says whether it would (a session is asked about so).
 */
export const isOfOperation = ({ access, path }: Pick<RouteConfig, "access" | "path">): boolean =>
  access !== "public" && isApi(path) && isOperation(access);

type Answers = (
  request: Request,
  env: Env,
  ctx: Context["executionCtx"],
) => Response | Promise<Response>;

/** `answers` is the app, which has routes that perform others: asked for when it is there. */
export const performer =
  (answers: () => Answers): Perform =>
  async (env, ctx, principal, { method, path, headers = {}, body, address, isCounted = false }) => {
    const request = new Request(`${env.WISHUB_PUBLIC_URL}${path.startsWith("/") ? path : "/"}`, {
      method,
      headers: carried(headers, body !== undefined),
      ...(body !== undefined && {
        body: typeof body === "string" || body instanceof Uint8Array ? body : JSON.stringify(body),
      }),
    });
    performed.set(request, { principal, isCounted });
    cameFrom(request, address ?? null);
    return await answers()(request, env, ctx);
  };

function carried(given: Readonly<Record<string, string>>, hasBody: boolean): Headers {
  const all = new Headers(given);
  const headers = new Headers(hasBody ? { "Content-Type": "application/json" } : {});
  for (const name of CARRIED) {
    const value = all.get(name);
    if (value !== null) headers.set(name, value);
  }
  return headers;
}
