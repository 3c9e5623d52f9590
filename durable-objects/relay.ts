import { DurableObject } from "cloudflare:workers";
import { agentOutboxOf } from "#db/catalog/agent-changes.ts";
import { outboxOf, type UnitQueue } from "#db/units/pipeline.ts";
import { sendAll } from "#db/units/send.ts";
import { unitsDb, type UnitsDb, unitShardsIn } from "#db/units/shards.ts";
import { type Inserted, insertIn, type NewUnit, UNITS_PER_WRITE } from "#db/units/write.ts";
import { groupCommit } from "#domain/shared/group-commit.ts";
import { handout } from "#domain/units/handout.ts";

/** Relays of the catalog are named like its shards. */
const CATALOG = "CATALOG_";
const ARMED_MS = 60_000;
const LOOK_EVERY_MS = 5_000;
const ROWS_PER_LOOK = 500;
const MESSAGES_PER_SEND = 100;
/** A promise to stay awake is renewed this long before it ends. */
const ARMED_MARGIN_MS = 30_000;
/** Units of all requests that wait for their write; beyond it a request is told to come again. */
const WAITING_MAX = 4_000;
/** New units that wait for whoever verifies; what is beyond goes to the queue at once, which costs a second read of each. */
const UNVERIFIED_MAX = 4_000;
const UNVERIFIED_BYTES_MAX = 32_000_000;
/** A search shard is busy with as many for some 50 ms; with fewer an import takes longer (docs/decisions/027). */
const SHARE_MAX = 200;
/** Well below what one call between objects may carry (32 MiB), at two bytes a character. */
const SHARE_BYTES = 4_000_000;
/** Longer than a share takes; whoever has not come back by then has gone, and the outbox has what it had. */
const SHARE_MS = 10_000;
/** Of those, so many make whoever brings many more wait for some of them to be verified, but not for ever. */
const AHEAD_MAX = 2_000;
const MANY = 20;
const AHEAD_MS = 5_000;
const LOOK_AHEAD_MS = 50;
/** Who verified goes after a while. Somebody else comes by in this time where there is much to do. */
const SUCCEEDED_MS = 500;
/** Whoever was answered by one write needs about this long to be there for the next. */
const GATHER_MS = 1;

/**
 * D1 has no alarms, so each shard of a family has one relay, named by its binding. It looks for outbox rows
 * that their queue has not seen to, sends them again, and sleeps once nothing is left (ARCHITECTURE.md, Queues). New
 * units of many requests it writes together, and hands them to one of those requests to be verified together.
 */
