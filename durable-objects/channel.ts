import { DurableObject } from "cloudflare:workers";
import {
  type About,
  type ChannelRef,
  type DeadItem,
  type ItemOutcome,
  NOTHING_LATELY,
  type Traffic,
  type Way,
  WAYS,
  type Work,
} from "#domain/channels/item.ts";
import { type Pace, paced } from "#domain/channels/pace.ts";
import { type Health, healthAfter, HEALTHY, type Outcome } from "#domain/delivery/pace.ts";
import { log } from "#domain/observability/log.ts";
import type { Problem } from "#domain/shared/problem.ts";
import { err, ok, type Result } from "#domain/shared/result.ts";
import { ChannelItems, ITEM_STEP, type NewItem, THREAD_STEP } from "#objects/channel-items.ts";
import { latelyTaken } from "#objects/channel-lately.ts";
import { toQueue } from "#objects/channel-queues.ts";
import { isMigrated, migrate } from "#objects/migrate.ts";

/** Append-only. */
const STEPS = [ITEM_STEP, THREAD_STEP];
/** Handed to a queue in one go. */
const HANDED_MAX = 64;
const LOOK_AGAIN_MS = 5_000;
const AT_ONCE_AGAIN_MS = 100;
const FULL_RETRY_S = 30;
const DEAD_PAGE_MAX = 100;
/** Messages that may go or come at once where none did for a while. */
const OUT_BURST = 5;
const IN_BURST = 100;

type Full = Problem<"too-many-requests">;

/**
 * One channel: what is on its way between a vendor and an agent's mailbox, both ways. In order within each conversation,
 * at least once, remembered for a day so that what comes again is the same. Queues carry it; this is what counts, and
 * hands over again what a queue loses. It has no alarm while nothing waits.
 */
