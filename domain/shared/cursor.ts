import { err, ok, type Result } from "#domain/shared/result.ts";
import type { Problem } from "#domain/shared/problem.ts";

/** Where a page of a list ended: opaque to clients, ordered by time and then by id. */
export type Cursor = { atMs: number; id: string };

/** base64url (RFC 4648 section 5), which a query string carries as it is. */
export const cursorText = (cursor: Cursor): string =>
  btoa(`${cursor.atMs} ${cursor.id}`).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");

export function cursorFrom(text: string): Result<Cursor, Problem<"invalid-request">> {
  const [, atMs, id] = /^(\d{1,15}) ([\w-]{1,64})$/.exec(decoded(text)) ?? [];
  if (atMs === undefined || id === undefined) {
    return err({
      code: "invalid-request",
      errors: [{ pointer: "#/query/cursor", detail: "must be a nextCursor this list has given" }],
    });
  }
  return ok({ atMs: Number(atMs), id });
}

function decoded(text: string): string {
  try {
    return atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  } catch {
    return ""; // not base64url, so not one of ours
  }
}
