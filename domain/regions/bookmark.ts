import type { Problem } from "#domain/shared/problem.ts";
import { err, ok, type Result } from "#domain/shared/result.ts";

/** Echoed by a client, it says what the client has seen: no answer to it shows an older state. */
export const BOOKMARK_HEADER = "WisHub-Bookmark";

/** `seenMs` is a search leader's clock at the newest state the client may have seen. */
export type Bookmark = { seenMs: number };

/**
 * How far the clocks of two machines may be apart. Added where a bookmark is made by a clock that is not the leader's
 * own, so that a state is never taken for newer than it is.
 */
export const CLOCKS_APART_MS = 250;
/** A bookmark that is further ahead of us than this was not made by one of us. */
const AHEAD_MS = 60_000;
const SHAPE = /^1\.(0|[1-9a-z][0-9a-z]{0,8})$/;

/** `1.<time in base 36>`: opaque to clients; the number says what follows it. */
export const bookmarkText = ({ seenMs }: Bookmark): string => `1.${Math.ceil(seenMs).toString(36)}`;

/** What a client echoed. Anything that was not made by `bookmarkText` is refused, not ignored: it would promise nothing. */
export function bookmarkFrom(
  text: string,
  nowMs: number,
): Result<Bookmark, Problem<"invalid-request">> {
  const time = SHAPE.exec(text)?.[1];
  if (time === undefined) return refused("must be a WisHub-Bookmark that an answer gave");
  const seenMs = Number.parseInt(time, 36);
  if (seenMs > nowMs + AHEAD_MS) return refused("is of a time that has not come yet");
  return ok({ seenMs });
}

const refused = (detail: string) =>
  err({
    code: "invalid-request" as const,
    errors: [{ pointer: `#/headers/${BOOKMARK_HEADER}`, detail }],
  });

/** What a client knows that saw a state by our own clock: a write, or a read of a database. */
export const seenByClock = (nowMs: number): number => nowMs + CLOCKS_APART_MS;

/** What a client knows after an answer: never less than before it. */
export const seenAfter = (before: Bookmark | null, seenMs: number): number =>
  Math.max(before?.seenMs ?? 0, seenMs);
