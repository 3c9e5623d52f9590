import type { Result } from "#domain/shared/result.ts";

type Batch<E> = {
  texts: string[];
  begun: boolean;
  result: Result<Float32Array[], E> | null;
  ended: boolean;
};

type Run<E> = (texts: string[]) => Promise<Result<Float32Array[], E>>;

const BATCH_MAX = 32;
const GATHER_MS = 2;
const LOOK_MS = 1;
/** A batch belongs to the request that ran it. If that one was cancelled, the others run their own after this. */
const LEADER_SILENT_MS = 3_000;

const gathering = new Map<string, Batch<unknown>>();
const underWay = new Map<string, { runs: number; sinceMs: number }>();

/**
 * Queries that arrive while another of the same space runs go together: at most 32, gathered for at most 2 ms. A
 * lone query goes at once.
 */
export async function batched<E>(
  space: string,
  text: string,
  run: Run<E>,
): Promise<Result<Float32Array, E>> {
  if (isIdle(space)) return firstOf(await counted(space, run, [text]), 0);
  const batch = join<E>(space);
  const place = batch.texts.push(text) - 1;
  if (batch.texts.length < BATCH_MAX) await scheduler.wait(GATHER_MS);
  if (!batch.begun) await lead(space, batch, run);
  // Looking again instead of awaiting the leader: one request may not await a promise of another.
  const untilMs = Date.now() + LEADER_SILENT_MS;
  while (!batch.ended && Date.now() < untilMs) await scheduler.wait(LOOK_MS);
  return batch.result ? firstOf(batch.result, place) : firstOf(await run([text]), 0);
}

async function lead<E>(space: string, batch: Batch<E>, run: Run<E>): Promise<void> {
  batch.begun = true;
  if (gathering.get(space) === batch) gathering.delete(space);
  try {
    batch.result = await counted(space, run, batch.texts);
  } finally {
    batch.ended = true;
  }
}

function join<E>(space: string): Batch<E> {
  const open = gathering.get(space) as Batch<E> | undefined;
  if (open && open.texts.length < BATCH_MAX) return open;
  const batch: Batch<E> = {
    texts: [],
    begun: false,
    result: null,
    ended: false,
  };
  gathering.set(space, batch);
  return batch;
}

/** A cancelled request never counts itself out, so what began too long ago counts for nothing. */
function isIdle(space: string): boolean {
  const state = underWay.get(space);
  return !state || state.runs === 0 || Date.now() - state.sinceMs > LEADER_SILENT_MS;
}

async function counted<E>(space: string, run: Run<E>, texts: string[]) {
  const state = { runs: isIdle(space) ? 0 : (underWay.get(space)?.runs ?? 0), sinceMs: Date.now() };
  state.runs += 1;
  underWay.set(space, state);
  try {
    return await run(texts);
  } finally {
    const now = underWay.get(space);
    if (now) now.runs = Math.max(0, now.runs - 1);
  }
}

function firstOf<E>(result: Result<Float32Array[], E>, place: number): Result<Float32Array, E> {
  return result.ok ? { ok: true, value: result.value[place] ?? new Float32Array() } : result;
}
