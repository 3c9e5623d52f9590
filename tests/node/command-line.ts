import { spawn } from "node:child_process";
import { join } from "node:path";
import { expect } from "vitest";
import { widthOf } from "#cli/terminal.ts";

const LAUNCHER = join(import.meta.dirname, "..", "..", "cli", "bin.mjs");
const COLUMNS = 80;

type Ended = { code: number | null; out: string; err: string };

/** The `wishub` command as somebody runs it whose folder this is: what they are signed in as lies there. */
export function commandLine(folder: string, url: string) {
  async function run(args: string[], stdin = "", env: Record<string, string> = {}): Promise<Ended> {
    const child = spawn(process.execPath, [LAUNCHER, ...args], {
      cwd: folder,
      env: { PATH: process.env["PATH"] ?? "", WISHUB_STATE: folder, WISHUB_URL: url, ...env },
    });
    child.stdin.end(stdin);
    let [out, err] = ["", ""];
    child.stdout.setEncoding("utf8").on("data", (text: string) => (out += text));
    child.stderr.setEncoding("utf8").on("data", (text: string) => (err += text));
    const code = await new Promise<number | null>((done) => child.once("close", done));
    if (!args.includes("--json")) expect(tooWide(out + err)).toEqual([]);
    return { code, out, err };
  }

  return {
    run,
    /** What it prints for a person when all is well. */
    async says(args: string[], stdin?: string): Promise<string> {
      const { code, out, err } = await run(args, stdin);
      expect({ args, code, err: code === 0 ? "" : err }).toEqual({ args, code: 0, err: "" });
      return out;
    },
    /** The same as one document. */
    async document<T>(args: string[], stdin?: string): Promise<T> {
      const { code, out, err } = await run([...args, "--json"], stdin);
      expect({ args, code, err: code === 0 ? "" : err }).toEqual({ args, code: 0, err: "" });
      return JSON.parse(out) as T;
    },
  };
}

/** Lines that a terminal would break: but an address stays whole, so that it can be opened, and a document is for programs. */
const tooWide = (text: string) =>
  text
    .split("\n")
    .filter((line) => widthOf(line) > COLUMNS && !line.includes("://") && !line.startsWith("{"));
