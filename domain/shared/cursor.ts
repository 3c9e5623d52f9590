import { err, ok, type Result } from "#domain/shared/result.ts";
import type { Problem } from "#domain/shared/problem.ts";

/** Where a page of a list ended: opaque to clients, ordered by time and then by id. */
export type Cursor = { atMs: number; id: string };

export const cursorText = (cursor: Cursor): string =>
  new TextEncoder().encode(`${cursor.atMs} ${cursor.id}`).toBase64({ alphabet: "base64url", omitPadding: true });

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
    return new TextDecoder().decode(Uint8Array.fromBase64(text, { alphabet: "base64url" }));
  } catch {
    return ""; // not base64url, so not one of ours
  }
}
