import type { Context } from "hono";
import {
  type Bookmark,
  BOOKMARK_HEADER,
  bookmarkFrom,
  bookmarkText,
  seenAfter,
  seenByClock,
} from "#domain/regions/bookmark.ts";
import { type Answer, unwrap } from "#workers/http/kit.ts";

/** What the client says it has seen; a malformed bookmark is refused, because ignoring it would break its promise. */
export function bookmarkOf(c: Context, nowMs: number): Bookmark | null {
  const header = c.req.header(BOOKMARK_HEADER);
  return header === undefined ? null : unwrap(bookmarkFrom(header, nowMs));
}

/** Says what the client has now seen: what the handler told, or whatever there was when it answered. */
export function withBookmark(
  response: Answer,
  before: Bookmark | null,
  toldMs: number | undefined,
): Answer {
  const isPlain = !(response instanceof Response);
  if (isPlain ? response.status >= 300 : !response.ok || response.webSocket !== null)
    return response;
  const seenMs = seenAfter(before, toldMs ?? seenByClock(Date.now()));
  const text = bookmarkText({ seenMs });
  if (isPlain) {
    response.headers[BOOKMARK_HEADER] = text;
    return response;
  }
  try {
    response.headers.set(BOOKMARK_HEADER, text);
    return response;
  } catch {
    // An answer that came from a binding has immutable headers.
    const answer = new Response(response.body, response);
    answer.headers.set(BOOKMARK_HEADER, text);
    return answer;
  }
}
