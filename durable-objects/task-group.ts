import type { Queue } from "#domain/scheduling/queue.ts";
import { groupCommit } from "#domain/shared/group-commit.ts";
import type { Problem } from "#domain/shared/problem.ts";

/** What is asked of a queue beside what it carries. */
export const OP_BYTES = 500;
export const BUSY: Problem<"overloaded"> = { code: "overloaded", retryAfterS: 1 };
/** Answered to whoever has its turn in the next transaction. */
export const LATER = "later";
const GROUP = {
  itemsMax: 256,
  bytesMax: 8_000_000,
  waitingMax: 4_000,
  gathersFirst: true,
} as const;

/** Something to be done with a queue, beside others in one transaction. */
export type Op = { bytes: number; run(queue: Queue, nowMs: number): void };

/** Writes what many ask for in one transaction; null where too many ask. */
export const taskGroup = (
  write: (ops: readonly Op[]) => true,
): ((ops: Op[]) => Promise<true | null>) =>
  groupCommit(
    GROUP,
    async (ops) => write(ops),
    // One turn: whoever has come meanwhile shares the write to disk, which is most of what a task costs.
    () => scheduler.wait(0),
  );
