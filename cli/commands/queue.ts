import { answered, listed } from "#cli/answered.ts";
import type { Command } from "#cli/command.ts";
import { harmless, wrap } from "#cli/terminal.ts";

export const listDead: Command = {
  name: "queue dead",
  summary: "List the account's work that failed on every attempt (scope admin).",
  takes: [],
  flags: {},
  examples: [],
  async run(context) {
    const { client, terminal, style } = context;
    const letters = await client().deadLetters();
    const lines = letters.items.flatMap((letter) => [
      `${style(letter.unitId, "cyan")}  version ${letter.version}  ${letter.queue}  ${style(letter.at, "dim")}`,
      ...wrap(harmless(letter.reason), terminal.columns - 2).map((line) => `  ${line}`),
    ]);
    return await listed(context, letters, lines, "no dead letters");
  },
};

export const redrive: Command = {
  name: "queue redrive",
  summary:
    "Put the account's oldest dead letters back to work, once their cause is mended (scope admin).",
  takes: [],
  flags: {},
  examples: [],
  async run(context) {
    const answer = await context.client().redrive();
    return await answered(context, answer, `${answer.redriven} put back to work\n`);
  },
};
