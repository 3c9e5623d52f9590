import type { Command } from "#cli/command.ts";
import { harmless, wrap } from "#cli/terminal.ts";

export const listDead: Command = {
  name: "queue dead",
  summary: "List the account's work that failed on every attempt (scope admin).",
  takes: [],
  flags: {},
  examples: [],
  async run({ client, terminal, json, style }) {
    const letters = await client().deadLetters();
    const lines = letters.items.flatMap((letter) => [
      `${style(letter.unitId, "cyan")}  version ${letter.version}  ${letter.queue}  ${style(letter.at, "dim")}`,
      ...wrap(harmless(letter.reason), terminal.columns - 2).map((line) => `  ${line}`),
    ]);
    await terminal.out(
      json ? `${JSON.stringify(letters)}\n` : `${lines.join("\n") || "no dead letters"}\n`,
    );
    return 0;
  },
};

export const redrive: Command = {
  name: "queue redrive",
  summary:
    "Put the account's oldest dead letters back to work, once their cause is mended (scope admin).",
  takes: [],
  flags: {},
  examples: [],
  async run({ client, terminal, json }) {
    const answer = await client().redrive();
    await terminal.out(
      json ? `${JSON.stringify(answer)}\n` : `${answer.redriven} put back to work\n`,
    );
    return 0;
  },
};
