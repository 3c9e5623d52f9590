import { randomUUID } from "node:crypto";
import { stat } from "node:fs/promises";
import path from "node:path";
import type { ImportLine, WisHub } from "#sdk/client.ts";
import { WisHubError } from "#sdk/error.ts";
import { UsageError, type Command, type Context } from "#cli/command.ts";
import { batched, type Batch } from "#cli/import/batch.ts";
import { progress, type Progress } from "#cli/import/progress.ts";
import {
  linesOfFile,
  linesOfFolder,
  linesOfStdin,
  type InputLine,
  type Overrides,
} from "#cli/import/sources.ts";
import { harmless } from "#cli/terminal.ts";

const RECONNECTS_MAX = 8;
const ERRORS_KEPT_MAX = 1_000;
const ERRORS_SHOWN_MAX = 50;

type Failure = { line: number; where?: string; error: { code: string; detail?: string } };
type Tally = { imported: number; failed: number; lastLine: number; failures: Failure[] };

export const importUnits: Command = {
  name: "import",
  summary:
    "Publish many units: a folder of Markdown (split at its headings), an NDJSON file with a unit a line, or - for NDJSON from standard input. Lines that cannot be imported are reported with their number; the rest goes in.",
  takes: ["PATH"],
  flags: {
    public: { type: "switch", help: "make every unit visible to everybody" },
    tags: { type: "text", value: "A,B", help: "give every unit these tags too" },
    "from-line": {
      type: "integer",
      min: 1,
      help: "go on at this line of an import that was cut off",
    },
    "import-id": {
      type: "text",
      value: "ID",
      help: "the id the cut-off import printed, so that no line counts twice",
    },
  },
  examples: [
    "wishub import docs/ --public --tags handbook",
    "wishub import units.ndjson",
    "wishub import units.ndjson --from-line 4001",
  ],
  async run(context) {
    const { flags, terminal, json } = context;
    const importId = flags.text("import-id") ?? randomUUID();
    const tally: Tally = { imported: 0, failed: 0, lastLine: 0, failures: [] };
    const shown = progress(terminal);
    const source = await sourceOf(context, flags.integer("from-line") ?? 1);
    try {
      for await (const batch of batched(source)) {
        await sendBatch(context.client(), batch, importId, terminal.signal, (line) =>
          count(line, batch, tally, shown, context),
        );
        shown.update(tally.imported, tally.failed, batch.fraction);
        if (terminal.signal.aborted) break;
      }
    } catch (error) {
      shown.end();
      terminal.err(resumeHint(context, tally, importId));
      throw error;
    }
    shown.end();
    if (terminal.signal.aborted) terminal.err(resumeHint(context, tally, importId));
    const { imported, failed, failures } = tally;
    if (json) await terminal.out(`${JSON.stringify({ imported, failed, importId, failures })}\n`);
    else await terminal.out(`${imported} imported${failed === 0 ? "" : `, ${failed} failed`}\n`);
    return terminal.signal.aborted ? 130 : failed === 0 ? 0 : 1;
  },
};

async function sourceOf(
  { args, flags, terminal }: Context,
  fromLine: number,
): Promise<AsyncGenerator<InputLine>> {
  const tags = flags.list("tags");
  const overrides: Overrides = {
    ...(flags.on("public") && { visibility: "public" as const }),
    ...(tags !== undefined && { tags }),
  };
  const given = args[0] ?? "";
  if (given === "-") return linesOfStdin(terminal.stdin, overrides, fromLine);
  const full = path.resolve(terminal.cwd, given);
  const found = await stat(full).catch(() => undefined);
  if (found === undefined) throw new UsageError(`there is no file or folder ${given}`);
  return found.isDirectory()
    ? linesOfFolder(full, overrides, fromLine)
    : linesOfFile(full, found.size, overrides, fromLine);
}

/** Sends a batch until every line has its answer: a lost connection goes on after the last answered line. */
async function sendBatch(
  client: WisHub,
  batch: Batch,
  importId: string,
  signal: AbortSignal,
  answered: (line: ImportLine) => void,
) {
  let next = batch.firstLine;
  for (let lost = 0; ; lost += 1) {
    try {
      const rest = batch.lines.slice(next - batch.firstLine);
      for await (const line of client.importNdjson(each(rest), {
        fromLine: next,
        idempotencyKey: importId,
      })) {
        answered(line);
        next = line.line + 1;
        if (signal.aborted) return;
      }
      return;
    } catch (error) {
      const waitMs = waitAfter(error, lost);
      if (waitMs === undefined || signal.aborted) throw error;
      await new Promise((resolve) => setTimeout(resolve, waitMs));
    }
  }
}

function waitAfter(error: unknown, lost: number): number | undefined {
  if (lost >= RECONNECTS_MAX) return undefined;
  const backoffMs = 250 * 2 ** Math.min(lost, 5) * (0.5 + Math.random());
  if (!(error instanceof WisHubError)) return error instanceof TypeError ? backoffMs : undefined; // a stream cut in the middle
  if (error.code === "network") return backoffMs;
  const busy =
    error.status === 429 || error.status === 503 || error.code === "idempotency-in-flight";
  return busy && error.retryAfterMs !== undefined ? error.retryAfterMs + backoffMs : undefined;
}

async function* each(lines: InputLine[]): AsyncGenerator<string> {
  for (const line of lines) yield line.text;
}

function count(
  line: ImportLine,
  batch: Batch,
  tally: Tally,
  shown: Progress,
  { terminal }: Context,
) {
  tally.lastLine = line.line;
  if (!("error" in line)) {
    tally.imported += 1;
    return;
  }
  tally.failed += 1;
  const where = batch.lines[line.line - batch.firstLine]?.where;
  if (tally.failures.length < ERRORS_KEPT_MAX)
    tally.failures.push({
      line: line.line,
      ...(where !== undefined && { where }),
      error: line.error,
    });
  if (tally.failed <= ERRORS_SHOWN_MAX) {
    shown.clear();
    terminal.err(
      `line ${line.line}${where === undefined ? "" : ` (${harmless(where)})`}: ${reasonOf(line.error)}\n`,
    );
  }
  if (tally.failed === ERRORS_SHOWN_MAX + 1) terminal.err("more lines failed; --json lists them\n");
}

function reasonOf(error: Extract<ImportLine, { error: unknown }>["error"]): string {
  const details = (error.errors ?? [])
    .map((found) => `${found.pointer} ${found.detail}`)
    .join("; ");
  return harmless(details || error.detail || error.title || error.code);
}

function resumeHint({ args, flags }: Context, tally: Tally, importId: string): string {
  if (tally.lastLine === 0) return "";
  const more = [
    ...(flags.on("public") ? ["--public"] : []),
    ...(flags.text("tags") === undefined ? [] : [`--tags ${flags.text("tags")}`]),
  ];
  return `stopped after line ${tally.lastLine}; go on with: ${["wishub import", args[0], ...more, `--from-line ${tally.lastLine + 1}`, `--import-id ${importId}`].join(" ")}\n`;
}
