import { copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { inRoot } from "./paths.ts";
import { run } from "./run.ts";

type Planted = { file: string; text: string; rule: string };

const IMPORTS = "no-restricted-imports";
const long = (lines: number, line: string) => Array.from({ length: lines }, () => line).join("\n");

/** One violation a rule of the house must see; for imports, the nearest forbidden thing of each folder. */
const PLANTED: Planted[] = [
  ...(
    [
      ["domain/units", "#db/units/store.ts"],
      ["domain/search", "node:fs"],
      ["domain/accounts", "cloudflare:workers"],
      ["domain/verification", "../units/model.ts"],
      ["db/units", "#adapters/index.ts"],
      ["adapters", "#objects/account.ts"],
      ["durable-objects", "#workers/http/kit.ts"],
      ["workers/http", "#objects/account.ts"],
      ["workers/http", "#workers/queues/consume.ts"],
      ["workers/http/people", "#workers/http/units/units.ts"],
      ["workers/queues", "#workers/http/kit.ts"],
      ["gpu-backend", "#adapters/index.ts"],
      ["sdk", "#domain/units/model.ts"],
      ["cli", "#db/units/store.ts"],
      ["web", "#db/units/store.ts"],
      ["scripts", "../web/theme.ts"],
    ] as const
  ).map(([folder, from], index) => ({
    file: `${folder}/planted-${index}.ts`,
    text: `export { thing } from "${from}";\n`,
    rule: IMPORTS,
  })),
  ...["domain", "db", "adapters", "durable-objects", "workers/http"].map((folder) => ({
    file: `${folder}/outgoing.ts`,
    text: `export const planted = async () => await fetch("https://example.com");\n`,
    rule: "no-restricted-globals",
  })),
  {
    file: "domain/a.ts",
    text: `import { b } from "./b.ts";\nexport const a = () => b;\n`,
    rule: "no-cycle",
  },
  {
    file: "domain/b.ts",
    text: `import { a } from "./a.ts";\nexport const b = () => a;\n`,
    rule: "no-cycle",
  },
  {
    file: "domain/any.ts",
    text: "export const planted = (value: any) => String(value);\n",
    rule: "no-explicit-any",
  },
  {
    file: "domain/sure.ts",
    text: "export const planted = (value?: string) => value!.length;\n",
    rule: "no-non-null-assertion",
  },
  { file: "domain/long.ts", text: long(301, "export {};"), rule: "max-lines" },
  {
    file: "domain/deep.ts",
    text: `export function planted() {\n${long(71, "  void 0;")}\n}\n`,
    rule: "max-lines-per-function",
  },
  {
    file: "domain/adrift.ts",
    text: "export const planted = () => {\n  Promise.resolve(1);\n};\n",
    rule: "no-floating-promises",
  },
  {
    file: "domain/astray.ts",
    text: "export const planted = (values: number[]) => values.filter(async (value) => value > 0);\n",
    rule: "no-misused-promises",
  },
  {
    file: "domain/half.ts",
    text: `export function planted(value: "a" | "b") {\n  switch (value) {\n    case "a":\n      return 1;\n  }\n  return 2;\n}\n`,
    rule: "switch-exhaustiveness-check",
  },
];

/** Plants each violation in a copy of the folders and says which the linter does not see. A silent rule is worse than none. */
export async function unseenViolations(): Promise<string[]> {
  const copy = mkdtempSync(join(tmpdir(), "wishub-planted-"));
  try {
    for (const file of [".oxlintrc.json", "package.json", "tsconfig.json"])
      copyFileSync(inRoot(file), join(copy, file));
    symlinkSync(inRoot("node_modules"), join(copy, "node_modules"));
    writeFileSync(join(copy, ".gitignore"), "node_modules\n");
    for (const { file, text } of PLANTED) {
      mkdirSync(dirname(join(copy, file)), { recursive: true });
      writeFileSync(join(copy, file), text);
    }
    const { output } = await run("oxlint", ["--type-aware", "--format=unix"], { cwd: copy });
    const seen = output.split("\n");
    return PLANTED.filter(
      ({ file, rule }) =>
        !seen.some((line) => line.includes(`${file}:`) && line.includes(`(${rule})`)),
    ).map(({ file, rule, text }) => `${rule} does not see ${file}: ${text.split("\n")[0]}`);
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
}
