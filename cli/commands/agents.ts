import type { Operations } from "#sdk/types.ts";
import { type Command, type Flag, type Flags, pathOf, UsageError } from "#cli/command.ts";
import { clip, harmless, padEnd, widthOf, wrap, type Style } from "#cli/terminal.ts";

type Agent = Operations["GET /v1/agents/{id}"]["answer"];
type AgentInput = Operations["POST /v1/agents"]["body"];

export const AGENT_TYPES = [
  "query",
  "analysis",
  "generation",
  "verification",
  "coordination",
] as const;
const STATES = ["created", "active", "paused", "retired", "quarantined"] as const;
const AGENTS_MAX = 1_000;

/** What `register` and `update` say of an agent. */
export const SAID: Record<string, Flag> = {
  about: { type: "text", value: "TEXT", help: "what it does, in a sentence or two" },
  can: { type: "text", value: "A,B", help: "its capabilities, for example translate,weather/now" },
  listed: { type: "switch", help: "found by everybody (default: by your account)" },
  private: { type: "switch", help: "found by your account alone" },
  accepts: {
    type: "text",
    value: "WHOM",
    help: "whose messages it takes: account (default), listed, or accounts' ids",
  },
};

export function agentWords(flags: Flags) {
  if (flags.on("listed") && flags.on("private"))
    throw new UsageError("an agent is --listed or --private");
  const [about, can, accepts] = [flags.text("about"), flags.list("can"), flags.list("accepts")];
  return {
    ...(about !== undefined && { description: about }),
    ...(can !== undefined && { capabilities: can }),
    ...(flags.on("listed") && { visibility: "listed" as const }),
    ...(flags.on("private") && { visibility: "private" as const }),
    ...(accepts !== undefined && { accepts: acceptsOf(accepts) }),
  };
}

const acceptsOf = (named: string[]): "account" | "listed" | string[] =>
  named[0] === "account" || named[0] === "listed" ? named[0] : named;

export const registerAgent: Command = {
  name: "agents register",
  summary: "Register an agent. It can be found and written to from then on.",
  takes: ["NAME"],
  flags: {
    type: {
      type: "text",
      choices: AGENT_TYPES,
      help: "what kind it is, which says what it may do",
    },
    ...SAID,
    wait: { type: "switch", help: "let it wait until it is started" },
  },
  examples: [
    'wishub agents register "Tide teller" --type query --about "Tells tides." --can tides',
  ],
  async run({ args, flags, client, terminal, json, style }) {
    const type = AGENT_TYPES.find((known) => known === flags.text("type"));
    if (type === undefined) throw new UsageError(`give --type, one of ${AGENT_TYPES.join(", ")}`);
    const body: AgentInput = {
      name: args[0] ?? "",
      type,
      description: args[0] ?? "",
      capabilities: [],
      ...agentWords(flags),
      ...(flags.on("wait") && { start: false }),
    };
    const agent = await client().operation("POST /v1/agents", { body });
    await terminal.out(json ? `${JSON.stringify(agent)}\n` : `${agentLine(agent, style)}\n`);
    return 0;
  },
};

export const listAgents: Command = {
  name: "agents list",
  summary: "List your account's agents, newest first.",
  takes: [],
  flags: {
    everybody: { type: "switch", help: "those of every account that are listed" },
    type: { type: "text", choices: AGENT_TYPES, help: "only of this type" },
    state: { type: "text", choices: STATES, help: "only in this state" },
    can: { type: "text", value: "A", help: "only with this capability" },
    text: { type: "text", help: "only with this in the name or the description" },
    limit: { type: "integer", min: 1, max: AGENTS_MAX, help: "how many (default: 100)" },
  },
  examples: ["wishub agents list --state paused", "wishub agents list --everybody --can translate"],
  async run({ flags, client, terminal, json, style }) {
    const [api, max] = [client(), flags.integer("limit") ?? 100];
    const query = {
      of: flags.on("everybody") ? "everybody" : undefined,
      type: flags.text("type"),
      state: flags.text("state"),
      capability: flags.text("can"),
      q: flags.text("text"),
      limit: Math.min(max, 100),
    };
    const items: Agent[] = [];
    let cursor: string | undefined;
    do {
      const page = await api.operation("GET /v1/agents", { query: { ...query, cursor } });
      items.push(...page.items);
      cursor = page.nextCursor ?? undefined;
    } while (cursor !== undefined && items.length < max && !terminal.signal.aborted);
    const shown = items.slice(0, max);
    if (json) {
      await terminal.out(`${JSON.stringify({ items: shown })}\n`);
      return 0;
    }
    const left = Math.max(0, ...shown.map(({ name }) => widthOf(harmless(name))));
    const lines = shown.map((agent) => clip(agentLine(agent, style, left), terminal.columns + 40));
    await terminal.out(`${lines.join("\n") || "no agents"}\n`);
    return 0;
  },
};

