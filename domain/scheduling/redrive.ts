import type { Queue } from "#domain/scheduling/queue.ts";
import type { Change, TaskRow } from "#domain/scheduling/row.ts";
import type { Problem } from "#domain/shared/problem.ts";
import { err, ok, type Result } from "#domain/shared/result.ts";

/**
 * Puts failed tasks back, as many as there is room for; refused where there is none for any. What came after others goes
 * back once those are done, open, or put back before it: a task whose need has come to nothing stays where it is.
 * `store` writes what changes before the next one is looked at.
 */
export function redriven(
  queue: Queue,
  rows: readonly TaskRow[],
  { cameToNothing, store }: { cameToNothing(seq: number): boolean; store(changes: Change[]): void },
  nowMs: number,
): Result<number, Problem> {
  let count = 0;
  let left = [...rows];
  for (let before = Infinity; left.length < before;) {
    before = left.length;
    const inVain: TaskRow[] = [];
    for (const row of left) {
      if (row.after.some(cameToNothing)) {
        inVain.push(row);
        continue;
      }
      const { answer, changes } = queue.revive(row, nowMs);
      if (!answer.ok) return count > 0 ? ok(count) : err(answer.error);
      store(changes);
      count++;
    }
    left = inVain;
  }
  return ok(count);
}
