import { DurableObject } from "cloudflare:workers";
import { log } from "#domain/observability/log.ts";
import { Allocator, type Ask, type Load } from "#domain/resources/allocator.ts";
import { gathering } from "#domain/metrics/gathering.ts";
import { poolFrom } from "#domain/resources/model.ts";
import { POOL_RULES, type PoolRule, STEP_MS } from "#domain/resources/pools.ts";
import { type Provider, simulatedProvider } from "#domain/resources/provider.ts";
import type { Changes, Control, Machine, Reservation, Rows } from "#domain/resources/rows.ts";
import { migrate } from "#objects/migrate.ts";

/** Append-only. */
const STEPS = [
  `CREATE TABLE machine (id TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
   CREATE TABLE reservation (id TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID`,
];
const CONTROL = "control";

/**
 * The capacity of one pool: an account's own (`account/<id>`) or one that all share (`shared/<name>`). It looks at itself
 * every ten seconds while anything goes on in it, and sleeps otherwise.
 */
export class ResourcePool extends DurableObject<Env> {
  readonly #name: string;
  readonly #rule: PoolRule;
  readonly #provider: Provider;
  #pool: Allocator | null = null;
  #isArmed = false;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    this.#name = poolFrom(ctx.id.name ?? "");
    this.#rule = POOL_RULES[poolFrom(ctx.id.name ?? "")];
    this.#provider = simulatedProvider(this.#rule.startsInMs, Date.now);
  }

  async reserve(ask: Ask) {
    await this.#ready();
    return await this.#done((pool, nowMs) => pool.reserve(ask, nowMs));
  }

  async renew(id: string, accountId: string, token: number, lifeMs: number) {
    return await this.#done((pool, nowMs) => pool.renew(id, accountId, token, lifeMs, nowMs));
  }

  async release(id: string, accountId: string, token: number) {
    return await this.#done((pool) => pool.release(id, accountId, token));
  }

  /** What a shard of the pool's queue has to do; answers below which priority it takes nothing at present. */
  async report(shard: string, load: Load): Promise<{ floor: number }> {
    await this.#ready();
    const told = this.#open().report(shard, load, Date.now());
    await this.#arm();
    return told;
  }

  reservation(id: string, accountId: string): Reservation | null {
    return this.#isMade() ? this.#open().reservation(id, accountId) : null;
  }

  reservations(accountId: string): Reservation[] {
    return this.#isMade() ? this.#open().reservationsOf(accountId) : [];
  }

  view() {
    if (this.#isMade()) return this.#open().view();
    // As it will be when somebody needs it: whoever only asks makes no tables.
    const pool = new Allocator(this.#rule, { machines: [], reservations: [], control: null });
    pool.step(null, 0);
    pool.step(
      pool.wanted.map(({ id }) => ({ id, isReady: true })),
      0,
    );
    return pool.view();
  }

  override async alarm(): Promise<void> {
    this.#isArmed = false;
    if (!this.#isMade()) return;
    await this.#look();
    await this.#arm();
  }

  /** The first machines are there before anything is asked of them. */
  async #ready(): Promise<void> {
    if (this.#open().wanted.length > 0) return;
    await this.#done((pool, nowMs) => pool.step(null, nowMs));
    await this.#look();
  }

  async #look(): Promise<void> {
    const wanted = this.#open().wanted;
    const seen = await this.#provider(wanted).catch((error: unknown) => {
      log("error", "provider-unreachable", { error: String(error) });
      return null;
    });
    await this.#done((pool, nowMs) => pool.step(seen, nowMs));
    const { share } = this.#open().view();
    gathering.record("wishub_pool_share", { pool: this.#name }, share, Date.now());
  }

  async #done<T>(work: (pool: Allocator, nowMs: number) => { answer: T; changes: Changes }) {
    const { answer, changes } = work(this.#open(), Date.now());
    try {
      this.ctx.storage.transactionSync(() => this.#write(changes));
    } catch (error) {
      this.#pool = null;
      throw error;
    }
    await this.#arm();
    return answer;
  }

  #write({ machines, reservations, control }: Changes): void {
    const { sql, kv } = this.ctx.storage;
    for (const [table, changed] of [
      ["machine", machines],
      ["reservation", reservations],
    ] as const)
      for (const [id, value] of changed)
        if (value === null) sql.exec(`DELETE FROM ${table} WHERE id = ?`, id);
        else sql.exec(`INSERT OR REPLACE INTO ${table} VALUES (?, ?)`, id, JSON.stringify(value));
    if (control !== null) kv.put<Control>(CONTROL, control);
  }

  #open(): Allocator {
    if (this.#pool !== null) return this.#pool;
    migrate(this.ctx.storage, STEPS);
    const rows: Rows = {
      machines: this.#all<Machine>("machine"),
      reservations: this.#all<Reservation>("reservation"),
      control: this.ctx.storage.kv.get<Control>(CONTROL) ?? null,
    };
    this.#pool = new Allocator(this.#rule, rows);
    return this.#pool;
  }

  #all<T>(table: "machine" | "reservation"): T[] {
    const rows = this.ctx.storage.sql.exec<{ value: string }>(`SELECT value FROM ${table}`);
    return [...rows].map(({ value }) => JSON.parse(value) as T);
  }

  #isMade(): boolean {
    return this.#pool !== null || this.ctx.storage.kv.get("schemaVersion") !== undefined;
  }

  async #arm(): Promise<void> {
    if (this.#isArmed || !this.#open().isBusy) return;
    this.#isArmed = true;
    await this.ctx.storage.setAlarm(Date.now() + STEP_MS);
  }
}
