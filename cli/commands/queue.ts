import type { Command } from "../command.ts";
import { harmless } from "../terminal.ts";

export const listDead: Command = {
  name: "queue dead",
  summary: "List the messages that no consumer could handle (scope admin).",
  takes: [],
  flags: { limit: { type: "integer", min: 1, max: 100, help: "how many (default: 20)" } },
  examples: [],
  async run({ flags, client, terminal, json, style }) {
    const page = await client().deadLetters({ limit: flags.integer("limit") ?? 20 });
    const lines = page.items.map(
      (item) =>
        `${style(item.id, "cyan")}  ${item.queue}  ${style(item.at, "dim")}  ${harmless(item.error)}`,
    );
    await terminal.out(
      json ? `${JSON.stringify(page)}\n` : `${lines.join("\n") || "no dead letters"}\n`,
    );
    return 0;
  },
};

export const redrive: Command = {
  name: "queue redrive",
  summary: "Send dead letters through their queue again (scope admin).",
  takes: [],
  flags: { ids: { type: "text", value: "A,B", help: "only these (default: all)" } },
  examples: [],
  async run({ flags, client, terminal, json }) {
    const ids = flags.list("ids");
    const answer = await client().redrive(ids === undefined ? {} : { ids });
    await terminal.out(
      json ? `${JSON.stringify(answer)}\n` : `${answer.redriven} messages sent again\n`,
    );
    return 0;
  },
};
