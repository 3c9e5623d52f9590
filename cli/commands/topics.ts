import { type Command, UsageError } from "#cli/command.ts";
import { folded } from "#cli/terminal.ts";
import type { Operations } from "#sdk/types.ts";

type Topic = Operations["GET /v1/topics"]["answer"]["items"][number];

const listTopics: Command = {
  name: "topics",
  summary:
    "Show the account's topics: partitions, events that are kept, and who reads them how far.",
  takes: [],
  flags: {},
  examples: ["wishub topics --json"],
  async run({ client, terminal, json, style }) {
    const topics = await client().operation("GET /v1/topics");
    const lines = topics.items.flatMap((topic) => [
      folded([style(topic.topic, "cyan"), ...saidOf(topic)], terminal.columns),
      ...topic.groups.map(({ group, members, lag }) =>
        folded([`  ${group}`, `${members} members`, `${lag} events behind`], terminal.columns),
      ),
    ]);
    await terminal.out(json ? `${JSON.stringify(topics)}\n` : `${lines.join("\n")}\n`);
    return 0;
  },
};

const setTopic: Command = {
  name: "topics set",
  summary:
    "Say how long a topic keeps its events, or that it keeps the newest of each key (scope admin).",
  takes: ["TOPIC"],
  flags: {
    days: { type: "integer", help: "days that events are kept", min: 1, max: 365 },
    compact: {
      type: "text",
      value: "on|off",
      choices: ["on", "off"],
      help: "keep of what is older the newest event of each key",
    },
  },
  examples: [
    "wishub topics set agent.events --days 30",
    "wishub topics set agent.events --compact on",
  ],
  async run({ args, flags, client, terminal, json, style }) {
    const retentionDays = flags.integer("days");
    const compact = flags.text("compact");
    if (retentionDays === undefined && compact === undefined)
      throw new UsageError("say what to set: --days or --compact");
    const topic = await client().operation("PATCH /v1/topics/{topic}", {
      path: { topic: args[0] ?? "" },
      body: {
        ...(retentionDays !== undefined && { retentionDays }),
        ...(compact !== undefined && { compact: compact === "on" }),
      },
    });
    const said = folded([style(topic.topic, "cyan"), ...saidOf(topic)], terminal.columns);
    await terminal.out(json ? `${JSON.stringify(topic)}\n` : `${said}\n`);
    return 0;
  },
};

export const topicCommands: readonly Command[] = [listTopics, setTopic];

function saidOf({ partitions, bytes, retentionDays, compact }: Topic): string[] {
  const events = partitions.reduce((sum, { earliest, latest }) => sum + latest - earliest + 1, 0);
  return [
    `${partitions.length} ${partitions.length === 1 ? "partition" : "partitions"}`,
    `${events} events`,
    `${Math.ceil(bytes / 1_000)} kB`,
    compact ? `the newest of each key after ${retentionDays} days` : `${retentionDays} days`,
  ];
}
