import { accountGathering, gathering, type PointRow } from "#domain/metrics/gathering.ts";
import { ACCOUNT_LABEL } from "#domain/metrics/names.ts";
import { exposition } from "#domain/metrics/prometheus.ts";
import {
  accountsObjectOf,
  boundedGroups,
  type MetricGroup,
  METRICS_OBJECTS,
} from "#domain/metrics/merged.ts";
import type { Asked, GroupRow, TotalRow } from "#domain/metrics/rollups.ts";
import { accountIn, shardOf } from "#domain/metrics/series.ts";
import { log } from "#domain/observability/log.ts";
import { isolateBeat, type Keeper } from "#adapters/isolate-batch.ts";

/** What an isolate measured waits so long to be told; an object stands still for it no longer. */
const TOLD_EVERY_MS = 5_000;
/** Of one invocation, as the platform bounds it (Analytics Engine, limits). */
const DATA_POINTS_MAX = 250;

/** Whether anything is measured, metered or traced: not where the operator says `WISHUB_OBSERVING=0`. */
export const isObserved = ({ WISHUB_OBSERVING: said }: Env): boolean => said !== "0";

const beat = isolateBeat(TOLD_EVERY_MS, told);

/** Sees to it that what this isolate measures is told (isolate-batch.ts says when). */
export function tellMetrics(env: Env, keeper: Keeper, nowMs: number, waits: boolean): void {
  if (!gathering.isEmpty || !accountGathering.isEmpty) beat(env, keeper, nowMs, waits);
}

/** Tells all that this isolate has measured. */
async function told(env: Env): Promise<void> {
  const nowMs = Date.now();
  // What accounts' could not be kept is counted with the platform's.
  const ofAccounts = accountGathering.take(nowMs);
  const points = gathering.take(nowMs);
  if (points.length + ofAccounts.length === 0) return;
  analyse(env, points);
  const byObject = [
    ...Map.groupBy(points, ([key]) => METRICS_OBJECTS[shardOf(key, METRICS_OBJECTS.length)] ?? ""),
    ...Map.groupBy(ofAccounts, ([key]) => accountsObjectOf(accountIn(key) ?? "")),
  ];
  await Promise.all(
    byObject.map(async ([name, some]) => {
      try {
        await env.METRICS.getByName(name).take(some);
      } catch (error) {
        log("error", "metrics-untold", { points: some.length, error: String(error) });
        const what = { what: "untold metrics" };
        gathering.record("wishub_observations_dropped_total", what, some.length, Date.now());
      }
    }),
  );
}

/** The same for the platform's own analytics, where they are bound: how much, not how it is distributed. */
function analyse({ ANALYTICS }: Env, points: readonly PointRow[]): void {
  for (const [key, , [count = 0, sum = 0, min = 0, max = 0, last = 0]] of points.slice(
    0,
    ANALYTICS === undefined ? 0 : DATA_POINTS_MAX,
  ))
    ANALYTICS?.writeDataPoint({
      indexes: [key.slice(0, 96)],
      blobs: [key],
      doubles: [count, sum, min, max, last],
    });
}

/** What was measured of the platform, and of each account. */
export function metricsPort(env: Env) {
  const groups = async (asked: Asked): Promise<MetricGroup[] | null> => {
    const accountId = asked.labels[ACCOUNT_LABEL];
    const names = accountId === undefined ? METRICS_OBJECTS : [accountsObjectOf(accountId)];
    const all = await Promise.all(
      names.map(async (name) => await env.METRICS.getByName(name).groups(asked)),
    );
    // A tuple comes through the call's types as an array.
    return boundedGroups(all as (GroupRow[] | null)[]);
  };

  return {
    /** Each group's points in time order, a step without any left out; null where that is more than one answer holds. */
    groups,
    /** All series since they began, for Prometheus. */
    async exposition(): Promise<string> {
      const all = await Promise.all(
        METRICS_OBJECTS.map(async (name) => await env.METRICS.getByName(name).totals()),
      );
      return exposition(all.flat() as TotalRow[]);
    },
    /** Tells what this isolate has measured, now: whoever asks next finds their own request. */
    told: async () => await told(env),
    /** Forgets what was measured of an account, which is gone. */
    forgetAccount: async (accountId: string) =>
      await env.METRICS.getByName(accountsObjectOf(accountId)).forgetAccount(accountId),
  };
}
