import { createWriteStream, renameSync, rmSync, statSync } from "node:fs";
import { resolve } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { ReadableStream as NodeStream } from "node:stream/web";
import { UsageError, type Command } from "#cli/command.ts";

export const exportAccount: Command = {
  name: "account export",
  summary:
    "Write everything that is kept of the account into one .tar.gz (its owner, scope admin).",
  takes: ["FILE"],
  flags: {},
  examples: ["wishub account export account.tar.gz"],
  async run({ args, client, terminal, json }) {
    const file = resolve(terminal.cwd, args[0] ?? "");
    if (statSync(file, { throwIfNoEntry: false }) !== undefined)
      throw new UsageError(`${args[0]} is there already`);
    const body = await client().exportAccount();
    // Under its own name only once it is whole; it holds personal data, so nobody else may read it.
    const part = `${file}.part`;
    try {
      const from = Readable.fromWeb((body ?? new ReadableStream()) as NodeStream<Uint8Array>);
      const to = createWriteStream(part, { mode: 0o600 });
      await pipeline(from, to, { signal: terminal.signal });
      renameSync(part, file);
    } catch (error) {
      rmSync(part, { force: true });
      if (terminal.signal.aborted) return 130;
      throw error;
    }
    const { size: bytes } = statSync(file);
    await terminal.out(json ? `${JSON.stringify({ file, bytes })}\n` : `${file}: ${bytes} bytes\n`);
    return 0;
  },
};
