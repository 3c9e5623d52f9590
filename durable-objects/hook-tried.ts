import { LIMITS } from "#domain/shared/limits.ts";
import type { NumberedTry, Tried } from "#domain/webhooks/model.ts";

/** Many attempts in a row: `first` is the number of the first of them. */
export const TRIED_STEP = `CREATE TABLE tried (first INTEGER PRIMARY KEY, entries TEXT NOT NULL) STRICT`;

const PER_ROW = 50;
const WRITTEN_EVERY_MS = 1_000;

/** The newest attempts of a webhook. What a crash takes of them is the last second's: it is what people look at, nothing depends on it. */
export class TriedLog {
  readonly #sql: SqlStorage;
  #fresh: Tried[] = [];
  #next: number | null = null;
  #writtenAtMs = 0;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  add(tried: Tried, nowMs: number): void {
    this.#first();
    this.#fresh.push(tried);
    const isDue = this.#fresh.length >= PER_ROW || nowMs - this.#writtenAtMs >= WRITTEN_EVERY_MS;
    if (isDue) this.write(nowMs);
  }

  write(nowMs: number): void {
    if (this.#fresh.length === 0) return;
    const first = this.#first();
    this.#sql.exec(
      "INSERT INTO tried (first, entries) VALUES (?, ?)",
      first,
      JSON.stringify(this.#fresh),
    );
    this.#next = first + this.#fresh.length;
    this.#fresh = [];
    this.#writtenAtMs = nowMs;
    this.#sql.exec("DELETE FROM tried WHERE first < ?", this.#next - LIMITS.webhookAttemptsKept);
  }

  /** Newest first, those before a number. */
  page(before: number, limit: number): NumberedTry[] {
    const first = this.#first();
    const found: NumberedTry[] = [];
    const take = (from: number, entries: readonly Tried[]) => {
      for (let i = entries.length - 1; i >= 0 && found.length < limit; i--) {
        const one = entries[i];
        if (one !== undefined && from + i < before) found.push({ ...one, number: from + i });
      }
    };
    take(first, this.#fresh);
    const rows = this.#sql.exec<{ first: number; entries: string }>(
      "SELECT first, entries FROM tried WHERE first < ? ORDER BY first DESC",
      Math.min(before, first),
    );
    for (const row of rows) {
      take(row.first, JSON.parse(row.entries) as Tried[]);
      if (found.length >= limit) break;
    }
    return found;
  }

  /** The number of the first attempt that is not written. */
  #first(): number {
    if (this.#next === null) {
      const [last] = this.#sql.exec<{ first: number; entries: string }>(
        "SELECT first, entries FROM tried ORDER BY first DESC LIMIT 1",
      );
      this.#next =
        last === undefined ? 1 : last.first + (JSON.parse(last.entries) as Tried[]).length;
    }
    return this.#next;
  }
}
