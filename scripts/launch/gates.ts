import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { DERIVED, deriveConfigs } from "./derive.ts";
import { inRoot, ROOT } from "./paths.ts";
import { unseenViolations } from "./planted.ts";
import { run } from "./run.ts";
import { say, seconds } from "./say.ts";

/** What is wrong, as the tool says it; nothing when all is well. */
type Gate = { name: string; run(): Promise<string | undefined> };

const FAMILIES = ["catalog", "units"];

const tool = (name: string, program: string, args: string[]): Gate => ({
  name,
  run: async () => {
    const { code, output } = await run(program, args);
    return code === 0 ? undefined : `${program} ${args.join(" ")}\n${output}`;
  },
});

/** Seconds each: what `npm test` runs before its tests. */
export const FAST_GATES: Gate[] = [
  tool("format", "oxfmt", ["--check"]),
  tool("lint", "oxlint", ["--type-aware", "--deny-warnings"]),
  {
    name: "lint sees planted violations",
    run: async () => (await unseenViolations()).join("\n") || undefined,
  },
  ...["tsconfig.json", "tsconfig.node.json", "web/tsconfig.json"]
    .filter((project) => existsSync(inRoot(project)))
    .map((project) => tool(`types, ${project}`, "tsc", ["-p", project, "--noEmit"])),
  tool("nothing unused", "knip", ["--no-progress"]),
];

export const SLOW_GATES: Gate[] = [
  {
    name: "env.d.ts is as generated",
    run: async () => {
      const { code, output } = await run("wrangler", ["types", "--check", ...typesArgs()]);
      return code === 0 ? undefined : output;
    },
  },
  ...FAMILIES.map((family) => ({
    name: `migrations of ${family} are as generated`,
    run: () => migrationsOf(family),
  })),
  tool("openapi.json and the SDK are as generated", "node", ["scripts/openapi.ts", "--check"]),
  tool("docs/model.md is as generated", "node", ["scripts/model.ts", "--check"]),
  ...DERIVED.map((face) => ({
    name: `${face} can be deployed`,
    run: async () => {
      const configs = await deriveConfigs();
      const { code, output } = await run("wrangler", [
        "deploy",
        "--dry-run",
        "--config",
        configs[face],
      ]);
      return code === 0 ? undefined : output;
    },
  })),
];

export type Outcome = { passed: number; failed: string[] };

/** Runs them in turn, a line each; a failed one shows what its tool said, and the rest still run. */
export async function pass(gates: Gate[]): Promise<Outcome> {
  const outcome: Outcome = { passed: 0, failed: [] };
  for (const gate of gates) {
    const startedMs = performance.now();
    const wrong = await gate.run();
    say(`${wrong === undefined ? "ok    " : "FAILED"} ${gate.name} (${seconds(startedMs)})`);
    if (wrong === undefined) outcome.passed++;
    else {
      outcome.failed.push(gate.name);
      say(wrong.trim().slice(-20_000).replaceAll(/^/gm, "       "));
    }
  }
  return outcome;
}

/** The arguments env.d.ts was generated with stand in its own second line. */
function typesArgs(): string[] {
  const [, made = ""] =
    /running `wrangler types ([^`]*)`/.exec(readFileSync(inRoot("env.d.ts"), "utf8")) ?? [];
  return made.split(" ").filter((argument) => argument !== "");
}

/** Generates into a copy; whatever appears there has been forgotten here. */
async function migrationsOf(family: string): Promise<string | undefined> {
  const copy = mkdtempSync(join(tmpdir(), "wishub-migrations-"));
  try {
    cpSync(inRoot("migrations", family), copy, { recursive: true });
    const before = readdirSync(copy);
    const args = ["generate", "--dialect", "sqlite", "--schema", `db/${family}/*tables.ts`];
    const { code, output } = await run("drizzle-kit", [
      ...args,
      "--out",
      relative(ROOT, copy),
      "--casing",
      "snake_case",
    ]);
    if (code !== 0) return output;
    const added = readdirSync(copy).filter((file) => !before.includes(file));
    return added.length === 0
      ? undefined
      : `db/${family}/*tables.ts have changed, generate a migration for them:\n${output}`;
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
}
