import { existsSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { assembleServices } from "./launch/assemble.ts";
import { bundleWorkers } from "./launch/bundle.ts";
import { inRoot } from "./launch/paths.ts";
import { command, isCommand, step } from "./launch/say.ts";

type Builder = { build(options: { log(line: string): void }): Promise<void> };

/** In this order, because the Worker bundles take in what the steps before them made. */
const STEPS = [
  { what: "building the kernels", script: "build-kernels.ts" },
  { what: "building the embedded model", script: "build-model.ts" },
  { what: "building the ONNX model", script: "build-onnx.ts" },
  { what: "building the gpu-backend", script: "build-gpu.ts" },
  { what: "building the console and docs", script: "build-web.ts" },
];

/** Builds whatever is not up to date; each step knows by the content of its inputs. */
export async function buildAll(): Promise<void> {
  for (const { what, script } of STEPS) {
    const path = inRoot("scripts", script);
    if (!existsSync(path)) continue;
    await step(what, async (log) => {
      const builder = (await import(pathToFileURL(path).href)) as Builder;
      await builder.build({ log });
    });
  }
  await step("bundling the Worker", () => bundleWorkers());
  await step("wiring the Workers", () => assembleServices());
}

if (isCommand(import.meta)) {
  await command(buildAll);
  process.exit(); // a compiler's service would keep it alive
}
