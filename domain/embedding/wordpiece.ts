export type Vocabulary = ReadonlyMap<string, number>;

/** What the model reads of one text, [CLS] and [SEP] included. */
export const TOKENS_MAX = 256;

const CLS = 101;
const SEP = 102;
const UNKNOWN = 100;
const WORD_CHARS_MAX = 100;
/** More characters than 256 word pieces need in any real text; the rest is not looked at. */
const TEXT_CHARS_MAX = 16_384;

// BERT's classes: \p{C} covers NUL, controls, formats and lone surrogates; tab and line ends are whitespace.
const CONTROL = /(?![\t\n\r])\p{C}|\ufffd/gu;
const IDEOGRAPH =
  /[\u4e00-\u9fff\u3400-\u4dbf\u{20000}-\u{2a6df}\u{2a700}-\u{2b73f}\u{2b740}-\u{2b81f}\u{2b920}-\u{2ceaf}\uf900-\ufaff\u{2f800}-\u{2fa1f}]/gu;
const WORD = /[\p{P}$+<=>^`|~]|[^\s\p{P}$+<=>^`|~]+/gu;

/** One piece a line, its number the line's, as BERT's vocab.txt has it. */
export function parseVocabulary(text: string): Vocabulary {
  return new Map(text.split("\n").map((piece, id) => [piece, id]));
}

/** BERT's uncased WordPiece: at most `max` ids, first [CLS], last [SEP]. Names of special tokens are plain text here. */
export function wordPieces(vocabulary: Vocabulary, text: string, max = TOKENS_MAX): number[] {
  const ids = [CLS];
  for (const [word] of normalised(text).matchAll(WORD)) {
    if (ids.length >= max - 1) break;
    pushPieces(vocabulary, word, ids);
  }
  ids.length = Math.min(ids.length, max - 1);
  ids.push(SEP);
  return ids;
}

function normalised(text: string): string {
  return text
    .slice(0, TEXT_CHARS_MAX)
    .replace(CONTROL, "")
    .replace(IDEOGRAPH, " $& ")
    .normalize("NFD")
    .replace(/\p{Mn}/gu, "")
    .toLowerCase();
}

function pushPieces(vocabulary: Vocabulary, word: string, ids: number[]): void {
  const whole = vocabulary.get(word);
  if (whole !== undefined) {
    ids.push(whole);
    return;
  }
  const pieces = charCount(word) > WORD_CHARS_MAX ? null : split(vocabulary, word);
  ids.push(...(pieces ?? [UNKNOWN]));
}

/** Longest piece first, from the left; a word with a part outside the vocabulary has no pieces. */
function split(vocabulary: Vocabulary, word: string): number[] | null {
  const pieces: number[] = [];
  let from = 0;
  while (from < word.length) {
    let to = word.length;
    let id: number | undefined;
    while (to > from) {
      const piece = word.slice(from, to);
      id = vocabulary.get(from === 0 ? piece : `##${piece}`);
      if (id !== undefined) break;
      to -= 1;
    }
    if (id === undefined) return null;
    pieces.push(id);
    from = to;
  }
  return pieces;
}

function charCount(word: string): number {
  return word.length <= WORD_CHARS_MAX ? word.length : [...word].length;
}
