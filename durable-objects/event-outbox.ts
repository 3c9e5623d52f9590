import { log } from "#domain/observability/log.ts";
import type { EventDraft } from "#domain/topics/event.ts";
import { LIMITS } from "#domain/shared/limits.ts";
import type { Problem } from "#domain/shared/problem.ts";
import type { Result } from "#domain/shared/result.ts";

/** What happened in an object and its topics have not heard of: a row for all that one transaction brought, as JSON. */
export const EVENT_OUT_STEP =
  "CREATE TABLE event_out (n INTEGER PRIMARY KEY, id TEXT NOT NULL, notes TEXT NOT NULL) STRICT";

/** A row is bounded by 2 MB, and one call between objects by 32. */
const NOTES_PER_ROW = 1_000;
const NOTES_AT_ONCE = 2_000;
const ROWS_AT_ONCE = 50;
/** What is handed over without being read again; beyond it rows are read when their turn comes. */
const NOTES_KEPT_MAX = 20_000;
const ACCOUNTS_AT_ONCE = 16;
/** When what could not be handed over is tried again, and when rows of what was go if nothing else is written. */
const AGAIN_MS = 5_000;
const RESTS_MS = 1_000;
/** While there is more, what gathers so long is handed over at once: each time is a write to disk of the topic's. */
const GATHER_MS = 25;

type Row = { n: number; id: string; notes: string };
type Batch<N> = { n: number; id: string; notes: N[]; bytes: number };

type Needs<N> = {
  sql: SqlStorage;
  /** Takes events in for good, and those that it knows by their ids only once. */
  append(accountId: string, drafts: EventDraft[]): Promise<Result<unknown, Problem>>;
  /** The event that a note becomes; null where there is nobody left to tell. `id` is the same at every try. */
  eventOf(note: N, id: string): { accountId: string; draft: EventDraft } | null;
  newId(): string;
  nowMs(): number;
};

/**
 * Tells a topic what happens in an object. What is noted is written in the transaction of what it tells of and handed over
 * once that is stored, in order; a crash repeats the last events under the same ids. Rows of what was handed over go with
 * the next write, so that telling costs no write to disk of its own.
 */
export class EventOutbox<N> {
  readonly #needs: Needs<N>;
  #noted: N[] = [];
  /** Written in a transaction that is not over. */
  #written: Batch<N>[] = [];
  /** The next to be handed over, in order; null: they have to be read. */
  #kept: Batch<N>[] | null = null;
  #keptNotes = 0;
  /** The newest row, and the newest that was handed over; null: not known. */
  #newest: number | null = null;
  #handed = 0;
  #bytes = 0;
  #hands = false;
  #dueMs = 1;
  /** A topic that would not have what came is left alone for a while. */
  #restsUntilMs = 0;

  constructor(needs: Needs<N>) {
    this.#needs = needs;
  }

  /** Inside a transaction. */
  note(note: N): void {
    this.#noted.push(note);
  }

