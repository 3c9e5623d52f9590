import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { benchWorker } from "#bench/lib/worker.ts";
import { buildAll } from "./build.ts";
import { freePort } from "./launch/free-port.ts";
import { inRoot } from "./launch/paths.ts";
import { run } from "./launch/run.ts";
import { command, isCommand, Refusal, say } from "./launch/say.ts";

type Run = {
  suite: string;
  args: readonly string[];
  path: string;
  /** A suite that looks at less than it did has passed for nothing. */
  checksMin: number;
  /** Scenarios that do nothing but warn: of the rest, each must have made a check. */
  unjudged?: readonly string[];
};

const CURRENT = "@modelcontextprotocol/conformance";
/** What the Model Context Protocol's public suite is run for. */
export const RUNS = {
  "2026-07-28": {
    suite: CURRENT,
    args: ["--requirements", "2026-07-28"],
    path: "/mcp",
    checksMin: 110,
  },
  "2025-11-25": {
    suite: CURRENT,
    args: ["--requirements", "2025-11-25"],
    path: "/mcp",
    checksMin: 68,
  },
  "0.1.16": {
    suite: "conformance-0.1",
    args: ["--suite", "all"],
    path: "/mcp",
    checksMin: 42,
    unjudged: ["server-sse-polling"],
  },
  /** As the product serves 2025-11-25: without sessions, so that no tool can ask its client. */
  stateless: {
    suite: CURRENT,
    args: ["--requirements", "2025-11-25"],
    path: "/stateless/mcp",
    checksMin: 50,
    unjudged: ["server-sse-multiple-streams"],
  },
} as const satisfies Record<string, Run>;
export type RunName = keyof typeof RUNS;

const isRun = (name: string): name is RunName => Object.hasOwn(RUNS, name);

export type Judged = {
  /** Of the required scenarios. */
  passed: string[];
  failed: string[];
  checks: number;
  /** Why it does not count, in a sentence, or null. */
  wrong: string | null;
  output: string;
};

/** Runs the suite against an endpoint and counts what it looked at, because a scenario may pass without a single check. */
export async function judged(name: RunName, url: string): Promise<Judged> {
  const { suite, args, path, checksMin, unjudged = [] }: Run = RUNS[name];
  const folder = mkdtempSync(join(tmpdir(), "wishub-mcp-"));
  const script = inRoot("node_modules", suite, "dist", "index.js");
  const asked = [script, "server", "--url", url + path, ...args];
  const { output } = await run(process.execPath, asked, { cwd: folder });
  rmSync(folder, { recursive: true, force: true });
  const optional = new Set(
    [...output.matchAll(/^\s+[✓✗] (\S+) \((?:extension|pending|added-after-release)\)/gmu)].map(
      ([, scenario]) => scenario,
    ),
  );
  const [passed, failed]: [string[], string[]] = [[], []];
  let checks = 0;
  for (const [, scenario = "", right, wrong] of output.matchAll(
    /^[✓✗] (\S+): (\d+) passed, (\d+) failed/gmu,
  )) {
    if (optional.has(scenario)) continue;
    checks += Number(right);
    const isEmpty = Number(right) === 0 && !unjudged.includes(scenario);
    (isEmpty || Number(wrong) > 0 ? failed : passed).push(scenario);
  }
  const few = checks < checksMin ? `${checks} checks were made, not ${checksMin}` : null;
  const wrong = failed.length > 0 ? `these fail: ${failed.join(", ")}` : few;
  return { passed, failed, checks, wrong, output };
}

/** Starts the product's endpoint over the suite's own tools (tests/mcp-fixture-worker.ts). */
export async function startFixture(): Promise<{ url: string; end(): Promise<void> }> {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const miniflare = await benchWorker({
    entry: { file: "tests/mcp-fixture-worker.ts" },
    objects: ["FixtureSession"],
    databases: ["CATALOG_0", "UNITS_0"],
    variables: { WISHUB_PUBLIC_URL: url, WISHUB_EGRESS_ALLOW: "", WISHUB_SIGNUP: "closed" },
    direct: port,
  });
  await miniflare.ready;
  return { url, end: () => miniflare.dispose() };
}

if (isCommand(import.meta)) {
  await command(async () => {
    const [name = ""] = process.argv.slice(2);
    if (!isRun(name)) throw new Refusal(`say which: ${Object.keys(RUNS).join(", ")}.`);
    await buildAll();
    const { url, end } = await startFixture();
    const { passed, failed, checks, wrong, output } = await judged(name, url);
    await end();
    say(output.slice(output.indexOf("=== SUMMARY ===")));
    say(`${passed.length}/${passed.length + failed.length} required scenarios, ${checks} checks`);
    if (wrong !== null) throw new Refusal(wrong);
  });
}
