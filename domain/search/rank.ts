import { type QueryTerm, queryTerms } from "#domain/search/analysis.ts";
import {
  boundOf,
  type Corpus,
  flatNorm,
  idfOf,
  perWordNorm,
  shareOf,
} from "#domain/search/bm25.ts";
import type { Engine } from "#domain/search/engine.ts";
import {
  GLOSS_WEIGHT,
  lexicalPart,
  queryBound,
  scoreOf,
  semanticPart,
  WEIGHTS,
} from "#domain/search/explain.ts";
import { allowedBits } from "#domain/search/filter.ts";
import { nearest, withCosines, without } from "#domain/search/nearest.ts";
import type { TermLists } from "#domain/search/lexical.ts";
import type { ExplainedTerm, Explanation, SearchRequest } from "#domain/search/model.ts";

/** A unit's best passage. `first` is the unit's first slot, which names it inside the shard. */
export type Ranked = { slot: number; first: number; score: number; why: Explanation };

type Term = QueryTerm & { idf: number; lists: TermLists; gloss?: true };

/**
 * The best units of a shard for a request: exact scores for every passage that either side finds promising. With
 * `dense`, sorted slots of living passages, somebody else has looked for what is near: those stand for it. A filter
 * has to be looked through here, since what is near and passes it may be far from what is near.
 */
export function rank(
  engine: Engine,
  request: SearchRequest,
  dense: Uint32Array | null = null,
): Ranked[] {
  const { kernel } = engine;
  if (kernel.slots() === 0) return [];
  const weights = WEIGHTS[request.mode];
  const terms =
    weights.lexical > 0 && request.text !== undefined
      ? termsFor(engine, request.text, request.gloss ?? "")
      : null;
  const vector = weights.semantic > 0 ? request.vector : undefined;
  const bits = allowedBits(request.filter, engine.lexical, kernel);
  if (bits !== null) kernel.allow(bits);
  const filtered = bits !== null;

  const corpus = engine.lexical.corpus();
  if (terms !== null) addUpTerms(engine, terms, corpus);
  const lexicalCount = Math.min(256, 32 + request.limit * 4);
  const byText = terms === null ? new Uint32Array() : kernel.best(lexicalCount, filtered).slots;
  if (vector === undefined) {
    return finished(
      engine,
      request,
      bestUnits(engine, byText, (slot) => kernel.scoreOf(slot), request.limit),
      terms,
      corpus,
      null,
    );
  }

  const near =
    dense === null || filtered
      ? nearest(engine, vector, { sure: sureFor(request.limit, terms !== null), filtered })
      : withCosines(engine, vector, dense);
  const others = without(byText, near.slots);
  const more = withCosines(engine, vector, others);
  const candidates = joined(near.slots, more.slots, Uint32Array);
  const cosines = joined(near.cosines, more.cosines, Float32Array);
  const bound = queryBound(terms ?? []);
  const scoreAt = (slot: number, index: number): number =>
    weights.semantic * semanticPart(cosines[index] ?? 0) +
    (terms === null ? 0 : weights.lexical * lexicalPart(kernel.scoreOf(slot), bound));
  const best = bestUnits(engine, candidates, scoreAt, request.limit);
  return finished(engine, request, best, terms, corpus, (index) => cosines[index] ?? 0);
}

function termsFor(engine: Engine, text: string, gloss: string): Term[] {
  const corpus = engine.lexical.corpus();
  return queryTerms(text, gloss).map((term) => {
    const lists = engine.lexical.find(term.key);
    const idf = idfOf(corpus, lists.documentFrequency);
    return term.isGloss
      ? { ...term, lists, idf: idf * GLOSS_WEIGHT, gloss: true as const }
      : { ...term, lists, idf };
  });
}

function addUpTerms(engine: Engine, terms: readonly Term[], corpus: Corpus): void {
  const { kernel, lexical } = engine;
  kernel.clearScores();
  const flat = flatNorm();
  const perWord = perWordNorm(corpus.averageLength);
  for (const { lists, idf } of terms) {
    lexical.each(lists, (postings, base) =>
      kernel.accumulate(postings, base, boundOf(idf), flat, perWord),
    );
  }
}

/** Estimates say which are nearest but for a few, and where words count too one a little farther may come first. */
const sureFor = (limit: number, withWords: boolean): number =>
  Math.ceil(limit * (withWords ? 4 : 1.5));

function joined<T extends Uint32Array | Float32Array>(
  one: T,
  two: T,
  make: new (length: number) => T,
): T {
  if (two.length === 0) return one;
  const all = new make(one.length + two.length);
  all.set(one);
  all.set(two, one.length);
  return all;
}

type Best = { slot: number; first: number; score: number; index: number };

/** The best `limit` units, best first; equal scores go by slot, so that an answer never depends on the scan. */
function bestUnits(
  engine: Engine,
  candidates: Uint32Array,
  scoreAt: (slot: number, index: number) => number,
  limit: number,
): Best[] {
  const { kernel } = engine;
  const best: Best[] = [];
  for (let index = 0; index < candidates.length; index++) {
    const slot = candidates[index] ?? 0;
    const score = scoreAt(slot, index);
    const last = best.at(-1);
    if (best.length >= limit && last !== undefined && !precedes(score, slot, last)) continue;
    const first = slot - kernel.passageOf(slot);
    const same = best.findIndex((held) => held.first === first);
    const held = best[same];
    if (held !== undefined) {
      if (!precedes(score, slot, held)) continue;
      best.splice(same, 1);
    }
    let at = best.length;
    for (
      let above = best[at - 1];
      above !== undefined && precedes(score, slot, above);
      above = best[at - 1]
    )
      at--;
    best.splice(at, 0, { slot, first, score, index });
    if (best.length > limit) best.pop();
  }
  return best;
}

const precedes = (score: number, slot: number, other: Best): boolean =>
  score > other.score || (score === other.score && slot < other.slot);

/** Works each hit's score out again from its explanation, so that the two can never differ. */
function finished(
  engine: Engine,
  request: SearchRequest,
  best: readonly Best[],
  terms: readonly Term[] | null,
  corpus: Corpus,
  cosineAt: ((index: number) => number) | null,
): Ranked[] {
  const weights = WEIGHTS[request.mode];
  const ranked = best.map(({ slot, first, index }) => {
    const why: Explanation = {
      semantic: null,
      lexical: null,
      passage: engine.kernel.passageOf(slot),
    };
    if (cosineAt !== null) {
      const cosine = cosineAt(index);
      why.semantic = { weight: weights.semantic, cosine, normalised: semanticPart(cosine) };
    }
    if (terms !== null) why.lexical = lexicalWhy(engine, slot, terms, corpus, weights.lexical);
    return { slot, first, score: scoreOf(why), why };
  });
  return ranked.sort((a, b) => b.score - a.score || a.slot - b.slot);
}

function lexicalWhy(
  engine: Engine,
  slot: number,
  terms: readonly Term[],
  corpus: Corpus,
  weight: number,
): Explanation["lexical"] {
  const length = engine.kernel.lengthOf(slot);
  const { averageLength } = corpus;
  const shares = terms.map(({ term, idf, lists, gloss }): ExplainedTerm => {
    const tf = engine.lexical.frequency(lists, slot);
    const share = { term, idf, tf, score: shareOf(idf, tf, length, averageLength) };
    return gloss === true ? { ...share, gloss } : share;
  });
  const bm25 = shares.reduce((sum, { score }) => sum + score, 0);
  const bound = queryBound(shares);
  return {
    weight,
    bm25,
    normalised: lexicalPart(bm25, bound),
    length,
    averageLength,
    terms: shares,
  };
}
