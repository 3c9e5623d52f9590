import type { z } from "zod";
import { invalidOf, nestsDeeperThan, unstorableText } from "#domain/shared/input.ts";
import { LIMITS } from "#domain/shared/limits.ts";
import type { Invalid, Problem } from "#domain/shared/problem.ts";
import { err, ok, type Result } from "#domain/shared/result.ts";

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: false });

/** JSON from outside: UTF-8, not too deep, only text that can be stored, and of the schema's shape. */
export function parseJson<S extends z.ZodType>(
  bytes: Uint8Array,
  schema: S,
): Result<z.output<S>, Problem<"invalid-request">> {
  const value = jsonValue(bytes);
  if (!value.ok) return value;
  const outcome = schema.safeParse(value.value);
  return outcome.success ? ok(outcome.data) : invalid(...invalidOf(outcome.error));
}

function jsonValue(bytes: Uint8Array): Result<unknown, Problem<"invalid-request">> {
  let text: string;
  try {
    text = utf8.decode(bytes);
  } catch {
    return invalid({ pointer: "", detail: "must be UTF-8" });
  }
  if (nestsDeeperThan(text, LIMITS.jsonDepthMax)) {
    return invalid({ pointer: "", detail: `nests deeper than ${LIMITS.jsonDepthMax} levels` });
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return invalid({ pointer: "", detail: "is not JSON" });
  }
  // Well-formed UTF-8 carries neither NUL nor a lone surrogate through JSON unless escaped.
  const unstorable = text.includes("\\u") ? unstorableText(value) : [];
  return unstorable.length > 0 ? invalid(...unstorable) : ok(value);
}

const invalid = (...errors: Invalid[]) => err({ code: "invalid-request" as const, errors });
