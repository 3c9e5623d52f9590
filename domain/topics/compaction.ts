import { joined } from "#domain/shared/bytes.ts";
import { offsetAtEnd } from "./event.ts";
import type { Chunk } from "./segment.ts";

const NEWLINE = 10;
const utf8 = new TextDecoder();

/** What an event is the newest of; null for one that has neither key nor subject, which is the newest of nothing. */
function keyOf(line: Uint8Array): string | null {
  const { partitionkey, subject } = JSON.parse(utf8.decode(line)) as Record<string, unknown>;
  const key = partitionkey ?? subject;
  return typeof key === "string" ? key : null;
}

function* linesOf(bytes: Uint8Array): Generator<{ line: Uint8Array; offset: number }> {
  for (let begin = 0; begin < bytes.length;) {
    const newline = bytes.indexOf(NEWLINE, begin);
    const end = newline === -1 ? bytes.length : newline;
    yield { line: bytes.subarray(begin, end + 1), offset: offsetAtEnd(bytes, end) };
    begin = end + 1;
  }
}

/** Finds the newest event of each key, in blocks of lines that are given in their order. */
export class Newest {
  readonly #offsets = new Map<string, number>();

  look(block: Uint8Array): void {
    for (const { line, offset } of linesOf(block)) {
      const key = keyOf(line);
      if (key !== null) this.#offsets.set(key, offset);
    }
  }

  /** What of a block is the newest of its key among all that was looked at, at its old offsets; null where nothing is. */
  kept(block: Uint8Array, atMs: number): Chunk | null {
    const kept: Uint8Array[] = [];
    let first = 0;
    let last = 0;
    for (const { line, offset } of linesOf(block)) {
      const key = keyOf(line);
      if (key === null || this.#offsets.get(key) !== offset) continue;
      if (kept.length === 0) first = offset;
      last = offset;
      kept.push(line);
    }
    // From its first to its last event: those between them that are gone count, too.
    return kept.length === 0 ? null : { first, count: last - first + 1, atMs, bytes: joined(kept) };
  }
}
