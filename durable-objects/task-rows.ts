import type { Change, Moving, TaskRow } from "#domain/scheduling/row.ts";
import type { TaskDraft, TaskLeased } from "#domain/tasks/record.ts";
import {
  COLUMNS,
  type Columns,
  ENDED,
  ENDS,
  INPUT,
  listOf,
  LONG_CHARS,
  RESULT,
  rowOf,
  STANDINGS,
} from "#objects/task-tables.ts";

const PURGED_AT_ONCE = 500;
const NEWEST = "newestTask";
/** No open task has a place before it. */
const OLDEST_OPEN = "oldestOpenTask";

/** A task that has ended, with the token under which it did. */
type Extras = { draft?: TaskDraft | undefined; result?: string | null };

/** The tasks of one shard as they are stored. Writes happen inside a transaction of whoever calls. */
export class TaskRows {
  readonly #storage: DurableObjectStorage;
  readonly #sql: SqlStorage;
  /** The account that all tasks here are of; null where several share the queue. */
  readonly #own: string | null;

  constructor(storage: DurableObjectStorage, own: string | null) {
    this.#storage = storage;
    this.#sql = storage.sql;
    this.#own = own;
  }

  /** Everything open, in the order it came. */
  *open(): Iterable<TaskRow> {
    const from = this.#storage.kv.get<number>(OLDEST_OPEN) ?? 0;
    const rows = this.#sql.exec<Columns>(
      `SELECT ${COLUMNS} FROM task WHERE seq >= ? AND state < ${ENDED} ORDER BY seq`,
      from,
    );
    for (const row of rows) yield rowOf(row, this.#own);
  }

  /** The last place that was ever given. */
  newest(): number {
    const { newest } = this.#sql
      .exec<{ newest: number | null }>("SELECT max(seq) AS newest FROM task")
      .one();
    return Math.max(newest ?? 0, this.#storage.kv.get<number>(NEWEST) ?? 0);
  }

  one(seq: number): (Columns & { details: string | null }) | null {
    const [row] = this.#sql.exec<Columns & { details: string | null }>(
      `SELECT ${COLUMNS}, details FROM task WHERE seq = ?`,
      seq,
    );
    return row ?? null;
  }

