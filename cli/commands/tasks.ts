import { createWriteStream } from "node:fs";
import { Writable } from "node:stream";
import type { Operations } from "#sdk/types.ts";
import { answered } from "#cli/answered.ts";
import { type Command, type Context, UsageError } from "#cli/command.ts";
import { following } from "#cli/following.ts";
import { passwordFrom } from "./people.ts";
import { bar, folded, harmless, type Style } from "#cli/terminal.ts";

type Task = Operations["GET /v1/tasks/{id}"]["answer"];

const BAR_COLUMNS = 28;
const MS_PER_S = 1_000;

const createTask: Command = {
  name: "task create",
  summary: "Put a task into the queue: its input is JSON where it is JSON, and text otherwise.",
  takes: ["TYPE", "[INPUT]"],
  flags: {
    priority: { type: "integer", min: 0, max: 9, help: "9 goes first (default: 4)" },
    deadline: { type: "text", value: "TIME", help: "for example 2027-01-31T00:00:00Z" },
    requires: { type: "text", value: "LIST", help: "what its worker must be able to do: a,b,c" },
    attempts: { type: "integer", min: 1, max: 100, help: "how often it may be tried" },
    budget: { type: "integer", min: 1, help: "seconds that all attempts together may take" },
    pool: { type: "text", value: "POOL", help: "whose workers do it (default: account)" },
    callback: { type: "text", value: "URL", help: "told when it has ended" },
    secret: { type: "switch", help: "that signed, by a secret (whsec_…) from standard input" },
    watch: { type: "switch", help: "stay until it has ended" },
  },
  examples: ['wishub task create summarize \'{"unitId":"u0_…"}\' --requires french --watch'],
  async run(context) {
    const { args, flags, client, terminal } = context;
    const [type = "", input = "null"] = args;
    const budget = flags.integer("budget");
    const url = flags.text("callback");
    if (flags.on("secret") && url === undefined)
      throw new UsageError("--secret signs a --callback");
    const secret = flags.on("secret") ? await passwordFrom(terminal, "secret") : undefined;
    const task = await client().tasks.create({
      type,
      input: valueOf(input),
      priority: flags.integer("priority"),
      deadline: flags.text("deadline"),
      requires: listOf(flags.text("requires")),
      attempts: flags.integer("attempts"),
      budget: budget === undefined ? undefined : { workMs: budget * MS_PER_S },
      pool: poolOf(flags.text("pool")),
      callback: url === undefined ? undefined : { url, secret },
    });
    if (flags.on("watch")) return await watched(context, task.id);
    return await answered(context, task, `${task.id}\n`);
  },
};

const showTask: Command = {
  name: "task show",
  summary: "Show a task: where it stands, and why.",
  takes: ["ID"],
  flags: {},
  examples: [],
  async run(context) {
    const { args, client, terminal, style } = context;
    const task = await client().tasks.get(args[0] ?? "");
    return await answered(context, task, described(task, style, terminal.columns));
  },
};

const listTasks: Command = {
  name: "task list",
  summary: "List tasks, the newest first.",
  takes: [],
  flags: {
    state: {
      type: "text",
      value: "STATE",
      help: "submitted, working, completed, failed, canceled",
    },
    type: { type: "text", value: "TYPE", help: "only of this type" },
    limit: { type: "integer", min: 1, max: 100, help: "how many (default: 20)" },
    cursor: { type: "text", value: "CURSOR", help: "where the page before ended" },
  },
  examples: ["wishub task list --state failed"],
  async run(context) {
    const { flags, client, terminal, style } = context;
    const page = await client().tasks.list({
      state: flags.text("state"),
      type: flags.text("type"),
      limit: flags.integer("limit"),
      cursor: flags.text("cursor"),
    });
    const lines = page.items.map((task) => described(task, style, terminal.columns)).join("");
    const more = page.nextCursor === null ? "" : `more: --cursor ${page.nextCursor}\n`;
    return await answered(context, page, `${lines || "no tasks\n"}${more}`);
  },
};

const watchTask: Command = {
  name: "task watch",
  summary: "Follow a task until it has ended; 0 if it is completed then, 1 if not.",
  takes: ["ID"],
  flags: {},
  examples: [],
  run: (context) => watched(context, context.args[0] ?? ""),
};

