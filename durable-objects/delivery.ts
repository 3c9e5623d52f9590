import { DurableObject } from "cloudflare:workers";
import {
  type DeadDelivery,
  type DeliveryItem,
  type DeliveryState,
  type Endpoint,
  HEADERS_FIELD,
  SECRET_FIELD,
  SECRET_OVERLAP_MS,
} from "#domain/delivery/model.ts";
import {
  atOnce,
  type Health,
  healthAfter,
  HEALTHY,
  type Outcome,
  outcomeOf,
} from "#domain/delivery/pace.ts";
import { webhookHeaders } from "#domain/delivery/webhook.ts";
import { openText, scopeName } from "#domain/protection/envelope.ts";
import type { Problem } from "#domain/shared/problem.ts";
import { err, ok, type Result } from "#domain/shared/result.ts";
import { heldKeys } from "#db/catalog/held-keys.ts";
import { ITEM_STEP, Items, type Work } from "#objects/delivery-items.ts";
import { type Letter, Mail } from "#objects/delivery-mail.ts";
import { migrate } from "#objects/migrate.ts";
import { egress } from "#objects/outgoing.ts";

/** Append-only. */
const STEPS = [ITEM_STEP];
/** An alarm sends for so long and then rings again: no handler may run for 15 minutes. */
const ROUND_MS = 60_000;
const FULL_RETRY_S = 5;
const SEEN_EVERY_MS = 60_000;
const DEAD_PAGE_MAX = 100;
/** Three new secrets in a day; each signs. */
const SECRETS_MAX = 3;

/**
 * One receiver outside, and what waits to be sent to it: webhooks of an agent's messages, and pushes of its tasks. At
 * least once, in order within each lane; an endpoint that does not answer costs a try now and then, and nothing of what
 * waits. It has no alarm while nothing waits.
 */
export class Delivery extends DurableObject<Env> {
  readonly #items: Items;
  readonly #mail: Mail;
  readonly #keys: ReturnType<typeof heldKeys>;
  readonly #send: ReturnType<typeof egress>;
  #health: Health;
  /** Wakes the round that is running, where one is. */
  #poked = Promise.withResolvers<void>();

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    // Whoever only asks makes no tables.
    if (this.#endpoint() !== null) migrate(ctx.storage, STEPS);
    this.#items = new Items(ctx.storage);
    this.#mail = new Mail({ env, kv: ctx.storage.kv });
    this.#keys = heldKeys(env);
    this.#send = egress(env);
    this.#health = ctx.storage.kv.get<Health>("health") ?? HEALTHY;
  }

  /** Sets or changes the receiver. A secret that is followed by another one goes on signing for a day. */
  async configure(endpoint: Omit<Endpoint, "secrets"> & { sealedSecret: string | null }) {
    const { sealedSecret, ...rest } = endpoint;
    migrate(this.ctx.storage, STEPS);
    const nowMs = Date.now();
    const secrets = (this.#endpoint()?.secrets ?? []).filter(
      ({ untilMs }) => untilMs === null || untilMs > nowMs,
    );
    const kept = secrets.map((secret) => ({
      ...secret,
      untilMs:
        sealedSecret === null ? secret.untilMs : (secret.untilMs ?? nowMs + SECRET_OVERLAP_MS),
    }));
    const fresh = sealedSecret === null ? [] : [{ sealed: sealedSecret, untilMs: null }];
    this.ctx.storage.kv.put<Endpoint>("endpoint", {
      ...rest,
      secrets: [...fresh, ...kept].slice(0, SECRETS_MAX),
    });
    this.#setHealth(HEALTHY);
    if (rest.agentId !== null) this.#mail.wake();
    await this.#arm();
  }

