import { DurableObject } from "cloudflare:workers";
import { type Level, LEVEL_NUMBERS, type LogRecord } from "#domain/observability/log.ts";
import { type LogFilter, matchesLine, type TraceFilter } from "#domain/observability/query.ts";
import type { Span, TraceSummary } from "#domain/observability/span.ts";
import { LIMITS } from "#domain/shared/limits.ts";
import { isMigrated, migrate } from "#objects/migrate.ts";

/** Append-only. `text`: spans, or lines of the log, as JSON, one on each line. `level`: the worst of its lines. */
const STEPS = [
  `CREATE TABLE trace (
     seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, name TEXT NOT NULL, start_ms INTEGER NOT NULL,
     end_ms INTEGER NOT NULL, error INTEGER NOT NULL, spans INTEGER NOT NULL, text TEXT NOT NULL
   ) STRICT;
   CREATE TABLE line (
     seq INTEGER PRIMARY KEY AUTOINCREMENT, first_ms INTEGER NOT NULL, last_ms INTEGER NOT NULL,
     level INTEGER NOT NULL, text TEXT NOT NULL
   ) STRICT`,
];

const DAY_MS = 86_400_000;
export const TRACES_KEPT_MS = 3 * DAY_MS;
export const LOG_KEPT_MS = 7 * DAY_MS;
const UPKEEP_EVERY_MS = 3_600_000;
/** What one page looks at before it says where to go on. */
const SCANNED_CHARS_MAX = 8_388_608;
const SCANNED_ROWS_MAX = 5_000;
const SWEPT_MAX = 500;

type TraceRow = {
  seq: number;
  id: string;
  name: string;
  start_ms: number;
  end_ms: number;
  error: number;
  spans: number;
};
type LineRow = { seq: number; text: string };

/** Where a page of lines ended: the row, and how many of its lines were read from its end. */
export type LinePlace = { seq: number; read: number };

/**
 * The traces and the log of one account, named by it, or of the platform. What isolates hand over together is a row for
 * each trace and one for all lines; the oldest go when their time is over or there are too many.
 */