export class Relay extends DurableObject<Env> {
  #armedUntilMs = 0;
  #insert: ((units: NewUnit[]) => Promise<Inserted | null>) | null = null;
  readonly #unverified = handout<NewUnit>({
    waitingMax: UNVERIFIED_MAX,
    bytesMax: UNVERIFIED_BYTES_MAX,
    shareMax: SHARE_MAX,
    shareBytes: SHARE_BYTES,
    leaseMs: SHARE_MS,
  });

  /**
   * Writes new units with their outbox rows, in one transaction with what other requests bring at the same time.
   * Durable when it answers: null when too much is waiting. One caller of many is given what is to be verified.
   */
  async insert(shard: string, units: NewUnit[]): Promise<(Inserted & { share: NewUnit[] }) | null> {
    this.#insert ??= groupCommit(
      { ...UNITS_PER_WRITE, waitingMax: WAITING_MAX },
      (together) => this.#write(shard, databaseOf(this.env, shard), together),
      () => scheduler.wait(GATHER_MS),
    );
    if (units.length >= MANY) await this.#paced();
    const inserted = await this.#insert(units);
    return inserted && { ...inserted, share: this.#unverified.take(Date.now()) };
  }

  /** What has gathered while a caller verified its share; one that takes no more leaves it to the queue. */
  verified(takesMore: boolean): NewUnit[] {
    if (takesMore) return this.#unverified.next(Date.now());
    this.#unverified.end();
    this.ctx.waitUntil(this.#handedOn());
    return [];
  }

  /** An import brings units faster than they are verified: what outruns that would cost a second read of each. */
  async #paced(): Promise<void> {
    const untilMs = Date.now() + AHEAD_MS;
    while (this.#unverified.waiting() >= AHEAD_MAX && Date.now() < untilMs)
      await scheduler.wait(LOOK_AHEAD_MS);
  }

  /** What nobody has come by for goes to the queue. */
  async #handedOn(): Promise<void> {
    await scheduler.wait(SUCCEEDED_MS);
    this.#toQueue(this.#unverified.abandoned(Date.now()));
  }

  async #write(shard: string, db: UnitsDb, units: NewUnit[]): Promise<Inserted> {
    if (this.#armedUntilMs - ARMED_MARGIN_MS < Date.now()) await this.arm(shard);
    const inserted = await insertIn(db, units, Date.now());
    const fresh = new Set(inserted.ids);
    this.#toQueue([
      ...this.#unverified.add(units.filter(({ id }) => fresh.has(id))),
      // What was there already is handed over again: its first request may have ended before it was.
      ...units.filter(({ id }) => !fresh.has(id)),
    ]);
    return inserted;
  }

  #toQueue(units: readonly NewUnit[]): void {
    const refs = units.map(({ id, trace }) => ({
      unitId: id,
      version: 1,
      ...(trace && { trace }),
    }));
    if (refs.length > 0) this.ctx.waitUntil(sendAll(this.env.UNIT_VERIFY, refs));
  }

  /**
   * Keeps the relay awake until the time it answers: who writes an outbox row before then need not ask again.
   * Called before the write, so a crash between the two leaves nothing behind that nobody looks for.
   */
  async arm(shard: string): Promise<number> {
    const armedUntilMs = Date.now() + ARMED_MS;
    this.ctx.storage.kv.put("shard", shard);
    this.ctx.storage.kv.put("armedUntilMs", armedUntilMs);
    this.#armedUntilMs = armedUntilMs;
    if ((await this.ctx.storage.getAlarm()) === null)
      await this.ctx.storage.setAlarm(Date.now() + LOOK_EVERY_MS);
    return armedUntilMs;
  }

  override async alarm(): Promise<void> {
    const shard = this.ctx.storage.kv.get<string>("shard");
    if (shard === undefined) return;
    // Set first: whatever happens below, the next look comes.
    await this.ctx.storage.setAlarm(Date.now() + LOOK_EVERY_MS);
    const outbox = shard.startsWith(CATALOG) ? this.#agents(shard) : this.#units(shard);
    const found = await outbox.resend();
    // Asked again after the read: whoever armed meanwhile relies on the alarm that is set.
    if (found === 0 && this.#isPromiseOver() && (await outbox.isEmpty()) && this.#isPromiseOver())
      await this.ctx.storage.deleteAlarm();
  }

  #units(shard: string): Outbox {
    const outbox = outboxOf(databaseOf(this.env, shard));
    return {
      isEmpty: outbox.isEmpty,
      resend: async () => {
        const due = await outbox.due(Date.now(), ROWS_PER_LOOK);
        for (const [queue, rows] of Map.groupBy(due, (row) => row.queue)) {
          for (const batch of batches(rows)) {
            await this.#queue(queue).sendBatch(
              batch.map(({ unitId, version }) => ({ body: { unitId, version } })),
            );
            await outbox.sent(batch, Date.now());
          }
        }
        return due.length;
      },
    };
  }

  #agents(shard: string): Outbox {
    const outbox = agentOutboxOf(catalogOf(this.env, shard));
    return {
      isEmpty: outbox.isEmpty,
      resend: async () => {
        const due = await outbox.due(Date.now(), ROWS_PER_LOOK);
        for (const batch of batches(due)) {
          await this.env.AGENT_INDEX.sendBatch(batch.map((agentId) => ({ body: { agentId } })));
          await outbox.sent(batch, Date.now());
        }
        return due.length;
      },
    };
  }

  #isPromiseOver(): boolean {
    return Date.now() > (this.ctx.storage.kv.get<number>("armedUntilMs") ?? 0);
  }

  #queue(name: UnitQueue): Queue {
    switch (name) {
      case "unit-verify":
        return this.env.UNIT_VERIFY;
      case "unit-index":
        return this.env.UNIT_INDEX;
    }
  }
}

/** What is handed over again of a shard; `resend` answers how much was due. */
type Outbox = { resend(): Promise<number>; isEmpty(): Promise<boolean> };

const batches = <T>(rows: readonly T[]): T[][] =>
  Array.from({ length: Math.ceil(rows.length / MESSAGES_PER_SEND) }, (_, i) =>
    rows.slice(i * MESSAGES_PER_SEND, (i + 1) * MESSAGES_PER_SEND),
  );

function catalogOf(env: Env, shard: string): D1Database {
  if (shard !== "CATALOG_0") throw new Error(`${shard} is not bound`);
  return env.CATALOG_0;
}

function databaseOf(env: Env, shard: string): UnitsDb {
  const bound = unitShardsIn(env).find(({ name }) => name === shard);
  if (bound === undefined) throw new Error(`${shard} is not bound`);
  return unitsDb(bound.database);
}