  /** At the end of the same transaction. */
  write(): void {
    if (this.#noted.length === 0) return;
    const { sql, newId } = this.#needs;
    let n = this.#open();
    if (this.#handed > 0) sql.exec("DELETE FROM event_out WHERE n <= ?", this.#handed);
    for (let from = 0; from < this.#noted.length; from += NOTES_PER_ROW) {
      const notes = this.#noted.slice(from, from + NOTES_PER_ROW);
      const [id, text] = [newId(), JSON.stringify(notes)];
      sql.exec("INSERT INTO event_out VALUES (?, ?, ?)", ++n, id, text);
      this.#written.push({ n, id, notes, bytes: text.length });
    }
    this.#noted = [];
  }

  /** The transaction is over, and stored. */
  stored(): void {
    if (this.#written.length === 0) return;
    for (const batch of this.#written) {
      this.#newest = batch.n;
      this.#bytes += batch.bytes;
      this.#keptNotes += batch.notes.length;
      if (this.#keptNotes > NOTES_KEPT_MAX) this.#kept = null;
      this.#kept?.push(batch);
    }
    if (this.#kept === null) this.#keptNotes = 0;
    this.#written = [];
    const nowMs = this.#needs.nowMs();
    if (this.#dueMs === Infinity) this.#dueMs = nowMs + AGAIN_MS;
    if (nowMs >= this.#restsUntilMs) void this.#handAll();
  }

  /** It was taken back. */
  forget(): void {
    this.#noted = [];
    this.#written = [];
  }

  /** What lies in the table is what there is, whatever became of the transactions. */
  reload(): void {
    this.forget();
    if (this.#hands) return;
    [this.#newest, this.#kept, this.#keptNotes, this.#handed, this.#dueMs] = [null, null, 0, 0, 1];
  }

  /** Too much waits: whoever could bring more is to wait too. */
  get isFull(): boolean {
    return this.#bytes > LIMITS.eventsWaitingBytesMax;
  }

  /** When to see to it again; Infinity while there is nothing. */
  get dueMs(): number {
    if (this.#newest === null) this.#open();
    return this.#dueMs;
  }

  async work(): Promise<void> {
    this.#open();
    const isDone = await this.#handAll();
    const isAll = isDone && this.#handed === this.#newest;
    if (isAll && this.#handed > 0) {
      this.#needs.sql.exec("DELETE FROM event_out WHERE n <= ?", this.#handed);
      // Places begin anew in an empty table.
      [this.#newest, this.#handed] = [0, 0];
    }
    this.#dueMs = isAll ? Infinity : this.#needs.nowMs() + AGAIN_MS;
  }

  /** The newest row there is. */
  #open(): number {
    if (this.#newest !== null) return this.#newest + this.#written.length;
    const { newest, bytes } = this.#needs.sql
      .exec<{ newest: number | null; bytes: number | null }>(
        "SELECT max(n) AS newest, sum(length(notes)) AS bytes FROM event_out",
      )
      .one();
    this.#newest = newest ?? 0;
    this.#bytes = bytes ?? 0;
    if (newest === null) [this.#kept, this.#dueMs] = [[], Infinity];
    return this.#newest;
  }

  /** False where somebody else is at it, or a topic would not have it now. */
  async #handAll(): Promise<boolean> {
    if (this.#hands) return false;
    this.#hands = true;
    try {
      for (let next = this.#next(); next.length > 0; next = this.#next()) {
        if (!(await this.#hand(next))) {
          // In order: what failed comes first again.
          this.#rest();
          return false;
        }
        this.#handed = next.at(-1)?.n ?? this.#handed;
        for (const { bytes } of next) this.#bytes -= bytes;
        if (this.#handed !== this.#newest) await scheduler.wait(GATHER_MS);
      }
      return true;
    } catch (error) {
      log("warn", "events-not-handed-over", { error: String(error) });
      this.#rest();
      return false;
    } finally {
      this.#hands = false;
    }
  }

  #rest(): void {
    this.#kept = null;
    this.#restsUntilMs = this.#needs.nowMs() + RESTS_MS;
  }

  #next(): Batch<N>[] {
    const next: Batch<N>[] = [];
    let notes = 0;
    const kept = this.#kept ?? this.#read();
    for (const batch of kept) {
      notes += batch.notes.length;
      if (next.length > 0 && notes > NOTES_AT_ONCE) break;
      next.push(batch);
    }
    if (this.#kept === null) return next;
    this.#kept.splice(0, next.length);
    for (const batch of next) this.#keptNotes -= batch.notes.length;
    return next;
  }

  #read(): Batch<N>[] {
    const rows = this.#needs.sql
      .exec<Row>(
        "SELECT * FROM event_out WHERE n > ? ORDER BY n LIMIT ?",
        this.#handed,
        ROWS_AT_ONCE,
      )
      .toArray();
    if (rows.length === 0) [this.#kept, this.#keptNotes] = [[], 0];
    return rows.map(({ n, id, notes }) => ({
      n,
      id,
      notes: JSON.parse(notes) as N[],
      bytes: notes.length,
    }));
  }

  async #hand(batches: readonly Batch<N>[]): Promise<boolean> {
    const { append, eventOf } = this.#needs;
    const drafts = new Map<string, EventDraft[]>();
    for (const { id, notes } of batches) {
      for (const [at, note] of notes.entries()) {
        const event = eventOf(note, `${id}.${at}`);
        if (event === null) continue;
        const known = drafts.get(event.accountId);
        if (known === undefined) drafts.set(event.accountId, [event.draft]);
        else known.push(event.draft);
      }
    }
    const accounts = [...drafts];
    for (let from = 0; from < accounts.length; from += ACCOUNTS_AT_ONCE) {
      const some = accounts.slice(from, from + ACCOUNTS_AT_ONCE);
      const taken = await Promise.all(some.map(([account, events]) => append(account, events)));
      if (taken.some((one) => !one.ok && !isOurFault(one.error))) return false;
    }
    return true;
  }
}

/** What will never be taken is not tried for ever; it can only be a mistake of ours. */
function isOurFault(error: Problem): boolean {
  if (error.code === "overloaded") return false;
  log("error", "events-refused", { code: error.code, detail: error.detail });
  return true;
}
