import { gathering } from "#domain/metrics/gathering.ts";
import { log } from "#domain/observability/log.ts";
import { PLATFORM, USAGE } from "#domain/topics/topics.ts";
import type { Aggregate } from "#domain/usage/book.ts";
import { type UsageBatch, usageGathering } from "#domain/usage/gathering.ts";
import { collectorOf, LANE_KEYS, partitionsOfAccount } from "#domain/usage/objects.ts";
import { isolateBeat, type Keeper } from "#adapters/isolate-batch.ts";
import { topicPort } from "#adapters/topics.ts";

/** What an isolate may lose of what it metered when it ends. */
const TOLD_EVERY_MS = 2_000;
/** A batch that is on its way for longer than this is handed over again: the request that did it is gone. */
const LOST_AFTER_MS = 15_000;
const UNTOLD_MAX = 512;
const POKED_EVERY_MS = 30_000;

type Untold = { batch: UsageBatch; sentMs: number };

let isolate = "";
let untold: Untold[] = [];
const poked = new Map<number, number>();
const ports = new WeakMap<Env, ReturnType<typeof topicPort>>();

const portOf = (env: Env): ReturnType<typeof topicPort> => {
  let port = ports.get(env);
  if (port === undefined) ports.set(env, (port = topicPort(env)));
  return port;
};

const beat = isolateBeat(TOLD_EVERY_MS, told);

/** Sees to it that what this isolate metered is told. */
export function tellUsage(env: Env, keeper: Keeper, nowMs: number, waits: boolean): void {
  if (!usageGathering.isEmpty || untold.length > 0) beat(env, keeper, nowMs, waits);
}

/** Appends all that this isolate has metered to the log; what is not taken is handed over again, under the same numbers. */
async function told(env: Env): Promise<void> {
  // No random value may be had before a request.
  isolate ||= crypto.randomUUID().replaceAll("-", "");
  const nowMs = Date.now();
  for (const batch of usageGathering.take(isolate, nowMs))
    untold.push({ batch, sentMs: -Infinity });
  drop(untold.length - UNTOLD_MAX, nowMs);
  const mine = untold.filter(({ sentMs }) => nowMs - sentMs > LOST_AFTER_MS);
  if (mine.length === 0) return;
  for (const one of mine) one.sentMs = nowMs;
  try {
    const taken = await portOf(env).append(
      PLATFORM,
      USAGE.name,
      mine.map(({ batch }) => draftOf(batch)),
    );
    if (!taken.ok) throw new Error(taken.error.code);
    const done = new Set(mine);
    untold = untold.filter((one) => !done.has(one));
    await poke(env, new Set(taken.value.map(({ partition }) => partition)));
  } catch (error) {
    for (const one of mine) one.sentMs = -Infinity;
    log("error", "usage-untold", { batches: mine.length, error: String(error) });
  }
}

function drop(batches: number, nowMs: number): void {
  const calls = usageGathering.dropped;
  usageGathering.dropped = 0;
  const name = "wishub_observations_dropped_total";
  if (calls > 0) gathering.record(name, { what: "metered calls" }, calls, nowMs);
  if (batches <= 0) return;
  untold.splice(0, batches);
  gathering.record(name, { what: "usage batches" }, batches, nowMs);
}

const draftOf = (batch: UsageBatch) => ({
  id: `${batch.isolate} ${batch.lane} ${batch.seq}`,
  type: "usage.recorded",
  timeMs: batch.madeAtMs,
  key: LANE_KEYS[batch.lane] ?? "",
  data: batch,
});

async function poke(env: Env, partitions: ReadonlySet<number>): Promise<void> {
  const nowMs = Date.now();
  for (const partition of partitions) {
    if (nowMs - (poked.get(partition) ?? -Infinity) < POKED_EVERY_MS) continue;
    poked.set(partition, nowMs);
    await env.USAGE.getByName(collectorOf(partition)).poke();
  }
}

export type UsedHour = Aggregate & { isSealed: boolean };

/** What accounts used. */
export function usagePort(env: Env) {
  const partitionsOf = async (accountId: string): Promise<number[]> => {
    const parents = await env.TOPIC.getByName(`${PLATFORM} ${USAGE.name} 0`).parents();
    return partitionsOfAccount(accountId, Math.max(1, parents.length));
  };

  return {
    /** Each hour of an account, in parts where the log has grown: what is closed, and what is not yet. */
    async hours(accountId: string, fromMs: number, toMs: number): Promise<UsedHour[]> {
      const partitions = await partitionsOf(accountId);
      const open = await Promise.all(
        partitions.map(async (part) => {
          const found = await env.USAGE.getByName(collectorOf(part)).openOf(accountId);
          return found.map((one) => ({ ...one, part }));
        }),
      );
      // Asked last: what was handed over meanwhile is there, and is left out of what was open.
      const closed = await env.USAGE.getByName(accountId).sealed(fromMs, toMs);
      const known = new Set(closed.map(({ hourMs, part }) => `${hourMs} ${part}`));
      const rest = open
        .flat()
        .filter(({ hourMs, part }) => !known.has(`${hourMs} ${part}`))
        .filter(({ hourMs }) => hourMs >= fromMs && hourMs < toMs);
      return [
        ...closed.map(({ hourMs, uses }) => ({ accountId, hourMs, uses, isSealed: true })),
        ...rest.map(({ hourMs, uses }) => ({ accountId, hourMs, uses, isSealed: false })),
      ] as UsedHour[];
    },
    /** Forgets what an account used, which is gone; what the log says of it goes by its age. */
    async forgetAccount(accountId: string): Promise<void> {
      for (const part of await partitionsOf(accountId))
        await env.USAGE.getByName(collectorOf(part)).forget(accountId);
      // Last: whatever was on its way there has come, and nothing comes any more.
      await env.USAGE.getByName(accountId).erase();
    },
    /** Tells what this isolate has metered, now. */
    told: async () => await told(env),
  };
}
