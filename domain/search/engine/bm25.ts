/** Chosen on XQuAD in English and Chinese together (`npm run bench -- retrieval`). */
export const K1 = 0.9;
export const B = 0.4;

/** How many passages there are and how long they are on average: what BM25 needs to know of a shard. */
export type Corpus = { passages: number; averageLength: number };

/**
 * How rare a term is; never negative, so a common word cannot push a passage down. A term that no passage holds
 * counts half: it says that the answer may be worded otherwise, not that what is found is wrong.
 */
export function idfOf(corpus: Corpus, documentFrequency: number): number {
  const idf = Math.log(1 + (corpus.passages - documentFrequency + 0.5) / (documentFrequency + 0.5));
  return documentFrequency === 0 ? idf / 2 : idf;
}

/** What one term adds to the score of a passage that holds it `frequency` times. */
export function shareOf(
  idf: number,
  frequency: number,
  length: number,
  averageLength: number,
): number {
  return (
    (idf * frequency * (K1 + 1)) / (frequency + flatNorm() + perWordNorm(averageLength) * length)
  );
}

/** The most a term can add, however often it occurs. */
export const boundOf = (idf: number): number => idf * (K1 + 1);

/** The part of the denominator that is the same for every passage, and the part that grows with its length. */
export const flatNorm = (): number => K1 * (1 - B);
export const perWordNorm = (averageLength: number): number =>
  averageLength > 0 ? (K1 * B) / averageLength : 0;
