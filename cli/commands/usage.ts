import type { Operations } from "#sdk/types.ts";
import { type Command, UsageError } from "#cli/command.ts";
import { harmless, padEnd } from "#cli/terminal.ts";

type Used = Operations["GET /v1/usage"]["answer"];
type Line = Used["items"][number]["operations"][number];

const sinceOf = (text: string | undefined): string | undefined => {
  if (text === undefined) return undefined;
  if (Number.isNaN(Date.parse(text))) throw new UsageError(`"${text}" is not a time`);
  return new Date(text).toISOString();
};

const showUsage: Command = {
  name: "usage",
  summary:
    "Show what your account used in the last day, by operation and kind of caller (scope admin).",
  takes: [],
  flags: {
    since: { type: "text", value: "TIME", help: "for example 2027-01-31T00:00:00Z" },
    days: { type: "switch", help: "by day, not by hour" },
  },
  examples: ["wishub usage", "wishub usage --days --since 2027-01-01T00:00:00Z --json"],
  async run({ flags, client, terminal, json, style }) {
    const step = flags.on("days") ? ("day" as const) : ("hour" as const);
    const query = { from: sinceOf(flags.text("since")), step };
    const used = await client().operation("GET /v1/usage", { query });
    if (json) {
      await terminal.out(`${JSON.stringify(used)}\n`);
      return 0;
    }
    const lines = used.items.flatMap(({ at, isSealed, operations }) => [
      `${style(at.slice(0, 16).replace("T", " "), "bold")}${isSealed ? "" : " (still counting)"}`,
      ...operations.map(lineOf),
    ]);
    const { calls, failed, units } = used.total;
    lines.push(`${calls} calls, ${failed} of them failed, ${units} units of cost`);
    await terminal.out(`${lines.join("\n")}\n`);
    return 0;
  },
};

const lineOf = ({ operation, caller, calls, failed, units }: Line): string =>
  `  ${padEnd(harmless(operation), 24)} ${padEnd(caller, 8)} ${String(calls).padStart(8)} calls ${String(failed).padStart(6)} failed ${String(units).padStart(10)} units`;

const showMetrics: Command = {
  name: "metrics",
  summary:
    "Show how a metric of the account went, of the platform for its first account (scope admin); without a name, which there are.",
  takes: ["[METRIC]"],
  flags: {
    labels: {
      type: "text",
      value: "LABELS",
      help: `only series with these: route="GET /v1/units"`,
    },
    by: { type: "text", value: "LABEL", help: "a group for each of this label's values" },
    step: { type: "integer", value: "SECONDS", help: "how long one point is", min: 1, max: 86_400 },
    since: { type: "text", value: "TIME", help: "for example 2027-01-31T00:00:00Z" },
  },
  examples: [
    "wishub metrics",
    "wishub metrics wishub_account_request_duration_seconds --by status",
    "wishub metrics wishub_http_request_duration_seconds --by route --step 3600",
  ],
  async run({ args, flags, client, terminal, json, style }) {
    const [name] = args;
    if (name === undefined) {
      const { items } = await client().operation("GET /v1/metrics/names", {});
      const lines = items.map((one) => `${padEnd(one.name, 40)} ${one.help}`);
      await terminal.out(json ? `${JSON.stringify({ items })}\n` : `${lines.join("\n")}\n`);
      return 0;
    }
    const query = {
      name,
      labels: flags.text("labels"),
      by: flags.text("by"),
      step: flags.integer("step"),
      from: sinceOf(flags.text("since")),
    };
    const found = await client().operation("GET /v1/metrics", { query });
    const lines = found.groups.flatMap(({ labels, points }) => [
      style(
        Object.entries(labels)
          .map(([label, value]) => `${label} ${harmless(value)}`)
          .join(", ") || "all series",
        "bold",
      ),
      ...points.map(
        ({ at, count, sum, last, p50, p95, p99 }) =>
          `  ${at.slice(0, 19).replace("T", " ")} ${
            found.kind === "histogram"
              ? `${count} seen, p50 ${said(p50)}, p95 ${said(p95)}, p99 ${said(p99)}`
              : said(found.kind === "counter" ? sum : last)
          }`,
      ),
    ]);
    if (lines.length === 0) lines.push("nothing was measured then");
    await terminal.out(json ? `${JSON.stringify(found)}\n` : `${lines.join("\n")}\n`);
    return 0;
  },
};

const said = (value: number | null): string =>
  value === null ? "–" : String(Number(value.toPrecision(3)));

export const usageCommands: readonly Command[] = [showUsage, showMetrics];
