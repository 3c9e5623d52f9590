import { DurableObject } from "cloudflare:workers";
import { gathering, type PointRow } from "#domain/metrics/gathering.ts";
import { ACCOUNTS_KEPT, type Keeping, PLATFORM_KEPT, STEPS } from "#domain/metrics/keeping.ts";
import { keepsAccounts } from "#domain/metrics/merged.ts";
import { type Asked, type GroupRow, Rollups, type TotalRow } from "#domain/metrics/rollups.ts";
import { accountIn } from "#domain/metrics/series.ts";
import { log } from "#domain/observability/log.ts";
import { migrate } from "#objects/migrate.ts";

/**
 * Append-only. `series`: what an id stands for. `block`: the cells of some series in one stretch (domain/metrics/rollups.ts).
 * `sleeper`: accounts whose alerts look at nothing until something of theirs comes.
 */
const STEPS_OF_SCHEMA = [
  `CREATE TABLE series (id INTEGER PRIMARY KEY, key TEXT NOT NULL) STRICT;
   CREATE TABLE block (
     step INTEGER NOT NULL, start_ms INTEGER NOT NULL, block INTEGER NOT NULL, text TEXT NOT NULL,
     PRIMARY KEY (step, start_ms, block)
   ) STRICT, WITHOUT ROWID`,
  `CREATE TABLE sleeper (account_id TEXT PRIMARY KEY) STRICT, WITHOUT ROWID`,
];
const NEXT_ID = "nextId";
/** What is measured and not written goes with the object when it fails: as much of its last seconds. */
const WRITTEN_EVERY_MS = 20_000;
/** The same of accounts' series, of which there are many more. */
const ACCOUNTS_WRITTEN_EVERY_MS = 60_000;
/** An object that nobody asks for 10 s may leave memory: before that it writes, however long ago it wrote last. */
const LOOKS_EVERY_MS = 7_000;
const FORGOTTEN_EVERY_MS = 600_000;

/**
 * Some series by second, minute and hour, chosen by hash: of the platform (named `metrics <n>`), or of accounts, each
 * account's in one object (`accounts <n>`).
 */
