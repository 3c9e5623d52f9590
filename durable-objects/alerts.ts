import { DurableObject } from "cloudflare:workers";
import { type Alert, changed, isSilenced, routesOf, type Silence } from "#domain/alerts/alert.ts";
import { type AlertState, NOTHING_TO_TELL, type Telling } from "#domain/alerts/model.ts";
import { endedWith, round, type Told, trackedKey, type Tracked } from "#domain/alerts/round.ts";
import {
  isDefault,
  type Reach,
  type Rule,
  type StandingRule,
  standingRules,
} from "#domain/alerts/rules.ts";
import type { Series, Signal } from "#domain/alerts/signals.ts";
import { type SloState, SLO_NAMES, sloState } from "#domain/alerts/slo.ts";
import { accountsObjectOf } from "#domain/metrics/merged.ts";
import { LIMITS } from "#domain/shared/limits.ts";
import type { Problem } from "#domain/shared/problem.ts";
import { err, ok, type Result } from "#domain/shared/result.ts";
import { ALERT_STEPS, AlertRows, type StoredRoute } from "#objects/alert-rows.ts";
import { AlertSignals } from "#objects/alert-signals.ts";
import { AlertTelling } from "#objects/alert-telling.ts";
import { isMigrated, migrate } from "#objects/migrate.ts";

/** How often the series are looked at; what is pushed in is looked at as it comes. */
const ROUND_MS = 60_000;
/** An account of which nothing came for so long is looked at again when something does. */
const REST_MS = 15 * 60_000;
/** When somebody last set or asked something of it, in `kv`. */
const ASKED = "askedMs";

export type Measured = { signal: Signal; series: Series[] };
type Watched = { accountId: string; reach: Reach };

/**
 * The alerts of one account, by its id: what its rules say of what is measured, whom it is told, and who is not to be told.
 * Each change of an alert is stored with what is to be told of it in one transaction, so each is told once. An account
 * that never asked for any of this has no rows and no alarm, and one of which nothing comes has none until something does.
 */
