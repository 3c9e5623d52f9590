import type { IndexedUnit } from "#domain/search/model.ts";
import { kindKey, languageKeys, tagKey, termKey } from "#domain/search/engine/term-key.ts";
import { withoutStopWords } from "#domain/search/text/stop-words.ts";
import { termsOf } from "#domain/search/text/terms.ts";

/** What the inverted index keeps of a passage: how often each key stands in it, and how many terms it has. */
export type Analysed = { counts: Map<number, number>; length: number };

const LENGTH_MAX = 65_535;

/** A unit's passages as the index sees them. The title belongs to the first, unless that begins with it already. */
export function analyse(
  unit: Pick<IndexedUnit, "title" | "kind" | "language" | "tags">,
  texts: readonly string[],
): Analysed[] {
  const filters = [kindKey(unit.kind), ...languageKeys(unit.language), ...unit.tags.map(tagKey)];
  return texts.map((text, index) => {
    const terms = termsOf(
      index === 0 && !text.startsWith(unit.title) ? `${unit.title}\n${text}` : text,
    );
    const counts = new Map<number, number>();
    for (const term of terms) {
      const key = termKey(term);
      counts.set(key, (counts.get(key) ?? 0) + 1);
    }
    for (const key of filters) counts.set(key, 1);
    return { counts, length: Math.min(terms.length, LENGTH_MAX) };
  });
}

/** A query is a set of words, and a bounded one: the first of a very long text say what it is about. */
export const QUERY_TERMS_MAX = 64;
export type QueryTerm = { term: string; key: number; isGloss: boolean };

export function queryTerms(text: string, gloss: string): QueryTerm[] {
  const own = wordsOf(text);
  const extra = gloss === "" ? [] : wordsOf(gloss).filter((term) => !own.includes(term));
  return [
    ...own.map((term) => ({ term, key: termKey(term), isGloss: false })),
    ...extra.map((term) => ({ term, key: termKey(term), isGloss: true })),
  ];
}

const wordsOf = (text: string): string[] =>
  withoutStopWords([...new Set(termsOf(text))]).slice(0, QUERY_TERMS_MAX);
