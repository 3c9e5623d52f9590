import { createReadStream } from "node:fs";
import { readdir, readFile, stat } from "node:fs/promises";
import path from "node:path";
import { unitsOfMarkdown } from "#domain/units/markdown.ts";
import { readLines } from "#sdk/ndjson.ts";
import { UsageError } from "#cli/command.ts";

/** One line to send. `where` names the Markdown file it comes from; `fraction` is how far the whole input is read. */
export type InputLine = { number: number; text: string; where?: string; fraction?: number };

export type Overrides = { visibility?: "public"; tags?: string[] };

const FILES_MAX = 100_000;
const MARKDOWN_BYTES_MAX = 8_388_608;

export async function* linesOfFile(
  file: string,
  bytes: number,
  overrides: Overrides,
  fromLine: number,
): AsyncGenerator<InputLine> {
  const stream = createReadStream(file, { highWaterMark: 262_144 });
  yield* numbered(readLines(stream), overrides, fromLine, () =>
    bytes === 0 ? 1 : stream.bytesRead / bytes,
  );
}

export function linesOfStdin(
  stdin: AsyncIterable<Uint8Array>,
  overrides: Overrides,
  fromLine: number,
): AsyncGenerator<InputLine> {
  return numbered(readLines(stdin), overrides, fromLine);
}

async function* numbered(
  lines: AsyncIterable<string>,
  overrides: Overrides,
  fromLine: number,
  fraction?: () => number,
): AsyncGenerator<InputLine> {
  let number = 0;
  for await (const text of lines) {
    number += 1;
    if (number >= fromLine)
      yield {
        number,
        text: overridden(text, overrides),
        ...(fraction !== undefined && { fraction: fraction() }),
      };
  }
}

/** A line that is not a JSON object goes out as it is: the server says what is wrong with it. */
function overridden(text: string, overrides: Overrides): string {
  if (Object.keys(overrides).length === 0) return text;
  try {
    const unit: unknown = JSON.parse(text);
    if (typeof unit !== "object" || unit === null || Array.isArray(unit)) return text;
    const own = "tags" in unit && Array.isArray(unit.tags) ? unit.tags : [];
    return JSON.stringify({
      ...unit,
      ...overrides,
      ...(overrides.tags !== undefined && { tags: [...new Set([...own, ...overrides.tags])] }),
    });
  } catch {
    return text;
  }
}

/** Units of every Markdown file below `folder`, in the order of their paths, so that a line number means the same next time. */
export async function* linesOfFolder(
  folder: string,
  overrides: Overrides,
  fromLine: number,
): AsyncGenerator<InputLine> {
  const files = await markdownFiles(folder);
  if (files.length === 0) throw new UsageError(`there is no Markdown file in ${folder}`);
  let number = 0;
  for (const [index, file] of files.entries()) {
    const { size } = await stat(path.join(folder, file));
    if (size > MARKDOWN_BYTES_MAX)
      throw new UsageError(`${file} is larger than ${MARKDOWN_BYTES_MAX} bytes`);
    for (const unit of unitsOfMarkdown(file, await readFile(path.join(folder, file), "utf8"))) {
      number += 1;
      if (number < fromLine) continue;
      yield {
        number,
        text: overridden(JSON.stringify(unit), overrides),
        where: file,
        fraction: (index + 1) / files.length,
      };
    }
  }
}

/** Hidden folders, dependencies and symbolic links are left out. */
async function markdownFiles(folder: string): Promise<string[]> {
  const found: string[] = [];
  const pending = [""];
  for (let current = pending.pop(); current !== undefined; current = pending.pop()) {
    for (const entry of await readdir(path.join(folder, current), { withFileTypes: true })) {
      if (entry.name.startsWith(".") || entry.name === "node_modules") continue;
      const name = path.posix.join(current, entry.name);
      if (entry.isDirectory()) pending.push(name);
      else if (entry.isFile() && /\.(md|markdown)$/i.test(entry.name)) found.push(name);
      if (found.length > FILES_MAX)
        throw new UsageError(`there are more than ${FILES_MAX} Markdown files in ${folder}`);
    }
  }
  return found.sort();
}
