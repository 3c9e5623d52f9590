import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { inRoot } from "./paths.ts";

/** `seen` is how the inputs lay on the disk when they were last hashed: as long as they lie so, they are not read. */
type Stamp = { hash: string; inputs: string[]; seen?: string };

/** Whether what the stamp describes was made from exactly these files, by content. */
export function isFresh(stampPath: string, extra: string): boolean {
  const stamp = readStamp(stampPath);
  if (stamp === undefined) return false;
  const seen = seenNow(stamp.inputs, extra);
  if (seen !== undefined && seen === stamp.seen) return true;
  if (stamp.hash !== hashFiles(stamp.inputs, extra)) return false;
  if (seen !== undefined) writeFileSync(stampPath, JSON.stringify({ ...stamp, seen }));
  return true;
}

export function writeStamp(stampPath: string, inputs: string[], extra: string): void {
  mkdirSync(dirname(stampPath), { recursive: true });
  const hash = hashFiles(inputs, extra);
  if (hash !== undefined)
    writeFileSync(stampPath, JSON.stringify({ hash, inputs } satisfies Stamp));
}

function readStamp(path: string): Stamp | undefined {
  if (!existsSync(path)) return undefined;
  try {
    return JSON.parse(readFileSync(path, "utf8")) as Stamp;
  } catch {
    return undefined; // cut off while it was written: the same as none
  }
}

/** A file that was written to has another change time (ctime), which no program sets back. Undefined while it is too young to tell. */
export function seenNow(inputs: string[], extra: string): string | undefined {
  const seen = createHash("sha256").update(extra);
  for (const input of inputs) {
    const stats = statSync(inRoot(input), { throwIfNoEntry: false });
    if (stats === undefined || Date.now() - stats.ctimeMs < YOUNG_MS) return undefined;
    seen.update(`${input} ${stats.ino} ${stats.size} ${stats.mtimeMs} ${stats.ctimeMs}\n`);
  }
  return seen.digest("hex");
}

/** Two writes within one tick of a file system's clock look alike. */
const YOUNG_MS = 2_000;

/** `undefined` names never equal a stored hash, so a deleted input makes the stamp stale. */
function hashFiles(inputs: string[], extra: string): string | undefined {
  const hash = createHash("sha256").update(extra);
  for (const input of inputs) {
    const path = inRoot(input);
    if (!existsSync(path)) return undefined;
    hash.update(input).update("\0").update(readFileSync(path)).update("\0");
  }
  return hash.digest("hex");
}
