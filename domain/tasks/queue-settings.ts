import type { Settings } from "#domain/scheduling/queue.ts";
import { LIMITS } from "#domain/shared/limits.ts";

const COMMON = {
  // An account's weight is in the cost of its tasks already.
  weightOf: () => 1,
  tasksMax: LIMITS.tasksOpenMax,
  bytesMax: LIMITS.taskQueueBytesMax,
};

/** A shard of an account's own pool. */
export const OWN_QUEUE: Settings = {
  ...COMMON,
  accountTasksMax: LIMITS.tasksOpenMax,
  accountBytesMax: LIMITS.taskQueueBytesMax,
};

/** One that all accounts share. */
export const SHARED_QUEUE: Settings = {
  ...COMMON,
  accountTasksMax: LIMITS.sharedTasksPerAccountMax,
  accountBytesMax: LIMITS.sharedTaskBytesPerAccountMax,
};
