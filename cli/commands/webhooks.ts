import type { Operations } from "#sdk/types.ts";
import { answered, answeredOnce, listedDead } from "#cli/answered.ts";
import { type Command, pathOf } from "#cli/command.ts";
import { passwordFrom } from "./people.ts";
import { harmless, type Style } from "#cli/terminal.ts";

type Delivery = Operations["GET /v1/agents/{id}/delivery"]["answer"];

/** Where an agent's messages are delivered to: the verbs of `/v1/agents/{id}/delivery`. */
export const webhooks: readonly Command[] = [
  {
    name: "agents webhook set",
    summary:
      "Have an agent's messages sent to URL, each signed as Standard Webhooks says. The secret is shown this one time.",
    takes: ["ID", "URL"],
    flags: {
      secret: { type: "switch", help: "with a secret of yours (whsec_…), from standard input" },
    },
    examples: ["wishub agents webhook set n0_… https://hooks.example.com/tides"],
    async run(context) {
      const { args, flags, client, terminal, style } = context;
      const secret = flags.on("secret") ? await passwordFrom(terminal, "secret") : undefined;
      const body = { url: args[1] ?? "", ...(secret !== undefined && { secret }) };
      const made = await client().operation("PUT /v1/agents/{id}/delivery", {
        path: pathOf(context),
        body,
      });
      return await answeredOnce(context, made, textOf(made, style));
    },
  },
  {
    name: "agents webhook show",
    summary: "Show where an agent's messages go, and how that goes.",
    takes: ["ID"],
    flags: {},
    examples: [],
    async run(context) {
      const { client, style } = context;
      const path = pathOf(context);
      const delivery = await client().operation("GET /v1/agents/{id}/delivery", { path });
      return await answered(context, delivery, textOf(delivery, style));
    },
  },
  {
    name: "agents webhook ping",
    summary: "Send an agent's webhook a ping, to see that it verifies signatures.",
    takes: ["ID"],
    flags: {},
    examples: [],
    async run(context) {
      const path = pathOf(context);
      const sent = await context.client().operation("POST /v1/agents/{id}/delivery/ping", { path });
      return await answered(context, sent, `${sent.id} is on its way\n`);
    },
  },
  {
    name: "agents webhook dead",
    summary: "List what an agent's webhook never took.",
    takes: ["ID"],
    flags: {},
    examples: [],
    async run(context) {
      const path = pathOf(context);
      const dead = await context
        .client()
        .operation("GET /v1/agents/{id}/delivery/dead-letters", { path });
      return await listedDead(
        context,
        dead,
        ({ id, attempts }, style) => `${style(id, "cyan")}  tried ${attempts} times`,
      );
    },
  },
  {
    name: "agents webhook redrive",
    summary: "Send what an agent's webhook never took again, once the cause is mended.",
    takes: ["ID"],
    flags: {},
    examples: [],
    async run(context) {
      const path = pathOf(context);
      const answer = await context
        .client()
        .operation("POST /v1/agents/{id}/delivery/redrive", { path });
      return await answered(context, answer, `${answer.redriven} are sent again\n`);
    },
  },
  {
    name: "agents webhook end",
    summary: "Send an agent's messages nowhere: they wait in its mailbox.",
    takes: ["ID"],
    flags: {},
    examples: [],
    async run(context) {
      const path = pathOf(context);
      await context.client().operation("DELETE /v1/agents/{id}/delivery", { path });
      return await answered(context, { ...path, ended: true }, "ended\n");
    },
  },
];

function textOf(delivery: Delivery, style: Style): string {
  const { url, state, failures, lastStatus, nextAttemptAt, waiting, deadLetters } = delivery;
  const how = style(state, state === "active" ? "green" : "yellow");
  const last = lastStatus === null ? "" : `, last answer ${lastStatus}`;
  const next = nextAttemptAt === null ? "" : `, tried again at ${nextAttemptAt}`;
  const lines = [
    harmless(url),
    failures === 0 ? `${how}${last}` : `${how} after ${failures} failures${last}${next}`,
    `${waiting} waiting, ${deadLetters} given up`,
  ];
  return `${lines.join("\n")}\n`;
}