  /** Takes what is to be delivered: it is stored when this answers. */
  async enqueue(
    items: DeliveryItem[],
  ): Promise<Result<number, Problem<"not-found" | "too-many-requests">>> {
    if (this.#endpoint() === null) return err({ code: "not-found" });
    if (!this.#items.add(items, Date.now()))
      return err({
        code: "too-many-requests",
        detail: "too much waits for this endpoint",
        retryAfterS: FULL_RETRY_S,
      });
    this.#poked.resolve();
    await this.#arm();
    return ok(items.length);
  }

  state(): DeliveryState | null {
    const endpoint = this.#endpoint();
    if (endpoint === null) return null;
    const dueMs = this.#dueMs();
    return {
      url: endpoint.url,
      health: this.#health,
      nextAttemptMs: dueMs === null ? null : Math.max(dueMs, Date.now()),
      waiting: this.#items.waiting().items,
      deadLetters: this.#items.deadCount(),
    };
  }

  /** The oldest of what was given up, after this number. */
  deadLetters(afterSeq: number, limit: number): DeadDelivery[] {
    if (this.#endpoint() === null) return [];
    return this.#items.dead(afterSeq, Math.min(limit, DEAD_PAGE_MAX));
  }

  /** Puts the oldest of what was given up back to work, and answers how many. */
  async redrive(): Promise<number> {
    if (this.#endpoint() === null) return 0;
    const redriven = this.#items.redrive(DEAD_PAGE_MAX, Date.now());
    if (redriven > 0) this.#poked.resolve();
    await this.#arm();
    return redriven;
  }

  /** Forgets the receiver and whatever waits for it. */
  async close(): Promise<void> {
    if (this.#endpoint() === null) return;
    this.ctx.storage.kv.delete("endpoint");
    this.#items.clear();
    this.#mail.forget();
    this.#setHealth(HEALTHY);
    await this.#arm();
  }

  /** The agent's mailbox has something, or has somebody again who may be given it. */
  async wake(): Promise<void> {
    if (this.#endpoint()?.agentId == null) return;
    this.#mail.wake();
    this.#poked.resolve();
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
    await this.#arm();
  }

  async #next(running: number): Promise<(Work | Letter)[]> {
    const nowMs = Date.now();
    const health = this.#health;
    const free = atOnce(health) - running;
    const endpoint = this.#endpoint();
    if (free <= 0 || health.resumesAtMs > nowMs || endpoint === null) return [];
    const items = this.#items.take(nowMs, free);
    if (endpoint.agentId === null) return items;
    return [...items, ...(await this.#mail.take(endpoint.agentId, nowMs, free - items.length))];
  }

  async #attempt(work: Work | Letter): Promise<void> {
    const endpoint = this.#endpoint();
    if (endpoint === null) return;
    const outcome = await this.#outcome(endpoint, work).catch((error: unknown): Outcome => {
      // Ours, not theirs; it is tried again like theirs.
      console.error({ event: "delivery-failed", error: String(error) });
      return { kind: "unreachable", status: null, retryAfterMs: null };
    });
    const [nowMs, random] = [Date.now(), Math.random()];
    if (this.#endpoint() !== null)
      this.#setHealth(healthAfter(this.#health, outcome, nowMs, random));
    if ("leased" in work)
      // What is not settled comes back when its lease ends.
      return await this.#mail
        .settle(work, outcome, nowMs, random)
        .catch((error: unknown) =>
          console.error({ event: "delivery-unsettled", error: String(error) }),
        );
    if (this.#endpoint() === null) return;
    if (outcome.kind === "delivered") this.#items.delivered(work);
    else if (outcome.kind === "refused") this.#items.refused(work, outcome.status, nowMs, random);
    else this.#items.release(work);
  }

  async #outcome(endpoint: Endpoint, work: Work | Letter): Promise<Outcome> {
    const nowMs = Date.now();
    const headers = await this.#headers(endpoint, work, nowMs);
    // Its account was erased, and its secrets with it.
    if (headers === null) return { kind: "gone", status: null };
    const request = { method: "POST", headers, body: work.body, secure: true } as const;
    return outcomeOf(await this.#send(endpoint.url, request), Date.now());
  }

  async #headers(
    endpoint: Endpoint,
    { id, body }: Work | Letter,
    nowMs: number,
  ): Promise<Record<string, string> | null> {
    const scope = scopeName({ account: endpoint.accountId });
    const key = (await this.#keys.present([scope])).get(scope);
    if (endpoint.form === "push") {
      const { sealedHeaders } = endpoint;
      const plain = { "Content-Type": "application/a2a+json" };
      if (sealedHeaders === null) return plain;
      const opened = key == null ? null : await openText(key, scope, HEADERS_FIELD, sealedHeaders);
      if (opened === null) return null;
      return { ...plain, ...(JSON.parse(opened) as Record<string, string>) };
    }
    if (key == null) return null;
    const inForce = endpoint.secrets.filter(({ untilMs }) => untilMs === null || untilMs > nowMs);
    const secrets = await Promise.all(
      inForce.map(({ sealed }) => openText(key, scope, SECRET_FIELD, sealed)),
    );
    const opened = secrets.filter((secret) => secret !== null);
    if (opened.length === 0) return null;
    const signed = await webhookHeaders([...new Set(opened)], id, nowMs, body);
    return { "Content-Type": "application/json", ...signed };
  }

  #dueMs(): number | null {
    const health = this.#health;
    const endpoint = this.#endpoint();
    if (endpoint === null || health.goneAtMs !== null) return null;
    const due = [this.#items.dueMs(), endpoint.agentId === null ? null : this.#mail.dueMs()];
    const known = due.filter((one) => one !== null);
    return known.length === 0 ? null : Math.max(Math.min(...known), health.resumesAtMs);
  }

  async #arm(): Promise<void> {
    const dueMs = this.#dueMs();
    if (dueMs !== null) await this.ctx.storage.setAlarm(dueMs);
    else if ((await this.ctx.storage.getAlarm()) !== null) await this.ctx.storage.deleteAlarm();
  }

  #endpoint(): Endpoint | null {
    return this.ctx.storage.kv.get<Endpoint>("endpoint") ?? null;
  }

  /** One that goes on being well costs a row a minute, not one an attempt. */
  #setHealth(health: Health): void {
    const { failures, goneAtMs, lastStatus, lastAttemptMs } = this.#health;
    const isNews =
      health.failures !== failures ||
      health.goneAtMs !== goneAtMs ||
      health.lastStatus !== lastStatus ||
      (health.lastAttemptMs ?? 0) - (lastAttemptMs ?? 0) >= SEEN_EVERY_MS;
    if (!isNews) return;
    this.#health = health;
    this.ctx.storage.kv.put("health", health);
  }
}
