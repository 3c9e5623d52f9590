import { DurableObject } from "cloudflare:workers";
import {
  type DeadDelivery,
  type DeliveryItem,
  type DeliveryState,
  type Endpoint,
  withSecret,
} from "#domain/delivery/model.ts";
import { atOnce, healthAfter, HEALTHY } from "#domain/delivery/pace.ts";
import { log } from "#domain/observability/log.ts";
import type { Problem } from "#domain/shared/problem.ts";
import { err, ok, type Result } from "#domain/shared/result.ts";
import { traceparentOf } from "#domain/webhooks/events.ts";
import type { NumberedTry, WebhookRecord, WebhookStatus } from "#domain/webhooks/model.ts";
import { Callbacks } from "#objects/delivery-callbacks.ts";
import { Hook, HOOK_STEP, type Parcel } from "#objects/delivery-hook.ts";
import {
  ITEM_STEP,
  ITEM_TRACE_STEP,
  Items,
  PATH_STEP,
  type Work,
} from "#objects/delivery-items.ts";
import { type Letter, Mail } from "#objects/delivery-mail.ts";
import { Receiver } from "#objects/delivery-receiver.ts";
import { type Attempted, Sending } from "#objects/delivery-sending.ts";
import { eventLog } from "#objects/hook-log.ts";
import { migrate } from "#objects/migrate.ts";

/** Append-only. */
const STEPS = [ITEM_STEP, HOOK_STEP, PATH_STEP, ITEM_TRACE_STEP];
/** An alarm sends for so long and then rings again: no handler may run for 15 minutes. */
const ROUND_MS = 60_000;
const FULL_RETRY_S = 5;
/** An agent that was about to go on does by now, or will not. */
const EXPECTED_WITHIN_MS = 10_000;
const DEAD_PAGE_MAX = 100;
/** What an attempt that broke here says: ours, not theirs, and tried again like theirs. */
const BROKEN: Attempted = {
  outcome: { kind: "unreachable", status: null, retryAfterMs: null },
  detail: "it could not be sent",
};

/**
 * One receiver outside, and what waits to be sent to it: an agent's messages, pushes of its tasks, an account's events. At
 * least once, in order within each lane; an endpoint that does not answer costs a try now and then, and nothing of what
 * waits. It has no alarm while nothing waits.
 */