export class Trace extends DurableObject<Env> {
  #tally: { traces: number; traceChars: number; lineChars: number } | null = null;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    // Whoever only asks makes no tables.
    if (isMigrated(ctx.storage)) migrate(ctx.storage, STEPS);
  }

  /** What has ended in one isolate. */
  async keep(spans: readonly Span[], lines: readonly LogRecord[], nowMs: number): Promise<void> {
    migrate(this.ctx.storage, STEPS);
    try {
      this.ctx.storage.transactionSync(() => {
        for (const [id, some] of Map.groupBy(spans, ({ traceId }) => traceId)) this.#add(id, some);
        for (const some of rowsOf(lines)) this.#write(some);
        this.#makeRoom();
      });
    } catch (thrown) {
      // What was counted was taken back.
      this.#tally = null;
      throw thrown;
    }
    if ((await this.ctx.storage.getAlarm()) === null)
      await this.ctx.storage.setAlarm(nowMs + UPKEEP_EVERY_MS);
  }

  /** Forgets everything: the account is gone. */
  async erase(): Promise<void> {
    this.#tally = null;
    await this.ctx.storage.deleteAlarm();
    await this.ctx.storage.deleteAll();
  }

  /** Newest first, before a place; with the place to go on from where there may be more. */
  traces(
    filter: TraceFilter,
    before: number | null,
    limit: number,
  ): { items: TraceSummary[]; next: number | null } {
    if (!isMigrated(this.ctx.storage)) return { items: [], next: null };
    const { fromMs = 0, toMs = Number.MAX_SAFE_INTEGER, durationMsMin = 0, name = "" } = filter;
    const rows = this.ctx.storage.sql
      .exec<TraceRow>(
        `SELECT seq, id, name, start_ms, end_ms, error, spans FROM trace WHERE seq < ? AND start_ms >= ? AND start_ms < ?
           AND end_ms - start_ms >= ? AND error >= ? AND substr(name, 1, ?) = ? ORDER BY seq DESC LIMIT ?`,
        before ?? Number.MAX_SAFE_INTEGER,
        fromMs,
        toMs,
        durationMsMin,
        filter.isError === true ? 1 : 0,
        name.length,
        name,
        limit + 1,
      )
      .toArray();
    const items = rows.slice(0, limit);
    return {
      items: items.map(summaryOf),
      next: rows.length > limit ? (items.at(-1)?.seq ?? null) : null,
    };
  }

  /** Every span of a trace that was kept, in no order; null where there is none. */
  spansOf(id: string): Span[] | null {
    if (!isMigrated(this.ctx.storage)) return null;
    const [row] = this.ctx.storage.sql.exec<{ text: string }>(
      "SELECT text FROM trace WHERE id = ?",
      id,
    );
    return row === undefined ? null : parsed<Span>(row.text).map(({ value }) => value);
  }

  /** Lines that match, newest first, each as its JSON text. A page may be short before the end: go on while there is a place. */
  lines(
    filter: LogFilter,
    after: LinePlace | null,
    limit: number,
  ): { items: string[]; next: LinePlace | null } {
    const items: string[] = [];
    if (!isMigrated(this.ctx.storage)) return { items, next: null };
    let scanned = { chars: 0, rows: 0 };
    for (const row of this.#rows(filter, after)) {
      const all = parsed<LogRecord>(row.text);
      let read = after?.seq === row.seq ? after.read : 0;
      for (const { value, text } of all.toReversed().slice(read)) {
        if (items.length >= limit) return { items, next: { seq: row.seq, read } };
        read += 1;
        if (matchesLine(value, text, filter)) items.push(text);
      }
      scanned = { chars: scanned.chars + row.text.length, rows: scanned.rows + 1 };
      if (scanned.chars > SCANNED_CHARS_MAX || scanned.rows >= SCANNED_ROWS_MAX)
        return { items, next: { seq: row.seq, read } };
    }
    return { items, next: null };
  }

  override async alarm(): Promise<void> {
    if (await this.upkeep(Date.now()))
      await this.ctx.storage.setAlarm(Date.now() + UPKEEP_EVERY_MS);
  }

  /** Lets go what is too old; false once nothing is left. */
  async upkeep(nowMs: number): Promise<boolean> {
    if (!isMigrated(this.ctx.storage)) return false;
    const { sql } = this.ctx.storage;
    sql.exec("DELETE FROM trace WHERE end_ms <= ?", nowMs - TRACES_KEPT_MS);
    sql.exec("DELETE FROM line WHERE last_ms <= ?", nowMs - LOG_KEPT_MS);
    this.#tally = null;
    const { traces, lineChars } = this.#tallied();
    return await Promise.resolve(traces > 0 || lineChars > 0);
  }

  #add(id: string, spans: readonly Span[]): void {
    const { sql } = this.ctx.storage;
    const [known] = sql.exec<TraceRow & { chars: number }>(
      "SELECT seq, id, name, start_ms, end_ms, error, spans, length(text) AS chars FROM trace WHERE id = ?",
      id,
    );
    const room = LIMITS.traceCharsMax - (known?.chars ?? 0);
    const fitting = fittingIn(spans.slice(0, LIMITS.spansPerTraceMax - (known?.spans ?? 0)), room);
    const all = textOf(fitting);
    const first = spans.toSorted(byBeginning)[0];
    if (first === undefined) return;
    const startMs = Math.min(...spans.map((span) => span.startMs));
    const endMs = Math.max(...spans.map((span) => span.endMs));
    const error = spans.some(({ isError }) => isError) ? 1 : 0;
    const tally = this.#tallied();
    if (known === undefined) {
      const values = [id, first.name, startMs, endMs, error, fitting.length, all];
      sql.exec(
        "INSERT INTO trace (id, name, start_ms, end_ms, error, spans, text) VALUES (?, ?, ?, ?, ?, ?, ?)",
        ...values,
      );
      tally.traces += 1;
      tally.traceChars += all.length;
      return;
    }
    // What a request was is its name, whichever isolate tells of it first.
    const isEarlier = startMs < known.start_ms || (startMs === known.start_ms && isRequest(first));
    sql.exec(
      `UPDATE trace SET name = ?, start_ms = min(start_ms, ?), end_ms = max(end_ms, ?), error = max(error, ?),
         spans = spans + ?, text = text || ? WHERE seq = ?`,
      isEarlier ? first.name : known.name,
      startMs,
      endMs,
      error,
      fitting.length,
      fitting.length === 0 ? "" : `\n${all}`,
      known.seq,
    );
    tally.traceChars += all.length;
  }

  #write(lines: readonly LogRecord[]): void {
    const text = textOf(lines);
    const times = lines.map(({ timestamp }) => Date.parse(timestamp));
    this.ctx.storage.sql.exec(
      "INSERT INTO line (first_ms, last_ms, level, text) VALUES (?, ?, ?, ?)",
      Math.min(...times),
      Math.max(...times),
      Math.max(...lines.map(({ level }) => LEVEL_NUMBERS[level])),
      text,
    );
    this.#tallied().lineChars += text.length;
  }

  #rows({ level, fromMs = 0, toMs = Number.MAX_SAFE_INTEGER }: LogFilter, after: LinePlace | null) {
    return this.ctx.storage.sql.exec<LineRow>(
      `SELECT seq, text FROM line WHERE seq <= ? AND level >= ? AND last_ms >= ? AND first_ms < ? ORDER BY seq DESC`,
      after?.seq ?? Number.MAX_SAFE_INTEGER,
      LEVEL_NUMBERS[level ?? ("debug" satisfies Level)],
      fromMs,
      toMs,
    );
  }

  #makeRoom(): void {
    const { sql } = this.ctx.storage;
    const sweep = (table: "trace" | "line") =>
      sql.exec(
        `DELETE FROM ${table} WHERE seq IN (SELECT seq FROM ${table} ORDER BY seq LIMIT ?)`,
        SWEPT_MAX,
      );
    const { traces, traceChars, lineChars } = this.#tallied();
    if (traces > LIMITS.tracesKeptMax || traceChars > LIMITS.tracesBytesMax) {
      sweep("trace");
      this.#tally = null;
    }
    if (lineChars > LIMITS.logBytesMax) {
      sweep("line");
      this.#tally = null;
    }
  }

  #tallied() {
    const { sql } = this.ctx.storage;
    this.#tally ??= {
      ...sql
        .exec<{ traces: number; traceChars: number }>(
          "SELECT count(*) AS traces, coalesce(sum(length(text)), 0) AS traceChars FROM trace",
        )
        .one(),
      ...sql
        .exec<{ lineChars: number }>("SELECT coalesce(sum(length(text)), 0) AS lineChars FROM line")
        .one(),
    };
    return this.#tally;
  }
}

