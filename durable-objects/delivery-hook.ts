import type { Outcome } from "#domain/delivery/pace.ts";
import { log } from "#domain/observability/log.ts";
import { PING_TYPE } from "#domain/webhooks/events.ts";
import type { Taken } from "#domain/webhooks/lanes.ts";
import type { WebhookReason, WebhookRecord, WebhookStatus } from "#domain/webhooks/model.ts";
import { nextTryMs, TRIES_MAX } from "#domain/webhooks/schedule.ts";
import {
  attemptsAtOnce,
  isUntried,
  type Standing,
  STANDING_WELL,
  standingAfter,
} from "#domain/webhooks/standing.ts";
import { webhookStore } from "#db/catalog/webhooks.ts";
import type { EventLog } from "#objects/hook-log.ts";
import { LANE_STEP, Positions } from "#objects/hook-positions.ts";
import { HookReading, type ReplayFrom } from "#objects/hook-reading.ts";
import { Retries, type Retry, RETRY_STEP } from "#objects/hook-retries.ts";
import { TRIED_STEP, TriedLog } from "#objects/hook-tried.ts";

export const HOOK_STEP = [LANE_STEP, RETRY_STEP, TRIED_STEP].join(";");

/** One event's attempt: read from the log, or tried before. */
export type Parcel = {
  id: string;
  type: string;
  body: string;
  tries: number;
  from: { taken: Taken } | { seq: number };
};
/** What was measured of an attempt. */
export type Measured = { nowMs: number; durationMs: number; random: number; detail: string | null };

/** The catalog's word is believed for so long: a change is told, and found here where that was lost. */
const LOOKS_EVERY_MS = 60_000;
const SUSPENDED_LOOKS_MS = 3_600_000;
/** The audit log is sent for whoever may read it: that is asked anew, and believed for no longer than this. */
const AUDITED_LOOKS_MS = 4_000;
const RIGHT_LIFE_MS = 5_000;
const AGAIN_MS = 1_000;
const FLUSHES_EVERY_MS = 1_000;
const FLUSHES_EVERY = 50;
const SEEN_EVERY_MS = 60_000;

type Needs = {
  env: Env;
  storage: DurableObjectStorage;
  log: EventLog;
  /** The catalog has it no more. */
  end(): Promise<void>;
  /** Its receiver, as the catalog says now. */
  aim(record: WebhookRecord): void;
};

/** An account's webhook: what it reads is sent, and only what its endpoint has not taken is kept, until it has. */
export class Hook {
  readonly #needs: Needs;
  readonly #retries: Retries;
  readonly #tried: TriedLog;
  readonly #reading: HookReading;
  #record: WebhookRecord | null;
  #standing: Standing;
  #seenAtMs = 0;
  #isSuspended = false;
  #permittedAtMs = -Infinity;
  /** Whether it may still have the audit log sent could not be asked. */
  #isUnsure = false;
  #lookedAtMs = -Infinity;
  #againAtMs = 1;
  #settled = 0;
  #flushedAtMs = 0;

