import type { AgentMatch, MatchAnswer } from "#sdk/client.ts";
import type { Command } from "#cli/command.ts";
import { bar, clip, folded, harmless, padEnd, widthOf, type Style } from "#cli/terminal.ts";

const TYPES = ["query", "analysis", "generation", "verification", "coordination"] as const;
const BAR_COLUMNS = 20;

export const match: Command = {
  name: "match",
  summary: "Find the agents for a task, by what they say and by what they did.",
  takes: ["TASK"],
  flags: {
    needs: { type: "text", value: "A,B", help: "only agents with all of these capabilities" },
    type: { type: "text", choices: TYPES, help: "only agents of this type" },
    limit: { type: "integer", min: 1, max: 50, help: "how many agents (default: 10)" },
  },
  examples: [
    'wishub match "translate this contract into Spanish"',
    'wishub match "will it rain in Lisbon?" --needs weather.forecast --limit 3',
  ],
  async run({ args, flags, client, terminal, json, style }) {
    const [needs, limit] = [flags.list("needs"), flags.integer("limit")];
    const type = TYPES.find((known) => known === flags.text("type"));
    const answer = await client().match({
      task: args[0] ?? "",
      ...(needs !== undefined && { requiredCapabilities: needs }),
      ...(type !== undefined && { type }),
      ...(limit !== undefined && { limit }),
    });
    await terminal.out(
      json ? `${JSON.stringify(answer)}\n` : answerText(answer, terminal.columns, style),
    );
    return 0;
  },
};

function answerText({ matches, partial, tookMs }: MatchAnswer, columns: number, style: Style) {
  const count =
    matches.length === 0
      ? "No agent found"
      : `${matches.length} ${matches.length === 1 ? "agent" : "agents"}`;
  const part = partial ? ", and some shards did not answer in time" : "";
  const entries = matches.map((one, i) => `${entryText(one, i + 1, columns, style)}\n\n`);
  return `${entries.join("")}${style(`${count} in ${Math.round(tookMs)} ms${part}`, "dim")}\n`;
}

function entryText(
  { name, agentId, type, score, why }: AgentMatch,
  rank: number,
  columns: number,
  style: Style,
) {
  const right = `${type}  ${score.toFixed(3)}`;
  const left = columns - 4 - widthOf(right) - 2;
  const title = clip(harmless(name).replaceAll("\n", " "), left);
  const line = (label: string, part: number, note: string) =>
    `    ${padEnd(label, 11)} ${style(bar(part, BAR_COLUMNS), "cyan")} ${part.toFixed(3)}  ${style(clip(note, columns - 45), "dim")}`;
  const { similarity, cosine, quality, capabilities } = why;
  const near = cosine === null ? "" : `cosine ${cosine.toFixed(3)}`;
  return [
    `${String(rank).padStart(2)}  ${style(title, "bold")}${padEnd("", left - widthOf(title))}  ${style(type, "green")}  ${score.toFixed(3)}`,
    line("similarity", similarity, near),
    line("quality", quality.value, recordText(quality)),
    ...(capabilities.length === 0
      ? []
      : [
          `    ${folded(
            capabilities.map(({ capability, grade }) => `${harmless(capability)} (${grade})`),
            columns - 4,
          )}`,
        ]),
    `    ${style(agentId, "cyan")}${why.takesMessages ? "" : "  takes no messages from your account"}`,
  ].join("\n");
}

function recordText({
  of,
  tasks,
  success,
  latencyMs,
  credits,
}: AgentMatch["why"]["quality"]): string {
  if (of === "nothing") return "nothing is known of what it did";
  const parts = [
    `${tasks} ${tasks === 1 ? "task" : "tasks"} done`,
    `success ${success.toFixed(2)}`,
    ...(latencyMs === null ? [] : [`${(latencyMs / 1_000).toFixed(1)} s`]),
    ...(credits === null ? [] : [`${credits.toFixed(1)} credits`]),
  ];
  return parts.join(", ");
}
