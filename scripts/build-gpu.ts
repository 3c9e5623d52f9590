import { existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { DIST, inRoot, ROOT } from "./launch/paths.ts";
import { command, isCommand, say } from "./launch/say.ts";
import { isFresh, writeStamp } from "./launch/stamp.ts";

const DIRECTORY = join(DIST, "gpu-backend");
/** Raised when this file changes what it makes. */
const FORMAT = "2";

/** Makes dist/gpu-backend/{main,worker,compute/*,ocr/*}.mjs; only what is native stays outside. */
export async function build({ log }: { log(line: string): void }): Promise<void> {
  const stamp = join(DIRECTORY, ".stamp.json");
  const extra = FORMAT + readFileSync(inRoot("package-lock.json"), "utf8");
  if (existsSync(join(DIRECTORY, "main.mjs")) && isFresh(stamp, extra)) return;
  rmSync(stamp, { force: true });
  const esbuild = await import("esbuild");
  const { metafile } = await esbuild.build({
    absWorkingDir: ROOT,
    entryPoints: ["main", "worker", "compute/worker", "compute/graph-worker", "ocr/worker"].map(
      (name) => `gpu-backend/${name}.ts`,
    ),
    outdir: DIRECTORY,
    outExtension: { ".js": ".mjs" },
    bundle: true,
    format: "esm",
    target: "node24",
    platform: "node",
    // gpu-backend is a package of its own, where `#domain` means nothing to Node.
    alias: { "#domain": inRoot("domain"), "#gpu-backend": inRoot("gpu-backend") },
    external: ["onnxruntime-node", "sharp", "webgpu"],
    metafile: true,
    logLevel: "warning",
  });
  const inputs = Object.keys(metafile.inputs).filter((input) => !input.startsWith("node_modules/"));
  writeStamp(stamp, [...inputs, "scripts/build-gpu.ts"], extra);
  log("dist/gpu-backend");
}

if (isCommand(import.meta)) await command(() => build({ log: say }));