export class Channel extends DurableObject<Env> {
  readonly #items: ChannelItems;
  readonly #health: Record<Way, Health>;
  #about: About | null;
  /** When what went, or came, is paid for (domain/channels/pace.ts). */
  readonly #freeAtMs: Record<Way, number> = { in: 0, out: 0 };

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    if (isMigrated(ctx.storage)) migrate(ctx.storage, STEPS);
    this.#items = new ChannelItems(ctx.storage);
    const health = (way: Way) => ctx.storage.kv.get<Health>(`health ${way}`) ?? HEALTHY;
    this.#health = { in: health("in"), out: health("out") };
    this.#about = ctx.storage.kv.get<About>("about") ?? null;
  }

  /** What its record says now; a channel that is paused hands nothing over. */
  async configure(about: About): Promise<void> {
    this.#know(about);
    // Another address or secret may be what it waits for.
    for (const way of WAYS) this.#setHealth(way, HEALTHY);
    await this.#handAll();
    // What was on its way when it was paused is due later, and its alarm is gone.
    if (!about.isPaused) await this.#lookAhead();
  }

  /** Takes what came from outside: it is stored when this answers, and what came before is not taken again. */
  async accept(about: About, items: Omit<NewItem, "way">[]): Promise<Result<number, Full>> {
    if (items.length === 0) return ok(0);
    this.#know(about);
    const pace = { perMinute: about.inboundPerMinute, burst: IN_BURST };
    const waitMs = this.#spend("in", pace);
    if (waitMs > 0) return err(tooMany("too much comes in at once", Math.ceil(waitMs / 1_000)));
    for (const { lane, thread } of items) {
      const heldMs = thread === undefined ? 0 : this.#items.keepThread(lane, thread, Date.now());
      if (heldMs > 0)
        return err(tooMany("too much comes in this conversation", Math.ceil(heldMs / 1_000)));
    }
    return await this.#add(items.map((item) => ({ ...item, way: "in" as const })));
  }

  /** Takes what an agent says; the same id again is the same. */
  async enqueue(about: About, item: Omit<NewItem, "way">): Promise<Result<number, Full>> {
    this.#know(about);
    return await this.#add([{ ...item, way: "out" }]);
  }

  /** One to work on, for whoever its queue gave it to; null where it is nothing any more, or not now. */
  async take(way: Way, seq: number): Promise<Work | null> {
    const nowMs = Date.now();
    if (this.#about?.isPaused !== false || this.#health[way].resumesAtMs > nowMs) return null;
    const { work, buried } = this.#items.take(way, seq, nowMs);
    if (buried !== null) await this.#handLane(way, buried);
    return work;
  }

  async settle(
    way: Way,
    { seq, token, lane }: Pick<Work, "seq" | "token" | "lane">,
    outcome: ItemOutcome,
  ): Promise<void> {
    if (this.#about === null) return;
    const nowMs = Date.now();
    if (outcome.kind === "done") this.#items.done(seq, token);
    else if (outcome.kind === "later") this.#items.release(seq, token, outcome.reason);
    else this.#items.refused(seq, token, outcome.reason, nowMs);
    this.#setHealth(way, healthAfter(this.#health[way], seen(outcome), nowMs, Math.random()));
    await this.#handLane(way, lane);
  }

  /** Its queue has brought it as often as it does. */
  async bury(way: Way, seq: number): Promise<void> {
    if (this.#about === null) return;
    const lane = this.#items.bury(seq, null, Date.now());
    if (lane !== null) await this.#handLane(way, lane);
  }

  traffic(): Traffic {
    const of = (way: Way) =>
      this.#about === null
        ? { waiting: 0, dead: 0, health: HEALTHY, lately: NOTHING_LATELY }
        : {
            waiting: this.#items.waiting(way).items,
            dead: this.#items.deadCount(way),
            health: this.#health[way],
            lately: latelyTaken(this.ctx.storage.sql, way, Date.now()),
          };
    return { in: of("in"), out: of("out") };
  }

  /** The oldest of what was given up, after this number. */
  deadLetters(afterSeq: number, limit: number): DeadItem[] {
    if (this.#about === null) return [];
    return this.#items.dead(afterSeq, Math.min(limit, DEAD_PAGE_MAX));
  }

  /** Puts the oldest of what was given up back to work, and answers how many. */
  async redrive(): Promise<number> {
    if (this.#about === null) return 0;
    const redriven = this.#items.redrive(DEAD_PAGE_MAX, Date.now());
    await this.#handAll();
    return redriven;
  }

  /** Its channel is no more: forgets all of it. */
  async end(): Promise<void> {
    this.#about = null;
    await this.ctx.storage.deleteAlarm();
    await this.ctx.storage.deleteAll();
  }

  override async alarm(): Promise<void> {
    const about = this.#about;
    if (about === null || about.isPaused) return;
    this.#items.expire(Date.now());
    await this.#handAll();
    await this.#lookAhead();
  }

  /** Sees to it that somebody looks at what waits. */
  async #lookAhead(): Promise<void> {
    const nowMs = Date.now();
    for (const way of WAYS) {
      const dueMs = this.#items.dueMs(way);
      if (dueMs === null) continue;
      const { resumesAtMs } = this.#health[way];
      // What is due and was not handed over is held up by the pace, which has set the alarm, or there was too much of it.
      await this.#lookAt(Math.max(dueMs, resumesAtMs, nowMs + AT_ONCE_AGAIN_MS));
    }
  }

  async #add(items: NewItem[]): Promise<Result<number, Full>> {
    const added = this.#items.add(items, Date.now());
    if (added === null) return err(tooMany("too much waits on this channel", FULL_RETRY_S));
    if (added === 0) return ok(0);
    const lanes = new Map(items.map(({ way, lane }) => [`${way} ${lane}`, { way, lane }]));
    for (const { way, lane } of lanes.values()) await this.#handLane(way, lane);
    return ok(added);
  }

  async #handAll(): Promise<void> {
    for (const way of WAYS) await this.#hand(way, this.#items.due(way, Date.now(), HANDED_MAX));
  }

  /** The next of a conversation, where nobody works on it. */
  async #handLane(way: Way, lane: string): Promise<void> {
    await this.#hand(way, this.#items.dueIn(way, lane, Date.now()));
  }

  /** Hands what is due to its queue, as fast as it may go, and sees to it that somebody looks again. */
  async #hand(way: Way, seqs: readonly number[]): Promise<void> {
    const about = this.#about;
    if (about === null || about.isPaused || seqs.length === 0) return;
    const nowMs = Date.now();
    const { resumesAtMs } = this.#health[way];
    if (resumesAtMs > nowMs) return await this.#lookAt(resumesAtMs);
    const refs: ChannelRef[] = [];
    let lookAtMs = nowMs + LOOK_AGAIN_MS;
    for (const seq of seqs) {
      const pace = { perMinute: about.outboundPerMinute, burst: OUT_BURST };
      const waitMs = way === "out" ? this.#spend("out", pace) : 0;
      if (waitMs > 0) {
        lookAtMs = Math.min(lookAtMs, nowMs + waitMs);
        break;
      }
      this.#items.handed(seq, nowMs);
      refs.push({ channelId: about.channelId, way, seq });
    }
    await this.#lookAt(lookAtMs);
    if (refs.length > 0) this.ctx.waitUntil(this.#toQueue(about, way, refs));
  }

  async #toQueue({ channelId, type }: About, way: Way, refs: ChannelRef[]): Promise<void> {
    try {
      await toQueue(this.env, type, way, refs);
    } catch (error) {
      log("warn", "channel-not-handed-over", { channelId, error: String(error) });
    }
  }

  async #lookAt(atMs: number): Promise<void> {
    const set = await this.ctx.storage.getAlarm();
    if (set === null || set > atMs) await this.ctx.storage.setAlarm(atMs);
  }

  /** How long to wait, or 0: it may go, and is counted. */
  #spend(way: Way, pace: Pace): number {
    const outcome = paced(this.#freeAtMs[way], pace, Date.now());
    if ("waitMs" in outcome) return outcome.waitMs;
    this.#freeAtMs[way] = outcome.freeAtMs;
    return 0;
  }

  #know(about: About): void {
    migrate(this.ctx.storage, STEPS);
    if (JSON.stringify(about) === JSON.stringify(this.#about)) return;
    this.#about = about;
    this.ctx.storage.kv.put("about", about);
  }

  /** One that goes on being well costs no row. */
  #setHealth(way: Way, health: Health): void {
    const before = this.#health[way];
    this.#health[way] = health;
    if (health.failures !== before.failures || health.resumesAtMs !== before.resumesAtMs)
      this.ctx.storage.kv.put(`health ${way}`, health);
  }
}

/** What an attempt says of the other side as a whole; one that refuses a single thing is well. */
function seen(outcome: ItemOutcome): Outcome {
  if (outcome.kind === "later")
    return { kind: "unreachable", status: null, retryAfterMs: outcome.retryAfterMs };
  return outcome.kind === "done"
    ? { kind: "delivered", status: 200 }
    : { kind: "refused", status: 400 };
}

const tooMany = (detail: string, retryAfterS: number): Full => ({
  code: "too-many-requests",
  detail,
  retryAfterS,
});
