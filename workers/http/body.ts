import type { Context } from "hono";
import type { z } from "zod";
import { invalidOf } from "#domain/shared/input.ts";
import { joined } from "#domain/shared/bytes.ts";
import { LIMITS } from "#domain/shared/limits.ts";
import { parseJson } from "#domain/shared/parse.ts";
import type { Invalid } from "#domain/shared/problem.ts";
import { type BodyConfig, refuse, unwrap } from "#workers/http/kit.ts";

/** How one route reads its body, worked out once when the route is mounted. */
export type BodyPlan = {
  mediaTypes: ReadonlySet<string>;
  schema: z.ZodType | undefined;
  bytesMax: number | null;
  required: boolean;
};

export function bodyPlan(config: BodyConfig): BodyPlan {
  const [first] = Object.values(config.content);
  return {
    mediaTypes: new Set(Object.keys(config.content)),
    schema: first?.schema,
    bytesMax: config.bytesMax === undefined ? LIMITS.bodyBytesMax : config.bytesMax,
    required: config.required ?? true,
  };
}

const invalid = (...errors: Invalid[]): never => refuse({ code: "invalid-request", errors });
const tooLarge = (max: number): never =>
  refuse({ code: "body-too-large", detail: `at most ${max} bytes` });

/** Media type, then size: the order of CONTRACT.md. A body without a schema is left unread for the handler. */
export async function readBody(c: Context, plan: BodyPlan): Promise<Uint8Array | undefined> {
  const request = c.req.raw;
  const { headers } = request;
  const type = headers.get("Content-Type");
  const length = headers.get("Content-Length");
  const declared = length === null ? null : Number(length);
  if (type === null ? declared !== 0 && request.body !== null : !accepts(plan, type)) {
    refuse({
      code: "unsupported-media-type",
      detail: `send ${[...plan.mediaTypes].join(" or ")}`,
    });
  }
  if (plan.bytesMax !== null && (declared ?? 0) > plan.bytesMax) tooLarge(plan.bytesMax);
  if (plan.schema === undefined) return undefined;

  const bytes =
    declared === null
      ? await streamed(request, plan.bytesMax ?? LIMITS.bodyBytesMax)
      : // HTTP frames a body by its declared length, so it cannot grow past what was checked already.
        new Uint8Array(await request.arrayBuffer());
  if (bytes.byteLength === 0 && plan.required) invalid({ pointer: "", detail: "a body is needed" });
  return bytes;
}

/** Then content. */
export function readContent(c: Context, { schema }: BodyPlan, bytes: Uint8Array): void {
  if (schema !== undefined && bytes.byteLength > 0)
    c.req.addValidatedData("json", unwrap(parseJson(bytes, schema)) as object);
}

function accepts(plan: BodyPlan, header: string): boolean {
  if (plan.mediaTypes.has(header)) return true;
  const [type = "", ...parameters] = header.toLowerCase().split(";", 8);
  return (
    plan.mediaTypes.has(type.trim()) &&
    parameters.every((one) => /^\s*(charset="?utf-8"?)?\s*$/.test(one))
  );
}

async function streamed(request: Request, max: number): Promise<Uint8Array> {
  if (request.body === null) return new Uint8Array();
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of request.body) {
    size += chunk.byteLength;
    if (size > max) tooLarge(max);
    chunks.push(chunk);
  }
  return joined(chunks);
}

/** How one route reads its query string. Most requests have none, and what the schema makes of that is always the same. */
export type QueryPlan = { schema: z.ZodObject; none: object | null };

export function queryPlan(schema: z.ZodObject): QueryPlan {
  const outcome = schema.safeParse({});
  return { schema, none: outcome.success ? Object.freeze(outcome.data) : null };
}

/** The query string against its schema, which is strict. A route without one takes no parameters at all. */
export function readQuery(c: Context, plan: QueryPlan | undefined): void {
  const start = c.req.url.indexOf("?");
  if (start === -1 && (plan === undefined || plan.none !== null)) {
    if (plan?.none) c.req.addValidatedData("query", plan.none);
    return;
  }
  const given: Record<string, string> = Object.create(null);
  if (start !== -1) {
    const parameters = new URL(c.req.url).searchParams;
    for (const [name, value] of parameters) {
      if (plan === undefined || name in given) {
        const detail = plan === undefined ? "is not a known parameter" : "is given twice";
        invalid({ pointer: `#/query/${name.slice(0, 100)}`, detail });
      }
      given[name] = value;
    }
  }
  if (plan === undefined) return;
  const outcome = plan.schema.safeParse({ ...given });
  if (!outcome.success) return invalid(...invalidOf(outcome.error, "#/query"));
  c.req.addValidatedData("query", outcome.data);
}
