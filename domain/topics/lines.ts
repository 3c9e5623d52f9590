import { offsetAtEnd } from "./event.ts";

const NEWLINE = 10;

/** Lines of events in their order, each ended by a line break. Offsets grow from line to line, and need not be dense. */
export type Piece = { bytes: Uint8Array; count: number; last: number };

/**
 * The lines after an offset, at most `limit` of them and of `bytesMax` bytes in all, but one at least. Nothing is copied;
 * null where there is none.
 */
export function linesAfter(
  bytes: Uint8Array,
  after: number,
  { limit, bytesMax }: { limit: number; bytesMax: number },
): Piece | null {
  let begin = 0;
  let end = 0;
  let count = 0;
  let last = 0;
  while (end < bytes.length) {
    const newline = bytes.indexOf(NEWLINE, end);
    const next = newline === -1 ? bytes.length : newline + 1;
    const offset = offsetAtEnd(bytes, newline === -1 ? next : newline);
    if (offset <= after) begin = next;
    else if (count > 0 && (count >= limit || next - begin > bytesMax)) break;
    else {
      count++;
      last = offset;
    }
    end = next;
  }
  return count === 0 ? null : { bytes: bytes.subarray(begin, end), count, last };
}

const utf8 = new TextDecoder();

/** The events' JSON texts. */
export function textsOf(bytes: Uint8Array): string[] {
  const texts = utf8.decode(bytes).split("\n");
  if (texts.at(-1) === "") texts.pop();
  return texts;
}
