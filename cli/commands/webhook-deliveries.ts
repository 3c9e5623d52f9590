import { answered, listedDead } from "#cli/answered.ts";
import { type Command, pathOf } from "#cli/command.ts";
import { folded, harmless } from "#cli/terminal.ts";

const deliveries: Command = {
  name: "webhooks deliveries",
  summary: "List a webhook's attempts, the newest first.",
  takes: ["ID"],
  flags: {
    limit: { type: "integer", min: 1, max: 100, help: "how many (default: 20)" },
    cursor: { type: "text", value: "CURSOR", help: "where the page before ended" },
  },
  examples: [],
  async run(context) {
    const { flags, client, terminal, style } = context;
    const page = await client().operation("GET /v1/webhooks/{id}/deliveries", {
      path: pathOf(context),
      query: { limit: flags.integer("limit"), cursor: flags.text("cursor") },
    });
    const lines = page.items.map(
      ({ id, type, attempt, at, status, outcome, nextAttemptAt, detail }) =>
        folded(
          [
            style(outcome, outcome === "delivered" ? "green" : "yellow"),
            status === null ? harmless(detail ?? "no answer") : String(status),
            harmless(type),
            style(id, "cyan"),
            `attempt ${attempt}`,
            style(at, "dim"),
            nextAttemptAt === null ? "" : style(`again ${nextAttemptAt}`, "dim"),
          ],
          terminal.columns,
        ),
    );
    const more = page.nextCursor === null ? "" : `more: --cursor ${page.nextCursor}\n`;
    return await answered(context, page, `${lines.join("\n") || "no attempts"}\n${more}`);
  },
};

const dead: Command = {
  name: "webhooks dead",
  summary: "List what a webhook never took.",
  takes: ["ID"],
  flags: {},
  examples: [],
  async run(context) {
    const found = await context.client().operation("GET /v1/webhooks/{id}/dead-letters", {
      path: pathOf(context),
      query: { limit: 100 },
    });
    return await listedDead(context, found, ({ id }, style) => style(id, "cyan"));
  },
};

const redrive: Command = {
  name: "webhooks redrive",
  summary: "Send what a webhook never took again, once the cause is mended.",
  takes: ["ID"],
  flags: {},
  examples: [],
  async run(context) {
    const path = pathOf(context);
    const answer = await context.client().operation("POST /v1/webhooks/{id}/redrive", { path });
    return await answered(context, answer, `${answer.redriven} are sent again\n`);
  },
};

const replay: Command = {
  name: "webhooks replay",
  summary: "Send a webhook again what came since a time, or since one delivery.",
  takes: ["ID", "FROM"],
  flags: {},
  examples: [
    "wishub webhooks replay w0_… 2027-01-31T00:00:00Z",
    "wishub webhooks replay w0_… evt_unit-events_0_1042",
  ],
  async run(context) {
    const { args, client } = context;
    const answer = await client().operation("POST /v1/webhooks/{id}/replay", {
      path: pathOf(context),
      body: { from: args[1] ?? "" },
    });
    return await answered(context, answer, `it begins again at ${harmless(answer.from)}\n`);
  },
};

/** What a webhook was sent, and what it is to be sent again. */
export const webhookDeliveries: readonly Command[] = [deliveries, dead, redrive, replay];
