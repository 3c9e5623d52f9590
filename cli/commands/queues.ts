import { answered } from "#cli/answered.ts";
import type { Command } from "#cli/command.ts";
import { folded } from "#cli/terminal.ts";

type Verb = "pause" | "resume" | "drain";
const POOL_DEFAULT = "account";

const showQueues: Command = {
  name: "queue",
  summary: "Show the account's queues of tasks: how much waits, and since when.",
  takes: [],
  flags: {},
  examples: [],
  async run(context) {
    const { client, terminal, style } = context;
    const queues = await client().operation("GET /v1/queues");
    const lines = queues.items.map(
      ({ pool, mode, waiting, delayed, blocked, leased, failed, oldestAt }) =>
        folded(
          [
            style(pool, "cyan"),
            mode,
            `${waiting} waiting`,
            `${delayed} delayed`,
            `${blocked} after others`,
            `${leased} worked on`,
            `${failed} failed`,
            oldestAt === null ? "" : style(`oldest ${ageOf(oldestAt)}`, "dim"),
          ],
          terminal.columns,
        ),
    );
    return await answered(context, queues, `${lines.join("\n")}\n`);
  },
};

const led = (verb: Verb, summary: string): Command => ({
  name: `queue ${verb}`,
  summary,
  takes: ["[POOL]"],
  flags: {},
  examples: [],
  async run(context) {
    const { args, client } = context;
    const pool = args[0] ?? POOL_DEFAULT;
    const queue = await client().operation(`POST /v1/queues/{pool}/${verb}`, { path: { pool } });
    return await answered(context, queue, `${queue.pool}  ${queue.mode}\n`);
  },
});

export const queueCommands: readonly Command[] = [
  showQueues,
  led("pause", "Give no tasks out until it is resumed; what is worked on goes on."),
  led("resume", "Let a paused or draining queue go on."),
  led("drain", "Take no new tasks; those that are there are done."),
];

const MS_PER_S = 1_000;
const S_PER_MIN = 60;
const MIN_PER_H = 60;

function ageOf(at: string): string {
  const seconds = Math.max(0, Math.round((Date.now() - Date.parse(at)) / MS_PER_S));
  if (seconds < S_PER_MIN) return `${seconds} s`;
  const minutes = Math.floor(seconds / S_PER_MIN);
  return minutes < MIN_PER_H ? `${minutes} min` : `${Math.floor(minutes / MIN_PER_H)} h`;
}
