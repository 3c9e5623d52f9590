import { gathering } from "#domain/metrics/gathering.ts";
import { log } from "#domain/observability/log.ts";
import { USAGE } from "#domain/topics/topics.ts";
import { type Aggregate, batchFrom, type Tally, UsageBook } from "#domain/usage/book.ts";
import type { SealedHour } from "#domain/usage/objects.ts";
import { topicPort } from "#objects/topics.ts";

/** How long what was appended may wait to be added up, while nobody asks. */
const READ_EVERY_MS = 60_000;
const RETRY_MS = 10_000;
const EVENTS_A_READ = 1_000;
const BYTES_A_READ = 4_000_000;
/** Of the book as it is stored: SQLite in an object takes 2 MB a value. */
const PIECE_CHARS = 500_000;
/** Accounts' objects that are told at once. */
const TOLD_AT_ONCE = 50;

const PLATFORM = "platform";

/**
 * Adds up one partition of the log (domain/usage/book.ts). The log is the truth: where this fails, it reads again from
 * where its book was written last. What of the log has been handed to the accounts' objects may go.
 */
export class UsageCollector {
  readonly #storage: DurableObjectStorage;
  readonly #topics: ReturnType<typeof topicPort>;
  readonly #env: Env;
  readonly #part: number;
  #book: UsageBook;
  #writtenOffset: number;
  #armedMs = Infinity;
  #reading: Promise<void> | null = null;

  constructor(storage: DurableObjectStorage, env: Env, part: number) {
    this.#storage = storage;
    this.#env = env;
    this.#part = part;
    this.#topics = topicPort(env);
    this.#book = this.#stored();
    this.#writtenOffset = this.#book.offset;
  }

  async poke(nowMs: number): Promise<void> {
    await this.#arm(nowMs + READ_EVERY_MS);
  }

  async openOf(accountId: string, nowMs: number): Promise<Aggregate[]> {
    await this.#readAll(nowMs);
    if (this.#book.dueMs < Infinity) await this.#arm(Math.max(nowMs, this.#book.dueMs));
    return [...this.#outgoingOf(accountId), ...this.#book.openOf(accountId)];
  }

  /** Leaves an account out of all that was read and not handed over: it is gone. What the log says of it goes by its age. */
  async forget(accountId: string, nowMs: number): Promise<void> {
    await this.#readAll(nowMs);
    this.#book.forget(accountId);
    this.#write([], () =>
      this.#storage.sql.exec("DELETE FROM outgoing WHERE account_id = ?", accountId),
    );
  }

  /** Reads what is new, closes what is over, hands it to its accounts, and lets go of that part of the log. */
  async work(nowMs: number): Promise<void> {
    this.#armedMs = Infinity;
    try {
      await this.#readAll(nowMs);
      this.#close(nowMs);
      const isTold = await this.#tell();
      if (isTold) await this.#release();
      if (this.#book.dueMs < Infinity || !isTold)
        await this.#arm(isTold ? Math.max(nowMs + 1, this.#book.dueMs) : nowMs + RETRY_MS);
    } catch (error) {
      log("error", "usage-unread", { partition: this.#part, error: String(error) });
      await this.#arm(nowMs + RETRY_MS);
    }
  }

  /** One at a time: whoever comes meanwhile waits for what is being read, then reads on. */
  async #readAll(nowMs: number): Promise<void> {
    while (this.#reading !== null) await this.#reading;
    this.#reading = this.#read(nowMs).finally(() => (this.#reading = null));
    await this.#reading;
  }

  async #read(nowMs: number): Promise<void> {
    for (;;) {
      const after = this.#book.offset;
      const found = await this.#topics.read(PLATFORM, USAGE.name, {
        partition: this.#part,
        after,
        limit: EVENTS_A_READ,
        bytesMax: BYTES_A_READ,
        waitMs: 0,
      });
      if (!found.ok) {
        // Nothing that was not closed ever goes from the log: it can only be that the log was begun anew.
        if (found.error.code !== "offset-gone") throw new Error(found.error.code);
        this.#book.skip((found.error.earliest ?? after + 1) - 1);
        continue;
      }
      const { events, next, latest } = found.value;
      for (const text of events) this.#take(text, nowMs);
      this.#book.skip(next);
      if (next >= latest || events.length === 0) return;
    }
  }

  #take(text: string, nowMs: number): void {
    const { sequence, data } = JSON.parse(text) as { sequence: string; data: unknown };
    const batch = batchFrom(data);
    if (batch === null) return;
    const tally = this.#book.take(Number(sequence), batch, nowMs);
    for (const [outcome, times] of Object.entries(tally) as [keyof Tally, number][])
      if (times > 0) gathering.record("wishub_usage_records_total", { outcome }, times, nowMs);
  }

