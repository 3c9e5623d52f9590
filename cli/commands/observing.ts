import type { Operations } from "#sdk/types.ts";
import { type Command, type Flags, UsageError } from "#cli/command.ts";
import { clip, folded, harmless, padEnd, type Style, wrap } from "#cli/terminal.ts";

type Line = Operations["GET /v1/logs"]["answer"]["items"][number];
type Listed = Operations["GET /v1/traces"]["answer"]["items"][number];
type Span = Operations["GET /v1/traces/{traceId}"]["answer"]["spans"][number];

const LEVELS = ["debug", "info", "warn", "error", "fatal"] as const;
const PAGE = 100;
const LIMIT_DEFAULT = 50;
const LIMIT_MAX = 1_000;

const PLATFORM = {
  platform: { type: "switch", help: "what belongs to no account; for the first account" },
} as const;

const sinceOf = (flags: Flags): string | undefined => {
  const since = flags.text("since");
  if (since === undefined) return undefined;
  if (Number.isNaN(Date.parse(since))) throw new UsageError(`"${since}" is not a time`);
  return new Date(since).toISOString();
};
const ofOf = (flags: Flags) => (flags.on("platform") ? "platform" : undefined);

const listTraces: Command = {
  name: "traces",
  summary: "Show the newest recorded traces of the account's requests (scope admin).",
  takes: [],
  flags: {
    name: { type: "text", value: "NAME", help: 'only those that begin so: "POST /v1/search"' },
    slow: { type: "integer", value: "MS", help: "only those that took as long", min: 0 },
    errors: { type: "switch", help: "only those that went wrong" },
    since: { type: "text", value: "TIME", help: "for example 2027-01-31T00:00:00Z" },
    limit: { type: "integer", help: `how many (default: ${LIMIT_DEFAULT})`, min: 1, max: PAGE },
    ...PLATFORM,
  },
  examples: ["wishub traces --slow 500", "wishub traces --errors --json"],
  async run({ flags, client, terminal, json, style }) {
    const query = {
      limit: flags.integer("limit") ?? LIMIT_DEFAULT,
      name: flags.text("name"),
      minDurationMs: flags.integer("slow"),
      error: flags.on("errors") ? "true" : undefined,
      from: sinceOf(flags),
      of: ofOf(flags),
    };
    const { items } = await client().operation("GET /v1/traces", { query });
    const lines = items.map((one) => tracedLine(one, style, terminal.columns));
    await terminal.out(
      json ? `${JSON.stringify({ items })}\n` : `${lines.join("\n") || "no traces"}\n`,
    );
    return 0;
  },
};

const showTrace: Command = {
  name: "trace",
  summary: "Show one trace as a tree, with how long each part took and what was logged in it.",
  takes: ["TRACE-ID"],
  flags: { ...PLATFORM },
  examples: ["wishub trace 4bf92f3577b34da6a3ce929d0e0e4736"],
  async run({ args: [traceId = ""], flags, client, terminal, json, style }) {
    const found = await client().operation("GET /v1/traces/{traceId}", {
      path: { traceId },
      query: { of: ofOf(flags) },
    });
    const text = [
      ...found.spans.map((span) => spanLine(span, style, terminal.columns)),
      ...found.logs.map((line) => lineText(line, style, terminal.columns)),
    ];
    await terminal.out(json ? `${JSON.stringify(found)}\n` : `${text.join("\n")}\n`);
    return 0;
  },
};

const listLogs: Command = {
  name: "logs",
  summary: "Search the account's log, newest first (scope admin).",
  takes: [],
  flags: {
    level: { type: "text", help: "this one and those that are worse", choices: LEVELS },
    service: { type: "text", value: "NAME", help: "only of this part: http, Agent, unit-index" },
    trace: { type: "text", value: "ID", help: "only of this trace" },
    grep: { type: "text", value: "TEXT", help: "only with this somewhere in it" },
    since: { type: "text", value: "TIME", help: "for example 2027-01-31T00:00:00Z" },
    limit: {
      type: "integer",
      help: `how many (default: ${LIMIT_DEFAULT})`,
      min: 1,
      max: LIMIT_MAX,
    },
    ...PLATFORM,
  },
  examples: ["wishub logs --level error", "wishub logs --platform --grep queue --json"],
  async run({ flags, client, terminal, json, style }) {
    const limit = flags.integer("limit") ?? LIMIT_DEFAULT;
    const query = {
      level: flags.text("level"),
      service: flags.text("service"),
      traceId: flags.text("trace"),
      q: flags.text("grep"),
      from: sinceOf(flags),
      of: ofOf(flags),
    };
    const items: Line[] = [];
    let cursor: string | null | undefined;
    do {
      const page = await client().operation("GET /v1/logs", {
        query: {
          ...query,
          limit: Math.min(PAGE, limit - items.length),
          cursor: cursor ?? undefined,
        },
      });
      items.push(...page.items);
      cursor = page.nextCursor;
    } while (cursor && items.length < limit && !terminal.signal.aborted);
    const lines = items.map((one) => lineText(one, style, terminal.columns));
    await terminal.out(
      json ? `${JSON.stringify({ items })}\n` : `${lines.join("\n") || "no lines"}\n`,
    );
    return 0;
  },
};

export const observingCommands: Command[] = [listTraces, showTrace, listLogs];

const tracedLine = (
  { traceId, name, startedAt, durationMs, error, spans }: Listed,
  style: Style,
  columns: number,
): string => {
  const parts = [
    style(startedAt, "dim"),
    traceId,
    `${durationMs} ms`,
    ...(error ? [style("failed", "red")] : []),
    style(clip(harmless(name), columns - 14), "cyan"),
    `${spans} spans`,
  ];
  return folded(parts, columns, 2);
};

/** Its beginning and length, its name as deep as it lies, and whose it is: cut to a line, so that the tree stays one. */
function spanLine(
  { depth, name, service, offsetMs, durationMs, error }: Span,
  style: Style,
  columns: number,
): string {
  const times = `${`+${offsetMs}`.padStart(6)} ${`${durationMs} ms`.padStart(9)}`;
  const whose = clip(harmless(service), SERVICE_COLUMNS);
  const room = Math.max(SERVICE_COLUMNS, columns - times.length - SERVICE_COLUMNS - 4);
  const inset = "  ".repeat(Math.min(depth, Math.floor(room / 4)));
  const what = padEnd(clip(inset + harmless(name), room), room);
  return `${style(times, "dim")}  ${error ? style(what, "red") : what}  ${style(whose, "dim")}`;
}
const SERVICE_COLUMNS = 14;

function lineText(
  { timestamp, level, service, message, data, traceId }: Line,
  style: Style,
  columns: number,
): string {
  const bad = level === "error" || level === "fatal";
  const said = Object.entries(data).map(([name, value]) => `${name}=${JSON.stringify(value)}`);
  const parts = [
    style(timestamp, "dim"),
    bad ? style(level.padEnd(5), "red") : level.padEnd(5),
    style(harmless(service), "dim"),
    style(harmless(message), "cyan"),
    ...said.flatMap((part) => wrap(harmless(part), columns - 2)),
    ...(traceId === null ? [] : [`trace=${traceId}`]),
  ];
  return folded(parts, columns, 2);
}
