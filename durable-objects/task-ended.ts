import type { Queue } from "#domain/scheduling/queue.ts";
import { LIMITS } from "#domain/shared/limits.ts";
import type { TaskRows } from "#objects/task-rows.ts";

/** What has ended can be read back for so long. */
const KEPT_MS = 7 * 86_400_000;
const EVERY_MS = 86_400_000;
const NEXT = "upkeepMs";
/** More than may be kept, so that the oldest go several at once. */
const SURPLUS = 500;

/** Tasks that have ended, which are kept for a while to be read back. */
export class TaskEnded {
  readonly #storage: DurableObjectStorage;
  readonly #rows: TaskRows;
  readonly #purged: (seqs: number[]) => void;
  readonly #bytesMax: number;
  /** Of the database when it was last too large: what goes leaves room in it, and it grows once that is used up. */
  #largest = 0;
  count = 0;

  constructor(
    storage: DurableObjectStorage,
    rows: TaskRows,
    purged: (seqs: number[]) => void,
    bytesMax: number = LIMITS.taskShardBytesMax,
  ) {
    this.#storage = storage;
    this.#rows = rows;
    this.#purged = purged;
    this.#bytesMax = bytesMax;
  }

  /** When to look again; Infinity: nothing is kept. */
  dueMs(nowMs: number): number {
    return this.count > 0 ? nowMs + EVERY_MS : Infinity;
  }

  /** Lets the oldest go where there are too many, or where they take too much. Runs inside a transaction. */
  makeRoom(queue: Queue, nowMs: number): void {
    const { databaseSize } = this.#storage.sql;
    if (this.count > LIMITS.tasksEndedKept + SURPLUS) this.#purge(queue, nowMs);
    else if (this.count > 0 && databaseSize > Math.max(this.#bytesMax, this.#largest)) {
      this.#largest = databaseSize;
      this.#purge(queue, nowMs, SURPLUS);
    }
  }

  /** Once a day, lets go what was kept long enough. */
  upkeep(queue: Queue, nowMs: number): void {
    if ((this.#storage.kv.get<number>(NEXT) ?? 0) > nowMs) return;
    this.#storage.transactionSync(() => {
      let purged = 0;
      do purged = this.#purge(queue, nowMs);
      while (purged > 0);
      this.#storage.kv.put(NEXT, nowMs + EVERY_MS);
    });
  }

  #purge(queue: Queue, nowMs: number, surplus = this.count - LIMITS.tasksEndedKept): number {
    const seqs = this.#rows.purge(nowMs - KEPT_MS, surplus);
    this.#purged(seqs);
    this.count -= seqs.length;
    this.#rows.noteOldestOpen(queue.oldestOpen() ?? queue.next);
    return seqs.length;
  }
}
