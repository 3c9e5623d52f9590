import { DurableObject } from "cloudflare:workers";
import type { Aggregate } from "#domain/usage/book.ts";
import { collectorFrom, type SealedHour } from "#domain/usage/objects.ts";
import { migrate } from "#objects/migrate.ts";
import { UsageCollector } from "#objects/usage-collector.ts";

/**
 * Append-only. Of an account's object, `sealed`: an hour's aggregate, which never changes; a part for each partition of the
 * log that had some of it. Of a collector's, `written`: its book, in pieces; `outgoing`: aggregates that accounts' objects
 * have not taken yet.
 */
const STEPS = [
  `CREATE TABLE sealed (
     hour_ms INTEGER NOT NULL, part INTEGER NOT NULL, uses TEXT NOT NULL, PRIMARY KEY (hour_ms, part)
   ) STRICT, WITHOUT ROWID;
   CREATE TABLE written (piece INTEGER PRIMARY KEY, text TEXT NOT NULL) STRICT;
   CREATE TABLE outgoing (
     account_id TEXT NOT NULL, hour_ms INTEGER NOT NULL, uses TEXT NOT NULL, PRIMARY KEY (account_id, hour_ms)
   ) STRICT, WITHOUT ROWID`,
];
const KEPT_MS = 400 * 86_400_000;

/**
 * What was used: of one account (named by it), the hours that are closed; or of one partition of the log (`platform usage
 * <n>`), what its events add up to, until their hours are closed.
 */
export class Usage extends DurableObject<Env> {
  #made: UsageCollector | null = null;
  #isMigrated = false;

  /** Of a collector: something was appended to its partition. */
  async poke(): Promise<void> {
    await this.#collector().poke(Date.now());
  }

  /** Of a collector: what it knows of an account that the account's own object does not have yet, once it has read all. */
  async openOf(accountId: string): Promise<Aggregate[]> {
    return await this.#collector().openOf(accountId, Date.now());
  }

  /** Of an account: keeps what a collector closed, once. */
  keep(part: number, hours: readonly SealedHour[]): void {
    const { sql } = this.#storage();
    this.ctx.storage.transactionSync(() => {
      for (const { hourMs, uses } of hours)
        sql.exec(
          "INSERT OR IGNORE INTO sealed VALUES (?, ?, ?)",
          hourMs,
          part,
          JSON.stringify(uses),
        );
      sql.exec("DELETE FROM sealed WHERE hour_ms < ?", Date.now() - KEPT_MS);
    });
  }

  /** Of a collector: leaves an account out of what it has read. */
  async forget(accountId: string): Promise<void> {
    await this.#collector().forget(accountId, Date.now());
  }

  /** Of an account: forgets everything, as it is gone. */
  async erase(): Promise<void> {
    this.#isMigrated = false;
    await this.ctx.storage.deleteAll();
  }

  /** Of an account: its closed hours from `fromMs` up to `toMs`. */
  sealed(fromMs: number, toMs: number): (SealedHour & { part: number })[] {
    if (!this.#isMigrated && this.ctx.storage.kv.get("schemaVersion") === undefined) return [];
    return this.#storage()
      .sql.exec<{ hour_ms: number; part: number; uses: string }>(
        "SELECT * FROM sealed WHERE hour_ms >= ? AND hour_ms < ? ORDER BY hour_ms, part",
        fromMs,
        toMs,
      )
      .toArray()
      .map(({ hour_ms: hourMs, part, uses }) => ({
        hourMs,
        part,
        uses: JSON.parse(uses) as SealedHour["uses"],
      }));
  }

  override async alarm(): Promise<void> {
    await this.#collector().work(Date.now());
  }

  #collector(): UsageCollector {
    if (this.#made !== null) return this.#made;
    const part = collectorFrom(this.ctx.id.name ?? "");
    if (part === null) throw new Error("an account's object collects nothing");
    this.#made = new UsageCollector(this.#storage(), this.env, part);
    return this.#made;
  }

  #storage(): DurableObjectStorage {
    if (!this.#isMigrated) migrate(this.ctx.storage, STEPS);
    this.#isMigrated = true;
    return this.ctx.storage;
  }
}
