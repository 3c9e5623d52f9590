import type { UsageBatch } from "./gathering.ts";
import { noteSeq, type Seen } from "./seen.ts";
import { addCounts, CALLERS, type Counts, HOUR_MS, type UseRow } from "./use.ts";

/** An hour is closed this long after its end: what comes later is counted in the hour that is open then. */
export const GRACE_MS = 300_000;
/** What was made longer ago than this is not counted: nobody would know any more that it was. */
const STALE_MS = 24 * HOUR_MS;
/** Isolates are remembered a while longer than what they made may be taken. */
const REMEMBERED_MS = STALE_MS + HOUR_MS;
const ISOLATES_MAX = 100_000;

/** What was counted of one account in one hour, as it is closed: sorted rows of what it did. */
export type Aggregate = { accountId: string; hourMs: number; uses: AggregateRow[] };
export type AggregateRow = [
  caller: string,
  operation: string,
  calls: number,
  failed: number,
  units: number,
];
type Hour = { hourMs: number; first: number; accounts: Map<string, Map<string, Counts>> };
type Isolate = { seen: Seen; atMs: number };
export type Tally = { counted: number; repeated: number; stale: number; late: number };

/** A book as it is stored. */
type Written = {
  offset: number;
  closedMs: number;
  /** Not in what was written before there was one. */
  clockMs?: number;
  isolates: [string, number, Seen][];
  hours: [number, number, [string, [string, number, number, number][]][]][];
};

/**
 * What one partition of the log adds up to: every batch once, though it lies there twice, late or out of order. Hours that
 * are over are closed, and never change again. It reads no clock and stores nothing: `text` is all of it.
 */
export class UsageBook {
  readonly #isolates = new Map<string, Isolate>();
  readonly #hours = new Map<number, Hour>();
  /** The last event of the log that was read. */
  offset = 0;
  /** All hours that began before this are closed. */
  closedMs = 0;
  /** The newest time that the log was told: it goes on while batches come, however long nobody read them. */
  #clockMs = 0;

  static from(text: string | null): UsageBook {
    const book = new UsageBook();
    if (text === null) return book;
    const { offset, closedMs, clockMs = 0, isolates, hours } = JSON.parse(text) as Written;
    book.offset = offset;
    book.closedMs = closedMs;
    book.#clockMs = clockMs;
    for (const [name, atMs, seen] of isolates) book.#isolates.set(name, { seen, atMs });
    for (const [hourMs, first, accounts] of hours) {
      const hour: Hour = { hourMs, first, accounts: new Map() };
      for (const [accountId, uses] of accounts)
        hour.accounts.set(
          accountId,
          new Map(uses.map(([what, calls, failed, units]) => [what, { calls, failed, units }])),
        );
      book.#hours.set(hourMs, hour);
    }
    return book;
  }

  text(): string {
    const written: Written = {
      offset: this.offset,
      closedMs: this.closedMs,
      clockMs: this.#clockMs,
      isolates: [...this.#isolates].map(([name, { atMs, seen }]) => [name, atMs, seen]),
      hours: [...this.#hours.values()].map(({ hourMs, first, accounts }) => [
        hourMs,
        first,
        [...accounts].map(([accountId, uses]) => [
          accountId,
          [...uses].map(([what, { calls, failed, units }]) => [what, calls, failed, units]),
        ]),
      ]),
    };
    return JSON.stringify(written);
  }

