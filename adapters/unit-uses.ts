import { gathering } from "#domain/metrics/gathering.ts";
import { log } from "#domain/observability/log.ts";
import { type ShardUses, useGathering } from "#domain/units/uses.ts";
import { isolateBeat, type Keeper } from "#adapters/isolate-batch.ts";
import { isObserved } from "#adapters/metrics.ts";

/** What an isolate may lose of who read what when it ends. */
const TOLD_EVERY_MS = 10_000;

type Store = { addUses(uses: ShardUses, nowMs: number): Promise<void> };

/** Who reads units whole: counted in the isolate's memory, written in batches beside requests. A read writes nothing. */
export function unitUses(env: Env, store: Store) {
  const beat = isolateBeat(TOLD_EVERY_MS, told);

  async function told(): Promise<void> {
    const nowMs = Date.now();
    await Promise.all(useGathering.take().map(async (shard) => await tell(shard, nowMs)));
  }

  async function tell(counted: ShardUses, nowMs: number): Promise<void> {
    const { shard, uses, missed } = counted;
    drop(missed, nowMs);
    try {
      await store.addUses(counted, nowMs);
    } catch (error) {
      // Nobody knows whether it was written: counting a read twice would be worse than to say that some are missing.
      const lost = uses.reduce((sum, { reads }) => sum + reads, 0);
      drop(lost, nowMs);
      useGathering.miss(shard, lost + missed);
      log("warn", "unit-uses-untold", { shard, reads: lost, error: String(error) });
    }
  }

  return {
    /** A unit was read whole. */
    used(
      keeper: Keeper,
      unitId: string,
      who: { accountId: string; principalId: string },
      nowMs: number,
    ): void {
      if (!isObserved(env)) return;
      useGathering.add(unitId, who.accountId, who.principalId, nowMs);
      beat(env, keeper, nowMs, true);
    },
    /** Tells what this isolate has counted, now. */
    usesTold: told,
  };
}

function drop(reads: number, nowMs: number): void {
  const what = { what: "unit reads" };
  if (reads > 0) gathering.record("wishub_observations_dropped_total", what, reads, nowMs);
}
