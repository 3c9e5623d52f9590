import type { Problem } from "#domain/shared/problem.ts";
import { err, ok, type Result } from "#domain/shared/result.ts";

/** What a request asks that this service provider does not do; `pointer` decides the `scimType` of the answer. */
export const refusedScim = (pointer: string, detail: string) =>
  err({ code: "invalid-request" as const, errors: [{ pointer, detail }] });
export type ScimRefusal = Problem<"invalid-request">;

/** `attribute`, `attribute.sub`, `attribute[sub eq "value"]` or `attribute[sub eq "value"].sub` (RFC 7644 figure 7), in lower case. */
export type ScimPath = {
  attribute: string;
  where: { sub: string; value: string } | null;
  sub: string | null;
};

const PATH =
  /^([a-z][\w$-]{0,99})(?:\[\s*([a-z][\w$-]{0,99})\s+eq\s+("(?:[^"\\]|\\.){0,512}"|true|false)\s*\])?(?:\.([a-z][\w$-]{0,99}))?$/i;
/** A core attribute may be named with its schema before it (RFC 7644 3.10). */
const CORE = /^urn:ietf:params:scim:schemas:core:2\.0:(?:user|group):/i;

export function scimPath(text: string): ScimPath | null {
  const [, attribute, filtered, value, sub] = PATH.exec(text.replace(CORE, "")) ?? [];
  if (attribute === undefined) return null;
  const wanted = value === undefined ? null : literal(value);
  if (value !== undefined && wanted === null) return null;
  return {
    attribute: attribute.toLowerCase(),
    where: filtered === undefined ? null : { sub: filtered.toLowerCase(), value: wanted ?? "" },
    sub: sub?.toLowerCase() ?? null,
  };
}

/** `attribute eq "value"`: what directories ask to find somebody again. */
export function scimFilter(
  text: string,
): Result<{ attribute: string; value: string }, ScimRefusal> {
  const [, name = "", value = ""] =
    /^\s*([a-z][\w$:.-]{0,199})\s+eq\s+("(?:[^"\\]|\\.){0,512}"|true|false)\s*$/i.exec(text) ?? [];
  const wanted = literal(value);
  return name === "" || wanted === null
    ? refusedScim("#/query/filter", 'must be: attribute eq "value"')
    : ok({ attribute: name.replace(CORE, "").toLowerCase(), value: wanted });
}

function literal(value: string): string | null {
  if (!value.startsWith('"')) return value === "" ? null : value.toLowerCase();
  try {
    return String(JSON.parse(value));
  } catch {
    return null;
  }
}

export type ScimObject = Readonly<Record<string, unknown>>;
export const isScimObject = (value: unknown): value is ScimObject =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** An attribute's value; names of attributes have no case (RFC 7643 2.1). */
export function valueOf(object: ScimObject, name: string): unknown {
  const wanted = name.toLowerCase();
  const found = Object.keys(object).find((key) => key.replace(CORE, "").toLowerCase() === wanted);
  return found === undefined ? undefined : object[found];
}
