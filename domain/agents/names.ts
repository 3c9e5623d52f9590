import { isInvisible } from "#domain/verification/fold.ts";

/** The scripts that words are written in today (UAX 31, table 5); a name in another one can hardly be read by anybody. */
const SCRIPTS = [
  "Arabic Armenian Bengali Bopomofo Cyrillic Devanagari Ethiopic Georgian Greek Gujarati Gurmukhi Han Hangul Hebrew",
  "Hiragana Kannada Katakana Khmer Lao Latin Malayalam Myanmar Oriya Sinhala Tamil Telugu Thaana Thai Tibetan",
]
  .join(" ")
  .split(" ");
/** What is written together in one word all the same (UTS 39, section 5.2, highly restrictive). */
const TOGETHER = [
  ["Latin", "Han", "Hiragana", "Katakana"],
  ["Latin", "Han", "Bopomofo"],
  ["Latin", "Han", "Hangul"],
  ...SCRIPTS.map((script) => [script]),
];
const LETTERS = TOGETHER.map(
  (scripts) => new RegExp(`^[${scripts.map((one) => `\\p{scx=${one}}`).join("")}]+$`, "u"),
);
/** Letters, marks and digits, blanks, and the marks that names have. */
const TAKEN = /^[\p{L}\p{M}\p{N} \-_.,:;'’()&+#/@!?·・]+$/u;
const WORD = /[\p{L}\p{M}]+/gu;

/**
 * Letters that look like others, each with the one that stands for both (UTS 39, section 4, as far as today's scripts go;
 * what NFKC and lower case make equal needs no entry). Two letters each.
 */
const LOOKALIKES = new Map(
  [
    "аa вb сc ԁd еe ғf һh іi јj кk ӏl мm нh оo рp ԛq гr ѕs тt ѵv ԝw хx уy", // Cyrillic
    "αa βb εe ηn ιi κk νv οo ρp τt υu χx γy ωw ϲc", // Greek
    "ոn օo սu ցg հh զq ԝw ԍg", // Armenian and rare Cyrillic
    "ɑa ɡg ıi ʟl ɩi ſs ƽs ƅb", // Latin, phonetic and old
    "0o 1l |l", // digits
  ]
    .join(" ")
    .split(" ")
    .map((pair) => [[...pair][0] ?? "", [...pair][1] ?? ""]),
);

/** What claims to be the platform or whoever runs it. */
const RESERVED = new Set(
  "admin administrator root system operator moderator platform official registry everyone anonymous nobody".split(
    " ",
  ),
);
const BRAND = "wishub";

/** What two names share that a reader would take for one: case, width, blanks, look-alike letters. */
export function nameKeyOf(name: string): string {
  const folded = name.normalize("NFKC").toLowerCase().normalize("NFC").trim();
  const letters = [...folded].map((letter) => LOOKALIKES.get(letter) ?? letter).join("");
  return letters.replaceAll(/\s+/g, " ");
}

/** Why an agent may not be called that, or null. */
export function nameRefusal(name: string): string | null {
  const written = name.normalize("NFKC");
  if ([...written].some((character) => isInvisible(character.codePointAt(0) ?? 0)))
    return "must not hold characters that nobody sees";
  if (!TAKEN.test(written)) return "must be of letters, digits, blanks and common punctuation";
  for (const [word] of written.matchAll(WORD)) {
    if (!LETTERS.some((letters) => letters.test(word)))
      return `mixes scripts in one word, or is in one that is not in use: ${word}`;
  }
  const key = nameKeyOf(name);
  const bare = key.replaceAll(/[^\p{L}\p{N}]/gu, "");
  if (bare === "") return "must hold a letter or a digit";
  // A capital I is taken for an l, and the other way round.
  const readings = [
    bare,
    nameKeyOf(written.replaceAll("l", "I")).replaceAll(/[^\p{L}\p{N}]/gu, ""),
  ];
  const isReserved = readings.some((one) => RESERVED.has(one) || one.includes(BRAND));
  return isReserved ? "is reserved for the platform" : null;
}
