import { LIMITS } from "#domain/shared/limits.ts";
import type { TaskEvent } from "#domain/tasks/news.ts";

/** What is said of tasks while somebody works on them. `n` counts within a task. */
export const TASK_EVENT_STEP = `CREATE TABLE task_event (
    seq INTEGER NOT NULL, n INTEGER NOT NULL, at_ms INTEGER NOT NULL, progress REAL, data TEXT,
    PRIMARY KEY (seq, n)
  ) STRICT, WITHOUT ROWID`;

type Row = { n: number; at_ms: number; progress: number | null; data: string | null };

/** The newest events of each task; older ones go. */
export class TaskEvents {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  /** Inside the transaction of what says it. */
  add(seq: number, said: { progress: number | null; data: string | null }, nowMs: number): void {
    const n = this.last(seq) + 1;
    this.#sql.exec(
      "INSERT INTO task_event (seq, n, at_ms, progress, data) VALUES (?, ?, ?, ?, ?)",
      seq,
      n,
      nowMs,
      said.progress,
      said.data,
    );
    this.#sql.exec(
      "DELETE FROM task_event WHERE seq = ? AND n <= ?",
      seq,
      n - LIMITS.taskEventsMax,
    );
  }

  /** The number of the newest one; 0: there is none. */
  last(seq: number): number {
    return (
      this.#sql
        .exec<{ n: number | null }>("SELECT max(n) AS n FROM task_event WHERE seq = ?", seq)
        .one().n ?? 0
    );
  }

  /** How far it is, as was said last; null where nobody said so. */
  progress(seq: number): number | null {
    const [row] = this.#sql.exec<{ progress: number }>(
      "SELECT progress FROM task_event WHERE seq = ? AND progress IS NOT NULL ORDER BY n DESC LIMIT 1",
      seq,
    );
    return row?.progress ?? null;
  }

  after(seq: number, n: number): TaskEvent[] {
    return this.#sql
      .exec<Row>("SELECT * FROM task_event WHERE seq = ? AND n > ? ORDER BY n", seq, n)
      .toArray()
      .map((row) => ({ n: row.n, atMs: row.at_ms, progress: row.progress, data: row.data }));
  }

  drop(seqs: readonly number[]): void {
    this.#sql.exec(
      "DELETE FROM task_event WHERE seq IN (SELECT value FROM json_each(?))",
      JSON.stringify(seqs),
    );
  }
}
