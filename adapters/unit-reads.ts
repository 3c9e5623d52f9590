import type { StoredUnit } from "#domain/units/record.ts";

type Found = ReadonlyMap<string, StoredUnit[]>;
type Read = (ids: string[]) => Promise<Found>;
type Batch = { ids: Set<string>; begun: boolean; ended: boolean; found: Found | null };
type Lane = { running: Set<{ sinceMs: number }>; next: Batch | null };

/** Reads of one shard under way at once; what comes meanwhile goes together in the next. */
const RUNNING_MAX = 2;
const BATCH_MAX = 32;
const LOOK_MS = 1;
/** A read belongs to the request that runs it. Where that one was cut off, the others read for themselves after this. */
const SILENT_MS = 1_000;

/**
 * Reads of units that no memory has, so many of a shard at a time: those that come while others are under way are read
 * in one query, one unit that many ask for once. Nobody is given a read that had begun before it was asked for.
 */
export function readsTogether() {
  const lanes = new Map<number, Lane>();

  const isFree = ({ running }: Lane): boolean => {
    for (const one of running) if (Date.now() - one.sinceMs > SILENT_MS) running.delete(one);
    return running.size < RUNNING_MAX;
  };

  async function run(lane: Lane, ids: string[], read: Read): Promise<Found> {
    const mine = { sinceMs: Date.now() };
    lane.running.add(mine);
    try {
      return await read(ids);
    } finally {
      lane.running.delete(mine);
    }
  }

  async function lead(lane: Lane, batch: Batch, read: Read): Promise<void> {
    batch.begun = true;
    if (lane.next === batch) lane.next = null;
    try {
      batch.found = await run(lane, [...batch.ids], read);
    } finally {
      batch.ended = true;
    }
  }

  return async (shard: number, id: string, read: Read): Promise<StoredUnit[]> => {
    const lane = lanes.get(shard) ?? { running: new Set(), next: null };
    lanes.set(shard, lane);
    const alone = async () => (await run(lane, [id], read)).get(id) ?? [];
    if (isFree(lane)) return await alone();
    if (lane.next === null || lane.next.ids.size >= BATCH_MAX)
      lane.next = { ids: new Set(), begun: false, ended: false, found: null };
    const batch = lane.next;
    batch.ids.add(id);
    const untilMs = Date.now() + SILENT_MS;
    // Looking again instead of awaiting the leader: one request may not await a promise of another.
    while (!batch.ended && Date.now() < untilMs) {
      if (batch.begun || !isFree(lane)) await scheduler.wait(LOOK_MS);
      else await lead(lane, batch, read);
    }
    return batch.found === null ? await alone() : (batch.found.get(id) ?? []);
  };
}