export class Alerts extends DurableObject<Env> {
  readonly #rows: AlertRows;
  readonly #telling: AlertTelling;
  readonly #signals: AlertSignals;
  #tracked: Map<string, Tracked> | null = null;
  /** When somebody outside last said how a host is doing. */
  #observedMs = 0;
  #wakes = 0;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    if (isMigrated(ctx.storage)) migrate(ctx.storage, ALERT_STEPS);
    this.#rows = new AlertRows(ctx.storage.sql);
    this.#telling = new AlertTelling(ctx.storage.sql, env);
    this.#signals = new AlertSignals(env);
  }

  rules(reach: Reach): StandingRule[] {
    return standingRules(this.#isUsed() ? this.#rows.rules() : [], reach);
  }

  /** Sets a rule, from its present version where one is given. What the old one was saying is over. */
  async setRule(
    watched: Watched,
    rule: Rule,
    expected: number | null,
  ): Promise<Result<StandingRule, Problem<"version-stale" | "too-many-requests">>> {
    await this.#watch(watched);
    const standing = this.rules(watched.reach).find(({ id }) => id === rule.id);
    const version = standing?.version ?? 0;
    if (expected !== null && expected !== version) return err({ code: "version-stale" });
    const isNew = standing === undefined || standing.origin === "default";
    if (isNew && this.#rows.rules().length >= LIMITS.alertRulesMax)
      return err({ code: "too-many-requests", detail: "the account has as many rules as it may" });
    this.ctx.storage.transactionSync(() => {
      this.#end(rule.id, Date.now());
      this.#rows.setRule(rule, version + 1);
    });
    const origin = isDefault(rule.id) ? "changed" : "own";
    return ok({ ...rule, origin, version: version + 1 });
  }

  /** Takes a rule away; one that came with the product is again as it came. */
  dropRule(id: string): boolean {
    if (!this.#isUsed()) return false;
    return this.ctx.storage.transactionSync(() => {
      const isGone = this.#rows.dropRule(id);
      if (isGone) this.#end(id, Date.now());
      return isGone;
    });
  }

  routes(): (StoredRoute & { telling: Telling })[] {
    if (!this.#isUsed()) return [];
    const tellings = this.#telling.states();
    return this.#rows
      .routes()
      .map((route) => ({ ...route, telling: tellings.get(route.id) ?? NOTHING_TO_TELL }));
  }

  async addRoute(watched: Watched, route: StoredRoute): Promise<boolean> {
    await this.#watch(watched);
    const routes = this.#rows.routes();
    if (routes.length >= LIMITS.alertRoutesMax && !routes.some(({ id }) => id === route.id))
      return false;
    this.#rows.addRoute(route);
    // Who is added hears what fires.
    await this.#round(new Map(), Date.now());
    return true;
  }

  dropRoute(id: string): boolean {
    return this.#isUsed() && this.ctx.storage.transactionSync(() => this.#rows.dropRoute(id));
  }

  silences(): Silence[] {
    return this.#isUsed() ? this.#rows.silences(Date.now()) : [];
  }

  async silence(watched: Watched, silence: Silence): Promise<boolean> {
    await this.#watch(watched);
    const known = this.#rows.silences(Date.now());
    if (known.length >= LIMITS.alertSilencesMax && !known.some(({ id }) => id === silence.id))
      return false;
    this.#rows.addSilence(silence);
    return true;
  }

  /** Ends a silence; what fires under it is told of now. */
  async endSilence(id: string): Promise<boolean> {
    if (!this.#isUsed() || !this.#rows.dropSilence(id)) return false;
    await this.#round(new Map(), Date.now());
    return true;
  }

  alerts(
    state: AlertState | null,
    beforeSeq: number,
    limit: number,
  ): { seq: number; alert: Alert; isSilenced: boolean }[] {
    if (!this.#isUsed()) return [];
    const nowMs = Date.now();
    const silences = this.#rows.silences(nowMs);
    const page = this.#rows.page(state, beforeSeq, Math.min(limit, LIMITS.pageMax + 1));
    return page.map(({ seq, alert }) => ({
      seq,
      alert,
      isSilenced: alert.state !== "resolved" && isSilenced(alert, silences, nowMs),
    }));
  }

  async slos(): Promise<SloState[]> {
    const nowMs = Date.now();
    const counted = await this.#signals.counted(nowMs);
    return SLO_NAMES.map((name) => sloState(name, counted.get(name) ?? [], nowMs));
  }

  /** Takes what was measured elsewhere and looks at it at once: samples of hosts, which nobody else keeps. */
  async observe(
    watched: Watched,
    measured: readonly Measured[],
    nowMs = Date.now(),
  ): Promise<void> {
    this.#observedMs = nowMs;
    await this.#watch(watched);
    await this.#round(new Map(measured.map(({ signal, series }) => [signal, series])), nowMs);
  }

  /** Tells one route of an alert that there is not, to see that it arrives. False where there is no such route. */
  async tryRoute(watched: Watched, routeId: string, alert: Alert): Promise<boolean> {
    if (!this.#isUsed() || !this.#rows.routes().some(({ id }) => id === routeId)) return false;
    this.#rows.tell(routeId, alert, Date.now());
    await this.#tell(watched.accountId);
    return true;
  }

  /** Forgets everything: the account was erased. */
  async erase(): Promise<void> {
    this.#tracked = null;
    await this.ctx.storage.deleteAlarm();
    await this.ctx.storage.deleteAll();
  }

  override async alarm(): Promise<void> {
    const watched = this.#watched();
    const nowMs = Date.now();
    const isObserved = nowMs - this.#observedMs < 2 * ROUND_MS;
    if (watched === null || !(isObserved || this.#rows.isInUse())) return;
    // Armed before anything can fail: a round that throws is followed by the next.
    await this.ctx.storage.setAlarm(nowMs + ROUND_MS);
    const { accountId, reach } = watched;
    const measured =
      reach === "platform"
        ? await this.#signals.all(nowMs)
        : await this.#signals.ofAccount(accountId, nowMs);
    // What is known is told though nothing new can be read.
    if (measured === null) return await this.#tell(accountId);
    await this.#round(measured, nowMs);
    const waiting = newestIn(measured.get("queue.backlog"));
    if (reach === "account" && waiting === 0) await this.#mayRest(accountId, nowMs);
  }

  /** Something of the account came after nothing had for long: it is looked at again. */
  async wake(): Promise<void> {
    this.#wakes++;
    if (this.#isUsed() && (await this.ctx.storage.getAlarm()) === null)
      await this.ctx.storage.setAlarm(Date.now() + ROUND_MS);
  }

  /** Where nothing comes of the account, nothing is pending, fires or is to be told, its alarm costs more than it finds. */
  async #mayRest(accountId: string, nowMs: number): Promise<void> {
    const sinceMs = nowMs - REST_MS;
    const { kv } = this.ctx.storage;
    if (this.#rows.isBusy() || (kv.get<number>(ASKED) ?? 0) > sinceMs) return;
    const before = this.#wakes;
    const object = this.env.METRICS.getByName(accountsObjectOf(accountId));
    const isAsleep = await object.sleep(accountId, sinceMs).catch(() => false);
    if (isAsleep && this.#wakes === before) await this.ctx.storage.deleteAlarm();
  }

  async #round(measured: ReadonlyMap<Signal, readonly Series[]>, nowMs: number): Promise<void> {
    const watched = this.#watched();
    if (watched === null) return;
    try {
      this.ctx.storage.transactionSync(() => {
        const tracked = this.#known();
        const floorMs = this.ctx.storage.kv.get<number>("floorMs") ?? 0;
        const told = round(this.rules(watched.reach), measured, tracked, { nowMs, floorMs });
        this.#store(told, tracked);
        this.#queueTelling(nowMs);
      });
    } catch (error) {
      this.#tracked = null; // as it is stored
      throw error;
    }
    await this.#tell(watched.accountId);
  }

  #store(told: readonly Told[], tracked: ReadonlyMap<string, Tracked>): void {
    if (told.length === 0) return;
    const open = new Map([...this.#rows.open()].map(([key, { alert }]) => [key, alert]));
    for (const one of told) {
      const key = trackedKey(one.rule.id, one.labels);
      const before = open.get(key) ?? null;
      const alert = changed(before, one, newId);
      if (alert === null || alert.state === "resolved") open.delete(key);
      else open.set(key, alert);
      if (alert === null && before !== null) this.#rows.drop(before.id);
      if (alert === null) continue;
      const { standing = null, seenMs = one.change.atMs } = tracked.get(key) ?? {};
      this.#rows.put(alert, { standing: alert.state === "resolved" ? null : standing, seenMs });
      if (alert.state === "resolved") this.#resolved(alert);
    }
    const newestMs = Math.max(...told.map(({ change }) => change.atMs));
    const floorMs = this.ctx.storage.kv.get<number>("floorMs") ?? 0;
    this.ctx.storage.kv.put("floorMs", Math.max(floorMs, newestMs));
  }

  /** Whoever heard that it fires hears that it is over. */
  #resolved(alert: Alert): void {
    for (const routeId of this.#rows.heardEnd(alert.id))
      this.#rows.tell(routeId, alert, Date.now());
  }

  /** What fires and is not silenced, to each route that has not heard of it. */
  #queueTelling(nowMs: number): void {
    const routes = this.#rows.routes();
    const open = [...this.#rows.open().values()].filter(({ alert }) => alert.state === "firing");
    if (open.length === 0 || routes.length === 0) return;
    const [silences, heard] = [this.#rows.silences(nowMs), this.#rows.heard()];
    for (const { alert } of open) {
      if (isSilenced(alert, silences, nowMs)) continue;
      for (const { id } of routesOf(alert, routes))
        if (heard.get(alert.id)?.has(id) !== true) this.#rows.hears(alert, id, nowMs);
    }
  }

  async #tell(accountId: string): Promise<void> {
    if (this.#telling.dueMs() > Date.now()) return;
    await this.#telling.work(accountId, this.#rows.routes(), Date.now());
    const dueMs = this.#telling.dueMs();
    const alarmMs = (await this.ctx.storage.getAlarm()) ?? Infinity;
    if (dueMs < alarmMs) await this.ctx.storage.setAlarm(dueMs);
  }

  /** What a rule was saying is over, as its rule is. */
  #end(ruleId: string, nowMs: number): void {
    const ended = endedWith(ruleId, this.#known());
    const open = this.#rows.open();
    for (const { labels } of ended) {
      const known = open.get(trackedKey(ruleId, labels))?.alert;
      if (known === undefined) continue;
      if (known.state === "pending") this.#rows.drop(known.id);
      else {
        const alert: Alert = { ...known, state: "resolved", resolvedAtMs: nowMs };
        this.#rows.put(alert, { standing: null, seenMs: nowMs });
        this.#resolved(alert);
      }
    }
  }

  #known(): Map<string, Tracked> {
    this.#tracked ??= new Map(
      [...this.#rows.open()].map(([key, { tracked }]) => [key, { ...tracked }]),
    );
    return this.#tracked;
  }

  #isUsed(): boolean {
    return isMigrated(this.ctx.storage);
  }

  #watched(): Watched | null {
    return this.#isUsed() ? (this.ctx.storage.kv.get<Watched>("watched") ?? null) : null;
  }

  /** From here on somebody looks. */
  async #watch(watched: Watched): Promise<void> {
    migrate(this.ctx.storage, ALERT_STEPS);
    const nowMs = Date.now();
    const { kv } = this.ctx.storage;
    if (nowMs - (kv.get<number>(ASKED) ?? 0) > ROUND_MS) kv.put(ASKED, nowMs);
    if (this.#watched()?.reach !== watched.reach) this.ctx.storage.kv.put("watched", watched);
    if ((await this.ctx.storage.getAlarm()) === null)
      await this.ctx.storage.setAlarm(nowMs + ROUND_MS);
  }
}

const newestIn = (series: readonly Series[] = []): number =>
  Math.max(0, ...series.map(({ points }) => points.at(-1)?.value ?? 0));

const newId = (): string => `alt_${crypto.randomUUID().replaceAll("-", "")}`;