  /** Counts what lies at an offset of the log. */
  take(offset: number, batch: UsageBatch, nowMs: number): Tally {
    if (offset <= this.offset) return { ...NOTHING };
    this.offset = offset;
    const { isolate, lane, seq, madeAtMs, uses } = batch;
    // By the log's own time: what lay there unread for days, as everything was off, is counted all the same.
    this.#clockMs = Math.max(this.#clockMs, Math.min(madeAtMs, nowMs));
    if (madeAtMs < this.#clockMs - STALE_MS) return { ...NOTHING, stale: 1 };
    const name = `${isolate} ${lane}`;
    const known = this.#isolates.get(name) ?? { seen: [], atMs: madeAtMs };
    if (!noteSeq(known.seen, seq)) return { ...NOTHING, repeated: 1 };
    known.atMs = Math.max(known.atMs, madeAtMs);
    // The one that was heard of longest ago is the first of the map.
    this.#isolates.delete(name);
    this.#isolates.set(name, known);
    let late = 0;
    for (const use of uses) if (this.#count(use, offset)) late++;
    return { ...NOTHING, counted: 1, late };
  }

  /** Skips what is at an offset and cannot be read. */
  skip(offset: number): void {
    this.offset = Math.max(this.offset, offset);
  }

  /** Whether it was counted in a later hour than its own. */
  #count(use: UseRow, offset: number): boolean {
    const [accountId, caller, operation, itsHourMs, calls, failed, units] = use;
    const hourMs = Math.max(itsHourMs, this.closedMs);
    let hour = this.#hours.get(hourMs);
    if (hour === undefined)
      this.#hours.set(hourMs, (hour = { hourMs, first: offset, accounts: new Map() }));
    let account = hour.accounts.get(accountId);
    if (account === undefined) hour.accounts.set(accountId, (account = new Map()));
    const what = `${caller} ${operation}`;
    const counts = account.get(what);
    if (counts === undefined) account.set(what, { calls, failed, units });
    else addCounts(counts, { calls, failed, units });
    return hourMs !== itsHourMs;
  }

  /** Closes the hours that are over; to be asked once the log was read to its end. */
  close(nowMs: number): Aggregate[] {
    const closed: Aggregate[] = [];
    for (const hour of this.#hours.values()) {
      if (hour.hourMs + HOUR_MS + GRACE_MS > nowMs) continue;
      this.#hours.delete(hour.hourMs);
      closed.push(...[...hour.accounts.keys()].map((accountId) => aggregateOf(hour, accountId)));
    }
    // What is late goes into an hour that is open, never into one that is closed or will be at once.
    const untilMs = nowMs - GRACE_MS - ((nowMs - GRACE_MS) % HOUR_MS);
    this.closedMs = Math.max(this.closedMs, untilMs);
    for (const [name, { atMs }] of this.#isolates) {
      if (atMs > this.#clockMs - REMEMBERED_MS && this.#isolates.size <= ISOLATES_MAX) break;
      this.#isolates.delete(name);
    }
    return closed;
  }

  /** What was counted of an account in the hours that are open. */
  openOf(accountId: string): Aggregate[] {
    return [...this.#hours.values()]
      .filter(({ accounts }) => accounts.has(accountId))
      .map((hour) => aggregateOf(hour, accountId));
  }

  /** Leaves out all that was counted of an account: it is gone. */
  forget(accountId: string): void {
    for (const { accounts } of this.#hours.values()) accounts.delete(accountId);
  }

  /** Below this offset of the log, nothing is in an hour that is open. */
  get settledBelow(): number {
    return Math.min(this.offset + 1, ...[...this.#hours.values()].map(({ first }) => first));
  }

  /** When an hour is to be closed next; Infinity where none is open. */
  get dueMs(): number {
    return Math.min(
      ...[...this.#hours.keys()].map((hourMs) => hourMs + HOUR_MS + GRACE_MS),
      Infinity,
    );
  }
}

const NOTHING: Tally = { counted: 0, repeated: 0, stale: 0, late: 0 };

function aggregateOf({ hourMs, accounts }: Hour, accountId: string): Aggregate {
  const uses = [...(accounts.get(accountId) ?? [])].map(
    ([what, { calls, failed, units }]): AggregateRow => {
      const space = what.indexOf(" ");
      return [what.slice(0, space), what.slice(space + 1), calls, failed, units];
    },
  );
  uses.sort(([a, b], [c, d]) => (a === c ? (b < d ? -1 : 1) : a < c ? -1 : 1));
  return { accountId, hourMs, uses };
}

/** The batch in an event's data; null where it is none. */
export function batchFrom(data: unknown): UsageBatch | null {
  if (typeof data !== "object" || data === null) return null;
  const { isolate, lane, seq, madeAtMs, uses } = data as Partial<UsageBatch>;
  const isWhole =
    typeof isolate === "string" &&
    isCount(lane) &&
    isCount(seq) &&
    seq > 0 &&
    isCount(madeAtMs) &&
    Array.isArray(uses) &&
    uses.every(isUse);
  return isWhole ? { isolate, lane, seq, madeAtMs, uses } : null;
}

const isCount = (value: unknown): value is number =>
  Number.isSafeInteger(value) && Number(value) >= 0;

function isUse(row: unknown): row is UseRow {
  if (!Array.isArray(row) || row.length !== 7) return false;
  const [accountId, caller, operation, hourMs, ...counts] = row as unknown[];
  return (
    typeof accountId === "string" &&
    CALLERS.some((one) => one === caller) &&
    typeof operation === "string" &&
    isCount(hourMs) &&
    hourMs % HOUR_MS === 0 &&
    counts.every(isCount)
  );
}
