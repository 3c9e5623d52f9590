import type { Peaks } from "#domain/search/engine/kernel.ts";
import { mergedHits } from "#domain/search/leaves/merge-hits.ts";
import type { Beyond, SearchHit } from "#domain/search/model.ts";

/** What a search has found in the leaves it asked, for those it asks next. */
export function bestSoFar(limit: number) {
  let best: SearchHit[] = [];
  /** Read once somebody asks: where all leaves are asked at once, nobody does. */
  let unread: string[] = [];
  let peaks: Peaks | null = null;
  return {
    /** As JSON text, as leaves say it. */
    add(hits: string, of: Peaks | null): void {
      if (hits !== "[]") unread.push(hits);
      if (of !== null)
        peaks = {
          product: Math.max(of.product, peaks?.product ?? -Infinity),
          worth: Math.max(of.worth, peaks?.worth ?? -Infinity),
        };
    },
    /** Undefined while any hit is wanted. */
    beyond(): Beyond | undefined {
      if (unread.length > 0) {
        const read = unread.map((hits) => JSON.parse(hits) as SearchHit[]);
        best = mergedHits([best, ...read], limit);
        unread = [];
      }
      const last = best[limit - 1];
      return last === undefined ? undefined : { score: last.score, peaks };
    },
  };
}

/** Whether an answer that was given when so much was known holds all that is wanted now. */
export function holdsAll(then: Beyond | undefined, now: Beyond | undefined): boolean {
  if (then === undefined) return true;
  if (now === undefined || now.score < then.score) return false;
  if (then.peaks === null) return true;
  const { product, worth } = now.peaks ?? { product: -Infinity, worth: -Infinity };
  return product >= then.peaks.product && worth >= then.peaks.worth;
}
