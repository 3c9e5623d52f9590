import type { Operations } from "#sdk/types.ts";
import { UsageError, type Command } from "#cli/command.ts";
import { harmless, padEnd, widthOf } from "#cli/terminal.ts";

type Spending = Operations["GET /v1/inference/use"]["answer"];

export const listModels: Command = {
  name: "models",
  summary: "List the models that are offered, and what for.",
  takes: [],
  flags: {},
  examples: [],
  async run({ client, terminal, json, style }) {
    const models = await client().operation("GET /v1/inference/models");
    const left = Math.max(0, ...models.data.map(({ id }) => widthOf(harmless(id))));
    const lines = models.data.map(({ id, kinds, default_for }) => {
      const what = kinds.map((kind) => (default_for.includes(kind) ? `${kind} (default)` : kind));
      return `${style(padEnd(harmless(id), left), "cyan")}  ${what.join(", ")}`;
    });
    await terminal.out(json ? `${JSON.stringify(models)}\n` : `${lines.join("\n")}\n`);
    return 0;
  },
};

export const chat: Command = {
  name: "chat",
  summary:
    "Ask a model. The answer is written as it comes; - takes the question from standard input.",
  takes: ["TEXT"],
  flags: {
    model: { type: "text", value: "NAME", help: "which model (default: see `wishub models`)" },
    system: { type: "text", value: "TEXT", help: "what the model is told before" },
    tokens: { type: "integer", min: 1, max: 1_000_000, help: "how long the answer may be" },
  },
  examples: ['wishub chat "why is the sea salty?"', "cat notes.md | wishub chat - --tokens 200"],
  async run({ args, flags, client, terminal, json }) {
    const [given = ""] = args;
    const content = given === "-" ? await allOf(terminal.stdin) : given;
    if (content.trim() === "") throw new UsageError("ask something");
    const [model, system, most] = [
      flags.text("model"),
      flags.text("system"),
      flags.integer("tokens"),
    ];
    const request = {
      messages: [
        ...(system === undefined ? [] : [{ role: "system" as const, content: system }]),
        { role: "user" as const, content },
      ],
      ...(model !== undefined && { model }),
      ...(most !== undefined && { max_tokens: most }),
    };
    if (json) {
      const answer = await client().operation("POST /v1/inference/chat", { body: request });
      await terminal.out(`${JSON.stringify(answer)}\n`);
      return 0;
    }
    for await (const piece of client().chat(request, terminal.signal))
      await terminal.out(harmless(piece));
    await terminal.out("\n");
    return 0;
  },
};

const CHARS_MAX = 1_000_000;

async function allOf(stdin: AsyncIterable<Uint8Array>): Promise<string> {
  const utf8 = new TextDecoder();
  let text = "";
  for await (const chunk of stdin) {
    text += utf8.decode(chunk, { stream: true });
    if (text.length > CHARS_MAX) throw new UsageError(`at most ${CHARS_MAX} characters`);
  }
  return text;
}

export const showSpending: Command = {
  name: "spending",
  summary: "Show what the account spends on models, and bound it (scope admin).",
  takes: [],
  flags: {
    bound: { type: "integer", min: 0, max: 1_000_000_000_000, help: "tokens a day from now on" },
    unbound: { type: "switch", help: "as many as the plan allows" },
  },
  examples: ["wishub spending", "wishub spending --bound 1000000"],
  async run({ flags, client, terminal, json }) {
    const tokensPerDay = flags.integer("bound");
    if (tokensPerDay !== undefined && flags.on("unbound"))
      throw new UsageError("give either --bound or --unbound");
    const changes = tokensPerDay !== undefined || flags.on("unbound");
    const spending = changes
      ? await client().operation("PUT /v1/inference/bound", {
          body: { tokensPerDay: tokensPerDay ?? null },
        })
      : await client().operation("GET /v1/inference/use");
    await terminal.out(json ? `${JSON.stringify(spending)}\n` : textOf(spending));
    return 0;
  },
};

function textOf({ tokensPerDay, spentToday, heldNow, days }: Spending): string {
  const bound = tokensPerDay === null ? "no bound" : `of ${tokensPerDay} a day`;
  const held = heldNow === 0 ? "" : `, ${heldNow} held by calls under way`;
  const lines = days.map((each) => {
    const lost = each.unsettledTokens === 0 ? "" : ` + ${each.unsettledTokens} never settled`;
    const tokens = `${each.promptTokens} read, ${each.completionTokens} written${lost}`;
    return `${each.day}  ${each.kind}  ${harmless(each.model)}\n    ${each.calls} calls: ${tokens}`;
  });
  return [`${spentToday} tokens today, ${bound}${held}`, ...lines, ""].join("\n");
}
