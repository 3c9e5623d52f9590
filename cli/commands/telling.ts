import type { Operations } from "#sdk/types.ts";
import type { Command, Context } from "#cli/command.ts";
import { UsageError } from "#cli/command.ts";
import { folded, harmless, padEnd } from "#cli/terminal.ts";

type Route = Operations["GET /v1/alerts/routes"]["answer"]["items"][number];
type Severity = Route["severities"][number];

const MS_PER_MINUTE = 60_000;

const silence: Command = {
  name: "alerts silence",
  summary: "Have nobody told of a rule's alerts for a while.",
  takes: ["RULE"],
  flags: {
    minutes: { type: "integer", min: 1, max: 525_600, help: "how long (60)" },
    reason: { type: "text", help: "why; others read it" },
  },
  examples: ['wishub alerts silence backlog --minutes 120 --reason "an import"'],
  async run({ args, client, terminal, json, flags }) {
    const until = new Date(
      Date.now() + (flags.integer("minutes") ?? 60) * MS_PER_MINUTE,
    ).toISOString();
    const body = { rule: args[0] ?? "", until, reason: flags.text("reason") ?? "by hand" };
    const made = await client().operation("POST /v1/alerts/silences", { body });
    await terminal.out(json ? `${JSON.stringify(made)}\n` : `${made.id} until ${made.until}\n`);
    return 0;
  },
};

const routes: Command = {
  name: "alerts routes",
  summary: "List where alerts are told.",
  takes: [],
  flags: {},
  examples: [],
  async run({ client, terminal, json, style }) {
    const found = await client().operation("GET /v1/alerts/routes");
    const lines = found.items.map(({ id, kind, url, severities, telling }) =>
      folded(
        [
          style(id, "cyan"),
          padEnd(kind, 9),
          url ?? "",
          severities.join(", "),
          telling.lastFailure === null ? "" : style(troubleOf(telling), "yellow"),
        ],
        terminal.columns,
      ),
    );
    const text = lines.length === 0 ? "nobody is told\n" : `${lines.join("\n")}\n`;
    await terminal.out(json ? `${JSON.stringify(found)}\n` : text);
    return 0;
  },
};

const troubleOf = ({ waiting, givenUp, lastFailure }: Route["telling"]): string =>
  `${waiting} waiting, ${givenUp} given up, last at ${lastFailure?.at}: ${harmless(lastFailure?.reason ?? "")}`;

const unroute: Command = {
  name: "alerts unroute",
  summary: "Tell alerts there no more.",
  takes: ["ROUTE"],
  flags: {},
  examples: [],
  async run({ args, client, terminal, json }) {
    const id = args[0] ?? "";
    await client().operation("DELETE /v1/alerts/routes/{id}", { path: { id } });
    await terminal.out(json ? `${JSON.stringify({ id, removed: true })}\n` : `${id} is gone\n`);
    return 0;
  },
};

const tryRoute: Command = {
  name: "alerts try",
  summary: "Tell a route of an alert that is none, to see that it arrives.",
  takes: ["ROUTE"],
  flags: {},
  examples: [],
  async run({ args, client, terminal, json }) {
    const path = { id: args[0] ?? "" };
    const told = await client().operation("POST /v1/alerts/routes/{id}/test", { path });
    await terminal.out(json ? `${JSON.stringify(told)}\n` : `${told.id} is on its way\n`);
    return 0;
  },
};

const silences: Command = {
  name: "alerts silences",
  summary: "List silences that are in force or still to come.",
  takes: [],
  flags: {},
  examples: [],
  async run({ client, terminal, json, style }) {
    const found = await client().operation("GET /v1/alerts/silences");
    const lines = found.items.map(({ id, rule, until, reason }) =>
      folded(
        [style(id, "cyan"), rule ?? "all rules", `until ${until}`, harmless(reason)],
        terminal.columns,
      ),
    );
    const text = lines.length === 0 ? "nothing is silenced\n" : `${lines.join("\n")}\n`;
    await terminal.out(json ? `${JSON.stringify(found)}\n` : text);
    return 0;
  },
};

