import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { DIST, inRoot, ROOT } from "./paths.ts";
import { Refusal } from "./say.ts";
import { seenNow } from "./stamp.ts";

/** How everything lay on the disk when it was last built: what the builders read and what they made. */
type Built = { files: string[]; seen: string };

const FILE = join(DIST, ".built.json");

/**
 * Builds what is not up to date, in a process of its own: compilers and Miniflare would stay in this one's memory for as
 * long as it serves.
 */
export async function ensureBuilt(): Promise<void> {
  if (isBuilt()) return;
  rmSync(FILE, { force: true });
  const child = spawn(process.execPath, [inRoot("scripts", "build.ts")], { stdio: "inherit" });
  const [code] = (await once(child, "exit")) as [number | null];
  if (code !== 0) throw new Refusal("the product could not be built (see above).");
  noteBuilt();
}

function isBuilt(): boolean {
  try {
    const { files, seen } = JSON.parse(readFileSync(FILE, "utf8")) as Built;
    return seen === seenNow(files, "");
  } catch {
    return false;
  }
}

function noteBuilt(): void {
  const made = filesIn(DIST);
  const read = made
    .filter((file) => file.endsWith("stamp.json"))
    .flatMap(
      (file) => (JSON.parse(readFileSync(inRoot(file), "utf8")) as { inputs: string[] }).inputs,
    );
  const scripts = filesIn(inRoot("scripts")).filter((file) => file.endsWith(".ts"));
  const files = [...new Set([...made, ...read, ...scripts, "package-lock.json"])].toSorted();
  const seen = seenNow(files, "");
  if (seen !== undefined) writeFileSync(FILE, JSON.stringify({ files, seen } satisfies Built));
}

const filesIn = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name !== ".built.json")
    .map((entry) => relative(ROOT, join(entry.parentPath, entry.name)));
