import { waitUntil } from "cloudflare:workers";
import { sharedBy, traceLink, traceparentOf, untraced } from "#adapters/tracing.ts";
import { sendAll } from "#db/units/send.ts";
import type { unitStore } from "#db/units/store.ts";
import { type NewUnit, storedUnitOf } from "#db/units/write.ts";
import { log } from "#domain/observability/log.ts";
import { tellUnits, type UnitTold } from "#domain/units/happenings.ts";
import type { UnitRef } from "#domain/units/publish.ts";
import type { StoredUnit } from "#domain/units/record.ts";
import { unitShardOf } from "#domain/units/id.ts";
import { topicPort } from "#adapters/topics.ts";

/** An isolate stops trusting a relay's promise this long before it ends. */
const ARMED_MARGIN_MS = 10_000;

/**
 * Hands work to a queue without waiting: the outbox row written before is what counts, the relay sends again whatever
 * a queue loses.
 */
export function handover(env: Env, outbox: Parameters<typeof tellUnits>[0]["outbox"]) {
  const topics = topicPort(env);
  const send = (queue: Queue, refs: UnitRef[]) => waitUntil(sendAll(queue, refs));
  return {
    verify: (refs: UnitRef[]) => send(env.UNIT_VERIFY, refs),
    index: (refs: UnitRef[]) => send(env.UNIT_INDEX, refs),
    /** What fails here comes again with its outbox row. */
    tell: async (...[queue, told]: Told): Promise<void> => {
      try {
        await tellUnits({ topics, outbox }, queue, told.map(traced));
      } catch (error) {
        log("warn", "units-not-told", { units: told.length, error: String(error) });
      }
    },
  };
}

/** Its events say the trace of whoever published it, where that is recorded. */
function traced(told: UnitTold): UnitTold {
  const traceparent = traceparentOf(told.unitId);
  if (traceparent === undefined) return told;
  return { ...told, drafts: told.drafts.map((draft) => ({ ...draft, traceparent })) };
}

/** The same for who goes on while it is told what came of units. */
export const unwaited = (hand: ReturnType<typeof handover>): ReturnType<typeof handover> => ({
  ...hand,
  tell: async (...told) => waitUntil(hand.tell(...told)),
});

type Told =
  Parameters<typeof tellUnits> extends [unknown, infer Queue, infer All] ? [Queue, All] : never;

const armedUntilMs = new Map<string, number>();

/** Wakes the relay of each shard the units live on; at most once a minute per shard and isolate. */
export function relays(env: Env, bindings: readonly string[]) {
  return {
    async arm(unitIds: string[]): Promise<void> {
      const shards = new Set(unitIds.map((id) => bindings[unitShardOf(id) ?? -1]));
      for (const shard of shards) {
        if (shard === undefined || (armedUntilMs.get(shard) ?? 0) - ARMED_MARGIN_MS > Date.now())
          continue;
        armedUntilMs.set(shard, await env.RELAY.getByName(shard).arm(shard));
      }
    },
  };
}

/** New units go through their shard's relay, which writes those of many requests together and shares out their verification. */
export function unitWriter(
  env: Env,
  bindings: readonly string[],
  store: Pick<ReturnType<typeof unitStore>, "inserted">,
  verify: (units: StoredUnit[]) => Promise<void>,
) {
  return {
    insert: (units: StoredUnit[], nowMs: number): Promise<StoredUnit[] | null> =>
      store.inserted(units, nowMs, async (shard, members) => {
        const binding = bindings[shard];
        if (binding === undefined) throw new Error(`no shard of units has the number ${shard}`);
        const trace = traceLink();
        const traced = trace === undefined ? members : members.map((one) => ({ ...one, trace }));
        const written = await env.RELAY.getByName(binding).insert(binding, traced);
        if (written !== null && written.share.length > 0)
          waitUntil(verifyShares(env.RELAY.getByName(binding), written.share, verify));
        return written;
      }),
  };
}

/** What the platform lets a request do after its answer is 30 s. */
const VERIFYING_MS = 15_000;
/**
 * How long work gathers before the next share, so that what a share costs beside its units is paid by more of them.
 * Whoever publishes alone is not to be kept waiting for it, and after a large share enough has gathered already.
 */
const gatherMs = (shared: number): number => (shared < 3 ? 5 : shared < 40 ? 25 : 0);

/** Verifies a share and then what has gathered meanwhile. Whatever is cut off is in the outbox, and so is what fails. */
async function verifyShares(
  relay: { verified(takesMore: boolean): Promise<NewUnit[]> },
  first: NewUnit[],
  verify: (units: StoredUnit[]) => Promise<void>,
): Promise<void> {
  const untilMs = Date.now() + VERIFYING_MS;
  for (let share = first; share.length > 0;) {
    try {
      const all = share.map(({ id, trace }) => ({ link: trace, thing: id }));
      const isTraced = all.some(({ link }) => link !== undefined);
      const work = () => verify(share.map(storedUnitOf));
      await untraced(() =>
        isTraced ? sharedBy(all, "verify units", "unit-verify", work) : work(),
      );
    } catch (error) {
      log("warn", "verify-share-failed", { units: share.length, error: String(error) });
    }
    await scheduler.wait(gatherMs(share.length));
    share = await relay.verified(Date.now() < untilMs);
  }
}