  constructor(needs: Needs) {
    const { storage, log } = needs;
    const { kv, sql } = storage;
    this.#needs = needs;
    this.#retries = new Retries(storage);
    this.#tried = new TriedLog(sql);
    this.#reading = new HookReading({
      kv,
      log,
      positions: new Positions(storage),
      holds: (lane) => this.#retries.holds(lane),
      has: (id) => this.#retries.has(id),
    });
    this.#record = kv.get<WebhookRecord>("hook") ?? null;
    this.#standing = kv.get<Standing>("standing") ?? STANDING_WELL;
  }

  get isHere(): boolean {
    return this.#record !== null;
  }

  /** Before the catalog has it: it reads from now on, and sends nothing yet. */
  async prepare(record: WebhookRecord): Promise<void> {
    if (this.#record !== null) return;
    await this.#reading.begin(record.topics);
    this.#keep({ ...record, state: "paused", version: 0 });
  }

  /** Takes in what the catalog says of it now. */
  async refresh(nowMs: number): Promise<void> {
    const before = this.#record;
    if (before === null) return;
    const found = await this.#catalog.webhookInForce(before.id);
    this.#lookedAtMs = nowMs;
    if (found === null) return before.version > 0 ? await this.#needs.end() : undefined;
    this.#isSuspended = found.status !== "active";
    const { record } = found;
    if (!this.#isSuspended && record.state === "active" && isAudited(record)) {
      if (!(await this.#needs.env.OPERATIONS.mayRead(record, record.topics)))
        return await this.#disable(record, "forbidden", nowMs);
      this.#permittedAtMs = nowMs;
    }
    if (record.version <= before.version) return;
    await this.#reading.begin(record.topics.filter((topic) => !before.topics.includes(topic)));
    this.#reading.keep(record.topics);
    if (record.state === "active" && before.state !== "active") this.#stand(STANDING_WELL);
    this.#keep(record);
    this.#reading.wake();
    this.#needs.aim(record);
  }

  wake(): void {
    this.#reading.wake();
  }

  /** Its object is emptied. */
  forget(): void {
    this.#record = null;
  }

  /** False where too much waits. */
  ping(id: string, body: string, nowMs: number): boolean {
    if (this.#retries.isFull(1)) return false;
    this.#retries.add({ id, lane: id, type: PING_TYPE, body, tries: 0 }, nowMs, nowMs);
    return true;
  }

  status(nowMs: number): WebhookStatus {
    const dueMs = this.dueMs();
    return {
      standing: this.#standing,
      nextAttemptMs: dueMs === null ? null : Math.max(dueMs, nowMs),
      retrying: this.#retries.waiting().events,
      deadLetters: this.#retries.deadCount(),
      missed: this.#reading.missed,
    };
  }

  tried = (before: number, limit: number) => this.#tried.page(before, limit);
  dead = (afterSeq: number, limit: number) => this.#retries.dead(afterSeq, limit);
  redrive = (limit: number, nowMs: number) => this.#retries.redrive(limit, nowMs);

  async replay(from: ReplayFrom): Promise<boolean> {
    return this.#record !== null && (await this.#reading.replay(from, this.#record));
  }

  /** What may be sent now. */
  async take(nowMs: number, running: number): Promise<Parcel[]> {
    const record = await this.#inForce(nowMs);
    const free = attemptsAtOnce(this.#standing) - running;
    if (record === null || free <= 0 || this.#standing.quietUntilMs > nowMs) return [];
    const due = this.#retries.take(nowMs, free).map(parcelOfRetry);
    const room = free - due.length;
    const isPausing = this.#standing.probesAtMs > nowMs || this.#retries.isFull(free + running);
    if (room <= 0 || isPausing) return due;
    await this.#reading.fill(record).catch((error: unknown) => this.#again(error, nowMs));
    return [...due, ...this.#reading.take(room, record).map(parcelOf)];
  }

  /** What became of an attempt. */
  settle(parcel: Parcel, outcome: Outcome, measured: Measured): void {
    const { nowMs, random } = measured;
    const { from } = parcel;
    this.#stand(standingAfter(this.#standing, outcome, nowMs, random));
    if (isUntried(outcome)) return this.#putBack(parcel);
    const tries = parcel.tries + 1;
    const asked = outcome.kind === "unreachable" ? outcome.retryAfterMs : null;
    const isIn = outcome.kind === "delivered";
    const nextMs = isIn ? null : nextTryMs(tries, nowMs, random, asked);
    this.#note(parcel, outcome, measured, nextMs);
    if (!isIn) this.#failed(parcel, tries, nextMs, outcome, nowMs);
    else if ("seq" in from) this.#retries.done(from.seq);
    // What is to become of it is stored by now.
    if ("taken" in from) this.#reading.done(from.taken);
    const isDue = ++this.#settled >= FLUSHES_EVERY || nowMs - this.#flushedAtMs >= FLUSHES_EVERY_MS;
    if (isDue) this.flush(nowMs);
  }

  /** Writes how far it is. */
  flush(nowMs: number): void {
    this.#settled = 0;
    this.#flushedAtMs = nowMs;
    this.#reading.flush();
    this.#tried.write(nowMs);
  }

  /** When there is something to do; null: when told. */
  dueMs(): number | null {
    const record = this.#record;
    const { ended, quietUntilMs, probesAtMs } = this.#standing;
    if (record?.state !== "active") return null;
    if (ended !== null) return this.#againAtMs;
    if (this.#isSuspended) return this.#lookedAtMs + SUSPENDED_LOOKS_MS;
    if (this.#isUnsure) return this.#againAtMs;
    const retryMs = this.#retries.dueMs();
    const due = retryMs === null ? [] : [retryMs];
    if (!this.#retries.isFull(1) && this.#reading.isReady(record))
      due.push(Math.max(probesAtMs, this.#againAtMs));
    return due.length === 0 ? null : Math.max(1, Math.min(...due), quietUntilMs);
  }

  get #catalog() {
    return webhookStore([this.#needs.env.CATALOG_0]);
  }

  /** Null where nothing may be sent. */
  async #inForce(nowMs: number): Promise<WebhookRecord | null> {
    const often = this.#record !== null && isAudited(this.#record);
    const activeMs = often ? AUDITED_LOOKS_MS : LOOKS_EVERY_MS;
    const everyMs = this.#isSuspended ? SUSPENDED_LOOKS_MS : activeMs;
    if (nowMs - this.#lookedAtMs >= everyMs)
      await this.refresh(nowMs).catch((error: unknown) => {
        this.#lookedAtMs = nowMs - everyMs + AGAIN_MS;
        this.#again(error, nowMs);
      });
    const record = this.#record;
    if (record?.state !== "active" || this.#isSuspended) return null;
    this.#isUnsure = isAudited(record) && nowMs - this.#permittedAtMs >= RIGHT_LIFE_MS;
    if (this.#isUnsure) return null;
    const { ended } = this.#standing;
    if (ended === null) return record;
    await this.#disable(record, ended, nowMs).catch((error: unknown) => this.#again(error, nowMs));
    return null;
  }

  /** In the catalog first, then told; both may come twice. */
  async #disable(record: WebhookRecord, reason: WebhookReason, nowMs: number): Promise<void> {
    await this.#catalog.disableWebhook(record, reason, nowMs);
    const now = await this.#catalog.webhook(record.id);
    if (now?.state === "disabled")
      await this.#needs.log.append("agent.events", {
        id: `${now.id}-disabled-${now.version}`,
        type: "webhook.disabled",
        timeMs: now.updatedAtMs,
        subject: now.id,
        data: { webhookId: now.id, reason: now.reason },
      });
    await this.refresh(nowMs);
  }

  #again(error: unknown, nowMs: number): void {
    log("warn", "webhook-held-up", { error: String(error) });
    this.#againAtMs = nowMs + AGAIN_MS;
  }

  #failed(
    { id, type, body, from }: Parcel,
    tries: number,
    nextMs: number | null,
    { status }: Outcome,
    nowMs: number,
  ): void {
    if ("taken" in from) {
      // In order, the rest of its lane waits for it; otherwise nothing does.
      const lane = this.#record?.ordered === true ? from.taken.lane : id;
      this.#retries.add({ id, lane, type, body, tries }, nextMs ?? nowMs, nowMs);
    } else if (nextMs !== null) this.#retries.again(from.seq, tries, nextMs);
    if (nextMs !== null) return;
    const said = status === null ? "it did not answer" : `it answered ${status}`;
    this.#retries.giveUp(id, tries, `${said}, after ${tries} attempts`, nowMs);
  }

  #putBack({ from, tries }: Parcel): void {
    if ("taken" in from) this.#reading.back(from.taken);
    else this.#retries.again(from.seq, tries, this.#standing.quietUntilMs);
  }

  #note({ id, type, tries }: Parcel, outcome: Outcome, measured: Measured, nextMs: number | null) {
    const { nowMs, durationMs, detail } = measured;
    const isOver = tries + 1 >= TRIES_MAX;
    const how = outcome.kind === "delivered" ? "delivered" : isOver ? "given-up" : "failed";
    const said = { id, type, attempt: tries + 1, atMs: nowMs, durationMs, status: outcome.status };
    this.#tried.add({ ...said, outcome: how, nextMs, detail }, nowMs);
  }

  #keep(record: WebhookRecord): void {
    this.#record = record;
    this.#needs.storage.kv.put("hook", record);
  }

  /** One that goes on being well costs a row a minute, not one an attempt. */
  #stand(standing: Standing): void {
    const { failures, ended, lastStatus, quietUntilMs } = this.#standing;
    this.#standing = standing;
    const seenMs = standing.lastAttemptMs ?? 0;
    const isNews =
      failures !== standing.failures ||
      ended !== standing.ended ||
      lastStatus !== standing.lastStatus ||
      quietUntilMs !== standing.quietUntilMs ||
      seenMs - this.#seenAtMs >= SEEN_EVERY_MS;
    if (!isNews) return;
    this.#seenAtMs = seenMs;
    this.#needs.storage.kv.put("standing", standing);
  }
}

const isAudited = ({ topics }: WebhookRecord): boolean => topics.includes("audit.logs");

const parcelOf = (taken: Taken): Parcel => {
  const { id, type, body } = taken;
  return { id, type, body, tries: 0, from: { taken } };
};
const parcelOfRetry = ({ seq, id, type, body, tries }: Retry): Parcel => ({
  id,
  type,
  body,
  tries,
  from: { seq },
});
