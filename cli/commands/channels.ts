import type { Operations } from "#sdk/types.ts";
import { answered, listed, listedDead } from "#cli/answered.ts";
import { type Command, pathOf } from "#cli/command.ts";
import { jsonFrom } from "#cli/json-file.ts";
import { folded, harmless, type Style } from "#cli/terminal.ts";

type Channel = Operations["GET /v1/channels/{id}"]["answer"];
type Traffic = Operations["GET /v1/channels/{id}/traffic"]["answer"];

const lineOf = ({ id, type, name, agentId, state }: Channel, style: Style, columns: number) =>
  folded(
    [
      style(id, "cyan"),
      type,
      harmless(name),
      `with ${agentId}`,
      state === "active" ? "" : style(state, "yellow"),
    ],
    columns,
  );

const add: Command = {
  name: "channels add",
  summary:
    "Connect a messenger, mail or a webhook to an agent. FILE holds the settings as JSON, as the API takes them; - is standard input.",
  takes: ["FILE"],
  flags: {},
  examples: [
    `wishub channels add - < slack.json  # {"type":"slack","name":"…","agentId":"n0_…","config":{…}}`,
  ],
  async run(context) {
    const { args, client, terminal } = context;
    const body = (await jsonFrom(
      args[0] ?? "-",
      terminal,
    )) as Operations["POST /v1/channels"]["body"];
    const channel = await client().operation("POST /v1/channels", { body });
    const made = Object.entries(channel.made ?? {}).map(
      ([name, secret]) => `its ${name}, shown this once:\n  ${secret}\n`,
    );
    const told = `${channel.id} is connected\n${wayIn(channel)}`;
    return await answered(context, channel, told + made.join(""));
  },
};

/** What somebody does next, so that anything comes in. */
function wayIn({ type, address, config, inboundUrl }: Channel): string {
  if (type !== "email") return `tell ${type} to call:\n  ${inboundUrl}\n`;
  const written = `people write to:\n  ${address}\n`;
  if (config["relayUrl"] === undefined) return written;
  return `${written}its mail server brings what comes, signed, to:\n  ${inboundUrl}\n`;
}

const list: Command = {
  name: "channels list",
  summary: "List the account's channels.",
  takes: [],
  flags: {},
  examples: [],
  async run(context) {
    const { client, terminal, style } = context;
    const page = await client().operation("GET /v1/channels", { query: { limit: 100 } });
    const lines = page.items.map((one) => lineOf(one, style, terminal.columns));
    return await listed(context, page, lines, "nothing is connected");
  },
};

const show: Command = {
  name: "channels show",
  summary: "Show a channel, and how it does both ways.",
  takes: ["ID"],
  flags: {},
  examples: [],
  async run(context) {
    const { client, terminal, style } = context;
    const path = pathOf(context);
    const channel = await client().operation("GET /v1/channels/{id}", { path });
    const traffic = await client().operation("GET /v1/channels/{id}/traffic", { path });
    const text = [
      lineOf(channel, style, terminal.columns),
      channel.address === undefined ? "" : `written to at ${channel.address}`,
      `called at ${channel.inboundUrl}`,
      wayLine("in", traffic.inbound),
      wayLine("out", traffic.outbound),
      "",
    ];
    const shown = text.filter((line, i) => line !== "" || i === text.length - 1).join("\n");
    return await answered(context, { ...channel, traffic }, shown);
  },
};

function wayLine(way: string, { waiting, deadLetters, failures, resumesAt }: Traffic["inbound"]) {
  const held = resumesAt === null ? "" : `, held up until ${resumesAt} (${failures} failures)`;
  return `${way}: ${waiting} waiting, ${deadLetters} given up${held}`;
}

const set = (verb: "pause" | "resume", summary: string): Command => ({
  name: `channels ${verb}`,
  summary,
  takes: ["ID"],
  flags: {},
  examples: [],
  async run(context) {
    const { client } = context;
    const body = { state: verb === "pause" ? ("paused" as const) : ("active" as const) };
    const given = { path: pathOf(context), body, headers: { "If-Match": "*" } };
    const channel = await client().operation("PATCH /v1/channels/{id}", given);
    return await answered(context, channel, `${channel.id}  ${channel.state}\n`);
  },
});

const say: Command = {
  name: "channels say",
  summary: "Say something in a conversation of a channel, as its agent does.",
  takes: ["ID", "CONVERSATION", "TEXT"],
  flags: {},
  examples: [`wishub channels say x0_… x0_…:C024BE91L "High water at six."`],
  async run(context) {
    const { args, client } = context;
    const body = { conversationId: args[1] ?? "", body: { text: args[2] ?? "" } };
    const given = { path: pathOf(context), body };
    const said = await client().operation("POST /v1/channels/{id}/messages", given);
    return await answered(context, said, `${said.id} is on its way\n`);
  },
};

const dead: Command = {
  name: "channels dead",
  summary: "Show what a channel has given up, both ways.",
  takes: ["ID"],
  flags: {},
  examples: [],
  async run(context) {
    const letters = await context.client().operation("GET /v1/channels/{id}/dead-letters", {
      path: pathOf(context),
    });
    return await listedDead(
      context,
      letters,
      ({ direction, conversationId }, style) =>
        `${style(direction, "yellow")}  ${harmless(conversationId)}`,
    );
  },
};

const redrive: Command = {
  name: "channels redrive",
  summary: "Put what a channel has given up back to work, once the cause is mended.",
  takes: ["ID"],
  flags: {},
  examples: [],
  async run(context) {
    const answer = await context.client().operation("POST /v1/channels/{id}/redrive", {
      path: pathOf(context),
    });
    return await answered(context, answer, `${answer.redriven} are worked on again\n`);
  },
};

const remove: Command = {
  name: "channels remove",
  summary: "Disconnect a channel, with whatever is on its way.",
  takes: ["ID"],
  flags: {},
  examples: [],
  async run(context) {
    const path = pathOf(context);
    await context.client().operation("DELETE /v1/channels/{id}", { path });
    return await answered(context, { ...path, removed: true }, `${path.id} is disconnected\n`);
  },
};

/** What is connected, and how it goes: the verbs of `/v1/channels`. */
export const channelCommands: readonly Command[] = [
  add,
  list,
  show,
  set("pause", "Hand nothing on in either direction; what comes in is kept."),
  set("resume", "Let a paused channel go on."),
  say,
  dead,
  redrive,
  remove,
];
