import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buildAll } from "./build.ts";
import { FAST_GATES, pass } from "./launch/gates.ts";
import { run } from "./launch/run.ts";
import { command, say } from "./launch/say.ts";

type Counts = { passed: number; failed: number; skipped: number };
type Report = {
  numPassedTests: number;
  numFailedTests: number;
  numPendingTests: number;
  numTodoTests: number;
  testResults: { status: string; assertionResults: unknown[] }[];
};

/** Two files at once in workerd: each waits more than it computes. Node's start whole products, and take turns. */
const PROJECTS = { node: [], workerd: ["--maxWorkers=2"] };

await command(async () => {
  const filters = process.argv.slice(2);
  for (const name of Object.keys(process.env)) {
    if (name.startsWith("WISHUB_") && name !== "WISHUB_BOOTSTRAP_PID") delete process.env[name];
  }
  await buildAll();
  const total: Counts = { passed: 0, failed: 0, skipped: 0 };
  // With names given, only the tests of those files are asked for.
  if (filters.length === 0) add(total, { ...(await pass(FAST_GATES)), skipped: 0 });
  for (const [project, options] of Object.entries(PROJECTS))
    add(total, await runProject(project, [...options, ...filters]));
  say(`${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
  return total.failed === 0 ? 0 : 1;
});

async function runProject(project: string, more: string[]): Promise<Counts> {
  const folder = mkdtempSync(join(tmpdir(), "wishub-vitest-"));
  const outputFile = join(folder, "report.json");
  try {
    const args = [
      "run",
      "--project",
      project,
      "--reporter=default",
      "--reporter=json",
      `--outputFile.json=${outputFile}`,
    ];
    const { code } = await run("vitest", [...args, "--passWithNoTests", ...more], {
      onText: (text) => process.stdout.write(text),
    });
    return counted(outputFile, code);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** What vitest fails for beside a test (a file that does not load, an error nobody caught) counts as one failure. */
function counted(outputFile: string, code: number): Counts {
  const report = readReport(outputFile);
  if (report === undefined) return { passed: 0, failed: 1, skipped: 0 };
  const broken = report.testResults.filter(
    ({ status, assertionResults }) => status === "failed" && assertionResults.length === 0,
  ).length;
  const failed = report.numFailedTests + broken;
  return {
    passed: report.numPassedTests,
    failed: code !== 0 && failed === 0 ? 1 : failed,
    skipped: report.numPendingTests + report.numTodoTests,
  };
}

function readReport(path: string): Report | undefined {
  try {
    return JSON.parse(readFileSync(path, "utf8")) as Report;
  } catch {
    return undefined; // vitest ended before it wrote one
  }
}

function add(total: Counts, more: Counts): void {
  total.passed += more.passed;
  total.failed += more.failed;
  total.skipped += more.skipped;
}