  /** JSON text; null where there is none. */
  input(seq: number): string | null {
    const [row] = this.#sql.exec<{ text: string | null }>(
      "SELECT input AS text FROM task WHERE seq = ?",
      seq,
    );
    return row === undefined ? null : (row.text ?? this.#long(seq, INPUT));
  }
  /** What is kept with a task beside what all have, JSON text; null where nothing is. */
  details(seq: number): string | null {
    const [row] = this.#sql.exec<{ details: string | null }>(
      "SELECT details FROM task WHERE seq = ?",
      seq,
    );
    return row?.details ?? null;
  }
  keep(seq: number, details: string): void {
    this.#sql.exec("UPDATE task SET details = ? WHERE seq = ?", details, seq);
  }
  /** What whoever got tasks is told beside them, by their places. */
  given(seqs: readonly number[]): Map<number, Pick<TaskLeased, "priority" | "input">> {
    const [only] = seqs;
    const rows = this.#sql.exec<{ seq: number; priority: number; input: string | null }>(
      seqs.length === 1
        ? "SELECT seq, priority, input FROM task WHERE seq = ?"
        : "SELECT seq, priority, input FROM task WHERE seq IN (SELECT value FROM json_each(?))",
      seqs.length === 1 ? only : JSON.stringify(seqs),
    );
    const given = new Map<number, Pick<TaskLeased, "priority" | "input">>();
    for (const { seq, priority, input } of rows)
      given.set(seq, { priority, input: input ?? this.#long(seq, INPUT) ?? "null" });
    return given;
  }
  /** JSON text; null where there is none. */
  result(seq: number): string | null {
    const [row] = this.#sql.exec<{ text: string | null }>(
      "SELECT result AS text FROM task WHERE seq = ?",
      seq,
    );
    return row === undefined ? null : (row.text ?? this.#long(seq, RESULT));
  }

  write(change: Change, { draft, result = null }: Extras = {}): void {
    switch (change.kind) {
      case "added":
        return this.#insert(change.row, draft);
      case "moved":
        return this.#update(change.seq, STANDINGS.indexOf(change.moving.standing), change.moving);
      case "revived":
        this.#update(change.row.seq, STANDINGS.indexOf(change.row.standing), change.row);
        this.#sql.exec(
          "UPDATE task SET ended_at_ms = NULL, cause = NULL, reason = NULL, after = ?, deadline_ms = ? WHERE seq = ?",
          listOf(change.row.after),
          change.row.deadlineMs,
          change.row.seq,
        );
        return this.#reopened(change.row.seq);
      case "ended": {
        const { seq, moving, end } = change;
        const isLong = result !== null && result.length > LONG_CHARS;
        this.#sql.exec(
          `UPDATE task SET state = ?, held = 0, holder = ?, token = ?, attempts = ?, spent_ms = ?, ended_at_ms = ?,
             cause = ?, reason = ?, result = ? WHERE seq = ?`,
          ENDED + ENDS.indexOf(end.state),
          moving.holder,
          moving.token,
          moving.attempts,
          moving.spentMs,
          end.atMs,
          end.cause,
          end.reason,
          isLong ? null : result,
          seq,
        );
        if (isLong) this.#sql.exec("INSERT INTO task_text VALUES (?, ?, ?)", seq, RESULT, result);
      }
    }
  }

  /**
   * Forgets what ended before then and, of what is beyond the room for it, the oldest: no more than a bound. Answers
   * which those were.
   */
  purge(beforeMs: number, surplus: number): number[] {
    const seqs = this.#sql
      .exec<{ seq: number; ended_at_ms: number }>(
        `SELECT seq, ended_at_ms FROM task WHERE state >= ${ENDED} ORDER BY seq LIMIT ?`,
        PURGED_AT_ONCE,
      )
      .toArray()
      .filter(({ ended_at_ms: atMs }, at) => at < surplus || atMs < beforeMs)
      .map(({ seq }) => seq);
    if (seqs.length === 0) return [];
    this.#storage.kv.put(NEWEST, this.newest());
    const gone = JSON.stringify(seqs);
    for (const table of ["task", "task_text"])
      this.#sql.exec(`DELETE FROM ${table} WHERE seq IN (SELECT value FROM json_each(?))`, gone);
    return seqs;
  }

  countEnded(): number {
    return this.#sql
      .exec<{ n: number }>(`SELECT count(*) AS n FROM task WHERE state >= ${ENDED}`)
      .one().n;
  }

  /** Lets the next start begin where the oldest open task is. */
  noteOldestOpen(seq: number): void {
    this.#storage.kv.put(OLDEST_OPEN, seq);
  }

  #reopened(seq: number): void {
    if (seq < (this.#storage.kv.get<number>(OLDEST_OPEN) ?? 0)) this.noteOldestOpen(seq);
  }

  #long(seq: number, what: number): string | null {
    const [row] = this.#sql.exec<{ text: string }>(
      "SELECT text FROM task_text WHERE seq = ? AND what = ?",
      seq,
      what,
    );
    return row?.text ?? null;
  }

  #insert(row: TaskRow, draft: TaskDraft | undefined): void {
    const input = draft?.input ?? "null";
    const isLong = input.length > LONG_CHARS;
    this.#sql.exec(
      `INSERT INTO task (${COLUMNS}, details, input) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, NULL, NULL, NULL, ?, ?)`,
      row.seq,
      STANDINGS.indexOf(row.standing),
      this.#own === null ? row.account : null,
      row.type,
      listOf(row.requires),
      row.near,
      row.priority,
      row.cost,
      row.createdAtMs,
      row.deadlineMs,
      row.attemptsMax,
      row.budgetMs,
      listOf(row.after),
      row.bytes,
      draft?.madeBy ?? null,
      row.token,
      row.isHeld ? 1 : 0,
      row.holder,
      row.leasedAtMs,
      row.untilMs,
      row.attempts,
      row.spentMs,
      draft?.details ?? null,
      isLong ? null : input,
    );
    if (isLong) this.#sql.exec("INSERT INTO task_text VALUES (?, ?, ?)", row.seq, INPUT, input);
  }

  #update(seq: number, state: number, moving: Moving): void {
    this.#sql.exec(
      `UPDATE task SET state = ?, token = ?, held = ?, holder = ?, leased_at_ms = ?, until_ms = ?, attempts = ?, spent_ms = ?
         WHERE seq = ?`,
      state,
      moving.token,
      moving.isHeld ? 1 : 0,
      moving.holder,
      moving.leasedAtMs,
      moving.untilMs,
      moving.attempts,
      moving.spentMs,
      seq,
    );
  }
}
