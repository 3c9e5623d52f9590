import { DurableObject } from "cloudflare:workers";
import {
  type Bucket as State,
  give,
  type Grant,
  isIdle,
  mustSave,
  openBucket,
  type Quota,
  written,
} from "#domain/limits/bucket.ts";
import type { NamedAsk } from "#domain/limits/limiter.ts";
import { migrate } from "#objects/migrate.ts";

const STEPS = [
  "CREATE TABLE bucket (name TEXT PRIMARY KEY, spent TEXT NOT NULL, ends_at_ms INTEGER NOT NULL) STRICT, WITHOUT ROWID",
];
/** Some 40 MB where every one of them is spent from all the time; those that nobody spends from are dropped first. */
const BUCKETS_MAX = 2_500;

type Named = { name: string; quota: Quota; bucket: State };

/**
 * The token buckets of one account and of its keys and agents, or of one client address; named by it. It leases tokens
 * to isolates by the chunk and writes down what it gave away a hundredth of a quota at a time.
 */
export class Bucket extends DurableObject<Env> {
  #buckets = new Map<string, Named>();
  #alarmIsSet = false;
  /** Nothing was forgotten before it. */
  readonly #isFirstLife: boolean;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    this.#isFirstLife = ctx.storage.kv.get("schemaVersion") === undefined;
    migrate(ctx.storage, STEPS);
    this.#forget(Date.now());
  }

  /** Tokens of several buckets for one request: of all or of none. */
  ask(asks: readonly NamedAsk[]): Grant[] {
    const nowMs = Date.now();
    const asked = asks.map(({ name, quota, ask }) => ({
      ...this.#bucket(name, quota, nowMs),
      ask,
    }));
    const grants = give(asked, nowMs);
    for (const { name, quota, bucket } of asked)
      if (mustSave(bucket, quota)) this.#save(name, quota, bucket, nowMs);
    return grants;
  }

  #bucket(policy: string, quota: Quota, nowMs: number): Named {
    // The slots of a bucket are shares of its period, so another period is another bucket.
    const name = `${policy}/${quota.periodMs}`;
    const known = this.#buckets.get(name);
    if (known !== undefined) return { ...known, quota };
    if (this.#buckets.size >= BUCKETS_MAX) this.#makeRoom(nowMs);
    const [row] = this.ctx.storage.sql.exec<{ spent: string }>(
      "SELECT spent FROM bucket WHERE name = ?",
      name,
    );
    const spent = row === undefined ? [] : (JSON.parse(row.spent) as [number, number][]);
    const random = this.#isFirstLife ? 0 : Math.random();
    const fresh = { name, quota, bucket: openBucket(quota, spent, random, nowMs) };
    this.#buckets.set(name, fresh);
    return fresh;
  }

  #save(name: string, quota: Quota, bucket: State, nowMs: number): void {
    const { spent, endsAtMs } = written(bucket, quota, nowMs);
    this.ctx.storage.sql.exec(
      "INSERT OR REPLACE INTO bucket VALUES (?, ?, ?)",
      name,
      JSON.stringify(spent),
      endsAtMs,
    );
    if (this.#alarmIsSet) return;
    this.#alarmIsSet = true;
    void this.ctx.storage.setAlarm(endsAtMs);
  }

  /** Buckets of addresses name them: nothing stays here longer than it counts. */
  override async alarm(): Promise<void> {
    this.#forget(Date.now());
    const [next] = this.ctx.storage.sql.exec<{ at: number | null }>(
      "SELECT min(ends_at_ms) AS at FROM bucket",
    );
    this.#alarmIsSet = next?.at != null;
    if (next?.at != null) await this.ctx.storage.setAlarm(next.at);
  }

  #forget(nowMs: number): void {
    this.ctx.storage.sql.exec("DELETE FROM bucket WHERE ends_at_ms <= ?", nowMs);
  }

  #makeRoom(nowMs: number): void {
    for (const { name, quota, bucket } of this.#buckets.values())
      if (isIdle(bucket, quota, nowMs)) this.#buckets.delete(name);
    for (const { name, quota, bucket } of this.#buckets.values()) {
      if (this.#buckets.size < BUCKETS_MAX) break;
      this.#save(name, quota, bucket, nowMs);
      this.#buckets.delete(name);
    }
  }
}
