/** Scripts written without spaces: a run of them is indexed as overlapping pairs of characters. */
const UNSPACED =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}々ー]+/gu;
const WORD = /[\p{L}\p{N}\p{M}]+/gu;
const NON_ASCII = /[^\0-\x7f]/;
const MARKS = /\p{M}+/gu;

/** A longer run of letters is data (base64, a hash), not a word somebody will type whole. */
const TERM_CHARS_MAX = 64;

/**
 * The terms of a text in order, repeats included: words lower-cased, accents folded and English plurals and
 * endings cut; text in unspaced scripts as pairs of characters, a lone character as itself.
 */
export function termsOf(text: string): string[] {
  const terms: string[] = [];
  if (!NON_ASCII.test(text)) {
    asciiWords(text, terms);
    return terms;
  }
  for (const [word] of text.normalize("NFKC").toLowerCase().matchAll(WORD)) {
    if (!NON_ASCII.test(word)) addWord(word, terms);
    else mixedWord(word, terms);
  }
  return terms;
}

function asciiWords(text: string, terms: string[]): void {
  const lower = text.toLowerCase();
  let from = -1;
  for (let at = 0; at <= lower.length; at++) {
    const code = at < lower.length ? lower.charCodeAt(at) : 0;
    const inside = (code >= 97 && code <= 122) || (code >= 48 && code <= 57);
    if (inside) {
      if (from < 0) from = at;
    } else if (from >= 0) {
      addWord(lower.slice(from, at), terms);
      from = -1;
    }
  }
}

function mixedWord(word: string, terms: string[]): void {
  let done = 0;
  for (const run of word.matchAll(UNSPACED)) {
    if (run.index > done) addWord(fold(word.slice(done, run.index)), terms);
    addPairs(run[0], terms);
    done = run.index + run[0].length;
  }
  if (done < word.length) addWord(fold(word.slice(done)), terms);
}

const fold = (word: string): string => word.normalize("NFD").replace(MARKS, "").normalize("NFC");

function addPairs(run: string, terms: string[]): void {
  const characters = [...run];
  const [first] = characters;
  if (characters.length === 1 && first !== undefined) terms.push(first);
  for (let i = 0; i + 1 < characters.length; i++)
    terms.push(`${characters[i]}${characters[i + 1]}`);
}

function addWord(word: string, terms: string[]): void {
  if (word !== "")
    terms.push(stem(word.length > TERM_CHARS_MAX ? word.slice(0, TERM_CHARS_MAX) : word));
}

/** Cuts what English adds to most nouns and verbs. It may be wrong about a word, but the same way everywhere. */
function stem(word: string): string {
  const length = word.length;
  if (length < 4 || word.charCodeAt(length - 1) !== 115) return word;
  if (word.endsWith("ies")) return length > 4 ? `${word.slice(0, -3)}y` : word;
  if (word.endsWith("ss") || word.endsWith("us") || word.endsWith("is")) return word;
  if (
    word.endsWith("sses") ||
    word.endsWith("ches") ||
    word.endsWith("shes") ||
    word.endsWith("xes")
  ) {
    return word.slice(0, -2);
  }
  return word.slice(0, -1);
}
