import type { UnitInput } from "#sdk/client.ts";

/** One line of an import: what it came from, and the unit as JSON. */
export type Line = { from: string; json: string };
export type Taken = { lines: Line[]; skipped: number };

const BYTES_MAX = 10_000_000;
const LINES_MAX = 100_000;
const TITLE_CHARS_MAX = 200;
const TEXT = /\.(md|markdown|txt)$/i;
const NDJSON = /\.(ndjson|jsonl)$/i;

/** The units that files hold: one a text file, one a line of NDJSON. */
export async function linesOf(files: readonly File[]): Promise<Taken> {
  const taken: Taken = { lines: [], skipped: 0 };
  for (const file of files) {
    const isText = TEXT.test(file.name);
    const isUsable = (isText || NDJSON.test(file.name)) && file.size <= BYTES_MAX && file.size > 0;
    if (!isUsable || taken.lines.length >= LINES_MAX) {
      taken.skipped += 1;
      continue;
    }
    const text = await file.text();
    if (isText)
      taken.lines.push({ from: file.name, json: JSON.stringify(unitOf(file.name, text)) });
    else
      for (const [at, json] of text.split("\n").entries())
        if (json.trim() !== "" && taken.lines.length < LINES_MAX)
          taken.lines.push({ from: `${file.name}:${at + 1}`, json });
  }
  return taken;
}

/** A document's first heading is its title, or its file's name where it has none. */
export function unitOf(name: string, text: string): UnitInput {
  const body = text.replaceAll("\r\n", "\n").trim();
  const heading = /^# +(.+)(?:\n+|$)/.exec(body);
  const title = heading?.[1]?.trim() ?? name.replace(TEXT, "").replaceAll(/[-_]+/g, " ");
  const rest = heading === null ? body : body.slice(heading[0].length).trim();
  return { title: title.slice(0, TITLE_CHARS_MAX), body: rest === "" ? body : rest };
}

/** The files of what was dropped, folders with all that is in them. */
export async function filesOf(items: DataTransferItemList): Promise<File[]> {
  const entries = [...items].flatMap((item) => item.webkitGetAsEntry() ?? []);
  return (await Promise.all(entries.map(filesIn))).flat();
}

async function filesIn(entry: FileSystemEntry): Promise<File[]> {
  if (isFile(entry)) return [await new Promise<File>((done, fail) => entry.file(done, fail))];
  if (!isFolder(entry)) return [];
  const reader = entry.createReader();
  const found: File[] = [];
  // It tells a part of a folder at a time, and none when all were told.
  for (;;) {
    const some = await new Promise<FileSystemEntry[]>((done, fail) =>
      reader.readEntries(done, fail),
    );
    if (some.length === 0) return found;
    for (const each of some) found.push(...(await filesIn(each)));
  }
}

const isFile = (entry: FileSystemEntry): entry is FileSystemFileEntry => entry.isFile;
const isFolder = (entry: FileSystemEntry): entry is FileSystemDirectoryEntry => entry.isDirectory;
