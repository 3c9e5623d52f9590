import type { Call } from "#adapters/search-calls.ts";
import { queryTerms } from "#domain/search/engine/analysis.ts";
import { BEAM, nearestLeaves } from "#domain/search/leaves/fan-out.ts";
import type { SearchRequest } from "#domain/search/model.ts";
import type { Place } from "#domain/search/leaves/ranges.ts";
import { leavesWithRareWords, leavesWithWords, type Sketch } from "#domain/search/leaves/sketch.ts";
import { routed } from "#domain/search/leaves/tree.ts";

/** How old a sketch may be: a word that is new to a leaf may be unseen so long, by searches without a vector only. */
const FRESH_MS = 2_000;
/** 16 MB at most. */
const KEPT_MAX = 256;
/** Leaves asked for one search because nothing is known of their words. */
const UNKNOWN_MAX = 64;

type Kept = { version: number; sketch: Sketch; readAtMs: number };

/** Per isolate: the sketches of leaves of collections that have more than are asked for every search. */
const kept = new Map<string, Kept>();

function freshSketch(name: string): Sketch | undefined {
  const known = kept.get(name);
  return known === undefined || Date.now() - known.readAtMs > FRESH_MS ? undefined : known.sketch;
}

/**
 * The leaves for a request, by vector those first that hold most of what is near. Of more than are asked for every one:
 * some by vector, by words, or by both.
 */
export function leavesForRequest(leaves: readonly Place[], request: SearchRequest): Place[] {
  const { text, gloss = "", vector } = request;
  if (leaves.length <= 1) return [...leaves];
  if (leaves.length <= BEAM)
    return vector === undefined ? [...leaves] : nearestLeaves(leaves, routed([{ vector }]));
  const keys = text === undefined ? [] : queryTerms(text, gloss).map(({ key }) => key);
  if (vector !== undefined) {
    const rare = leavesWithRareWords(leaves, (name) => kept.get(name)?.sketch, keys);
    return [...new Set([...nearestLeaves(leaves, routed([{ vector }])), ...rare])];
  }
  const unknown = leaves.filter(({ name }) => freshSketch(name) === undefined).length;
  return leavesWithWords(leaves, freshSketch, keys, BEAM + Math.min(unknown, UNKNOWN_MAX));
}

/** Reads the sketches again that are not fresh, some at a time. One that cannot be had is asked for next time. */
export async function refreshSketches(call: Call, leaves: readonly Place[]): Promise<void> {
  const stale = leaves.filter(({ name }) => freshSketch(name) === undefined);
  await Promise.all(stale.slice(0, UNKNOWN_MAX).map(({ name }) => refresh(call, name)));
}

async function refresh(call: Call, name: string): Promise<void> {
  const known = kept.get(name);
  const answer = await call(name, (stub) => stub.sketch(known?.version ?? -1)).catch(() => null);
  if (answer?.kind !== "done") return;
  const sketch = answer.value.sketch ?? known?.sketch;
  if (sketch === undefined) return;
  kept.delete(name);
  kept.set(name, { version: answer.value.version, sketch, readAtMs: Date.now() });
  const [oldest] = kept.keys();
  if (kept.size > KEPT_MAX && oldest !== undefined) kept.delete(oldest);
}
