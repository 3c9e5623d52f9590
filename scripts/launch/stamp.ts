import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { inRoot } from "./paths.ts";

type Stamp = { hash: string; inputs: string[] };

/** Whether what the stamp describes was made from exactly these files, by content. */
export function isFresh(stampPath: string, extra: string): boolean {
  const stamp = readStamp(stampPath);
  return stamp !== undefined && stamp.hash === hashFiles(stamp.inputs, extra);
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
