import { InferenceSession, Tensor } from "onnxruntime-node";
import { parentPort, workerData } from "node:worker_threads";
import { EMBEDDED_SPACE } from "#domain/embedding/space.ts";

/** `ids` holds `lengths.length` rows, each padded with zeros to the longest. */
export type Batch = { ids: BigInt64Array; lengths: Int32Array };
export type WorkerOptions = { modelPath: string; threads: number };
export type FromWorker = { kind: "ready" } | { kind: "vectors"; vectors: Float32Array };

/** A thread of its own, because onnxruntime-node's `run` blocks the thread that calls it. */
async function work(options: WorkerOptions): Promise<void> {
  const session = await InferenceSession.create(options.modelPath, {
    intraOpNumThreads: options.threads,
    interOpNumThreads: 1,
    executionMode: "sequential",
    logSeverityLevel: 3,
    // A thread that spins for its next work takes a core from the product beside it.
    extra: { session: { intra_op: { allow_spinning: "0" } } },
  });
  const run = async ({ ids, lengths }: Batch) => {
    const output = await session.run({
      input_ids: new Tensor("int64", ids, [lengths.length, ids.length / lengths.length]),
      lengths: new Tensor("int32", lengths, [lengths.length]),
    });
    const data = output["embeddings"]?.data;
    if (
      !(data instanceof Float32Array) ||
      data.length !== lengths.length * EMBEDDED_SPACE.dimensions
    ) {
      throw new Error("the model did not answer with one vector a text");
    }
    return data.slice();
  };
  // The first run is slow (memory, kernels): nobody should wait for it.
  await run({ ids: BigInt64Array.of(101n, 102n), lengths: Int32Array.of(2) });
  const send = (message: FromWorker, transfer: ArrayBuffer[] = []) =>
    parentPort?.postMessage(message, transfer);
  parentPort?.on("message", (batch: Batch) => {
    // A failed run ends the thread, and with it the process: a broken runtime does not heal.
    void run(batch).then((vectors) => send({ kind: "vectors", vectors }, [vectors.buffer]));
  });
  send({ kind: "ready" });
}

await work(workerData as WorkerOptions);
