import { createWriteStream } from "node:fs";
import { once } from "node:events";
import type { Command, Context } from "#cli/command.ts";
import { following } from "#cli/following.ts";
import { bar, clip, harmless, padEnd, type Style } from "#cli/terminal.ts";

/** What a job of kind `kmeans` comes to. */
type Clusters = {
  units: number;
  iterations: number;
  inertia: number;
  clusters: { size: number; inertia: number; unitId: string }[];
  unitIds: string[];
  assignments: number[];
};

const PROGRESS_COLUMNS = 28;
const SHARE_COLUMNS = 16;
const SHOWN_DEFAULT = 12;
const LOWEST_COLUMNS = 20;
const MS_PER_S = 1_000;

const NOTHING = {
  private: "no searchable units of your own; --public groups the public ones\n",
  public: "there are no searchable public units\n",
};

export const cluster: Command = {
  name: "cluster",
  summary: "Group all units of a collection by what they are about; the gpu-backend does it.",
  takes: [],
  flags: {
    public: { type: "switch", help: "the public units (default: your account's own)" },
    clusters: {
      type: "integer",
      min: 1,
      max: 1_024,
      help: "how many (default: as many as fit the collection)",
    },
    seed: {
      type: "integer",
      min: 0,
      max: 4_294_967_295,
      help: "the same gives the same (default: 1)",
    },
    show: { type: "integer", min: 1, max: 1_024, help: "how many to show (default: 12)" },
    out: {
      type: "text",
      value: "FILE",
      help: "write each unit's cluster there, one JSON line a unit",
    },
  },
  examples: [
    "wishub cluster",
    "wishub cluster --public",
    "wishub cluster --clusters 20 --out clusters.ndjson",
  ],
  async run(context) {
    const { flags, client, terminal, json, style } = context;
    const startedMs = performance.now();
    const collection = flags.on("public") ? "public" : "private";
    const input = {
      collection,
      k: flags.integer("clusters"),
      seed: flags.integer("seed"),
    };
    const task = await client().tasks.create({ type: "kmeans", pool: "gpu", input });
    if (!(await followed(context, task.id))) return 1;
    const found = (await new Response(await client().tasks.result(task.id)).json()) as Clusters;
    const file = flags.text("out");
    if (file !== undefined) await write(file, found);
    if (json) {
      await terminal.out(`${JSON.stringify(found)}\n`);
      return 0;
    }
    if (found.units === 0) {
      terminal.err(NOTHING[collection]);
      return 0;
    }
    const seconds = (performance.now() - startedMs) / MS_PER_S;
    const shown = found.clusters.slice(0, flags.integer("show") ?? SHOWN_DEFAULT);
    const largest = Math.max(1, ...shown.map(({ size }) => size));
    for (const { size, unitId } of shown) {
      const { title } = await client()
        .getUnit(unitId)
        .catch(() => ({ title: "(gone)" }));
      await terminal.out(line(size / largest, size, title, terminal.columns, style));
    }
    const rest = found.clusters.length - shown.length;
    const more = rest > 0 ? `, ${rest} of them not shown` : "";
    await terminal.out(
      style(
        `${found.units} units in ${found.clusters.length} clusters${more}, ${seconds.toFixed(1)} s\n`,
        "dim",
      ),
    );
    return 0;
  },
};

/** Shows how far it is; whether it is completed then. */
async function followed({ client, terminal, json }: Context, id: string): Promise<boolean> {
  const clear = terminal.errLive ? "\r\u001b[2K" : "";
  const end = terminal.errLive ? "" : "\n";
  let said = "";
  for await (const news of client().tasks.watch(id, following(terminal))) {
    const task = news.kind === "task" ? news.task : null;
    const progress = news.kind === "task" ? news.task.progress : news.progress;
    const waits = task?.state === "submitted" ? "waiting for a gpu-backend" : "";
    const share = `${bar(progress ?? 0, PROGRESS_COLUMNS)} ${Math.floor((progress ?? 0) * 100)} %`;
    const next = harmless(waits === "" ? share : waits);
    if (!json && next !== said) terminal.err(`${clear}${next}${end}`);
    said = next;
  }
  if (terminal.errLive && !json) terminal.err(clear);
  if (terminal.signal.aborted) {
    terminal.err(`it goes on without you: wishub task watch ${id}\n`);
    return false;
  }
  const { state, reason, cause } = await client().tasks.get(id);
  if (state === "completed") return true;
  terminal.err(`the clustering is ${state}: ${harmless(reason ?? cause ?? "nobody says why")}\n`);
  return false;
}

function line(part: number, size: number, title: string, columns: number, style: Style): string {
  const share = style(bar(part, SHARE_COLUMNS), "cyan");
  const room = Math.max(LOWEST_COLUMNS, columns - SHARE_COLUMNS - 9);
  return `${padEnd(String(size), 6)} ${share} ${clip(harmless(title).replaceAll("\n", " "), room)}\n`;
}

async function write(path: string, { unitIds, assignments }: Clusters): Promise<void> {
  const file = createWriteStream(path);
  for (const [i, unitId] of unitIds.entries())
    if (!file.write(`${JSON.stringify({ unitId, cluster: assignments[i] })}\n`))
      await once(file, "drain");
  file.end();
  await once(file, "finish");
}
