import type { InputLine } from "./sources.ts";

/** Consecutive lines that go in one request; the first has the number `firstLine`. */
export type Batch = { firstLine: number; lines: InputLine[]; fraction?: number };

const BATCH_LINES_MAX = 1_000;
const BATCH_CHARS_MAX = 4_194_304;

/** Groups lines so that one request stays small enough to repeat and far below what a deployment takes. */
export async function* batched(lines: AsyncIterable<InputLine>): AsyncGenerator<Batch> {
  let held: InputLine[] = [];
  let chars = 0;
  for await (const line of lines) {
    if (
      held.length > 0 &&
      (held.length >= BATCH_LINES_MAX || chars + line.text.length > BATCH_CHARS_MAX)
    ) {
      yield batchOf(held);
      held = [];
      chars = 0;
    }
    held.push(line);
    chars += line.text.length;
  }
  if (held.length > 0) yield batchOf(held);
}

function batchOf(lines: InputLine[]): Batch {
  const fraction = lines.at(-1)?.fraction;
  return { firstLine: lines[0]?.number ?? 1, lines, ...(fraction !== undefined && { fraction }) };
}
