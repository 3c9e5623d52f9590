import type { Queue } from "#domain/scheduling/queue.ts";
import type { Standing, TaskRow } from "#domain/scheduling/row.ts";
import { LIMITS } from "#domain/shared/limits.ts";
import type { QueueDepth } from "#domain/tasks/depth.ts";
import type { TaskPage, TaskPageAsked } from "#domain/tasks/listing.ts";
import {
  COLUMNS,
  type Columns,
  ENDED,
  ENDS,
  rowOf,
  shownOf,
  STANDINGS,
} from "#objects/task-tables.ts";
import type { TaskRows } from "#objects/task-rows.ts";

/** Rows that one page looks at: where few of them are asked for, the page ends early and says where to go on. */
const LOOKED_AT = 5_000;

type Row = Columns & { details: string | null };

/** A shard's tasks of an account, the newest first. `own`: the account that all tasks here are of. `said`: what no row has. */
export function taskPage(
  sql: SqlStorage,
  own: string | null,
  { account, state, type, before, limit }: TaskPageAsked,
  said: (seq: number) => { unschedulable: string | null; progress: number | null },
): TaskPage {
  const isOurs = own === null ? "account = ?" : "1";
  const whose = own === null ? [account] : [];
  const [low] = sql.exec<{ seq: number }>(
    `SELECT seq FROM task WHERE ${isOurs} AND seq < ? ORDER BY seq DESC LIMIT 1 OFFSET ?`,
    ...whose,
    before,
    LOOKED_AT,
  );
  const states = state === null ? null : JSON.stringify(numbersOf(state));
  const rows = sql
    .exec<Row>(
      `SELECT ${COLUMNS}, details FROM task WHERE ${isOurs} AND seq < ? AND seq > ?
         AND (? IS NULL OR state IN (SELECT value FROM json_each(?))) AND (? IS NULL OR type = ?)
       ORDER BY seq DESC LIMIT ?`,
      ...whose,
      before,
      low?.seq ?? 0,
      states,
      states,
      type,
      type,
      limit,
    )
    .toArray();
  const last = rows.at(-1);
  const isFull = rows.length >= limit;
  return {
    tasks: rows.map((row) => shownOf(row, own, said(row.seq))),
    next: isFull ? (last?.seq ?? null) : low === undefined ? null : low.seq + 1,
  };
}

/**
 * What can be tried again of an account's: the oldest that failed, or those of these that failed or were canceled because
 * a task before them did.
 */
export function redrivable(
  sql: SqlStorage,
  own: string | null,
  account: string,
  seqs: readonly number[] | null,
): TaskRow[] {
  const whose = own === null ? [account] : [];
  const isOurs = own === null ? "account = ?" : "1";
  const [failed, canceled] = [numbersOf("failed")[0], numbersOf("canceled")[0]];
  const rows =
    seqs === null
      ? sql.exec<Columns>(
          `SELECT ${COLUMNS} FROM task WHERE ${isOurs} AND state = ? ORDER BY seq LIMIT ?`,
          ...whose,
          failed,
          LIMITS.tasksPerCallMax,
        )
      : sql.exec<Columns>(
          `SELECT ${COLUMNS} FROM task WHERE ${isOurs} AND seq IN (SELECT value FROM json_each(?))
             AND (state = ? OR state = ? AND cause = 'dependency') ORDER BY seq`,
          ...whose,
          JSON.stringify(seqs),
          failed,
          canceled,
        );
  return rows.toArray().map((row) => rowOf(row, own));
}

/** Where an account's tasks stand in a shard that several share. */
function countsOf(sql: SqlStorage, account: string): Omit<QueueDepth, "mode" | "oldestMs"> {
  const counts = new Map(
    sql
      .exec<{ state: number; n: number; bytes: number }>(
        "SELECT state, count(*) AS n, sum(bytes) AS bytes FROM task WHERE account = ? GROUP BY state",
        account,
      )
      .toArray()
      .map((row) => [row.state, row] as const),
  );
  const open = [...counts.values()].filter(({ state }) => state < ENDED);
  const of = (standing: Standing) => counts.get(STANDINGS.indexOf(standing))?.n ?? 0;
  return {
    waiting: of("waiting"),
    delayed: of("delayed"),
    blocked: of("blocked"),
    leased: of("leased"),
    failed: counts.get(ENDED + ENDS.indexOf("failed"))?.n ?? 0,
    bytes: open.reduce((sum, { bytes }) => sum + bytes, 0),
  };
}

const failedCount = (sql: SqlStorage): number =>
  sql
    .exec<{ n: number }>("SELECT count(*) AS n FROM task WHERE state = ?", numbersOf("failed")[0])
    .one().n;

/** The numbers that rows have for one of A2A's states. */
function numbersOf(state: string): number[] {
  const ended = ENDS.findIndex((one) => one === state);
  if (ended !== -1) return [ENDED + ended];
  const isOpen = (standing: string) => (standing === "leased") === (state === "working");
  if (state !== "working" && state !== "submitted") return [];
  return [...STANDINGS.entries()].filter(([, one]) => isOpen(one)).map(([at]) => at);
}

type Here = { queue: Queue; own: string | null; rows: TaskRows };

/** How much of an account lies in a shard, its own or one that several share. */
export function depthIn(sql: SqlStorage, { queue, own, rows }: Here, account: string): QueueDepth {
  const oldestMs = rows.one(queue.oldestWaiting() ?? 0)?.created_at_ms ?? null;
  if (own !== null) return { ...queue.depth, failed: failedCount(sql), oldestMs };
  return { mode: queue.mode, ...countsOf(sql, account), oldestMs };
}
