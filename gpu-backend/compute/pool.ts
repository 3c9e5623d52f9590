import { Worker } from "node:worker_threads";
import type { Answer, Task } from "./worker.ts";
import type { Run } from "./compute.ts";

type Slot = { worker: Worker; done?: ((answer: Answer) => void) | undefined };
type Wanted = { slot(slot: Slot): void; failed(error: Error): void };

export type Pool = {
  threads: number;
  /** Does every task, at most as many at once as there are threads, and gives `each` its answer as it comes. */
  all(tasks: readonly Task[], run: Run, each?: (answer: Answer) => void): Promise<void>;
  close(): Promise<void>;
};

/** Threads that take turns among the calls: a short one does not wait for the end of a long one, only for a task of it. */
export function openPool(workerUrl: URL, module: WebAssembly.Module, threads: number): Pool {
  let broken: Error | undefined;
  const waiting: Wanted[] = [];
  const free: Slot[] = [];
  const slots = Array.from({ length: threads }, () => startSlot());

  function startSlot(): Slot {
    const worker = new Worker(workerUrl, { workerData: { module } });
    const slot: Slot = { worker };
    worker.on("message", (answer: Answer) => slot.done?.(answer));
    worker.on("error", fail);
    worker.once("exit", () => fail(new Error("a computing thread ended")));
    free.push(slot);
    return slot;
  }

  /** A thread that ended takes the pool with it: what it held half done is told to nobody. */
  function fail(error: Error): void {
    broken ??= error;
    for (const wanted of waiting.splice(0)) wanted.failed(broken);
    for (const slot of slots) slot.done?.(undefined);
  }

  const acquire = () =>
    new Promise<Slot>((slot, failed) => {
      const next = free.pop();
      if (broken !== undefined) failed(broken);
      else if (next !== undefined) slot(next);
      else waiting.push({ slot, failed });
    });

  function release(slot: Slot): void {
    const next = waiting.shift();
    if (next === undefined) free.push(slot);
    else next.slot(slot);
  }

  async function once(task: Task, run: Run): Promise<Answer> {
    const slot = await acquire();
    try {
      run.signal?.throwIfAborted();
      const answer = await new Promise<Answer>((done) => {
        slot.done = done;
        slot.worker.postMessage(task);
      });
      if (broken !== undefined) throw broken;
      return answer;
    } finally {
      slot.done = undefined;
      release(slot);
    }
  }

  return {
    threads,
    async all(tasks, run, each) {
      const left = tasks.values();
      let done = 0;
      const lane = async () => {
        for (const task of left) {
          const answer = await once(task, run);
          each?.(answer);
          done += 1;
          run.progress?.(done / tasks.length);
        }
      };
      const lanes = await Promise.allSettled(Array.from({ length: threads }, lane));
      // Every lane has ended by now: nobody writes into the caller's memory any more.
      for (const lane of lanes) if (lane.status === "rejected") throw lane.reason;
    },
    async close() {
      broken ??= new Error("the pool is closed");
      await Promise.all(slots.map(({ worker }) => worker.terminate()));
    },
  };
}