  /** The book without the hours that are over, and those on their way to their accounts: in one transaction. */
  #close(nowMs: number): void {
    const closed = this.#book.close(nowMs);
    if (closed.length === 0 && this.#book.offset === this.#writtenOffset) return;
    this.#write(closed);
  }

  #write(closed: readonly Aggregate[], beside: () => void = () => {}): void {
    const { sql } = this.#storage;
    const text = this.#book.text();
    try {
      this.#storage.transactionSync(() => {
        beside();
        for (const { accountId, hourMs, uses } of closed)
          sql.exec(
            "INSERT INTO outgoing VALUES (?, ?, ?)",
            accountId,
            hourMs,
            JSON.stringify(uses),
          );
        sql.exec("DELETE FROM written");
        for (let at = 0, piece = 0; at < text.length; at += PIECE_CHARS, piece++)
          sql.exec("INSERT INTO written VALUES (?, ?)", piece, text.slice(at, at + PIECE_CHARS));
      });
      this.#writtenOffset = this.#book.offset;
    } catch (error) {
      this.#book = this.#stored();
      throw error;
    }
  }

  /** Whether every account has what was closed of it. */
  async #tell(): Promise<boolean> {
    const { sql } = this.#storage;
    let after = "";
    let isTold = true;
    for (;;) {
      const accounts = sql
        .exec<{ account_id: string }>(
          "SELECT DISTINCT account_id FROM outgoing WHERE account_id > ? ORDER BY account_id LIMIT ?",
          after,
          TOLD_AT_ONCE,
        )
        .toArray()
        .map(({ account_id: accountId }) => accountId);
      if (accounts.length === 0) return isTold;
      after = accounts.at(-1) ?? after;
      const outcomes = await Promise.allSettled(accounts.map((one) => this.#tellOne(one)));
      if (outcomes.some(({ status }) => status === "rejected")) isTold = false;
    }
  }

  async #tellOne(accountId: string): Promise<void> {
    const hours = this.#outgoingOf(accountId).map(({ hourMs, uses }): SealedHour => ({
      hourMs,
      uses,
    }));
    await this.#env.USAGE.getByName(accountId).keep(this.#part, hours);
    for (const { hourMs } of hours)
      this.#storage.sql.exec(
        "DELETE FROM outgoing WHERE account_id = ? AND hour_ms = ?",
        accountId,
        hourMs,
      );
  }

  /** What is written down of the book is what may be let go: it is read again from there. */
  async #release(): Promise<void> {
    const below = this.#book.settledBelow;
    if (below > 1) await this.#topics.release(PLATFORM, USAGE.name, this.#part, below);
  }

  #outgoingOf(accountId: string): Aggregate[] {
    return this.#storage.sql
      .exec<{ hour_ms: number; uses: string }>(
        "SELECT hour_ms, uses FROM outgoing WHERE account_id = ? ORDER BY hour_ms",
        accountId,
      )
      .toArray()
      .map(({ hour_ms: hourMs, uses }) => ({
        accountId,
        hourMs,
        uses: JSON.parse(uses) as Aggregate["uses"],
      }));
  }

  #stored(): UsageBook {
    const pieces = this.#storage.sql
      .exec<{ text: string }>("SELECT text FROM written ORDER BY piece")
      .toArray();
    return UsageBook.from(pieces.length === 0 ? null : pieces.map(({ text }) => text).join(""));
  }

  async #arm(atMs: number): Promise<void> {
    if (atMs >= this.#armedMs) return;
    this.#armedMs = atMs;
    await this.#storage.setAlarm(Math.max(1, atMs));
  }
}