const cancelTask: Command = {
  name: "task cancel",
  summary: "Cancel a task, and those that come after it.",
  takes: ["ID"],
  flags: { why: { type: "text", value: "TEXT", help: "what is read about it" } },
  examples: [],
  async run(context) {
    const { args, flags, client } = context;
    const task = await client().tasks.cancel(args[0] ?? "", flags.text("why"));
    return await answered(context, task, `${task.state}\n`);
  },
};

const resultOfTask: Command = {
  name: "task result",
  summary: "Write what a task came to.",
  takes: ["ID"],
  flags: { out: { type: "text", value: "FILE", help: "into a file" } },
  examples: ["wishub task result t_… --out clusters.json"],
  async run({ args, flags, client, terminal }) {
    const body = await client().tasks.result(args[0] ?? "");
    const file = flags.text("out");
    if (file !== undefined) {
      await body.pipeTo(Writable.toWeb(createWriteStream(file)) as WritableStream<Uint8Array>);
      return 0;
    }
    const decoder = new TextDecoderStream();
    for await (const text of body.pipeThrough(decoder as ReadableWritablePair<string, Uint8Array>))
      await terminal.out(text);
    await terminal.out("\n");
    return 0;
  },
};

const redriveTasks: Command = {
  name: "task redrive",
  summary: "Put failed tasks back to work, as if nobody had tried: those named, or the oldest 100.",
  takes: ["[ID]"],
  flags: { pool: { type: "text", value: "POOL", help: "of this pool (default: account)" } },
  examples: [],
  async run(context) {
    const { args, flags, client } = context;
    const [id] = args;
    const which = id === undefined ? {} : { ids: [id] };
    const answer = await client().tasks.redrive(poolOf(flags.text("pool")), which);
    return await answered(context, answer, `${answer.redriven} put back to work\n`);
  },
};

export const taskCommands: readonly Command[] = [
  createTask,
  showTask,
  listTasks,
  watchTask,
  cancelTask,
  resultOfTask,
  redriveTasks,
];

/** A line on stderr that moves while it works, or a line for each thing that happens where stderr is a file. */
async function watched({ client, terminal, json, style }: Context, id: string): Promise<number> {
  let state = "";
  const clear = terminal.errLive ? "\r\u001b[2K" : "";
  const end = terminal.errLive ? "" : "\n";
  for await (const news of client().tasks.watch(id, following(terminal))) {
    if (json) await terminal.out(`${JSON.stringify(news)}\n`);
    if (news.kind === "task") state = news.task.state;
    const progress = news.kind === "task" ? news.task.progress : news.progress;
    const shown = progress === null ? "" : `${bar(progress, BAR_COLUMNS)} ${percent(progress)}  `;
    const said = news.kind === "event" && news.data != null ? harmless(textOf(news.data)) : "";
    if (!json) terminal.err(`${clear}${shown}${state}${said === "" ? "" : `  ${said}`}${end}`);
  }
  if (terminal.errLive && !json) terminal.err(clear);
  if (json) return state === "completed" ? 0 : 1;
  const task = await client().tasks.get(id);
  await terminal.out(described(task, style, terminal.columns));
  return task.state === "completed" ? 0 : 1;
}

function described(task: Task, style: Style, columns: number): string {
  const { callbackFailed } = task;
  const progress = task.progress === null ? "" : percent(task.progress);
  const why = task.unschedulable ?? task.reason ?? "";
  const untold = callbackFailed === undefined ? "" : `callback given up: ${callbackFailed.reason}`;
  const head = [style(task.id, "cyan"), harmless(task.type), task.state, progress, task.createdAt];
  const rest = [style(harmless(why), "dim"), style(harmless(untold), "yellow")];
  return `${folded([...head, ...rest], columns)}\n`;
}

const percent = (progress: number): string => `${Math.floor(progress * 100)} %`;
const textOf = (value: unknown): string =>
  typeof value === "string" ? value : JSON.stringify(value);

function listOf(text: string | undefined): string[] | undefined {
  if (text === undefined) return undefined;
  const list = text.split(",").map((one) => one.trim());
  if (list.some((one) => one === "")) throw new UsageError("--requires takes names like a,b,c");
  return list;
}

/** What there is no pool of is the server's to say. */
const poolOf = (name = "account") => name as Task["pool"];

function valueOf(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}
