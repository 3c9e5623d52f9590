import { log } from "#domain/observability/log.ts";
import type { Engine } from "#domain/search/engine/engine.ts";
import type { Pace } from "#domain/search/engine/pace.ts";
import type { SearchRequest } from "#domain/search/model.ts";
import type { LeafState } from "#domain/search/protocol.ts";
import { type Recall, recallMeter } from "#domain/search/engine/recall.ts";
import type { SearchBulk } from "#objects/search-bulk.ts";
import type { SearchContents } from "#objects/search-contents.ts";

/** How long Vectorize may be behind before the shard looks again. */
const BULK_LOOK_MS = 1_000;
const DAY_MS = 86_400_000;

/** Units are counted in memory: a count by SQL would read every record. */
export function leafState(
  engine: Engine | null,
  { databaseSize: bytes }: SqlStorage,
  splitting: boolean,
  recall: Recall | null,
): LeafState {
  let units = 0;
  const slots = engine?.nextSlot() ?? 0;
  for (let slot = 0; slot < slots; slot++)
    if (engine?.kernel.isAlive(slot) === true && engine.kernel.passageOf(slot) === 0) units++;
  return { units, passages: engine?.alive() ?? 0, bytes, splitting, recall };
}

/** Steps of a merge for each unit written meanwhile: some 1 ms for four of them. */
const STEPS_PER_UNIT = 0.25;
const STEPS_MAX = 100;

/** A merge that threw would throw again at once, and each time for all its work. */
const MERGE_AGAIN_MS = 60_000;

/** Merges step by step, so that a read of a shard that nobody writes to waits for one step at most. */
export function openMerging(contents: SearchContents, pace: Pace) {
  let notBeforeMs = 0;
  const next = () => contents.engine()?.merge() ?? null;
  return {
    /** From when on there is something to merge, or null where there is nothing. */
    dueAtMs: (): number | null => (contents.engine()?.isMergeDue() === true ? notBeforeMs : null),
    /** Never throws: what else its owner's alarm is for has to be done too. */
    async all(): Promise<void> {
      if (Date.now() < notBeforeMs) return;
      try {
        for (let merge = next(); merge !== null; merge = next())
          while (!hasEnded(merge, pace.turn(STEPS_PER_UNIT, 1, STEPS_MAX))) await scheduler.wait(0);
      } catch (error) {
        log("error", "search-merge-failed", { error: String(error) });
        notBeforeMs = Date.now() + MERGE_AGAIN_MS;
      }
    },
  };
}

function hasEnded(merge: Generator<void, void>, steps: number): boolean {
  for (let step = 0; step < steps; step++) if (merge.next().done === true) return true;
  return false;
}

/** Passages from which on a start is felt. */
const FELT_FROM = 50_000;

/**
 * Has a large leaf stay in memory for `WISHUB_SHARD_STAYS_MS` after it was last asked, elsewhere for as long as the platform
 * sees fit: a process of one's own forgets objects after 10 s without a request, and the first search after that reads
 * all codes, half a second of a million. Answers what to call when it is asked.
 */
export function openStay(
  ctx: Pick<DurableObjectState, "waitUntil">,
  contents: { engine(): Pick<Engine, "alive"> | null },
  { WISHUB_SHARD_STAYS_MS }: Pick<Env, "WISHUB_SHARD_STAYS_MS">,
): () => void {
  const stayMs = Number(WISHUB_SHARD_STAYS_MS ?? 0);
  let askedAtMs = 0;
  let isStaying = false;
  const stay = async (): Promise<void> => {
    for (let leftMs = stayMs; leftMs > 0; leftMs = askedAtMs + stayMs - Date.now())
      await scheduler.wait(leftMs);
    isStaying = false;
  };
  return () => {
    askedAtMs = Date.now();
    if (isStaying || stayMs === 0 || (contents.engine()?.alive() ?? 0) < FELT_FROM) return;
    isStaying = true;
    ctx.waitUntil(stay());
  };
}

/** How often a shard of up to so many looks into one of its users' questions: it takes 0.1 s of a core; larger ones look less often. */
const RECALL_EVERY_MS = 60_000;
const RECALL_PASSAGES = 100_000;
/** Between steps of about a ms, so that searches meanwhile wait for one in ten of them. */
const RECALL_REST_MS = 10;

/** Measures, beside requests, how many of the nearest the searches of a shard find. */
export function openRecall(contents: SearchContents) {
  const meter = recallMeter();
  let lookedAtMs = 0;
  return {
    recall: meter.recall,
    /** Work on this question that is due, if any: to be run beside requests. */
    due({ vector, mode }: SearchRequest, nowMs: number): (() => Promise<void>) | null {
      const engine = contents.engine();
      if (engine === null || vector === undefined || mode === "lexical") return null;
      const everyMs = RECALL_EVERY_MS * Math.max(1, engine.alive() / RECALL_PASSAGES);
      if (nowMs - lookedAtMs < everyMs) return null;
      lookedAtMs = nowMs;
      return async () => {
        const steps = meter.measure(engine, vector);
        while (contents.engine() === engine && steps.next().done !== true)
          await scheduler.wait(RECALL_REST_MS);
      };
    },
  };
}

/** Sees to it that an alarm comes when something is due, when Vectorize may have passed more, and once a day in any case. */
export async function alarmFor(
  storage: DurableObjectStorage,
  dueAtMs: number | null,
  bulk: SearchBulk | null,
): Promise<void> {
  const nowMs = Date.now();
  const alarm = (await storage.getAlarm()) ?? Infinity;
  const lastMs = Math.min(dueAtMs ?? Infinity, nowMs + DAY_MS);
  if (lastMs <= nowMs) {
    if (alarm > nowMs + 1_000) await storage.setAlarm(nowMs);
  } else if (bulk?.isBusy() === true && alarm > nowMs + BULK_LOOK_MS)
    await storage.setAlarm(nowMs + BULK_LOOK_MS);
  else if (alarm > lastMs) await storage.setAlarm(lastMs);
}

/** One round with Vectorize; answers when the next is due, or null when nothing is left to do. */
export async function lookAfterBulk(bulk: SearchBulk | null, name: string): Promise<number | null> {
  if (bulk === null) return null;
  try {
    const left = await bulk.step(name);
    if (left === "refused") return 60 * BULK_LOOK_MS;
    return left === "idle" ? null : left === "more" ? 0 : BULK_LOOK_MS;
  } catch (error) {
    log("error", "search-bulk-failed", { error: String(error) });
    return 10 * BULK_LOOK_MS;
  }
}
