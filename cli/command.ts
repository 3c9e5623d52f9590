import { parseArgs } from "node:util";
import type { WisHub } from "#sdk/client.ts";
import type { Session } from "./session.ts";
import { padEnd, styler, wrap, type Style, type Terminal } from "./terminal.ts";

export type Flag = {
  type: "text" | "integer" | "switch";
  help: string;
  /** What stands for the value in the help. */
  value?: string;
  choices?: readonly string[];
  min?: number;
  max?: number;
};

export type Context = {
  terminal: Terminal;
  style: Style;
  args: string[];
  flags: Flags;
  json: boolean;
  client(): WisHub;
  /** What `sign-in` keeps. */
  session: Session;
};

export type Command = {
  /** As it is typed: `keys create`. */
  name: string;
  summary: string;
  /** What follows the name, for example `FILE`. A name in square brackets may be left out. */
  takes: string[];
  flags: Record<string, Flag>;
  examples: string[];
  /** The exit code. */
  run(context: Context): Promise<number>;
};

/** The path of an operation on one thing, whose id is the command's first word. */
export const pathOf = ({ args }: Pick<Context, "args">): { id: string } => ({ id: args[0] ?? "" });

/** What the user typed does not make sense; the message says why. */
export class UsageError extends Error {}

export const COMMON_FLAGS: Record<string, Flag> = {
  url: {
    type: "text",
    value: "URL",
    help: "where WisHub is (or WISHUB_URL, or the credentials file)",
  },
  key: { type: "text", value: "KEY", help: "API key (or WISHUB_KEY, or the credentials file)" },
  json: { type: "switch", help: "one JSON document on stdout, nothing else" },
  help: { type: "switch", help: "show this" },
};

/** Flags as they were given, checked against their definition. */
export class Flags {
  #values: Record<string, string | boolean | undefined>;
  constructor(values: Record<string, string | boolean | undefined>) {
    this.#values = values;
  }
  text(name: string): string | undefined {
    const value = this.#values[name];
    return typeof value === "string" ? value : undefined;
  }
  integer(name: string): number | undefined {
    const value = this.text(name);
    return value === undefined ? undefined : Number(value);
  }
  on(name: string): boolean {
    return this.#values[name] === true;
  }
  list(name: string): string[] | undefined {
    return this.text(name)
      ?.split(",")
      .map((item) => item.trim())
      .filter((item) => item !== "");
  }
}

/** Strict: a misspelt `--publik` is an error, never silently a private unit. */
export function parseCommand(command: Command, argv: string[]): { args: string[]; flags: Flags } {
  const definitions = { ...command.flags, ...COMMON_FLAGS };
  const options = Object.fromEntries(
    Object.entries(definitions).map(([name, flag]) => [
      name,
      { type: flag.type === "switch" ? ("boolean" as const) : ("string" as const) },
    ]),
  );
  const { values, positionals } = parsedOrUsage(argv, options);
  for (const [name, value] of Object.entries(values)) {
    const flag = definitions[name];
    if (flag !== undefined && typeof value === "string") checkValue(name, flag, value);
  }
  if (values["help"] !== true) checkCount(command, positionals);
  return { args: positionals, flags: new Flags(values) };
}

function parsedOrUsage(argv: string[], options: Record<string, { type: "boolean" | "string" }>) {
  try {
    return parseArgs({ args: argv, options, allowPositionals: true, strict: true });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new UsageError(
      /^Unknown option '([^']+)'/.exec(reason)?.[1]?.replace(/^/, "unknown option ") ?? reason,
    );
  }
}

function checkValue(name: string, flag: Flag, value: string) {
  if (flag.choices !== undefined && !flag.choices.includes(value))
    throw new UsageError(`--${name} is one of ${flag.choices.join(", ")}, not "${value}"`);
  if (flag.type !== "integer") return;
  const [min, max] = [flag.min ?? 0, flag.max ?? Number.MAX_SAFE_INTEGER];
  if (!/^\d{1,15}$/.test(value) || Number(value) < min || Number(value) > max) {
    throw new UsageError(
      `--${name} is a whole number ${flag.max === undefined ? `of at least ${min}` : `from ${min} to ${max}`}, not "${value}"`,
    );
  }
}

function checkCount(command: Command, positionals: string[]) {
  const required = command.takes.filter((name) => !name.startsWith("[")).length;
  const missing = command.takes[positionals.length];
  if (positionals.length < required && missing !== undefined)
    throw new UsageError(`${missing} is missing`);
  if (positionals.length > command.takes.length)
    throw new UsageError(
      `"${positionals[command.takes.length]}" is one word too many; quote what belongs together`,
    );
}

/** Help for one command, in at most `columns`. */
export function commandHelp(command: Command, terminal: Terminal): string {
  const style = styler(terminal.outColour);
  const usage = ["wishub", command.name, ...command.takes, "[options]"].join(" ");
  return [
    `${style(usage, "bold")}`,
    ...wrap(command.summary, terminal.columns),
    "",
    ...(Object.keys(command.flags).length === 0
      ? []
      : [style("Options", "bold"), ...flagLines(command.flags, terminal), ""]),
    style("Common options", "bold"),
    ...flagLines(COMMON_FLAGS, terminal),
    ...(command.examples.length === 0
      ? []
      : ["", style("Examples", "bold"), ...command.examples.map((example) => `  ${example}`)]),
    "",
  ].join("\n");
}

export function mainHelp(commands: Command[], terminal: Terminal): string {
  const style = styler(terminal.outColour);
  return [
    `${style("wishub", "bold")}: shared, verified knowledge for fleets of AI agents`,
    "",
    style("Commands", "bold"),
    ...twoColumns(
      commands.map((command) => [
        [command.name, ...command.takes].join(" "),
        command.summary.split(". ")[0]?.replace(/\.$/, "") ?? "",
      ]),
      terminal.columns,
    ),
    "",
    style("Common options", "bold"),
    ...flagLines(COMMON_FLAGS, terminal),
    "",
    "`wishub COMMAND --help` tells more about one command.",
    "",
  ].join("\n");
}

function flagLines(flags: Record<string, Flag>, terminal: Terminal): string[] {
  return twoColumns(
    Object.entries(flags).map(([name, flag]) => [
      `--${name}${flag.type === "switch" ? "" : ` ${flag.value ?? (flag.type === "integer" ? "N" : "TEXT")}`}`,
      flag.choices === undefined ? flag.help : `${flag.help}: ${flag.choices.join(", ")}`,
    ]),
    terminal.columns,
  );
}

function twoColumns(rows: [string, string][], columns: number): string[] {
  const left = Math.max(...rows.map(([name]) => name.length)) + 2;
  return rows.flatMap(([name, help]) =>
    wrap(help, columns - left - 2).map(
      (line, index) => `  ${padEnd(index === 0 ? name : "", left)}${line}`,
    ),
  );
}
