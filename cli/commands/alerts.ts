import type { Operations } from "#sdk/types.ts";
import type { Command } from "#cli/command.ts";
import { UsageError } from "#cli/command.ts";
import { folded, harmless, padEnd, type Style, wrap } from "#cli/terminal.ts";

type Alert = Operations["GET /v1/alerts"]["answer"]["items"][number];
type Rule = Operations["GET /v1/alerts/rules"]["answer"]["items"][number];

const listAlerts: Command = {
  name: "alerts",
  summary: "List alerts, newest first: what is about to fire, fires, or is over.",
  takes: [],
  flags: {
    state: { type: "text", choices: ["pending", "firing", "resolved"], help: "only these" },
    limit: { type: "integer", min: 1, max: 100, help: "how many (20)" },
  },
  examples: ["wishub alerts --state firing"],
  async run({ client, terminal, json, style, flags }) {
    const [state, limit] = [
      flags.text("state") as Alert["state"] | undefined,
      flags.integer("limit"),
    ];
    const query = { ...(state && { state }), ...(limit && { limit }) };
    const found = await client().operation("GET /v1/alerts", { query });
    const lines = found.items.map((alert) => alertLine(alert, style, terminal.columns));
    const text = lines.length === 0 ? "nothing is wrong\n" : `${lines.join("\n")}\n`;
    await terminal.out(json ? `${JSON.stringify(found)}\n` : text);
    return 0;
  },
};

function alertLine(
  { state, severity, since, summary, silenced }: Alert,
  style: Style,
  columns: number,
): string {
  const colour = state === "firing" ? (severity === "critical" ? "red" : "yellow") : "dim";
  const head = [style(padEnd(state, 8), colour), since, silenced ? style("silenced", "dim") : ""];
  const said = wrap(harmless(summary), columns - 2).map((line) => `  ${line}`);
  return [folded(head, columns), ...said].join("\n");
}

const listRules: Command = {
  name: "alerts rules",
  summary: "List the rules that alerts come from, and what each is set to.",
  takes: [],
  flags: {},
  examples: [],
  async run({ client, terminal, json, style }) {
    const found = await client().operation("GET /v1/alerts/rules");
    const text = found.items.map((rule) => ruleLine(rule, style, terminal.columns)).join("\n");
    await terminal.out(json ? `${JSON.stringify(found)}\n` : `${text}\n`);
    return 0;
  },
};

function ruleLine(
  { id, signal, unit, above, forSeconds, severity, enabled, origin }: Rule,
  style: Style,
  columns: number,
) {
  const bound =
    unit === "share" ? `${above * 100} %` : unit === "ms" ? `${above} ms` : String(above);
  const how = `${signal} above ${bound} for ${forSeconds} s, ${severity}`;
  const marks = [...(enabled ? [] : ["off"]), ...(origin === "default" ? [] : [origin])];
  const name = style(padEnd(id, 16), enabled ? "cyan" : "dim");
  return folded(
    [name, how, marks.length > 0 ? style(`(${marks.join(", ")})`, "dim") : ""],
    columns,
  );
}

const setRule: Command = {
  name: "alerts set",
  summary: "Set a rule otherwise: what is not named stays as it is.",
  takes: ["RULE"],
  flags: {
    above: { type: "text", value: "NUMBER", help: "the bound; shares from 0 to 1" },
    for: { type: "integer", value: "SECONDS", help: "how long it must be above", max: 86_400 },
    severity: { type: "text", choices: ["info", "warning", "critical"], help: "how bad it is" },
    on: { type: "switch", help: "turn it on" },
    off: { type: "switch", help: "turn it off" },
  },
  examples: ["wishub alerts set cpu-high --above 0.95", "wishub alerts set backlog --off"],
  async run({ args, client, terminal, json, flags, style }) {
    const id = args[0] ?? "";
    const api = client();
    const { signal, labels, description, ...rule } = await api.operation(
      "GET /v1/alerts/rules/{id}",
      {
        path: { id },
      },
    );
    const above = flags.text("above");
    if (above !== undefined && !/^\d{1,12}(\.\d{1,9})?$/.test(above))
      throw new UsageError(`--above is a number of at least 0, not "${above}"`);
    const severity = (flags.text("severity") as Rule["severity"] | undefined) ?? rule.severity;
    const body = {
      signal,
      labels,
      severity,
      ...(description !== "" && { description }),
      above: above === undefined ? rule.above : Number(above),
      forSeconds: flags.integer("for") ?? rule.forSeconds,
      enabled: flags.on("off") ? false : flags.on("on") ? true : rule.enabled,
    };
    const set = await api.operation("PUT /v1/alerts/rules/{id}", { path: { id }, body });
    await terminal.out(
      json ? `${JSON.stringify(set)}\n` : `${ruleLine(set, style, terminal.columns)}\n`,
    );
    return 0;
  },
};

const resetRule: Command = {
  name: "alerts reset",
  summary: "Take a rule of your own away, or put one of the product's back as it came.",
  takes: ["RULE"],
  flags: {},
  examples: [],
  async run({ args, client, terminal, json }) {
    const id = args[0] ?? "";
    await client().operation("DELETE /v1/alerts/rules/{id}", { path: { id } });
    await terminal.out(json ? `${JSON.stringify({ id })}\n` : `${id} is gone, or as it came\n`);
    return 0;
  },
};

const slos: Command = {
  name: "slos",
  summary: "Show what is promised, how it is kept, and how much may still go wrong.",
  takes: [],
  flags: {},
  examples: [],
  async run({ client, terminal, json, style }) {
    const found = await client().operation("GET /v1/slos");
    const lines = found.items.map(({ id, objective, requests, errors, budgetLeft, burn }) =>
      folded(
        [
          style(padEnd(id, 14), "cyan"),
          padEnd(`${(objective * 100).toFixed(3)} %`, 10),
          `${Math.round(budgetLeft * 100)} % of the budget left; ${errors} of ${requests} failed`,
          `burns ${burn["1h"].toFixed(1)}, ${burn["6h"].toFixed(1)}, ${burn["3d"].toFixed(1)} (1 h, 6 h, 3 d)`,
        ],
        terminal.columns,
      ),
    );
    await terminal.out(json ? `${JSON.stringify(found)}\n` : `${lines.join("\n")}\n`);
    return 0;
  },
};

export const alertCommands: readonly Command[] = [listAlerts, listRules, setRule, resetRule, slos];