const summaryOf = ({ id, name, start_ms, end_ms, error, spans }: TraceRow): TraceSummary => ({
  traceId: id,
  name,
  startMs: start_ms,
  endMs: end_ms,
  isError: error === 1,
  spans,
});

const isRequest = ({ service, kind }: Span): boolean => service === "http" && kind === "server";
/** The earliest; of those that begin at once, the request's own and not what it called. */
const byBeginning = (a: Span, b: Span): number =>
  a.startMs - b.startMs || Number(isRequest(b)) - Number(isRequest(a)) || b.endMs - a.endMs;

/** The first of them that fit into so many characters. */
function fittingIn(spans: readonly Span[], chars: number): readonly Span[] {
  let left = chars;
  const end = spans.findIndex((span) => (left -= JSON.stringify(span).length + 1) < 0);
  return end === -1 ? spans : spans.slice(0, end);
}

/** A value of SQLite has at most 2 MB, and a UTF-16 unit takes up to three bytes of it. */
const LINES_PER_ROW = 100;
const ROW_CHARS = 600_000;

function* rowsOf(lines: readonly LogRecord[]): Generator<LogRecord[]> {
  let row: LogRecord[] = [];
  let chars = 0;
  for (const line of lines) {
    const length = JSON.stringify(line).length;
    if (row.length > 0 && (row.length >= LINES_PER_ROW || chars + length > ROW_CHARS)) {
      yield row;
      [row, chars] = [[], 0];
    }
    row.push(line);
    chars += length;
  }
  if (row.length > 0) yield row;
}

const textOf = (all: readonly object[]): string => all.map((one) => JSON.stringify(one)).join("\n");
const parsed = <T>(text: string): { value: T; text: string }[] =>
  text.split("\n").map((one) => ({ value: JSON.parse(one) as T, text: one }));
