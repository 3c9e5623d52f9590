import type { Operations } from "#sdk/types.ts";
import { answered, answeredOnce, listed } from "#cli/answered.ts";
import { type Command, type Context, pathOf, UsageError } from "#cli/command.ts";
import { folded, harmless, type Style } from "#cli/terminal.ts";
import { webhookDeliveries } from "./webhook-deliveries.ts";
import { passwordFrom } from "./people.ts";

type Webhook = Operations["GET /v1/webhooks/{id}"]["answer"];
type Status = Operations["GET /v1/webhooks/{id}/status"]["answer"];
type Topics = Webhook["topics"];

const ORDER = ["yes", "no"] as const;

const create: Command = {
  name: "webhooks create",
  summary:
    "Have the account's events sent to URL, each signed as Standard Webhooks says. The secret is shown this one time.",
  takes: ["URL", "EVENTS"],
  flags: {
    topics: { type: "text", value: "A,B", help: "only from these topics" },
    ordered: { type: "switch", help: "in their order; one that fails holds up those after it" },
    about: { type: "text", value: "TEXT", help: "what it is for" },
    secret: { type: "switch", help: "with a secret of yours (whsec_…), from standard input" },
  },
  examples: ["wishub webhooks create https://hooks.example.com/tides unit.searchable,task.*"],
  async run(context) {
    const { args, flags, client, terminal } = context;
    const secret = flags.on("secret") ? await passwordFrom(terminal, "secret") : undefined;
    const made = await client().operation("POST /v1/webhooks", {
      body: {
        url: args[0] ?? "",
        events: listOf(args[1] ?? ""),
        topics: flags.list("topics") as Topics | undefined,
        ordered: flags.on("ordered"),
        description: flags.text("about") ?? "",
        secret,
      },
    });
    // Whoever brought a secret has it.
    if (secret !== undefined) return await answered(context, made, `${made.id}\n`);
    return await answeredOnce(context, made, `${made.id}\n`);
  },
};

const list: Command = {
  name: "webhooks list",
  summary: "List the account's webhooks.",
  takes: [],
  flags: {},
  examples: [],
  async run(context) {
    const { client, terminal, style } = context;
    const page = await client().operation("GET /v1/webhooks", { query: { limit: 100 } });
    const lines = page.items.map((one) => lineOf(one, style, terminal.columns));
    return await listed(context, page, lines, "no webhooks");
  },
};

const show: Command = {
  name: "webhooks show",
  summary: "Show a webhook, and how it does.",
  takes: ["ID"],
  flags: {},
  examples: [],
  async run(context) {
    const { client, terminal, style } = context;
    const path = pathOf(context);
    const webhook = await client().operation("GET /v1/webhooks/{id}", { path });
    const status = await client().operation("GET /v1/webhooks/{id}/status", { path });
    const line = lineOf(webhook, style, terminal.columns);
    const text = `${line}\n${statusText(status, terminal.columns)}`;
    return await answered(context, { ...webhook, status }, text);
  },
};

const change: Command = {
  name: "webhooks change",
  summary: "Change where a webhook's events go, or which.",
  takes: ["ID"],
  flags: {
    url: { type: "text", value: "URL", help: "where to" },
    events: { type: "text", value: "A,B", help: "which: types, beginnings like unit.*, or *" },
    ordered: { type: "text", choices: ORDER, help: "whether in their order" },
    about: { type: "text", value: "TEXT", help: "what it is for" },
  },
  examples: [],
  async run(context) {
    const { flags } = context;
    const events = flags.text("events");
    const ordered = flags.text("ordered");
    return await patched(context, {
      url: flags.text("url"),
      events: events === undefined ? undefined : listOf(events),
      ordered: ordered === undefined ? undefined : ordered === "yes",
      description: flags.text("about"),
    });
  },
};

const setTo = (verb: string, state: "active" | "paused", summary: string): Command => ({
  name: `webhooks ${verb}`,
  summary,
  takes: ["ID"],
  flags: {},
  examples: [],
  run: (context) => patched(context, { state }),
});

const rotate: Command = {
  name: "webhooks rotate",
  summary: "Give a webhook a new secret. The one before signs for a day more.",
  takes: ["ID"],
  flags: {},
  examples: [],
  async run(context) {
    const path = pathOf(context);
    const made = await context.client().operation("POST /v1/webhooks/{id}/rotate", { path });
    return await answeredOnce(context, made);
  },
};

const ping: Command = {
  name: "webhooks ping",
  summary: "Send a webhook a ping, to see that it verifies signatures.",
  takes: ["ID"],
  flags: {},
  examples: [],
  async run(context) {
    const path = pathOf(context);
    const sent = await context.client().operation("POST /v1/webhooks/{id}/ping", { path });
    return await answered(context, sent, `${sent.id} is on its way\n`);
  },
};

const remove: Command = {
  name: "webhooks delete",
  summary: "End a webhook, with all that waits for it.",
  takes: ["ID"],
  flags: {},
  examples: [],
  async run(context) {
    const path = pathOf(context);
    await context.client().operation("DELETE /v1/webhooks/{id}", { path });
    return await answered(context, { ...path, ended: true }, "ended\n");
  },
};

export const eventWebhooks: readonly Command[] = [
  create,
  list,
  show,
  change,
  setTo("pause", "paused", "Send a webhook nothing until it is resumed; it keeps its place."),
  setTo("resume", "active", "Let a paused or disabled webhook go on where it was."),
  rotate,
  ping,
  ...webhookDeliveries,
  remove,
];

type Patch = Operations["PATCH /v1/webhooks/{id}"]["body"];

async function patched(context: Context, patch: Patch): Promise<number> {
  const { client, terminal, style } = context;
  const changed = await client().operation("PATCH /v1/webhooks/{id}", {
    path: pathOf(context),
    body: patch,
    headers: { "If-Match": "*" },
  });
  return await answered(context, changed, `${lineOf(changed, style, terminal.columns)}\n`);
}

function listOf(text: string): string[] {
  const list = text.split(",").map((one) => one.trim());
  if (list.some((one) => one === "")) throw new UsageError("EVENTS are types like a.b,c.*");
  return list;
}

const lineOf = (webhook: Webhook, style: Style, columns: number): string =>
  folded(
    [
      style(webhook.id, "cyan"),
      style(webhook.state, webhook.state === "active" ? "green" : "yellow"),
      webhook.reason === null ? "" : `(${webhook.reason})`,
      harmless(webhook.url),
      webhook.events.join(","),
      webhook.ordered ? "in order" : "",
      style(harmless(webhook.description), "dim"),
    ],
    columns,
  );

const statusText = (status: Status, columns: number): string =>
  `${folded(
    [
      status.failures === 0 ? "well" : `${status.failures} failures in a row`,
      status.lastStatus === null ? "" : `last answer ${status.lastStatus}`,
      `${status.retrying} to be tried again`,
      `${status.deadLetters} given up`,
      status.missed === 0 ? "" : `missed ${status.missed} times`,
      status.nextAttemptAt === null ? "" : `next ${status.nextAttemptAt}`,
    ],
    columns,
  )}\n`;
