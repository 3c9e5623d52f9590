import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { buildAll } from "./build.ts";
import { FAST_GATES, pass } from "./launch/gates.ts";
import { run } from "./launch/run.ts";
import { command, say } from "./launch/say.ts";

/** `broken` names what failed, a line each. */
type Counts = { passed: number; skipped: number; broken: string[] };
type Report = {
  numPassedTests: number;
  numPendingTests: number;
  numTodoTests: number;
  testResults: {
    /** The file's path, absolute. */
    name: string;
    status: string;
    assertionResults: { status: string; fullName: string; failureMessages: string[] }[];
  }[];
};

/**
 * So many files at once on two cores. In workerd they wait more than they compute; node's start whole products; a browser
 * beside the product it shows has the machine for itself.
 */
const PROJECTS = { node: 2, console: 1, workerd: 3 };

await command(async () => {
  const filters = process.argv.slice(2);
  for (const name of Object.keys(process.env)) {
    if (name.startsWith("WISHUB_") && name !== "WISHUB_BOOTSTRAP_PID") delete process.env[name];
  }
  await buildAll();
  const total: Counts = { passed: 0, skipped: 0, broken: [] };
  // With names given, only the tests of those files are asked for.
  if (filters.length === 0) {
    const { passed, failed } = await pass(FAST_GATES);
    add(total, { passed, skipped: 0, broken: failed });
  }
  for (const [project, atOnce] of Object.entries(PROJECTS))
    add(total, await runProject(project, [`--maxWorkers=${atOnce}`, ...filters]));
  // At the end, where whoever reads only the last lines of a long log finds them.
  for (const line of total.broken) say(`failed: ${line}`);
  say(`${total.passed} passed, ${total.broken.length} failed, ${total.skipped} skipped`);
  return total.broken.length === 0 ? 0 : 1;
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
    return counted(outputFile, project, code);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** What vitest fails for beside a test (a file that does not load, an error nobody caught) counts as one failure. */
function counted(outputFile: string, project: string, code: number): Counts {
  const report = readReport(outputFile);
  if (report === undefined)
    return { passed: 0, skipped: 0, broken: [`${project}: ended before its report`] };
  const broken = report.testResults.flatMap(({ name, status, assertionResults }) => {
    const file = relative(process.cwd(), name);
    const tests = assertionResults.filter((test) => test.status === "failed");
    if (status === "failed" && tests.length === 0) return [`${file}, outside of its tests`];
    return tests.map(
      ({ fullName, failureMessages }) =>
        `${file} › ${fullName}: ${(failureMessages[0] ?? "").split("\n", 1)[0]}`,
    );
  });
  if (code !== 0 && broken.length === 0) broken.push(`${project}: an error outside of any test`);
  return {
    passed: report.numPassedTests,
    skipped: report.numPendingTests + report.numTodoTests,
    broken,
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
  total.skipped += more.skipped;
  total.broken.push(...more.broken);
}
