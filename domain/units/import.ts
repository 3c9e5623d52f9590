import type { Line } from "#domain/shared/lines.ts";
import { LIMITS } from "#domain/shared/limits.ts";
import { parseJson } from "#domain/shared/parse.ts";
import type { Problem } from "#domain/shared/problem.ts";
import { err, type Result } from "#domain/shared/result.ts";
import { type UnitInput, unitInput } from "#domain/units/model.ts";
import { type PublishProblem, publishUnits } from "#domain/units/publish.ts";
import type { StoredUnit } from "#domain/units/record.ts";

const UNITS_PER_WRITE = 100;
/** With the longest line on top it stays below what one statement may carry (db/units/write.ts). */
const BYTES_PER_WRITE = 524_288;

type Deps = Parameters<typeof publishUnits>[0];
type Author = Parameters<typeof publishUnits>[1];

/** `seed` and `fromLine` make each line's unit id, so an import that is sent again publishes nothing twice. */
export type Import = {
  seed: string;
  fromLine: number;
  /** Why a line's unit may not be published, or null; absent where nothing narrows the author. */
  refusal?: (input: UnitInput) => Problem<"forbidden"> | null;
};
export type ImportedLine =
  | { line: number; unit: StoredUnit }
  | {
      line: number;
      problem: LineProblem;
    };
type LineProblem = PublishProblem | Problem<"body-too-large" | "forbidden">;

/** Publishes the units of some lines, in order; a line that is refused says why and stops nothing. */
export async function importLines(
  deps: Deps,
  author: Author,
  { seed, fromLine, refusal }: Import,
  lines: Line[],
  nowMs: number,
): Promise<ImportedLine[]> {
  const imported: ImportedLine[] = [];
  for (let start = 0, end = 0; start < lines.length; start = end) {
    end = endOfWrite(lines, start);
    const parsed = lines.slice(start, end).map(({ number, bytes }) => ({
      line: fromLine + number - 1,
      input: unitOf(bytes, refusal),
    }));
    const publications = parsed.flatMap(({ line, input }) =>
      input.ok ? [{ input: input.value, seed: `${seed}\n${line}` }] : [],
    );
    const outcomes = (await publishUnits(deps, author, publications, nowMs)).values();
    for (const { line, input } of parsed)
      imported.push(lineOf(line, input.ok ? nextOf(outcomes) : input));
  }
  return imported;
}

function endOfWrite(lines: Line[], start: number): number {
  let bytes = 0;
  let end = start;
  while (end < lines.length && end - start < UNITS_PER_WRITE && bytes < BYTES_PER_WRITE)
    bytes += lines[end++]?.bytes?.byteLength ?? 0;
  return end;
}

function unitOf(
  bytes: Uint8Array | null,
  refusal: Import["refusal"],
): Result<UnitInput, Problem<"invalid-request" | "body-too-large" | "forbidden">> {
  if (bytes !== null) {
    const parsed = parseJson(bytes, unitInput);
    const refused = parsed.ok ? (refusal?.(parsed.value) ?? null) : null;
    return refused === null ? parsed : err(refused);
  }
  return err({
    code: "body-too-large",
    detail: `a line has at most ${LIMITS.importLineBytesMax} bytes`,
  });
}

function lineOf(line: number, outcome: Result<StoredUnit, LineProblem>): ImportedLine {
  return outcome.ok ? { line, unit: outcome.value } : { line, problem: outcome.error };
}

function nextOf<T>(items: IterableIterator<T>): T {
  const next = items.next();
  if (next.done) throw new Error("fewer answers than publications");
  return next.value;
}
