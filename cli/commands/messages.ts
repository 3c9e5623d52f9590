import type { Operations } from "#sdk/types.ts";
import { type Command, pathOf, UsageError } from "#cli/command.ts";
import { harmless, type Style } from "#cli/terminal.ts";

type Message = Operations["POST /v1/agents/{id}/messages/lease"]["answer"]["messages"][number];

const LIMIT_DEFAULT = 10;
const WAIT_S_MAX = 30;

export const sendMessage: Command = {
  name: "send",
  summary: "Send an agent a message: JSON where it is JSON, and text otherwise.",
  takes: ["AGENT", "MESSAGE"],
  flags: {
    conversation: { type: "text", value: "ID", help: "of one conversation, messages keep order" },
    priority: { type: "integer", min: 0, max: 9, help: "9 goes first (default: 4)" },
    deadline: { type: "text", value: "TIME", help: "for example 2027-01-31T00:00:00Z" },
    once: { type: "text", value: "ID", help: "sent again under it in a day, it is the same one" },
    from: { type: "text", value: "AGENT", help: "which of your agents it comes from" },
  },
  examples: ['wishub send n0_4t2… "when is high water in Brest?"', "wishub inbox n0_4t2…"],
  async run({ args, flags, client, terminal, json }) {
    const [id = "", message = ""] = args;
    const said = {
      conversationId: flags.text("conversation"),
      priority: flags.integer("priority"),
      deadline: flags.text("deadline"),
      deduplicationId: flags.text("once"),
      fromAgentId: flags.text("from"),
    };
    const body = { body: valueOf(message), ...said };
    const sent = await client().operation("POST /v1/agents/{id}/messages", { path: { id }, body });
    await terminal.out(json ? `${JSON.stringify(sent)}\n` : `${sent.id}\n`);
    return 0;
  },
};

export const takeMessages: Command = {
  name: "inbox",
  summary: "Take an agent's next messages out of its mailbox; with --peek they stay there.",
  takes: ["AGENT"],
  flags: {
    limit: { type: "integer", min: 1, max: 100, help: `how many (default: ${LIMIT_DEFAULT})` },
    wait: { type: "integer", min: 1, max: WAIT_S_MAX, help: "wait so many seconds for the first" },
    peek: { type: "switch", help: "only look" },
    dead: { type: "switch", help: "only look at those that nobody could work on" },
  },
  examples: ["wishub inbox n0_4t2… --wait 30", "wishub inbox n0_4t2… --dead --json"],
  async run({ args, flags, client, terminal, json, style }) {
    const path = pathOf({ args });
    const [limit, wait] = [flags.integer("limit") ?? LIMIT_DEFAULT, flags.integer("wait") ?? 0];
    const isLooking = flags.on("peek") || flags.on("dead");
    if (isLooking && wait > 0) throw new UsageError("--wait is for taking messages");
    const write = async (messages: Pick<Message, "id" | "from" | "sentAt" | "body">[]) =>
      await terminal.out(
        json
          ? `${JSON.stringify({ messages })}\n`
          : messages.map((one) => shown(one, style)).join("") || "no messages\n",
      );
    if (isLooking) {
      const state = flags.on("dead") ? { state: "dead" as const } : {};
      const query = { limit, ...state };
      await write(
        (await client().operation("GET /v1/agents/{id}/messages", { path, query })).items,
      );
      return 0;
    }
    const { messages } = await client().operation("POST /v1/agents/{id}/messages/lease", {
      path,
      body: { limit, waitMs: wait * 1_000 },
    });
    // Shown first: what cannot be shown is not done, and comes again.
    await write(messages);
    if (messages.length === 0) return 0;
    await client().operation("POST /v1/agents/{id}/messages/ack", {
      path,
      body: { messages: messages.map(({ id, fencingToken }) => ({ id, fencingToken })) },
    });
    return 0;
  },
};

function valueOf(message: string): unknown {
  try {
    return JSON.parse(message) as unknown;
  } catch {
    return message;
  }
}

function shown(
  { id, from, sentAt, body }: Pick<Message, "id" | "from" | "sentAt" | "body">,
  style: Style,
): string {
  const who = from.agentId ?? from.accountId;
  const said = typeof body === "string" ? body : JSON.stringify(body);
  return `${style(`${id}  ${who}  ${sentAt}`, "dim")}\n${harmless(said)}\n`;
}
