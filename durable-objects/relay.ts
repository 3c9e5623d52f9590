import { DurableObject } from "cloudflare:workers";
import { outboxOf, type UnitQueue } from "#db/units/pipeline.ts";
import { unitsDb, unitShardsIn } from "#db/units/shards.ts";

const ARMED_MS = 60_000;
const LOOK_EVERY_MS = 5_000;
const ROWS_PER_LOOK = 500;
const MESSAGES_PER_SEND = 100;

/**
 * D1 has no alarms, so each shard of the units family has one relay, named by its binding. It looks for outbox rows that their queue has not seen to, sends them
 * again, and sleeps once nothing is left (ARCHITECTURE.md, Queues).
 */
export class Relay extends DurableObject<Env> {
  /**
   * Keeps the relay awake until the time it answers: who writes an outbox row before then need not ask again.
   * Called before the write, so a crash between the two leaves nothing behind that nobody looks for.
   */
  async arm(shard: string): Promise<number> {
    const armedUntilMs = Date.now() + ARMED_MS;
    this.ctx.storage.kv.put("shard", shard);
    this.ctx.storage.kv.put("armedUntilMs", armedUntilMs);
    if ((await this.ctx.storage.getAlarm()) === null)
      await this.ctx.storage.setAlarm(Date.now() + LOOK_EVERY_MS);
    return armedUntilMs;
  }

  override async alarm(): Promise<void> {
    const shard = this.ctx.storage.kv.get<string>("shard");
    if (shard === undefined) return;
    // Set first: whatever happens below, the next look comes.
    await this.ctx.storage.setAlarm(Date.now() + LOOK_EVERY_MS);
    const bound = unitShardsIn(this.env).find(({ name }) => name === shard);
    if (bound === undefined) throw new Error(`${shard} is not bound`);
    const outbox = outboxOf(unitsDb(bound.database));
    const due = await outbox.due(Date.now(), ROWS_PER_LOOK);
    for (const [queue, rows] of Map.groupBy(due, (row) => row.queue)) {
      for (let start = 0; start < rows.length; start += MESSAGES_PER_SEND) {
        const batch = rows.slice(start, start + MESSAGES_PER_SEND);
        await this.#queue(queue).sendBatch(
          batch.map(({ unitId, version }) => ({ body: { unitId, version } })),
        );
        await outbox.sent(batch, Date.now());
      }
    }
    // Asked again after the read: whoever armed meanwhile relies on the alarm that is set.
    if (
      due.length === 0 &&
      this.#isPromiseOver() &&
      (await outbox.isEmpty()) &&
      this.#isPromiseOver()
    )
      await this.ctx.storage.deleteAlarm();
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