export class Delivery extends DurableObject<Env> {
  readonly #receiver: Receiver;
  readonly #items: Items;
  readonly #mail: Mail;
  readonly #hook: Hook;
  readonly #callbacks: Callbacks;
  readonly #sending: Sending;
  /** Wakes the round that is running, where one is. */
  #poked = Promise.withResolvers<void>();

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    this.#receiver = new Receiver(ctx.storage.kv);
    // Whoever only asks makes no tables.
    if (this.#receiver.endpoint !== null) migrate(ctx.storage, STEPS);
    this.#items = new Items(ctx.storage, () => this.#receiver.keeping);
    this.#callbacks = new Callbacks(this.#items, env);
    this.#mail = new Mail({ env, kv: ctx.storage.kv });
    this.#sending = new Sending(env);
    this.#hook = new Hook({
      env,
      storage: ctx.storage,
      log: eventLog(env, ctx.id.name ?? "", () => this.#receiver.endpoint?.accountId ?? ""),
      end: () => this.close(),
      aim: ({ url }) => this.#receiver.aim({ url }),
    });
  }

  /** Sets or changes the receiver. A secret that is followed by another one goes on signing for a day. */
  async configure(endpoint: Omit<Endpoint, "secrets"> & { sealedSecret: string | null }) {
    const { sealedSecret, ...rest } = endpoint;
    migrate(this.ctx.storage, STEPS);
    const secrets = withSecret(this.#receiver.endpoint?.secrets ?? [], sealedSecret, Date.now());
    this.#receiver.put({ ...rest, secrets });
    this.#receiver.does(HEALTHY);
    if (rest.agentId !== null) this.#mail.wake();
    await this.#arm();
  }

  /** Takes what is to be delivered: it is stored when this answers. After the last, nothing is left of it once all is sent. */
  async enqueue(
    items: DeliveryItem[],
    isLast = false,
  ): Promise<Result<number, Problem<"not-found" | "too-many-requests">>> {
    if (this.#receiver.endpoint === null) return err({ code: "not-found" });
    if (!this.#items.add(items, Date.now()))
      return err({
        code: "too-many-requests",
        detail: "too much waits for this endpoint",
        retryAfterS: FULL_RETRY_S,
      });
    if (isLast) this.#receiver.aim({ endsWhenSent: true });
    this.#poked.resolve();
    await this.#arm();
    return ok(items.length);
  }

  /** The same for a receiver that comes with what it is sent, and is forgotten once it has it: a task's callback. */
  async pass(endpoint: Endpoint, items: DeliveryItem[]) {
    if (this.#receiver.endpoint === null) {
      migrate(this.ctx.storage, STEPS);
      this.#receiver.put(endpoint);
    }
    return await this.enqueue(items, true);
  }

  /** The same for a receiver that stays, with what it never took, until somebody closes it: a route of alerts. */
  async keep(endpoint: Endpoint, items: DeliveryItem[]) {
    if (this.#receiver.endpoint === null) {
      migrate(this.ctx.storage, STEPS);
      this.#receiver.put(endpoint);
    }
    return await this.enqueue(items);
  }

  state(): DeliveryState | null {
    const endpoint = this.#receiver.endpoint;
    if (endpoint === null) return null;
    const dueMs = this.#dueMs();
    return {
      url: endpoint.url,
      health: this.#receiver.health,
      nextAttemptMs: dueMs === null ? null : Math.max(dueMs, Date.now()),
      waiting: this.#items.waiting().items,
      deadLetters: this.#items.deadCount(),
    };
  }

  /** The oldest of what was given up, after this number. */
  deadLetters(afterSeq: number, limit: number): DeadDelivery[] {
    if (this.#receiver.endpoint === null) return [];
    const from = this.#hook.isHere ? this.#hook : this.#items;
    return from.dead(afterSeq, Math.min(limit, DEAD_PAGE_MAX));
  }

  /** Puts the oldest of what was given up back to work, and answers how many. */
  async redrive(): Promise<number> {
    if (this.#receiver.endpoint === null) return 0;
    const redriven = this.#hook.isHere
      ? this.#hook.redrive(DEAD_PAGE_MAX, Date.now())
      : this.#items.redrive(DEAD_PAGE_MAX, Date.now());
    if (redriven > 0) this.#poked.resolve();
    await this.#arm();
    return redriven;
  }

  /** An account's webhook, before the catalog has it: it reads from here on, and sends nothing yet. */
  async prepareHook(record: WebhookRecord, sealedSecret: string): Promise<void> {
    const { accountId, url, id: webhookId } = record;
    const plain = { agentId: null, form: "webhook", sealedHeaders: null, sealedSecret } as const;
    await this.configure({ ...plain, accountId, url, webhookId });
    await this.#hook.prepare(record);
  }

  /** The catalog says something new of it; `rotated` is a secret that follows those that sign now. */
  async refreshHook(rotated?: string): Promise<void> {
    if (this.#receiver.endpoint === null) return;
    if (rotated !== undefined) this.#receiver.sign(rotated, Date.now());
    await this.#hook.refresh(Date.now());
    this.#poked.resolve();
    await this.#arm();
  }

  /** False where too much waits. */
  async pingHook(id: string, body: string): Promise<boolean> {
    const isTaken = this.#hook.ping(id, body, Date.now());
    this.#poked.resolve();
    await this.#arm();
    return isTaken;
  }

  /** False where it begins at an event that is not there. */
  async replayHook(from: Parameters<Hook["replay"]>[0]): Promise<boolean> {
    const isThere = await this.#hook.replay(from);
    this.#poked.resolve();
    await this.#arm();
    return isThere;
  }

  hookStatus(): WebhookStatus | null {
    return this.#hook.isHere ? this.#hook.status(Date.now()) : null;
  }

  /** Its attempts, newest first, those before a number. */
  hookTried(before: number, limit: number): NumberedTry[] {
    return this.#hook.isHere ? this.#hook.tried(before, Math.min(limit, DEAD_PAGE_MAX)) : [];
  }

  /** Forgets the receiver and whatever waits for it. */
  async close(): Promise<void> {
    if (this.#receiver.endpoint === null) return;
    this.#mail.forget();
    await this.#vanish();
  }

  /** There is something to read: in its topics, or in the agent's mailbox, or somebody again who may be given it. */
  async wake(): Promise<void> {
    if (this.#hook.isHere) this.#hook.wake();
    else if (this.#receiver.endpoint?.agentId == null) return;
    else this.#mail.wake();
    this.#poked.resolve();
    await this.#arm();
  }

  /** Its agent is about to go on, and whoever says so may die before saying that it does. */
  async expect(): Promise<void> {
    if (this.#receiver.endpoint?.agentId == null) return;
    this.#mail.expect(Date.now() + EXPECTED_WITHIN_MS);
    await this.#arm();
  }

  /** Sends what is due, several lanes at once, and sleeps until something is due again. */
  override async alarm(): Promise<void> {
    const endsMs = Date.now() + ROUND_MS;
    const running = new Set<Promise<void>>();
    while (Date.now() < endsMs) {
      this.#poked = Promise.withResolvers();
      for (const work of await this.#next(running.size)) {
        const attempt = this.#attempt(work).finally(() => running.delete(attempt));
        running.add(attempt);
      }
      if (running.size === 0) break;
      await Promise.race([...running, this.#poked.promise]);
    }
    await Promise.all(running);
    if (this.#hook.isHere) this.#hook.flush(Date.now());
    const { endpoint, isCallback, gone } = this.#receiver;
    if (endpoint !== null && isCallback)
      await this.#callbacks.tell(endpoint.accountId, gone, Date.now());
    await this.#arm();
  }

  async #next(running: number): Promise<(Work | Letter | Parcel)[]> {
    const nowMs = Date.now();
    if (this.#hook.isHere) return await this.#hook.take(nowMs, running);
    const { health, endpoint } = this.#receiver;
    const free = atOnce(health) - running;
    if (free <= 0 || health.resumesAtMs > nowMs || endpoint === null) return [];
    const items = this.#items.take(nowMs, free);
    if (endpoint.agentId === null) return items;
    return [...items, ...(await this.#mail.take(endpoint.agentId, nowMs, free - items.length))];
  }

  async #attempt(work: Work | Letter | Parcel): Promise<void> {
    const endpoint = this.#receiver.endpoint;
    if (endpoint === null) return;
    const beganMs = Date.now();
    const { outcome, detail } = await this.#sending
      .attempt(endpoint, work, traceOf(work))
      .catch((error: unknown) => {
        log("error", "delivery-failed", { error: String(error) });
        return BROKEN;
      });
    const [nowMs, random] = [Date.now(), Math.random()];
    if ("from" in work) {
      const measured = { nowMs, durationMs: nowMs - beganMs, random, detail };
      if (this.#hook.isHere) this.#hook.settle(work, outcome, measured);
      return;
    }
    if (this.#receiver.endpoint !== null)
      this.#receiver.does(healthAfter(this.#receiver.health, outcome, nowMs, random));
    if ("leased" in work)
      // What is not settled comes back when its lease ends.
      return await this.#mail
        .settle(work, outcome, nowMs, random)
        .catch((error: unknown) => log("error", "delivery-unsettled", { error: String(error) }));
    if (this.#receiver.endpoint === null) return;
    if (outcome.kind === "delivered") this.#items.delivered(work);
    else if (outcome.kind === "refused") this.#items.refused(work, outcome.status, nowMs, random);
    else this.#items.release(work);
  }

  #dueMs(): number | null {
    if (this.#hook.isHere) return this.#hook.dueMs();
    const { health, endpoint, isCallback } = this.#receiver;
    if (endpoint === null) return null;
    const isGone = health.goneAtMs !== null;
    const tellMs = isCallback ? this.#callbacks.dueMs(isGone) : null;
    if (isGone) return tellMs;
    const due = [this.#items.dueMs(), endpoint.agentId === null ? null : this.#mail.dueMs()];
    const sendMs = earliest(due);
    return earliest([tellMs, sendMs === null ? null : Math.max(sendMs, health.resumesAtMs)]);
  }

  async #arm(): Promise<void> {
    if (this.#isDone()) return await this.#vanish();
    const dueMs = this.#dueMs();
    if (dueMs !== null) await this.ctx.storage.setAlarm(dueMs);
    else if ((await this.ctx.storage.getAlarm()) !== null) await this.ctx.storage.deleteAlarm();
  }

  /** Nothing will come for it any more, and what came was sent, or given up and whoever should has heard of that. */
  #isDone(): boolean {
    const { endpoint, isCallback, health } = this.#receiver;
    if (endpoint?.endsWhenSent !== true) return false;
    if (isCallback) return this.#callbacks.isEmpty;
    return health.goneAtMs !== null || this.#items.waiting().items === 0;
  }

  async #vanish(): Promise<void> {
    this.#receiver.forget();
    this.#hook.forget();
    this.#items.clear();
    await this.ctx.storage.deleteAlarm();
    await this.ctx.storage.deleteAll();
  }
}

function earliest(due: readonly (number | null)[]): number | null {
  const known = due.filter((one) => one !== null);
  return known.length === 0 ? null : Math.min(...known);
}

function traceOf(work: Work | Letter | Parcel): string | null {
  if ("leased" in work) return work.leased.traceparent;
  return "from" in work ? traceparentOf(work.body) : work.traceparent;
}
