/** Characters that print nothing: an attacker puts them inside a word to hide it from a matcher. */
export const isInvisible = (code: number): boolean =>
  code === 0xad ||
  code === 0x34f ||
  code === 0x61c ||
  code === 0x180e ||
  (code >= 0x200b && code <= 0x200f) ||
  (code >= 0x202a && code <= 0x202e) ||
  (code >= 0x2060 && code <= 0x206f) ||
  code === 0xfeff ||
  (code >= 0xfe00 && code <= 0xfe0f) ||
  (code >= 0xe0000 && code <= 0xe01ef);

/** Cyrillic and Greek letters that look like Latin ones. */
const LOOKALIKES = new Map(
  [..."аaеeоoрpсcуyхxіiјjѕsһhԁdԛqԝwαaεeοoρpυuιiκkνvτt"].reduce<[string, string][]>(
    (pairs, letter, i, all) => {
      if (i % 2 === 0) pairs.push([letter, all[i + 1] ?? letter]);
      return pairs;
    },
    [],
  ),
);
const LEET = new Map([
  ["0", "o"],
  ["1", "i"],
  ["3", "e"],
  ["4", "a"],
  ["5", "s"],
  ["7", "t"],
  ["@", "a"],
  ["$", "s"],
]);

/**
 * A text as the phrase rules read it: compatibility forms, invisible characters, emphasis marks, look-alike letters,
 * digits for letters, letters spaced out and runs of blanks are undone; a blank line becomes one line feed. It is read
 * by rules only, never shown.
 */
export function fold(text: string): string {
  const lines = visibleIn(text)
    .split("\n")
    .map((line) =>
      line
        .split(/[ \t\r\f\v\u00a0\u3000]+/)
        .map(foldWord)
        .join(" ")
        .trim(),
    );
  return joined(lines);
}

function visibleIn(text: string): string {
  // Most texts are ASCII: nothing to compose, and only two marks to drop.
  if (/^[^\u0080-\uffff]*$/.test(text)) return text.toLowerCase().replaceAll(/[*~]/g, "");
  let visible = "";
  for (const character of text.normalize("NFKC").toLowerCase()) {
    const code = character.codePointAt(0) ?? 0;
    if (isInvisible(code) || character === "*" || character === "~") continue;
    visible +=
      code === 0x2018 || code === 0x2019
        ? "'"
        : code === 0x201c || code === 0x201d
          ? '"'
          : character;
  }
  return visible;
}

/** Lines of one paragraph are one line, and so is each item of a list: a phrase may be wrapped, never span paragraphs. */
function joined(lines: string[]): string {
  let text = "";
  for (const line of lines) {
    if (line === "") text += text.endsWith("\n") || text === "" ? "" : "\n";
    else text += text === "" || text.endsWith("\n") ? line : ` ${line}`;
  }
  return unspaced(text);
}

/** Undoes look-alikes in a word that also holds Latin letters, and digits for letters in a word that holds letters. */
function foldWord(word: string): string {
  if (!/[a-z]/.test(word) || /^[a-z']+$/.test(word)) return word;
  let folded = "";
  for (const character of word)
    folded += LOOKALIKES.get(character) ?? LEET.get(character) ?? character;
  return folded;
}

/** "i g n o r e" and "i.g.n.o.r.e" become "ignore": five or more single letters with one and the same mark between. */
function unspaced(text: string): string {
  let out = "";
  let copied = 0;
  for (let at = 0; at < text.length;) {
    const run = spacedRun(text, at);
    if (run === undefined) {
      at += 1;
      continue;
    }
    out += text.slice(copied, at);
    copied = run;
    for (let i = at; i < run; i += 2) out += text[i] ?? "";
    at = run;
  }
  return out + text.slice(copied);
}

/** The end of a spaced-out word that begins at `at`, if one does. A run is read once: it is skipped when it is found. */
function spacedRun(text: string, at: number): number | undefined {
  const mark = text[at + 1];
  if (mark === undefined || !" .-_".includes(mark) || !isLetter(text, at) || isLetter(text, at - 1))
    return undefined;
  let end = at + 1;
  while (text[end] === mark && isLetter(text, end + 1) && !isLetter(text, end + 2)) end += 2;
  return end - at >= 9 ? end : undefined;
}

function isLetter(text: string, at: number): boolean {
  const code = text.charCodeAt(at);
  return code >= 0x61 && code <= 0x7a;
}
