/**
 * A term as a number of 53 bits, exact in a double. Postings are found by it, so an index keeps no strings.
 * Among a million different terms two share a key with a probability of about 1 in 18,000.
 */
export function termKey(term: string): number {
  let high = 0x9e3779b9;
  let low = 0x85ebca6b;
  for (let i = 0; i < term.length; i++) {
    const code = term.charCodeAt(i);
    high = Math.imul(high ^ code, 0x2c1b3c6d);
    high ^= high >>> 15;
    low = Math.imul(low ^ code, 0x297a2d39);
    low ^= low >>> 13;
  }
  high = mixed(high ^ term.length);
  low = mixed(low ^ high);
  return (high >>> 0) * 0x200000 + (low >>> 11);
}

function mixed(value: number): number {
  let x = value;
  x = Math.imul(x ^ (x >>> 16), 0x7feb352d);
  x = Math.imul(x ^ (x >>> 15), 0x846ca68b);
  return x ^ (x >>> 16);
}

/** Filters are postings too. The leading control character keeps them apart from every word of a text. */
export const tagKey = (tag: string): number => termKey(`\u0001${tag}`);
export const kindKey = (kind: string): number => termKey(`\u0002${kind}`);
export const languageKey = (language: string): number => termKey(`\u0003${language.toLowerCase()}`);

/** A language is found by its whole tag and by its first part: `zh` finds `zh-Hant`. */
export function languageKeys(language: string): number[] {
  const whole = language.toLowerCase();
  const first = whole.split("-")[0] ?? whole;
  return first === whole ? [languageKey(whole)] : [languageKey(whole), languageKey(first)];
}
