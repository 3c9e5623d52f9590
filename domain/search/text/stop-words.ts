/** English words that nearly every text holds, as `termsOf` gives them: they say nothing about what is asked. */
const STOP_WORDS: ReadonlySet<string> = new Set(
  `a an the of in on at to for from by with and or is are was were be been do does did has have had what which who whom
   whose when where why how that this these those it its as not into about than then there their they he she his her
   you your we our i me my can could will would should may might much many`.split(/\s+/),
);

/** The terms that carry a question; all of them when it has no others ("to be or not to be"). */
export function withoutStopWords(terms: readonly string[]): string[] {
  const kept = terms.filter((term) => !STOP_WORDS.has(term));
  return kept.length === 0 ? [...terms] : kept;
}
