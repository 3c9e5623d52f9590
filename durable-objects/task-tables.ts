import type { End, EndCause, Standing, TaskRow } from "#domain/scheduling/row.ts";
import type { TaskShown } from "#domain/tasks/record.ts";

/** What is open, in the order of its number in a row; what has ended comes after. */
export const STANDINGS: readonly Standing[] = ["waiting", "delayed", "blocked", "leased"];
export const ENDS: readonly End["state"][] = ["completed", "failed", "canceled"];
/** The least `state` of a row that has ended. */
export const ENDED = STANDINGS.length;
/** What is longer lies in `task_text`: the row of a task is written again and again. */
export const LONG_CHARS = 2_048;
export const [INPUT, RESULT] = [0, 1];

/** The index of what is open is memory: a task costs a row written when it comes, is leased, and ends. */
export const TASK_STEP = `
  CREATE TABLE task (
    seq INTEGER PRIMARY KEY, state INTEGER NOT NULL, account TEXT, type TEXT NOT NULL, requires TEXT, near TEXT,
    priority INTEGER NOT NULL, cost REAL NOT NULL, created_at_ms INTEGER NOT NULL, deadline_ms INTEGER,
    attempts_max INTEGER NOT NULL, budget_ms INTEGER, after TEXT, bytes INTEGER NOT NULL, made_by TEXT, details TEXT,
    token INTEGER NOT NULL, held INTEGER NOT NULL, holder TEXT, leased_at_ms INTEGER NOT NULL, until_ms INTEGER NOT NULL,
    attempts INTEGER NOT NULL, spent_ms INTEGER NOT NULL, ended_at_ms INTEGER, cause TEXT, reason TEXT,
    input TEXT, result TEXT
  ) STRICT;
  CREATE INDEX task_account ON task (account, seq) WHERE account IS NOT NULL;
  CREATE TABLE task_text (seq INTEGER NOT NULL, what INTEGER NOT NULL, text TEXT NOT NULL, PRIMARY KEY (seq, what))
    STRICT, WITHOUT ROWID;
  CREATE TABLE task_seen (key TEXT NOT NULL UNIQUE, seq INTEGER NOT NULL, body_hash TEXT NOT NULL, at_ms INTEGER NOT NULL) STRICT;
`;

/** Columns of a task without its input, its result and what is kept with it. */
export const COLUMNS =
  "seq, state, account, type, requires, near, priority, cost, created_at_ms, deadline_ms, attempts_max, budget_ms, after, bytes, made_by, token, held, holder, leased_at_ms, until_ms, attempts, spent_ms, ended_at_ms, cause, reason";

export type Columns = {
  seq: number;
  state: number;
  /** None in an account's own queue, where all tasks are its. */
  account: string | null;
  type: string;
  requires: string | null;
  near: string | null;
  priority: number;
  cost: number;
  created_at_ms: number;
  deadline_ms: number | null;
  attempts_max: number;
  budget_ms: number | null;
  after: string | null;
  bytes: number;
  made_by: string | null;
  token: number;
  held: number;
  holder: string | null;
  leased_at_ms: number;
  until_ms: number;
  attempts: number;
  spent_ms: number;
  ended_at_ms: number | null;
  cause: EndCause | null;
  reason: string | null;
};

export const listOf = (items: readonly (string | number)[]): string | null =>
  items.length === 0 ? null : JSON.stringify(items);

export const rowOf = (columns: Columns, own: string | null): TaskRow => ({
  seq: columns.seq,
  account: columns.account ?? own ?? "",
  type: columns.type,
  requires: columns.requires === null ? [] : (JSON.parse(columns.requires) as string[]),
  near: columns.near,
  priority: columns.priority,
  cost: columns.cost,
  createdAtMs: columns.created_at_ms,
  deadlineMs: columns.deadline_ms,
  attemptsMax: columns.attempts_max,
  budgetMs: columns.budget_ms,
  after: columns.after === null ? [] : (JSON.parse(columns.after) as number[]),
  bytes: columns.bytes,
  standing: STANDINGS[columns.state] ?? "waiting",
  token: columns.token,
  isHeld: columns.held === 1,
  holder: columns.holder,
  leasedAtMs: columns.leased_at_ms,
  untilMs: columns.until_ms,
  attempts: columns.attempts,
  spentMs: columns.spent_ms,
});

export const endOf = ({ state, cause, reason, ended_at_ms }: Columns): End | null =>
  state < ENDED
    ? null
    : { state: ENDS[state - ENDED] ?? "failed", cause, reason, atMs: ended_at_ms ?? 0 };

export const shownOf = (
  columns: Columns & { details: string | null },
  own: string | null,
  said: { unschedulable: string | null; progress: number | null },
): TaskShown => {
  const end = endOf(columns);
  // Who completes a task seldom says first that all of it is done.
  const isWhole = end?.state === "completed" && said.progress !== null;
  return {
    ...rowOf(columns, own),
    end,
    madeBy: columns.made_by,
    details: columns.details,
    ...said,
    progress: isWhole ? 1 : said.progress,
  };
};