const unsilence: Command = {
  name: "alerts unsilence",
  summary: "End a silence: what still fires is told now.",
  takes: ["SILENCE"],
  flags: {},
  examples: [],
  async run({ args, client, terminal, json }) {
    const id = args[0] ?? "";
    await client().operation("DELETE /v1/alerts/silences/{id}", { path: { id } });
    await terminal.out(json ? `${JSON.stringify({ id, removed: true })}\n` : `${id} is over\n`);
    return 0;
  },
};

const notifications: Command = {
  name: "notifications",
  summary: "List mails and pushes that wait, or that were given up, with the reason.",
  takes: [],
  flags: { state: { type: "text", choices: ["waiting", "dead"], help: "which (waiting)" } },
  examples: ["wishub notifications --state dead"],
  async run({ client, terminal, json, style, flags }) {
    const state = flags.text("state") as "waiting" | "dead" | undefined;
    const query = state === undefined ? {} : { state };
    const found = await client().operation("GET /v1/notifications", { query });
    const lines = found.items.map(({ kind, createdAt, subject, attempts, reason }) =>
      folded(
        [
          style(padEnd(kind, 5), "cyan"),
          createdAt,
          harmless(subject),
          `${attempts} attempts`,
          harmless(reason ?? ""),
        ],
        terminal.columns,
      ),
    );
    const text = lines.length === 0 ? "none\n" : `${lines.join("\n")}\n`;
    await terminal.out(json ? `${JSON.stringify(found)}\n` : text);
    return 0;
  },
};

const redrive: Command = {
  name: "notifications redrive",
  summary: "Send what was given up again, once the cause is mended.",
  takes: [],
  flags: {},
  examples: [],
  async run({ client, terminal, json }) {
    const answer = await client().operation("POST /v1/notifications/redrive");
    await terminal.out(
      json ? `${JSON.stringify(answer)}\n` : `${answer.redriven} are sent again\n`,
    );
    return 0;
  },
};

const KINDS = ["email", "push", "channel", "webhook", "pagerduty", "opsgenie"] as const;
const route: Command = {
  name: "alerts route",
  summary:
    "Have alerts told: `email ADDRESS`, `push`, `channel CONVERSATION`, `webhook URL`, `pagerduty KEY` or `opsgenie KEY`.",
  takes: ["KIND", "[TO]"],
  flags: { severities: { type: "text", value: "A,B", help: "only these (info,warning,critical)" } },
  examples: ["wishub alerts route email ops@example.com --severities critical"],
  async run(context: Context) {
    const { client, terminal, json, flags } = context;
    const severities = flags.list("severities") as Severity[] | undefined;
    const body = { target: targetOf(context.args), ...(severities && { severities }) };
    const made = await client().operation("POST /v1/alerts/routes", { body });
    const secret =
      made.secret === undefined ? "" : `\nsecret ${made.secret}\nIt is shown this once.`;
    await terminal.out(json ? `${JSON.stringify(made)}\n` : `${made.id}${secret}\n`);
    return 0;
  },
};

function targetOf([kind, to = ""]: string[]) {
  const known = KINDS.find((one) => one === kind);
  if (known === undefined)
    throw new UsageError(`KIND is one of ${KINDS.join(", ")}, not "${kind}"`);
  if (known !== "push" && to === "") throw new UsageError("TO is missing");
  switch (known) {
    case "email":
      return { kind: known, to };
    case "push":
      return { kind: known };
    case "channel":
      return { kind: known, conversationId: to };
    case "webhook":
      return { kind: known, url: to };
    case "pagerduty":
      return { kind: known, routingKey: to };
    case "opsgenie":
      return { kind: known, apiKey: to };
  }
}

/** Who is told of alerts, who is not, and what people were told: the verbs beside `alerts`. */
export const tellingCommands: readonly Command[] = [
  silence,
  silences,
  unsilence,
  routes,
  route,
  unroute,
  tryRoute,
  notifications,
  redrive,
];
