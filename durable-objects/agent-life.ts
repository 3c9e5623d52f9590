import { agentStore } from "#db/catalog/agents.ts";
import { holdUnits } from "#db/units/holds.ts";
import { sendAll } from "#db/units/send.ts";
import { unitsDb, unitShardsIn } from "#db/units/shards.ts";
import { log } from "#domain/observability/log.ts";
import type { Problem } from "#domain/shared/problem.ts";
import { ownQueues, queueNameOf } from "#domain/tasks/task-id.ts";
import type { AgentPart } from "#objects/agent-parts.ts";

/** The catalog is looked at after this although nobody said that it was written: whoever was about to may be gone. */
const LOOK_AFTER_MS = 5_000;
/** What was being published while a quarantine began or ended is found by going through the units once more. */
const AGAIN_AFTER_MS = 7_000;
/** A quarantine that ends sooner than this may overtake work of its beginning. */
const SHORT_MS = 60_000;
/** Steps of 200 units in one go; then others have their turn. */
const STEPS_MAX = 10;
/** A deleted agent's object is emptied only once no isolate believes in the agent any more. */
const EMPTY_AFTER_MS = 60_000;

/** The answer to whoever has not heard of it yet. */
export const STOPPED: Problem<"agent-unavailable"> = {
  code: "agent-unavailable",
  detail: "the agent is in quarantine, or gone",
};

type Life = {
  agentId: string;
  isHeld: boolean;
  isGone: boolean;
  sinceMs: number;
  /** Where its units are gone through, how often still, and when; null where that is done. */
  sweep: { shard: number; after: string; left: number; atMs: number } | null;
  /** Whose queues are still to be asked to take back what it has of them, and when; absent where that is done. */
  recall?: { accountId: string; atMs: number };
  /** When its record is looked at, or what is left of it emptied; null while nobody changes it. */
  lookMs: number | null;
};

/**
 * Makes an agent's work and units follow its record in the catalog: a quarantine stops them, its end brings them back, and
 * what is deleted there is emptied here. Begun by whoever changes the record, and finished here whatever becomes of them.
 */
export class AgentLife implements AgentPart {
  readonly #ctx: DurableObjectState;
  readonly #env: Env;
  /** Takes back all that is being worked on. */
  readonly #stop: () => void;
  #life: Life | null;

  constructor(ctx: DurableObjectState, env: Env, stop: () => void) {
    [this.#ctx, this.#env, this.#stop] = [ctx, env, stop];
    this.#life = ctx.storage.kv.get<Life>("life") ?? null;
  }

  /** Nothing is left of its storage: no part may look at it. */
  get isEmpty(): boolean {
    return this.#life !== null && this.#life.isGone && this.#life.lookMs === null;
  }

  /** Whether it is given nothing and takes nothing. */
  get isStopped(): boolean {
    return this.#life !== null && (this.#life.isHeld || this.#life.isGone);
  }

  dueMs(): number | null {
    if (this.#life === null) return null;
    const { lookMs, sweep, recall } = this.#life;
    const dueMs = Math.min(lookMs ?? Infinity, sweep?.atMs ?? Infinity, recall?.atMs ?? Infinity);
    return dueMs === Infinity ? null : dueMs;
  }

  /** Called before the record is written, so that a crash between the two leaves nothing undone. */
  expect(agentId: string, nowMs: number): void {
    const life = this.#life ?? fresh(agentId, nowMs);
    this.#keep({ ...life, lookMs: Math.min(life.lookMs ?? Infinity, nowMs + LOOK_AFTER_MS) });
  }

  async work(nowMs: number): Promise<void> {
    const life = this.#life;
    if (life === null) return;
    if (life.isGone) {
      await this.#ctx.storage.deleteAll();
      this.#life = { ...life, lookMs: null };
      return;
    }
    await this.#recall(nowMs);
    if (life.lookMs !== null && life.lookMs <= nowMs) await this.follow(life.agentId, nowMs);
    else await this.#sweep(nowMs);
  }

  /** Looks at the record and does what it asks for, or as much of it as one go may. */
  async follow(agentId: string, nowMs: number): Promise<void> {
    const record = await agentStore([this.#env.CATALOG_0]).agent(agentId);
    const life = this.#life ?? fresh(agentId, nowMs);
    if (record === null) {
      this.#stop();
      const lookMs = life.isGone ? life.lookMs : nowMs + EMPTY_AFTER_MS;
      this.#keep({ ...life, isHeld: false, isGone: true, sinceMs: nowMs, sweep: null, lookMs });
      return;
    }
    const isHeld = record.state === "quarantined";
    if (isHeld !== life.isHeld) {
      if (isHeld) this.#stop();
      const left = isHeld || nowMs - life.sinceMs < SHORT_MS ? 2 : 1;
      const sweep = { shard: 0, after: "", left, atMs: nowMs };
      const recall = { accountId: record.accountId, atMs: nowMs };
      const next = { ...life, isHeld, sinceMs: nowMs, sweep, lookMs: null };
      this.#keep(isHeld ? { ...next, recall } : next);
      await this.#recall(nowMs);
    } else if (life.lookMs !== null) this.#keep({ ...life, lookMs: null });
    await this.#sweep(nowMs);
  }

  /** Gives the tasks that it has of its account's queues to others. */
  async #recall(nowMs: number): Promise<void> {
    const life = this.#life;
    if (life?.recall === undefined || life.recall.atMs > nowMs) return;
    try {
      for (const queue of ownQueues(life.recall.accountId))
        await this.#env.TASK_QUEUE.getByName(queueNameOf(queue)).recall(life.agentId);
    } catch (error) {
      log("warn", "tasks-not-recalled", { agentId: life.agentId, error: String(error) });
      const recall = { ...life.recall, atMs: nowMs + LOOK_AFTER_MS };
      return this.#keep({ ...(this.#life ?? life), recall });
    }
    const { recall: _, ...rest } = this.#life ?? life;
    this.#keep(rest);
  }

  async #sweep(nowMs: number): Promise<void> {
    const shards = unitShardsIn(this.#env);
    for (let step = 0; step < STEPS_MAX; step += 1) {
      const life = this.#life;
      if (life === null || life.sweep === null || life.sweep.atMs > nowMs) return;
      const { isHeld, agentId, sweep } = life;
      const shard = shards[sweep.shard];
      if (shard === undefined) {
        const again = { shard: 0, after: "", left: sweep.left - 1, atMs: nowMs + AGAIN_AFTER_MS };
        this.#keep({ ...life, sweep: again.left === 0 ? null : again });
        return;
      }
      await this.#env.RELAY.getByName(shard.name).arm(shard.name);
      const done = await holdUnits(
        unitsDb(shard.database),
        agentId,
        { isHeld, after: sweep.after },
        nowMs,
      );
      await sendAll(this.#env.UNIT_INDEX, done.refs);
      // It may have been changed meanwhile, and then somebody else goes through them from the start.
      if (this.#life?.sinceMs !== life.sinceMs || this.#life.isHeld !== isHeld) return;
      const next =
        done.after === null
          ? { ...sweep, shard: sweep.shard + 1, after: "" }
          : { ...sweep, after: done.after };
      this.#keep({ ...this.#life, sweep: next });
    }
  }

  #keep(life: Life): void {
    this.#life = life;
    this.#ctx.storage.kv.put("life", life);
  }
}

const fresh = (agentId: string, sinceMs: number): Life => ({
  agentId,
  isHeld: false,
  isGone: false,
  sinceMs: sinceMs - SHORT_MS,
  sweep: null,
  lookMs: null,
});
