import { existsSync, mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { DIST, inRoot } from "./launch/paths.ts";
import { command, isCommand, say } from "./launch/say.ts";
import { isFresh, writeStamp } from "./launch/stamp.ts";

const OUT = join(DIST, "kernels");
/** No garbage collector and no checks: a kernel lays out its own memory and trusts its one caller. */
const FLAGS = [
  "-O3",
  "--converge",
  "--noAssert",
  "--runtime",
  "stub",
  "--enable",
  "simd",
  "--enable",
  "relaxed-simd",
  "--use",
  "abort=",
];

/** Compiles each kernels/<name>/index.ts to dist/kernels/<name>.wasm, unless nothing it is made from has changed. */
export async function build({ log }: { log(line: string): void }): Promise<void> {
  mkdirSync(OUT, { recursive: true });
  const extra = FLAGS.join(" ");
  for (const name of readdirSync(inRoot("kernels"))) {
    const entry = `kernels/${name}/index.ts`;
    if (!existsSync(inRoot(entry))) continue;
    const stamp = join(OUT, `.${name}.stamp.json`);
    const out = join(OUT, `${name}.wasm`);
    if (existsSync(out) && isFresh(stamp, extra)) continue;
    // Half a second to load, which a start with nothing to compile need not wait for.
    const { main: compile } = await import("assemblyscript/asc");
    let said = "";
    const stderr = { write: (chunk: Uint8Array | string) => void (said += chunk.toString()) };
    const args = [entry, "--baseDir", inRoot(), "--outFile", `dist/kernels/${name}.wasm`, ...FLAGS];
    const { error } = await compile(args, { stderr });
    if (error) throw new Error(`kernel ${name} does not compile: ${said}`);
    const sources = readdirSync(inRoot("kernels", name)).map((file) => `kernels/${name}/${file}`);
    writeStamp(stamp, [...sources, "node_modules/assemblyscript/package.json"], extra);
    log(`kernel ${name} compiled`);
  }
}

if (isCommand(import.meta)) await command(() => build({ log: say }));
