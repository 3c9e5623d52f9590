import { readFile } from "node:fs/promises";
import path from "node:path";
import { UsageError } from "./command.ts";
import type { Terminal } from "./terminal.ts";

const BYTES_MAX = 1_048_576;

/** What a file holds as JSON, or what comes in where it is `-`. The server says what is wrong with it. */
export async function jsonFrom(file: string, terminal: Terminal): Promise<object> {
  const text =
    file === "-" ? await wholeOf(terminal.stdin) : await read(path.resolve(terminal.cwd, file));
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new UsageError(`${file} is not JSON`);
  }
  if (typeof value !== "object" || value === null) throw new UsageError(`${file} holds no object`);
  return value;
}

async function read(file: string): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch {
    throw new UsageError(`${file} cannot be read`);
  }
}

async function wholeOf(input: Terminal["stdin"]): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of input) {
    chunks.push(Buffer.from(chunk));
    bytes += chunk.length;
    if (bytes > BYTES_MAX) throw new UsageError("at most 1 MB is taken");
  }
  return Buffer.concat(chunks).toString("utf8");
}
