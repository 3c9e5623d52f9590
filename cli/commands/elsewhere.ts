import { type Command, pathOf, UsageError } from "#cli/command.ts";
import { agentLine, agentWords, AGENT_TYPES, SAID } from "./agents.ts";
import { passwordFrom } from "./people.ts";

/** Agents whose program runs elsewhere and speaks A2A: what is not said of them is read from their card. */
export const agentsElsewhere: readonly Command[] = [
  {
    name: "agents register-card",
    summary:
      "Register an agent that runs elsewhere, by the address of its A2A card. What you do not say of it is read from the card.",
    takes: ["URL"],
    flags: {
      type: { type: "text", choices: AGENT_TYPES, help: "what kind it is" },
      name: { type: "text", help: "what it is called here (default: as in its card)" },
      ...SAID,
      authorization: {
        type: "switch",
        help: "it wants an Authorization header: what it says, from standard input",
      },
    },
    examples: [
      "wishub agents register-card https://tides.example/.well-known/agent-card.json --type query",
      'echo "Bearer …" | wishub agents register-card https://… --type query --authorization',
    ],
    async run({ args, flags, client, terminal, json, style }) {
      const type = AGENT_TYPES.find((known) => known === flags.text("type"));
      if (type === undefined) throw new UsageError(`give --type, one of ${AGENT_TYPES.join(", ")}`);
      const name = flags.text("name");
      const authorization = flags.on("authorization")
        ? await passwordFrom(terminal, "authorization")
        : undefined;
      const body = {
        cardUrl: args[0] ?? "",
        type,
        ...(name !== undefined && { name }),
        ...agentWords(flags),
        ...(authorization !== undefined && { authorization }),
      };
      const agent = await client().operation("POST /v1/agents", { body });
      await terminal.out(json ? `${JSON.stringify(agent)}\n` : `${agentLine(agent, style)}\n`);
      return 0;
    },
  },
  {
    name: "agents refresh",
    summary: "Read the card of an agent that runs elsewhere again.",
    takes: ["ID"],
    flags: {},
    examples: [],
    async run({ args, client, terminal, json, style }) {
      const path = pathOf({ args });
      const agent = await client().operation("POST /v1/agents/{id}/refresh", { path });
      await terminal.out(json ? `${JSON.stringify(agent)}\n` : `${agentLine(agent, style)}\n`);
      return 0;
    },
  },
];