export class Metrics extends DurableObject<Env> {
  readonly #keeping: Keeping;
  readonly #writtenEveryMs: number;
  #rollups: Rollups | null = null;
  #takenMs = -Infinity;
  #writtenMs = -Infinity;
  #forgottenMs = -Infinity;
  #isArmed = false;
  #sleepers: Set<string> | null = null;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    const isOfAccounts = keepsAccounts(ctx.id.name ?? "");
    this.#keeping = isOfAccounts ? ACCOUNTS_KEPT : PLATFORM_KEPT;
    this.#writtenEveryMs = isOfAccounts ? ACCOUNTS_WRITTEN_EVERY_MS : WRITTEN_EVERY_MS;
  }

  /** What isolates have seen since they told last. Told twice, it counts twice: metrics are no bill. */
  async take(points: readonly PointRow[]): Promise<void> {
    const nowMs = Date.now();
    const { added, forgotten, dropped } = this.#open(nowMs).take(points, nowMs);
    if (added.length + forgotten.length > 0) this.#name(added, forgotten);
    this.#takenMs = nowMs;
    // Told by whoever passes by in this isolate.
    const what = this.#keeping === ACCOUNTS_KEPT ? "accounts' series" : "series";
    if (dropped > 0)
      gathering.record("wishub_observations_dropped_total", { what }, dropped, nowMs);
    if (nowMs - this.#writtenMs >= this.#writtenEveryMs) this.#write(nowMs);
    else await this.#arm(nowMs);
    if (this.#asleep().size > 0) await this.#wake(points);
  }

  /** Null where that is more than one answer holds. */
  groups(asked: Asked): GroupRow[] | null {
    return this.#isMade() ? this.#open(Date.now()).groups(asked) : [];
  }

  /** The same of several questions. */
  several(asked: readonly Asked[]): (GroupRow[] | null)[] {
    return asked.map((one) => this.groups(one));
  }

  /** Lets an account's alerts sleep until something of it comes; false where something came since then. */
  sleep(accountId: string, sinceMs: number): boolean {
    const nowMs = Date.now();
    if (this.#open(nowMs).hasSeen(accountId, sinceMs, nowMs)) return false;
    this.ctx.storage.sql.exec("INSERT OR IGNORE INTO sleeper VALUES (?)", accountId);
    this.#asleep().add(accountId);
    return true;
  }

  /** Forgets what was measured of an account: what lies here of it says no more whose it was, and goes by its age. */
  forgetAccount(accountId: string): void {
    if (!this.#isMade()) return;
    this.#name([], this.#open(Date.now()).forgetAccount(accountId));
    this.#awake(accountId);
  }

  /** One that cannot be woken now is woken by what comes next of it. */
  async #wake(points: readonly PointRow[]): Promise<void> {
    const accounts = new Set(points.map(([key]) => accountIn(key)));
    const woken = [...accounts].filter((one) => one !== null && this.#asleep().has(one));
    await Promise.all(
      woken.map(async (accountId) => {
        if (accountId === null) return;
        try {
          await this.env.ALERTS.getByName(accountId).wake();
          this.#awake(accountId);
        } catch (error) {
          log("error", "alerts-not-woken", { error: String(error) });
        }
      }),
    );
  }

  #awake(accountId: string): void {
    this.#asleep().delete(accountId);
    this.ctx.storage.sql.exec("DELETE FROM sleeper WHERE account_id = ?", accountId);
  }

  #asleep(): Set<string> {
    this.#sleepers ??= new Set(
      this.ctx.storage.sql
        .exec<{ account_id: string }>("SELECT account_id FROM sleeper")
        .toArray()
        .map(({ account_id: accountId }) => accountId),
    );
    return this.#sleepers;
  }

  /** Every series since it began; what is told is written before, so that no counter is seen to fall. */
  totals(): TotalRow[] {
    if (!this.#isMade()) return [];
    const nowMs = Date.now();
    this.#write(nowMs);
    return this.#open(nowMs).totals(nowMs);
  }

  override async alarm(): Promise<void> {
    this.#isArmed = false;
    // Made anew, it has nothing that is not written.
    if (this.#rollups === null) return;
    const nowMs = Date.now();
    const isBusy = nowMs - this.#takenMs < LOOKS_EVERY_MS;
    if (isBusy && nowMs - this.#writtenMs < this.#writtenEveryMs) await this.#arm(nowMs);
    else this.#write(nowMs);
  }

  #name(added: readonly [number, string][], forgotten: readonly number[]): void {
    const { sql, kv } = this.ctx.storage;
    this.ctx.storage.transactionSync(() => {
      for (const id of forgotten) sql.exec("DELETE FROM series WHERE id = ?", id);
      for (const [id, key] of added) sql.exec("INSERT INTO series VALUES (?, ?)", id, key);
      kv.put(NEXT_ID, this.#rollups?.nextId ?? 1);
    });
  }

  #write(nowMs: number): void {
    this.#writtenMs = nowMs;
    const changed = this.#open(nowMs).changed(nowMs);
    const { sql } = this.ctx.storage;
    this.ctx.storage.transactionSync(() => {
      for (const { step, startMs, block, text } of changed)
        sql.exec("INSERT OR REPLACE INTO block VALUES (?, ?, ?, ?)", step, startMs, block, text);
      if (nowMs - this.#forgottenMs < FORGOTTEN_EVERY_MS) return;
      this.#forgottenMs = nowMs;
      for (const step of STEPS)
        sql.exec(
          "DELETE FROM block WHERE step = ? AND start_ms < ?",
          step,
          nowMs - this.#keeping.keptMs[step],
        );
    });
  }

  async #arm(nowMs: number): Promise<void> {
    if (this.#isArmed) return;
    this.#isArmed = true;
    await this.ctx.storage.setAlarm(nowMs + LOOKS_EVERY_MS);
  }

  #open(nowMs: number): Rollups {
    if (this.#rollups !== null) return this.#rollups;
    migrate(this.ctx.storage, STEPS_OF_SCHEMA);
    const { sql, kv } = this.ctx.storage;
    const rows = sql.exec<{ id: number; key: string }>("SELECT id, key FROM series").toArray();
    const series = rows.map(({ id, key }) => [id, key] as const);
    this.#rollups = new Rollups(
      {
        series,
        nextId: kv.get<number>(NEXT_ID) ?? 1,
        keeping: this.#keeping,
        read: ({ step, startMs, block }) =>
          sql
            .exec<{ text: string }>(
              "SELECT text FROM block WHERE step = ? AND start_ms = ? AND block = ?",
              step,
              startMs,
              block,
            )
            .toArray()[0]?.text ?? null,
      },
      nowMs,
    );
    return this.#rollups;
  }

  #isMade(): boolean {
    return this.#rollups !== null || this.ctx.storage.kv.get("schemaVersion") !== undefined;
  }
}
