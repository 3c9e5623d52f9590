import { readFileSync } from "node:fs";
import { join } from "node:path";
import { promises } from "./compute.contract.ts";
import { openCpu } from "./cpu.ts";

const kernel = Uint8Array.from(
  readFileSync(join(import.meta.dirname, "../../dist/kernels/distances.wasm")),
);
const workerUrl = new URL("./worker.ts", import.meta.url);
// So that little work is cut too.
const pairsPerTask = 16_384;

promises("one thread", () => openCpu({ workerUrl, kernel, threads: 1, pairsPerTask }));
promises("three threads", () => openCpu({ workerUrl, kernel, threads: 3, pairsPerTask }));
