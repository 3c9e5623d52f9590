import { boundOf, shareOf } from "#domain/search/engine/bm25.ts";
import type { Explanation, SearchMode } from "#domain/search/model.ts";

/**
 * How much each side of a hybrid search counts; the two add up to 1. Chosen on XQuAD, as is the power below; for cards on
 * what tools say of themselves (`npm run bench -- match`).
 */
export const WEIGHTS: Record<SearchMode, { semantic: number; lexical: number }> = {
  hybrid: { semantic: 0.45, lexical: 0.55 },
  semantic: { semantic: 1, lexical: 0 },
  lexical: { semantic: 0, lexical: 1 },
  cards: { semantic: 0.6, lexical: 0.4 },
};

/**
 * Both sides are brought to 0…1 by what is known before any passage is looked at (the range of a cosine, the most
 * the query's terms could score), never by the best hit: so scores of different shards can be compared and each
 * can be recomputed from its explanation alone.
 */
export const semanticPart = (cosine: number): number => Math.max(0, cosine);
export function lexicalPart(bm25: number, bound: number): number {
  if (bound <= 0 || bm25 <= 0) return 0;
  const root = Math.sqrt(Math.min(1, bm25 / bound));
  return root * Math.sqrt(root); // the power of 0.75, without the cost of a power
}

/** The most a query could score: what its own words could, those of its gloss left out. */
export const queryBound = (terms: readonly { idf: number; gloss?: true }[]): number =>
  terms.reduce((sum, { idf, gloss }) => (gloss === true ? sum : sum + boundOf(idf)), 0);

/** A word of the gloss counts half: the dictionary gives several for each, and most are not meant. */
export const GLOSS_WEIGHT = 0.5;

/** The score of a hit from nothing but what its explanation states. */
export function scoreOf(why: Explanation): number {
  let score = 0;
  if (why.semantic !== null) score += why.semantic.weight * semanticPart(why.semantic.cosine);
  if (why.lexical !== null) {
    const { terms, length, averageLength, weight } = why.lexical;
    let bm25 = 0;
    for (const { idf, tf } of terms) bm25 += shareOf(idf, tf, length, averageLength);
    const bound = queryBound(terms);
    score += weight * lexicalPart(bm25, bound);
  }
  return score;
}
