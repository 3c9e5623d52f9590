import type { Context } from "hono";
import { z } from "zod";
import type { Services } from "#adapters/index.ts";
import type { Detail } from "#domain/audit/model.ts";
import type { Principal } from "#domain/accounts/model.ts";
import type { Bookmark } from "#domain/regions/bookmark.ts";
import type { Action } from "#domain/policies/actions.ts";
import type { Attributes } from "#domain/policies/attributes.ts";
import type { LimitHeaders } from "#domain/limits/headers.ts";
import type { Priority } from "#domain/limits/shedding.ts";
import { type Cursor, cursorFrom, cursorText } from "#domain/shared/cursor.ts";
import { LIMITS } from "#domain/shared/limits.ts";
import { PROBLEMS, type Problem, type ProblemCode } from "#domain/shared/problem.ts";
import type { Result } from "#domain/shared/result.ts";
import { text } from "#domain/shared/text.ts";
import { Refusal } from "#workers/http/problem.ts";

type Variables = {
  services: Services;
  /** When the request came in. */
  nowMs: number;
  requestId: string;
  /** W3C trace context of this request; give it to whatever is called or queued from here. */
  traceparent: string;
  /** 32 hex characters, the same in every repetition of one idempotency key: derive the ids of what is made from it. */
  operationId: string;
  /** What the client echoes of what it has seen, and what it has seen by this answer where a handler knows better than the clock. */
  bookmark: Bookmark | null;
  seenMs?: number;
  /** What the audit log shall say of this operation beside its action, resource and outcome: names and numbers only. */
  noted?: Detail;
  /** The body as it came, for a route that knows bodies. */
  body?: Uint8Array;
  /** Set where the account's policy has not decided yet, because it looks at what the action is done to. */
  permission?: Permission;
  /** What the answer says of the limits it was given under, where there are any. */
  limits?: LimitHeaders;
};
/** Why the caller may not do the route's action to this one thing, or null. */
export type Permission = (id: string, attributes: Attributes) => Problem<"forbidden"> | null;
export type PublicEnv = { Bindings: Env; Variables: Variables };
export type AppEnv = { Bindings: Env; Variables: Variables & { principal: Principal } };

/** Who may call a route: anyone, or who may do the action. */
export type Access = "public" | Action;

/** Bodies by media type. A schema of `undefined` is a body the handler reads from `c.req.raw` itself. */
export type Content = { content: Record<string, { schema?: z.ZodType }> };
export type BodyConfig = Content & {
  /** The largest body in bytes; 1 MB unless given, `null` for one that streams without end. */
  bytesMax?: number | null;
  required?: boolean;
};
export type ResponseConfig = {
  description: string;
  content?: Record<string, { schema?: z.ZodType }>;
  headers?: Record<string, string>;
  codes?: readonly ProblemCode[];
};

/** When a route will go, RFC 3339, and the version of the API that has one in its place. */
export type Ending = { deprecatedAt: string; sunsetAt?: string; successor?: string };

/** Of any version of the API, unlike a page. */
export const isApi = (path: string): boolean => /^\/v\d+\//.test(path);

export type RouteConfig = {
  method: "get" | "post" | "put" | "patch" | "delete";
  /** With `{name}` for parameters, as the document shows it. */
  path: `/${string}`;
  /** Clients of some protocols add a slash to the address that they are given. */
  trailingSlash?: true;
  summary: string;
  description?: string;
  access: Access;
  request?: { params?: z.ZodObject; query?: z.ZodObject; body?: BodyConfig };
  responses: Record<number, ResponseConfig>;
  /** Set where a later version of the API replaces it (versions.ts). */
  ends?: Ending;
  /** What it is worth under overload; `normal` where nothing is said. */
  priority?: Priority;
  /**
   * `stored` (mutations' default): a repetition gets the stored answer. `sealed`: the same, the stored answer is
   * encrypted because it holds a secret. `ignored` (GET's default): a POST that only reads. `own`: the handler does it.
   */
  idempotency?: "stored" | "sealed" | "ignored" | "own";
};

