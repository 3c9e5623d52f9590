import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { availableParallelism, cpus } from "node:os";
import { type Measured, refusalOf, valuesOf } from "#domain/scale/parameters.ts";
import { buildAll } from "./build.ts";
import { inRoot } from "./launch/paths.ts";
import { command, Refusal, say } from "./launch/say.ts";
import { billText, tablesOf } from "./scale/tables.ts";

/** The last figures measured, with what they were measured on. */
type Kept = { on: string; machine: string; measured: Measured };

const KEPT = inRoot("docs", "model.json");
const TABLES = inRoot("docs", "model.md");
const BEGIN = "<!-- npm run model -->";
const END = "<!-- end of npm run model -->";

// What 10^10 calls a day would take and cost, from figures measured here. With --quick from those kept in
// docs/model.json; with --check it only says whether docs/model.md is what they give. name=value sets a parameter.
await command(async () => {
  const options = process.argv.slice(2);
  const unknown = options.find((one) => !/^(--quick|--check|[\w.]+=.+)$/.test(one));
  if (unknown !== undefined)
    throw new Refusal(
      `"${unknown}" is neither --quick, --check nor a parameter like sessionShare=0.8.`,
    );
  const overrides = Object.fromEntries(
    options.filter((one) => one.includes("=")).map((one) => one.split("=") as [string, string]),
  );
  const quick = options.includes("--quick") || options.includes("--check");
  const kept = quick ? keptFigures() : await measuredNow();
  const values = valuesOf(kept.measured, numbersOf(kept.measured, overrides));
  if (Object.keys(overrides).length > 0) {
    say(billText(values));
    return 0;
  }
  const document = readFileSync(TABLES, "utf8");
  const [before, rest] = document.split(BEGIN);
  const after = rest?.split(END)[1];
  if (before === undefined || after === undefined)
    throw new Refusal("docs/model.md has lost the marks between which its tables stand.");
  const made = `${before}${BEGIN}\n\n${tablesOf(values, kept)}\n${END}${after}`;
  if (options.includes("--check")) {
    if (made === document) return 0;
    throw new Refusal("docs/model.md is not what npm run model -- --quick writes.");
  }
  writeFileSync(TABLES, made);
  if (!quick) writeFileSync(KEPT, `${JSON.stringify(kept, null, 2)}\n`);
  say(billText(values));
  say("docs/model.md has the tables");
  return 0;
});

function numbersOf(measured: Measured, overrides: Record<string, string>): Record<string, number> {
  const known = valuesOf(measured);
  const numbers = Object.entries(overrides).map(([name, text]) => [name, Number(text)] as const);
  for (const [name, value] of numbers) {
    const refusal = refusalOf(known, name, value);
    if (refusal !== null) throw new Refusal(`${refusal}; docs/model.md lists the parameters.`);
  }
  return Object.fromEntries(numbers);
}

function keptFigures(): Kept {
  if (!existsSync(KEPT)) throw new Refusal("nothing was measured yet, run this without --quick.");
  return JSON.parse(readFileSync(KEPT, "utf8")) as Kept;
}

async function measuredNow(): Promise<Kept> {
  await buildAll();
  say("measuring, about three minutes on a quiet machine …");
  const child = spawn(process.execPath, [inRoot("bench", "scale.ts")], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let text = "";
  child.stdout.on("data", (chunk: Buffer) => (text += chunk.toString()));
  const [code] = (await once(child, "exit")) as [number | null];
  const last = text.trim().split("\n").at(-1) ?? "";
  if (code !== 0) throw new Refusal("the measurement failed, see above.");
  return {
    on: new Date().toISOString().slice(0, 10),
    machine: `${availableParallelism()} cores, ${cpus()[0]?.model ?? "unknown"}`,
    measured: JSON.parse(last) as Measured,
  };
}
