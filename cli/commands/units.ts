import { createWriteStream } from "node:fs";
import { readFile, stat } from "node:fs/promises";
import path from "node:path";
import { finished } from "node:stream/promises";
import type { Evidence, Unit, UnitInput, WisHub } from "#sdk/client.ts";
import type { Operations } from "#sdk/types.ts";
import { UsageError, type Command, type Context } from "#cli/command.ts";
import { harmless, indent, padEnd, wrap, type Style } from "#cli/terminal.ts";

const BODY_BYTES_MAX = 1_048_576;
const WAIT_POLLS_MAX = 240;
const POLL_MS = 250;

export const publish: Command = {
  name: "publish",
  summary:
    "Publish one unit from a text or Markdown file, or from standard input. The title is --title, else the first Markdown heading, else the file's name.",
  takes: ["[FILE]"],
  flags: {
    title: { type: "text", help: "title, at most 200 characters" },
    public: { type: "switch", help: "visible to everybody (default: private to the account)" },
    tags: { type: "text", value: "A,B", help: "tags, separated by commas" },
    kind: { type: "text", help: "what sort of knowledge, for example how-to" },
    lang: { type: "text", help: "language tag, for example en or zh (default: detected)" },
    source: { type: "text", value: "URL", help: "where the knowledge comes from" },
    wait: { type: "switch", help: "wait until it is searchable or rejected" },
  },
  examples: [
    "wishub publish notes.md --public --tags sqlite,fts5 --wait",
    'echo "Water boils at 100 °C." | wishub publish --title "Boiling point"',
  ],
  async run(context) {
    const { args, flags, terminal, json } = context;
    const input = unitOf(await textOf(args[0], context), args[0], flags);
    const client = context.client();
    let unit = await client.publish(input);
    if (flags.on("wait")) unit = await settled(client, unit, terminal.signal);
    if (json) await terminal.out(`${JSON.stringify(unit)}\n`);
    else
      await terminal.out(`${context.style(unit.id, "cyan")}  ${statusWord(unit, context.style)}\n`);
    if (unit.status !== "rejected") return 0;
    terminal.err(`wishub: the unit was rejected; \`wishub evidence ${unit.id}\` says why\n`);
    return 1;
  },
};

function unitOf(text: string, file: string | undefined, flags: Context["flags"]): UnitInput {
  const heading = /^\s*# +(.+?)\s*#*\s*(?:\n|$)/.exec(text);
  const stem = file === undefined || file === "-" ? undefined : path.parse(file).name;
  const title = flags.text("title") ?? heading?.[1] ?? stem;
  if (title === undefined) throw new UsageError("the text has no heading: give --title");
  // The heading is not repeated in the body when it became the title.
  const body =
    flags.text("title") === undefined && heading !== null
      ? text.slice(heading[0].length).trim()
      : text.trim();
  if (body === "") throw new UsageError("there is no text to publish");
  const [kind, language, tags, source] = [
    flags.text("kind"),
    flags.text("lang"),
    flags.list("tags"),
    flags.text("source"),
  ];
  return {
    title,
    body,
    ...(flags.on("public") && { visibility: "public" as const }),
    ...(kind !== undefined && { kind }),
    ...(language !== undefined && { language }),
    ...(tags !== undefined && { tags }),
    ...(source !== undefined && { sources: [{ url: source }] }),
  };
}

