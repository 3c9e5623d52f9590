import { type QueryTerm, queryTerms } from "#domain/search/engine/analysis.ts";
import { areOfUnits, type Best, bestUnits } from "#domain/search/engine/best-units.ts";
import {
  boundOf,
  type Corpus,
  flatNorm,
  idfOf,
  perWordNorm,
  shareOf,
} from "#domain/search/engine/bm25.ts";
import type { Engine } from "#domain/search/engine/engine.ts";
import type { Peaks } from "#domain/search/engine/kernel.ts";
import {
  GLOSS_WEIGHT,
  lexicalPart,
  queryBound,
  scoreOf,
  semanticPart,
  WEIGHTS,
} from "#domain/search/explain.ts";
import { applyFilter } from "#domain/search/engine/filter.ts";
import { CANDIDATES_MAX } from "#domain/search/engine/layout.ts";
import { bestOfBoth, sureFor, withCosines } from "#domain/search/engine/nearest.ts";
import type { TermLists } from "#domain/search/engine/lexical.ts";
import type { ExplainedTerm, Explanation, SearchRequest } from "#domain/search/model.ts";

/** A unit's best passage. `first` is the unit's first slot, which names it inside the shard. */
export type Ranked = { slot: number; first: number; score: number; why: Explanation };

/** The best units, and how close the closest lists of vectors were, where those were looked at. */
export type Ranking = { best: Ranked[]; peaks: Peaks | null };

/** Scores are summed up in 32 bits first. */
const ROUNDING = 1e-4;

type Term = QueryTerm & { idf: number; lists: TermLists; gloss?: true };

/**
 * The best units of a shard for a request: exact scores for every passage that either side finds promising. With
 * `dense`, sorted slots of living passages, somebody else has looked for what is near: those stand for it. A filter
 * has to be looked through here, since what is near and passes it may be far from what is near. Of units that score less
 * than was found `beyond` this shard, none is named.
 */
export function rank(
  engine: Engine,
  request: SearchRequest,
  dense: Uint32Array | null = null,
): Ranking {
  const { kernel } = engine;
  if (kernel.slots() === 0) return { best: [], peaks: null };
  const weights = WEIGHTS[request.mode];
  const terms =
    weights.lexical > 0 && request.text !== undefined
      ? termsFor(engine, request.text, request.gloss ?? "")
      : null;
  const vector = weights.semantic > 0 ? request.vector : undefined;
  const filtered = applyFilter(request.filter, engine.lexical, kernel);

  const corpus = engine.lexical.corpus();
  if (terms !== null) addUpTerms(engine, terms, corpus);
  const byText = terms === null ? new Uint32Array() : bestByText(engine, request.limit, filtered);
  const best = bestUnits(kernel, request.limit);
  const bound = queryBound(terms ?? []);
  const byWords = (slot: number): number =>
    terms === null ? 0 : weights.lexical * lexicalPart(kernel.scoreOf(slot), bound);
  const floor = (request.beyond?.score ?? -Infinity) - ROUNDING;
  if (vector === undefined) {
    for (const [i, slot] of byText.entries())
      if (byWords(slot) >= floor) best.add(slot, kernel.scoreOf(slot), i);
    return { best: finished(engine, request, best.units, terms, corpus, null), peaks: null };
  }

  const scoreAt = (slot: number, cosine: number): number =>
    weights.semantic * semanticPart(cosine) + byWords(slot);
  const asked = {
    sure: sureFor(request.limit),
    filtered,
    peaks: engine.lists().count > 1 ? (request.beyond?.peaks ?? undefined) : undefined,
    ...leastFor(floor - byText.reduce((most, slot) => Math.max(most, byWords(slot)), 0), weights),
  };
  const { slots, cosines, peaks } =
    dense === null || filtered
      ? bestOfBoth(engine, vector, byText, asked, scoreAt, floor)
      : withCosines(engine, vector, union(dense, byText));
  for (let i = 0; i < slots.length; i++) {
    const slot = slots[i] ?? 0;
    const score = scoreAt(slot, cosines[i] ?? 0);
    if (score >= floor) best.add(slot, score, i);
  }
  const cosineAt = (index: number): number => cosines[index] ?? 0;
  return { best: finished(engine, request, best.units, terms, corpus, cosineAt), peaks };
}

/** The cosine that a unit needs for so much of its score; none where any will do. */
const leastFor = (score: number, { semantic }: { semantic: number }): { least?: number } =>
  score > 0 ? { least: score / semantic } : {};

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

/** The passages whose words score best: of so many units, also where a few long ones hold most of them. */
function bestByText({ kernel }: Engine, limit: number, filtered: boolean): Uint32Array {
  const count = Math.min(256, 32 + limit * 4);
  const { slots } = kernel.best(count, filtered);
  if (slots.length < count || areOfUnits(kernel, slots, limit)) return slots;
  return kernel.best(CANDIDATES_MAX, filtered).slots;
}

const union = (one: Uint32Array, other: Uint32Array): Uint32Array =>
  Uint32Array.from(new Set([...one, ...other]));

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
  const least = request.beyond?.score ?? -Infinity;
  return ranked
    .filter(({ score }) => score >= least)
    .sort((a, b) => b.score - a.score || a.slot - b.slot);
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
