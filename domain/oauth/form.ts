import { LIMITS } from "#domain/shared/limits.ts";
import { type OAuthError, refused } from "#domain/oauth/errors.ts";
import { ok, type Result } from "#domain/shared/result.ts";

const PARAMETERS_MAX = 64;
/** Parameters that may come more than once: what a token is for (RFC 8707 section 2, RFC 8693 section 2.1). */
const REPEATED = new Set(["resource", "audience"]);

/** The parameters of one OAuth request. One without a value is one that was not sent (RFC 6749 section 3.1). */
export type Form = {
  get(name: string): string | undefined;
  all(name: string): readonly string[];
};

/** `application/x-www-form-urlencoded` text, or a query string without its question mark. */
export function formFrom(text: string): Result<Form, OAuthError> {
  const values = new Map<string, string[]>();
  let parameters = 0;
  for (const [name, value] of new URLSearchParams(text)) {
    if (++parameters > PARAMETERS_MAX) return refused("invalid_request", "too many parameters");
    if (value === "") continue;
    if (value.length > LIMITS.formBytesMax || value.includes("\0") || !value.isWellFormed())
      return refused("invalid_request", "a parameter holds what no parameter can hold");
    const known = values.get(name);
    if (known === undefined) values.set(name, [value]);
    else if (REPEATED.has(name)) known.push(value);
    else return refused("invalid_request", "a parameter is given twice");
  }
  return ok({
    get: (name) => values.get(name)?.[0],
    all: (name) => values.get(name) ?? [],
  });
}
