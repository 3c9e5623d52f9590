import { withoutStopWords } from "#domain/search/text/stop-words.ts";
import { termsOf } from "#domain/search/text/terms.ts";

export const SNIPPET_CHARS_MAX = 280;
const OCCURRENCES_MAX = 2;
/** The longest ones: they say most, and each is a search through the passage of every hit. */
const NEEDLES_MAX = 8;

/** What to look for in a text: the query's terms, as far as they stand in it letter by letter. */
export const needlesOf = (query: string): string[] =>
  withoutStopWords([...new Set(termsOf(query))])
    .sort((a, b) => b.length - a.length)
    .slice(0, NEEDLES_MAX)
    .map((term) => (term.length > 3 && term.endsWith("y") ? term.slice(0, -1) : term));

/** The part of a passage that holds most of the needles, longer ones counting more. Plain text, nothing marked up. */
export function snippetOf(text: string, needles: readonly string[]): string {
  if (text.length <= SNIPPET_CHARS_MAX) return text;
  const lower = text.toLowerCase();
  const found: { at: number; weight: number; needle: number }[] = [];
  // Where lower-casing changes the length, places in it are not places in the text.
  if (lower.length === text.length) {
    for (const [needle, wanted] of needles.entries()) {
      let at = lower.indexOf(wanted);
      for (let seen = 0; at >= 0 && seen < OCCURRENCES_MAX; seen++) {
        found.push({ at, weight: wanted.length, needle });
        at = lower.indexOf(wanted, at + wanted.length);
      }
    }
  }
  found.sort((a, b) => a.at - b.at);
  return cut(text, bestStart(found));
}

function bestStart(found: readonly { at: number; weight: number; needle: number }[]): number {
  let best = { start: 0, weight: 0 };
  for (const [i, { at }] of found.entries()) {
    const start = Math.max(0, at - 40);
    let seen = 0; // one bit a needle
    let weight = 0;
    for (let j = i; j < found.length; j++) {
      const other = found[j];
      if (other === undefined || other.at > start + SNIPPET_CHARS_MAX - 20) break;
      const bit = 1 << other.needle;
      if ((seen & bit) === 0) weight += other.weight;
      seen |= bit;
    }
    if (weight > best.weight) best = { start, weight };
  }
  return best.start;
}

/** Cuts at a space where there is one near, and never inside a surrogate pair. */
function cut(text: string, wanted: number): string {
  let start = Math.min(wanted, text.length - SNIPPET_CHARS_MAX);
  if (start > 0) {
    const space = text.indexOf(" ", start - 1);
    if (space >= 0 && space < start + 20) start = space + 1;
    else if (isTrailing(text, start)) start++;
  }
  let end = Math.min(text.length, start + SNIPPET_CHARS_MAX - 2);
  if (end < text.length) {
    const space = text.lastIndexOf(" ", end);
    if (space > end - 20) end = space;
    else if (isTrailing(text, end)) end--;
  }
  return `${start > 0 ? "…" : ""}${text.slice(start, end)}${end < text.length ? "…" : ""}`;
}

const isTrailing = (text: string, at: number): boolean => (text.charCodeAt(at) & 0xfc00) === 0xdc00;