export const agentLine = (
  { id, name, type, state, capabilities }: Agent,
  style: Style,
  left = 0,
): string =>
  [
    style(id, "cyan"),
    padEnd(harmless(name), left),
    type,
    state === "active" ? style(state, "green") : style(state, "yellow"),
    harmless(capabilities.join(" ")),
  ].join("  ");

export const showAgent: Command = {
  name: "agents show",
  summary: "Show one agent: yours, or one that is listed.",
  takes: ["ID"],
  flags: {},
  examples: [],
  async run({ args, client, terminal, json, style }) {
    const path = pathOf({ args });
    const agent = await client().operation("GET /v1/agents/{id}", { path });
    await terminal.out(
      json ? `${JSON.stringify(agent)}\n` : textOf(agent, terminal.columns, style),
    );
    return 0;
  },
};

function textOf(agent: Agent, columns: number, style: Style): string {
  const accepts = Array.isArray(agent.accepts) ? agent.accepts.join(", ") : agent.accepts;
  const lines = [
    style(harmless(agent.name), "bold"),
    [agent.id, `version ${agent.version}`, agent.type, agent.state, agent.visibility].join(" · "),
    `account: ${agent.accountId}`,
    `takes messages of: ${accepts}`,
    ...(agent.outside === undefined
      ? []
      : [`runs at: ${harmless(agent.outside.endpoint)} (its card is ${agent.outside.card})`]),
    ...(agent.capabilities.length === 0
      ? []
      : [`capabilities: ${harmless(agent.capabilities.join(", "))}`]),
    "",
    ...wrap(harmless(agent.description), columns),
  ];
  return `${lines.join("\n")}\n`;
}

export const updateAgent: Command = {
  name: "agents update",
  summary: "Change what is said of an agent. What is not named stays.",
  takes: ["ID"],
  flags: { name: { type: "text", help: "what it is called from now on" }, ...SAID },
  examples: ["wishub agents update n0_… --listed --accepts listed"],
  async run({ args, flags, client, terminal, json, style }) {
    const name = flags.text("name");
    const body = { ...(name !== undefined && { name }), ...agentWords(flags) };
    if (Object.keys(body).length === 0) throw new UsageError("say what is to change");
    const api = client();
    const path = pathOf({ args });
    const { version } = await api.operation("GET /v1/agents/{id}", { path });
    const headers = { "if-match": `"${version}"` };
    const agent = await api.operation("PATCH /v1/agents/{id}", { path, body, headers });
    await terminal.out(json ? `${JSON.stringify(agent)}\n` : `${agentLine(agent, style)}\n`);
    return 0;
  },
};

export const deleteAgent: Command = {
  name: "agents delete",
  summary: "Delete an agent with its mailbox and its keys.",
  takes: ["ID"],
  flags: {},
  examples: [],
  async run({ args, client, terminal, json }) {
    const id = args[0] ?? "";
    await client().operation("DELETE /v1/agents/{id}", { path: { id } });
    await terminal.out(json ? `${JSON.stringify({ id, deleted: true })}\n` : `${id} is deleted\n`);
    return 0;
  },
};

export const makeAgentKey: Command = {
  name: "agents key",
  summary: "Make an API key that acts as an agent. It is shown this one time.",
  takes: ["ID", "[NAME]"],
  flags: {
    scopes: {
      type: "text",
      value: "A,B",
      help: "what it may do (default: agents,search,units:read)",
    },
  },
  examples: ["wishub agents key n0_… laptop --scopes agents,search"],
  async run({ args, flags, client, terminal, json }) {
    const [id = "", name = "program"] = args;
    type Scopes = Operations["POST /v1/agents/{id}/keys"]["body"]["scopes"];
    // The server says which scopes there are.
    const scopes = (flags.list("scopes") ?? ["agents", "search", "units:read"]) as Scopes;
    const key = await client().operation("POST /v1/agents/{id}/keys", {
      path: { id },
      body: { name, scopes },
    });
    await terminal.out(json ? `${JSON.stringify(key)}\n` : `${key.apiKey}\n`);
    if (!json) terminal.err(`key ${key.id}: keep it now, it is not shown again\n`);
    return 0;
  },
};
