import type { WisHubEvent } from "#sdk/live.ts";
import { type Command, type Context, UsageError } from "#cli/command.ts";
import { following } from "#cli/following.ts";
import { clip, harmless, type Style } from "#cli/terminal.ts";

const tailEvents: Command = {
  name: "events tail",
  summary:
    "Show what happens as it happens, until you interrupt it. Lost connections are taken up.",
  takes: [],
  flags: {
    topic: { type: "text", value: "LIST", help: "of these topics: unit.events,agent.tasks" },
    type: { type: "text", value: "LIST", help: "of these types: unit.published,task.*" },
    agent: { type: "text", value: "ID", help: "about this agent" },
    run: { type: "text", value: "ID", help: "about this run" },
    task: { type: "text", value: "ID", help: "about this task" },
    since: {
      type: "text",
      value: "TIME",
      help: "from then on: 2027-01-31T00:00:00Z, or 10m, 2h, 3d",
    },
    after: {
      type: "text",
      value: "POSITION",
      help: "behind this position, as it was shown at the end",
    },
    count: { type: "integer", min: 1, help: "end after so many events" },
  },
  examples: [
    "wishub events tail --type 'unit.*' --since 1h",
    "wishub events tail --json --count 10",
  ],
  async run(context) {
    const { flags, client, terminal, json, style } = context;
    const since = flags.text("since");
    const options = {
      ...following(terminal),
      topics: flags.list("topic"),
      types: flags.list("type"),
      agent: flags.text("agent"),
      run: flags.text("run"),
      task: flags.text("task"),
      after: flags.text("after"),
      from: since === undefined ? undefined : timeOf(since, Date.now()),
    };
    let left = flags.integer("count") ?? Infinity;
    let last = options.after;
    for await (const { position, event } of client().events(options)) {
      last = position;
      const line = json ? JSON.stringify(event) : told(event, style, terminal.columns);
      await terminal.out(`${line}\n`);
      if (--left <= 0) break;
    }
    if (last !== undefined && !json) terminal.err(`go on with --after\n${last}\n`);
    return 0;
  },
};

const appendEvent: Command = {
  name: "events append",
  summary: "Tell of something of your own: its data is JSON where it is JSON, and text otherwise.",
  takes: ["TYPE", "[DATA]"],
  flags: {
    subject: { type: "text", value: "TEXT", help: "what it is about" },
    event: { type: "text", value: "ID", help: "its id: the same again is one event" },
  },
  examples: ["wishub events append custom.order-paid '{\"order\":17}' --subject order-17"],
  async run({ args, flags, client, terminal, json }: Context) {
    const [type = "", data = "null"] = args;
    const answer = await client().appendEvent({
      type,
      data: valueOf(data),
      id: flags.text("event"),
      subject: flags.text("subject"),
    });
    await terminal.out(json ? `${JSON.stringify(answer)}\n` : `${type} is told\n`);
    return 0;
  },
};

export const eventCommands: readonly Command[] = [tailEvents, appendEvent];

/** One line: when, what, about whom, and what else there is to say, as far as it fits. */
function told({ time, type, subject, data }: WisHubEvent, style: Style, columns: number): string {
  const more = harmless(JSON.stringify(data ?? {}));
  const said = [harmless(type), harmless(subject ?? ""), more === "{}" ? "" : more];
  const line = said.filter((one) => one !== "").join(" ");
  return `${style(time, "dim")} ${clip(line, columns - time.length - 1)}`;
}

const UNITS_MS: Record<string, number> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** A time as the API takes it, from one or from how long ago it was. */
export function timeOf(text: string, nowMs: number): string {
  const [, digits, unit = ""] = /^(\d{1,6})([smhd])$/.exec(text) ?? [];
  const atMs =
    digits === undefined ? Date.parse(text) : nowMs - Number(digits) * (UNITS_MS[unit] ?? 0);
  if (Number.isNaN(atMs))
    throw new UsageError(
      `--since is a time like 2027-01-31T00:00:00Z, or 10m, 2h, 3d, not "${text}"`,
    );
  return new Date(atMs).toISOString();
}

function valueOf(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}
