import { queueDepths } from "#objects/queue-depths.ts";
import {
  ACCOUNT_SOURCES,
  countedOf,
  OWN_QUEUE,
  queueSeries,
  seriesOf,
  SOURCES,
} from "#domain/alerts/measured.ts";
import { type Series, type Signal, SIGNAL_NAMES } from "#domain/alerts/signals.ts";
import {
  BURN_SIGNALS,
  burnSeries,
  type Counted,
  SLO_WINDOW_MS,
  type SloName,
} from "#domain/alerts/slo.ts";
import { gathering } from "#domain/metrics/gathering.ts";
import {
  accountsObjectOf,
  type MetricGroup,
  mergedGroups,
  METRICS_OBJECTS,
} from "#domain/metrics/merged.ts";
import { ACCOUNT_LABEL } from "#domain/metrics/names.ts";
import type { Asked, GroupRow } from "#domain/metrics/rollups.ts";
import { log } from "#domain/observability/log.ts";
import { poolDepth } from "#domain/tasks/depth.ts";
import { ownQueues, queueNameOf } from "#domain/tasks/task-id.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
/** A minute is looked at once it is over and isolates have told what they saw of it. */
const SETTLED_MS = 10_000;
/** A round that was late looks at what it missed. */
const LOOK_BACK_MS = 5 * MINUTE_MS;
/** As long as minutes are counted one by one, for the short windows of burn rates. */
const FINE_MS = 7 * HOUR_MS;
const REQUESTS = "wishub_http_request_duration_seconds";
/** Of one answer: as many series as an object has, so often, fit it (domain/metrics/keeping.ts). */
const STEPS_AT_ONCE = 120;

type CountedBy = ReadonlyMap<SloName, readonly Counted[]>;
type Measured = Map<Signal, readonly Series[]>;
type Needs = Pick<Env, "METRICS" | "TASK_QUEUE">;

/** Reads what rules are about: from the series that `Metrics` objects keep, and from an account's queue itself. */
export class AlertSignals {
  readonly #env: Needs;
  /** What was counted in whole hours, up to the hour that ended then: it is read once an hour. */
  #hours: { untilMs: number; counted: CountedBy } | null = null;

  constructor(env: Needs) {
    this.#env = env;
  }

  /** All that the installation is measured by, with how fast budgets are spent; null where it cannot be read now. */
  async all(nowMs: number): Promise<Measured | null> {
    return await readable(async () => {
      const [measured, counted] = [await this.#ofPlatform(nowMs), await this.counted(nowMs)];
      for (const signal of BURN_SIGNALS) measured.set(signal, burnSeries(signal, counted, nowMs));
      return measured;
    });
  }

  /** The same of one account. */
  async ofAccount(accountId: string, nowMs: number): Promise<Measured | null> {
    return await readable(async () => {
      const sources = Object.entries(ACCOUNT_SOURCES);
      const labels = { [ACCOUNT_LABEL]: accountId };
      const asked = sources.map(([, { name, by, labels: more }]): Asked => ({
        name,
        by,
        labels: { ...labels, ...more },
        ...newestOf(nowMs),
      }));
      const object = this.#env.METRICS.getByName(accountsObjectOf(accountId));
      const answers = (await object.several(asked)) as (GroupRow[] | null)[];
      const own = new Map([[OWN_QUEUE, await this.#queueOf(accountId)]]);
      const measured: Measured = new Map(queueSeries(own, nowMs));
      for (const [i, [signal, source]] of sources.entries())
        measured.set(signal as Signal, seriesOf(source, mergedGroups(answers[i] ?? [])));
      return measured;
    });
  }

  /** How much waits in an account's own queue, in however many shards it has. */
  async #queueOf(accountId: string) {
    const all = ownQueues(accountId).map((queue) =>
      this.#env.TASK_QUEUE.getByName(queueNameOf(queue)),
    );
    const { shards = 1 } = (await all[0]?.load()) ?? {};
    const some = all.slice(0, shards).map(async (shard) => await shard.depthOf(accountId));
    return poolDepth(await Promise.all(some));
  }

  async #ofPlatform(nowMs: number): Promise<Measured> {
    const read = await Promise.all(
      SIGNAL_NAMES.map(async (signal): Promise<[Signal, Series[]] | null> => {
        const source = SOURCES[signal];
        if (source === undefined) return null;
        const { name, by, isPrompt = false } = source;
        const asked = { name, by, labels: {}, isPrompt, ...newestOf(nowMs) };
        return [signal, seriesOf(source, await this.#groups(asked))];
      }),
    );
    const measured: Measured = new Map(read.filter((one) => one !== null));
    // Where nobody takes anything from a queue, nothing is measured of it: it is asked itself.
    const queues = await queueDepths(this.#env);
    for (const [queue, { waiting }] of queues)
      gathering.record("wishub_queue_backlog", { queue }, waiting, nowMs);
    const known = {
      backlog: measured.get("queue.backlog") ?? [],
      delay: measured.get("queue.delay") ?? [],
    };
    for (const [signal, series] of queueSeries(queues, nowMs, known)) measured.set(signal, series);
    return measured;
  }

  /** What was asked and what went wrong, of each objective, over the last 30 days. */
  async counted(nowMs: number): Promise<CountedBy> {
    const toMs = wholeMinute(nowMs);
    const cutMs = toMs - FINE_MS - ((toMs - FINE_MS) % HOUR_MS);
    if (this.#hours?.untilMs !== cutMs) {
      const fromMs = cutMs - SLO_WINDOW_MS;
      const counted = await this.#requests(fromMs, cutMs, HOUR_MS);
      this.#hours = { untilMs: cutMs, counted };
    }
    return joined([this.#hours.counted, await this.#requests(cutMs, toMs, MINUTE_MS)]);
  }

  async #requests(fromMs: number, toMs: number, stepMs: number): Promise<CountedBy> {
    const by = ["route", "status"];
    const parts: CountedBy[] = [];
    for (let atMs = fromMs; atMs < toMs; atMs += STEPS_AT_ONCE * stepMs) {
      const untilMs = Math.min(toMs, atMs + STEPS_AT_ONCE * stepMs);
      const times = { fromMs: atMs, toMs: untilMs, stepMs };
      const asked = { name: REQUESTS, labels: {}, by, ...times, isCount: true } as const;
      parts.push(countedOf(await this.#groups(asked), stepMs));
    }
    return joined(parts);
  }

  async #groups(asked: Asked): Promise<MetricGroup[]> {
    const all = await Promise.all(
      METRICS_OBJECTS.map(async (name) => await this.#env.METRICS.getByName(name).groups(asked)),
    );
    if (all.includes(null)) throw new Error(`${asked.name} is more than one answer holds`);
    return mergedGroups(all.flat() as GroupRow[]);
  }
}

const joined = (parts: readonly CountedBy[]): CountedBy => {
  const names = new Set(parts.flatMap((one) => [...one.keys()]));
  return new Map(
    [...names].map((name) => [name, parts.flatMap((one) => [...(one.get(name) ?? [])])]),
  );
};

async function readable(read: () => Promise<Measured>): Promise<Measured | null> {
  try {
    return await read();
  } catch (error) {
    log("error", "signals-not-read", { error: String(error) });
    return null;
  }
}

const wholeMinute = (nowMs: number): number =>
  nowMs - SETTLED_MS - ((nowMs - SETTLED_MS) % MINUTE_MS);

const newestOf = (nowMs: number) => {
  const toMs = wholeMinute(nowMs);
  return { fromMs: toMs - LOOK_BACK_MS, toMs, stepMs: MINUTE_MS };
};
