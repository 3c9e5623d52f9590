import { joined } from "./bytes.ts";

/** One line of a stream, without its end; null where it was longer than allowed. Numbered from 1. */
export type Line = { number: number; bytes: Uint8Array | null };

const NEWLINE = 10;

/**
 * Cuts a byte stream into lines, one array for each chunk that ended some. Holds one line at most: what is longer
 * than `bytesMax` is skipped up to its end and reported as null. Blank lines are counted, not given.
 */
export async function* linesOf(
  chunks: AsyncIterable<Uint8Array>,
  bytesMax: number,
): AsyncGenerator<Line[]> {
  let parts: Uint8Array[] = [];
  let size = 0;
  let number = 0;
  const cut = (): Line | null => {
    number++;
    const line = size > bytesMax ? { number, bytes: null } : { number, bytes: joined(parts) };
    parts = [];
    size = 0;
    return line.bytes !== null && isBlank(line.bytes) ? null : line;
  };
  const keep = (part: Uint8Array) => {
    size += part.byteLength;
    if (size > bytesMax) parts = [];
    else if (part.byteLength > 0) parts.push(part);
  };

  for await (const chunk of chunks) {
    const lines: Line[] = [];
    let start = 0;
    for (let end = chunk.indexOf(NEWLINE); end !== -1; end = chunk.indexOf(NEWLINE, start)) {
      keep(chunk.subarray(start, end));
      const line = cut();
      if (line !== null) lines.push(line);
      start = end + 1;
    }
    keep(chunk.slice(start));
    if (lines.length > 0) yield lines;
  }
  const last = size > 0 ? cut() : null;
  if (last !== null) yield [last];
}

/**
 * Joins arrays of lines that come close together into ones of about `linesMax`, so that a fast sender costs few writes
 * and a slow one does not wait. `pause` resolves after the moment that is still close.
 */
export async function* gathered(
  source: AsyncGenerator<Line[]>,
  linesMax: number,
  pause: () => Promise<void>,
): AsyncGenerator<Line[]> {
  let next = source.next();
  for (let first = await next; !first.done; first = await next) {
    const lines = [...first.value];
    next = source.next();
    while (lines.length < linesMax) {
      const more = await Promise.race([next, pause()]);
      if (more === undefined || more.done) break;
      lines.push(...more.value);
      next = source.next();
    }
    yield lines;
  }
}

const isBlank = (bytes: Uint8Array) =>
  bytes.every((byte) => byte === 32 || byte === 13 || byte === 9);