async function textOf(file: string | undefined, { terminal }: Context): Promise<string> {
  if (file !== undefined && file !== "-") {
    const full = path.resolve(terminal.cwd, file);
    const found = await stat(full).catch(() => undefined);
    if (found === undefined || !found.isFile()) throw new UsageError(`there is no file ${file}`);
    if (found.size > BODY_BYTES_MAX)
      throw new UsageError(
        `${file} is larger than one unit may be; \`wishub import\` splits Markdown at its headings`,
      );
    return readFile(full, "utf8");
  }
  if (terminal.stdinTty) throw new UsageError("give a file, or pipe the text in");
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of terminal.stdin) {
    bytes += chunk.length;
    if (bytes > BODY_BYTES_MAX)
      throw new UsageError("standard input is larger than one unit may be");
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

/** The unit once its status no longer moves by itself, or as it is after a minute. */
async function settled(client: WisHub, first: Unit, signal: AbortSignal): Promise<Unit> {
  let unit = first;
  for (
    let poll = 0;
    poll < WAIT_POLLS_MAX &&
    (unit.status === "pending" || unit.status === "verifying") &&
    !signal.aborted;
    poll += 1
  ) {
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    unit = await client.getUnit(unit.id);
  }
  return unit;
}

function statusWord(unit: Unit, style: Style): string {
  const colour =
    unit.status === "searchable" ? "green" : unit.status === "rejected" ? "red" : "yellow";
  return `${style(unit.status, colour)} ${unit.level}`;
}

export const show: Command = {
  name: "show",
  summary: "Show one unit.",
  takes: ["ID"],
  flags: {},
  examples: [],
  async run({ args, client, terminal, json, style }) {
    const unit = await client().getUnit(args[0] ?? "");
    await terminal.out(
      json ? `${JSON.stringify(unit)}\n` : unitText(unit, terminal.columns, style),
    );
    return 0;
  },
};

function unitText(unit: Unit, columns: number, style: Style): string {
  const facts = [
    unit.id,
    `version ${unit.version}`,
    statusWord(unit, style),
    unit.visibility,
    unit.kind,
    unit.language,
  ].join(" · ");
  const lines = [
    ...wrap(harmless(unit.title), columns).map((line) => style(line, "bold")),
    facts,
    ...(unit.tags.length === 0 ? [] : [`tags: ${harmless(unit.tags.join(", "))}`]),
    "",
    ...wrap(harmless(unit.body), columns),
    "",
    ...unit.sources.map(
      (source) =>
        `source: ${harmless([source.title, source.url, source.doi].filter(Boolean).join(" · "))}`,
    ),
    ...unit.links.map((link) => `${link.rel}: ${harmless(link.unitId)}`),
    style(`cid ${unit.cid}`, "dim"),
  ];
  return `${lines.join("\n")}\n`;
}

export const evidence: Command = {
  name: "evidence",
  summary: "Show every check of a unit and what it found.",
  takes: ["ID"],
  flags: {},
  examples: [],
  async run({ args, client, terminal, json, style }) {
    const found = await client().evidence(args[0] ?? "");
    await terminal.out(
      json ? `${JSON.stringify(found)}\n` : evidenceText(found, terminal.columns, style),
    );
    return 0;
  },
};

function evidenceText(found: Evidence, columns: number, style: Style): string {
  const left = Math.max(6, ...found.checks.map((check) => check.method.length));
  const colour = { pass: "green", fail: "red", note: "yellow" } as const;
  const lines = found.checks.flatMap((check) => [
    `${style(check.verdict, colour[check.verdict])}  ${padEnd(check.method, left)}  ${check.version}  ${style(check.at, "dim")}`,
    ...check.reasons.map((reason) =>
      indent(
        wrap(
          `${reason.code}: ${harmless(reason.detail)}${reason.pointer === undefined ? "" : ` (${reason.pointer})`}`,
          columns - 6,
        ),
        6,
      ),
    ),
  ]);
  return `${style(`level ${found.level}`, "bold")}\n${lines.join("\n")}\n`;
}

export const uses: Command = {
  name: "uses",
  summary: "Show who read a unit in the last 90 days, and which units build on it.",
  takes: ["ID"],
  flags: {},
  examples: [],
  async run({ args, client, terminal, json, style }) {
    const path = { id: args[0] ?? "" };
    const found = await client().operation("GET /v1/units/{id}/uses", { path });
    await terminal.out(json ? `${JSON.stringify(found)}\n` : usesText(found, style));
    return 0;
  },
};

type UnitUses = Operations["GET /v1/units/{id}/uses"]["answer"];

function usesText({ users, others, partial, builtOn, more }: UnitUses, style: Style): string {
  const reads = (count: number): string => (count === 1 ? "1 read" : `${count} reads`);
  const accounts = others.accounts === 1 ? "account" : "accounts";
  const usedBy = users.map(
    ({ name, principalId, reads: count, lastAt }) =>
      `${padEnd(harmless(name ?? principalId), 24)}  ${reads(count)}, last ${style(lastAt, "dim")}`,
  );
  if (others.accounts > 0)
    usedBy.push(`${others.accounts} other ${accounts}: ${reads(others.reads)}`);
  if (usedBy.length === 0) usedBy.push("nobody yet");
  if (partial) usedBy.push("and more: not every read was kept");
  const builtOnBy = builtOn.map(
    ({ unitId, title, rels, level }) =>
      `${unitId}  ${level}  ${rels.join(", ")}  ${harmless(title)}`,
  );
  if (builtOnBy.length === 0) builtOnBy.push("nothing yet");
  else if (more) builtOnBy.push("and more");
  const under = (heading: string, lines: string[]): string =>
    [style(heading, "bold"), ...lines.map((line) => `  ${line}`)].join("\n");
  return `${under("used by", usedBy)}\n${under("built on by", builtOnBy)}\n`;
}

export const exportUnits: Command = {
  name: "export",
  summary: "Write every unit of the account as NDJSON, which `wishub import` reads again.",
  takes: [],
  flags: { out: { type: "text", value: "FILE", help: "write here instead of stdout" } },
  examples: ["wishub export --out units.ndjson"],
  async run({ client, flags, terminal, json }) {
    const file = flags.text("out");
    const sink =
      file === undefined ? undefined : createWriteStream(path.resolve(terminal.cwd, file));
    const write = async (text: string) => {
      if (sink === undefined) return terminal.out(text);
      if (!sink.write(text))
        await new Promise((resolve) => sink.once("drain", () => resolve(undefined)));
    };
    let count = 0;
    for await (const unit of client().exportNdjson()) {
      const before = json ? (count === 0 ? "[\n" : ",\n") : "";
      await write(`${before}${JSON.stringify(unit)}${json ? "" : "\n"}`);
      count += 1;
    }
    if (json) await write(count === 0 ? "[]\n" : "\n]\n");
    if (sink !== undefined) {
      sink.end();
      await finished(sink);
      terminal.err(`${count} units written to ${file}\n`);
    }
    return 0;
  },
};