type BodyOf<R> = R extends {
  request: { body: { content: { "application/json": { schema: infer S } } } };
}
  ? S extends z.ZodType
    ? z.output<S>
    : undefined
  : undefined;
type QueryOf<R> = R extends { request: { query: infer S extends z.ZodType } }
  ? z.output<S>
  : Record<string, never>;
type ParamsOf<R> = R extends { request: { params: infer S extends z.ZodType } }
  ? z.output<S>
  : Record<string, never>;
type Parsed<R> = { json: BodyOf<R>; query: QueryOf<R>; param: ParamsOf<R> };
type EnvOf<R> = R extends { access: "public" } ? PublicEnv : AppEnv;

/** What a handler is given: `c.var`, and `c.req.valid("json" | "query" | "param")`, already parsed. */
export type Call<R> = Context<EnvOf<R>, string, { in: Parsed<R>; out: Parsed<R> }>;

/** An answer that becomes a Response once all its headers are known: setting each on a Response costs far more. */
export type Plain = {
  /** Bytes are UTF-8 and may serve several requests at once, so nobody may change them: they are sent without a copy. */
  text: string | Uint8Array | null;
  status: 200 | 201 | 202 | 304;
  headers: Record<string, string>;
};
export type Answer = Response | Plain;

/** Any route once it is mounted: the pipeline has parsed what the handler reads, so its own input type is not needed. */
export type Route = {
  config: RouteConfig;
  handler: (c: Context) => Answer | Promise<Answer>;
  known: Known | undefined;
  policed: Policed | undefined;
  admits: Admits | undefined;
};
/** Of a public route whose callers have a credential of its own: refuses who has none, before the body is looked at. */
type Admits = (c: Context) => void | Promise<void>;
/**
 * How a policy that looks at attributes is asked on this route. A function tells what the action is done to, before and
 * after it where those differ (null: nothing the caller may see); `items`: the handler asks `permission` about each thing that it shows.
 * A route without either is refused as a whole where such a policy applies.
 */
type Policed = "items" | ((c: Context) => Promise<Subject[] | null>);
export type Subject = { id: string; attributes: Attributes };
/** The answer to a body that was read, parsed and answered before, if it is still the right one. */
type Known = (c: Context<AppEnv>, body: Uint8Array) => Answer | null;
export type Feature = readonly Route[];

/** A contract beside its handler. */
export function route<const R extends RouteConfig>(
  config: R,
  handler: (c: Call<R>) => Answer | Promise<Answer>,
  { known, policed, admits }: More<R> = {},
): Route {
  return {
    config,
    handler: handler as Route["handler"],
    known,
    policed: policed as Policed,
    admits,
  };
}
type More<R> = {
  known?: Known;
  admits?: Admits;
  policed?: "items" | ((c: Call<R>) => Promise<Subject[] | null>);
};

export const responseOf = (answer: Answer): Response =>
  answer instanceof Response ? answer : new Response(answer.text, answer);

/** The routes of one feature, to be named in app.ts. */
export const feature = (...routes: Route[]): Feature => routes;

/** A JSON body, in a request or an answer. */
export const json = <S extends z.ZodType>(schema: S) => ({
  content: { "application/json": { schema } },
});

/** The failures an operation can answer, grouped by status. What follows from the contract itself is added by app.ts. */
export function fails(...codes: ProblemCode[]): Record<number, ResponseConfig> {
  const responses: Record<number, ResponseConfig> = {};
  for (const code of codes) {
    const { status } = PROBLEMS[code];
    const known = responses[status]?.codes ?? [];
    if (known.includes(code)) continue;
    const all = [...known, code];
    responses[status] = {
      description: all.map((one) => PROBLEMS[one].title).join("; "),
      codes: all,
    };
  }
  return responses;
}

/** The value, or the failure as the answer. */
export function unwrap<T>(result: Result<T, Problem>): T {
  if (result.ok) return result.value;
  throw new Refusal(result.error);
}

/** Ends the request with a failure. */
export function refuse(problem: Problem): never {
  throw new Refusal(problem);
}

/** An id in a path. Anything that cannot be one is 404, not 400: there is nothing of that name. */
export const idParam = z.object({ id: text(LIMITS.idCharsMax).regex(/^[A-Za-z0-9_-]+$/) });

/** An integer in a query string. Out of range is refused, never clamped. */
export const integerQuery = (min: number, max: number) =>
  z
    .string()
    .regex(/^(0|[1-9]\d{0,8})$/, "must be an integer")
    .transform(Number)
    .pipe(z.int().min(min).max(max))
    .meta({ override: { type: "integer", minimum: min, maximum: max } });

/** `?limit=&cursor=` of every list; extend it with filters. */
export const pageQuery = z.strictObject({
  limit: integerQuery(1, LIMITS.pageMax).optional(),
  cursor: text(LIMITS.cursorCharsMax).optional(),
});
export const PAGE_DEFAULT = 20;

/** The answer of every list. */
export const pageOf = <S extends z.ZodType>(item: S) =>
  z.object({ items: z.array(item), nextCursor: z.string().nullable() });

/** A page of `found`, which was asked for one more than `limit` to know whether there is a next page. */
export function pageFrom<T>(found: T[], limit: number, cursorOf: (last: T) => Cursor) {
  const page = found.slice(0, limit);
  const last = page.at(-1);
  const more = found.length > limit && last !== undefined;
  return { page, nextCursor: more ? cursorText(cursorOf(last)) : null };
}

/** The page that a list's query asks for; `read` is asked for one more, to know whether there is a next page. */
export async function pageOfList<T>(
  { limit = PAGE_DEFAULT, cursor }: { limit?: number | undefined; cursor?: string | undefined },
  read: (after: Cursor | null, limit: number) => Promise<T[]>,
  cursorOf: (last: T) => Cursor,
) {
  const after = cursor === undefined ? null : unwrap(cursorFrom(cursor));
  return pageFrom(await read(after, limit + 1), limit, cursorOf);
}

/** The cursor of what is listed newest first. */
export const byAge = ({ createdAtMs, id }: { createdAtMs: number; id: string }): Cursor => ({
  atMs: createdAtMs,
  id,
});

/** A single resource with its ETag; 304 when the client has this version already. */
export function tagged(
  c: Context,
  value: object,
  version: number | string,
  status: 200 | 201 | 202 = 200,
): Plain {
  return taggedText(c, JSON.stringify(value), version, status);
}

/** The same where the resource is JSON text already. */
export function taggedText(
  c: Context,
  body: string | Uint8Array,
  version: number | string,
  status: 200 | 201 | 202,
): Plain {
  const etag = `"${version}"`;
  const { method, headers: sent } = c.req.raw;
  if (status === 200 && method === "GET" && matches(sent.get("If-None-Match"), etag))
    return { text: null, status: 304, headers: { ETag: etag } };
  const headers: Record<string, string> = { "Content-Type": "application/json", ETag: etag };
  if (status === 200) headers["Cache-Control"] = "private, no-cache";
  return { text: body, status, headers };
}

/** The version in `If-Match`: absent is `undefined`; one that no resource can have is -1, which is stale everywhere. */
export function expectedVersion(c: Context): number | "any" | undefined {
  const header = c.req.header("If-Match")?.trim();
  if (header === undefined) return undefined;
  if (header === "*") return "any";
  const version = /^"(\d{1,15})"$/.exec(header)?.[1];
  return version === undefined ? -1 : Number(version);
}

/** Whether `If-None-Match` names the version that there is, weak or not. */
export function matches(header: string | null, etag: string): boolean {
  if (header === null) return false;
  return header
    .split(",", 32)
    .some((one) => one.trim() === "*" || one.trim().replace(/^W\//, "") === etag);
}
