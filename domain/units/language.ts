import { FUNCTION_WORDS, MARKED_LETTERS } from "#domain/units/function-words.ts";

/** Enough text to be sure of a language; more would only cost time. */
const SAMPLE_CHARS_MAX = 4_000;
/** A Chinese or Japanese character says as much as about three letters of an alphabet. */
const CJK_WEIGHT = 3;

/** First and last code point of each script that (nearly) names its language, and that language. */
const SCRIPTS: readonly (readonly [from: number, to: number, language: string])[] = [
  [0x0370, 0x03ff, "el"],
  [0x0400, 0x052f, "cyrillic"],
  [0x0530, 0x058f, "hy"],
  [0x0590, 0x05ff, "he"],
  [0x0600, 0x077f, "arabic"],
  [0x0900, 0x097f, "hi"],
  [0x0980, 0x09ff, "bn"],
  [0x0a00, 0x0a7f, "pa"],
  [0x0a80, 0x0aff, "gu"],
  [0x0b00, 0x0b7f, "or"],
  [0x0b80, 0x0bff, "ta"],
  [0x0c00, 0x0c7f, "te"],
  [0x0c80, 0x0cff, "kn"],
  [0x0d00, 0x0d7f, "ml"],
  [0x0d80, 0x0dff, "si"],
  [0x0e00, 0x0e7f, "th"],
  [0x0e80, 0x0eff, "lo"],
  [0x0f00, 0x0fff, "bo"],
  [0x1000, 0x109f, "my"],
  [0x10a0, 0x10ff, "ka"],
  [0x1100, 0x11ff, "ko"],
  [0x1200, 0x139f, "am"],
  [0x1780, 0x17ff, "km"],
  [0x3040, 0x30ff, "kana"],
  [0x3130, 0x318f, "ko"],
  [0x31f0, 0x31ff, "kana"],
  [0x3400, 0x9fff, "han"],
  [0xac00, 0xd7af, "ko"],
  [0xf900, 0xfaff, "han"],
  [0xff66, 0xff9f, "kana"],
  [0x20000, 0x3ffff, "han"],
];

/**
 * The BCP 47 tag of the language a unit is written in, or "und" when too little tells: by script first, then Latin
 * text by its function words and marked letters. Fenced code is left out, since its words are no language's.
 */
export function detectLanguage(title: string, body: string): string {
  const sample = `${title}\n${prose(body.slice(0, SAMPLE_CHARS_MAX))}`;
  const counts = scriptCounts(sample);
  const [script, weight] = strongest(counts);
  if (script === "" || weight === 0) return "und";
  if (script === "latin") return latinLanguage(sample);
  if (script === "han" || script === "kana")
    return (counts.get("kana") ?? 0) * 12 > (counts.get("han") ?? 0) ? "ja" : "zh";
  if (script === "cyrillic") return cyrillicLanguage(sample);
  if (script === "arabic") return arabicLanguage(sample);
  return script;
}

function scriptCounts(text: string): Map<string, number> {
  const counts = new Map<string, number>();
  for (const character of text) {
    const code = character.codePointAt(0) ?? 0;
    const script = scriptOf(code);
    if (script === "") continue;
    const weight = script === "han" || script === "kana" || script === "ko" ? CJK_WEIGHT : 1;
    counts.set(script, (counts.get(script) ?? 0) + weight);
  }
  return counts;
}

function scriptOf(code: number): string {
  if (code < 0x250) {
    const letter =
      ((code | 0x20) >= 0x61 && (code | 0x20) <= 0x7a) ||
      (code >= 0xc0 && code !== 0xd7 && code !== 0xf7);
    return letter ? "latin" : "";
  }
  if (code >= 0x1e00 && code <= 0x1eff) return "latin";
  for (const [from, to, script] of SCRIPTS) if (code >= from && code <= to) return script;
  return "";
}

/** The heaviest entry; ties go to the alphabetically first, so that the answer never depends on order. */
function strongest(counts: Map<string, number>): [string, number] {
  let best: [string, number] = ["", 0];
  for (const [name, weight] of counts) {
    if (weight > best[1] || (weight === best[1] && name < best[0])) best = [name, weight];
  }
  return best;
}

function latinLanguage(sample: string): string {
  const scores = new Map<string, number>();
  const add = (languages: string, score: number) => {
    const names = languages.split(" ");
    // A word of several languages tells less about each.
    for (const name of names) scores.set(name, (scores.get(name) ?? 0) + score / names.length);
  };
  for (const word of sample.toLowerCase().split(/[^\p{L}']+/u)) {
    const languages = FUNCTION_WORDS.get(word);
    if (languages !== undefined) add(languages, 1);
  }
  for (const character of sample.toLowerCase()) {
    const languages = MARKED_LETTERS.get(character);
    if (languages !== undefined) add(languages, 0.6);
  }
  const [best, score] = strongest(scores);
  scores.delete(best);
  const [, second] = strongest(scores);
  return score >= 1 && score > second * 1.15 ? best : "und";
}

function cyrillicLanguage(sample: string): string {
  const has = (letters: string) => [...letters].some((letter) => sample.includes(letter));
  if (has("ўЎ")) return "be";
  if (has("іїєґІЇЄҐ")) return "uk";
  if (has("ѓќѕЃЌЅ")) return "mk";
  if (has("ђћџјЂЋЏЈ")) return "sr";
  if (has("әғқңөұүһӘҒҚҢӨҰҮҺ")) return "kk";
  return has("ыэёЫЭЁ") || !has("ъЪ") ? "ru" : "bg";
}

function arabicLanguage(sample: string): string {
  const has = (letters: string) => [...letters].some((letter) => sample.includes(letter));
  if (has("ٹڈڑںے")) return "ur";
  return has("پچژگ") ? "fa" : "ar";
}

/** The text outside fenced code; all of it when there is nothing else. */
function prose(text: string): string {
  const kept: string[] = [];
  let inFence = false;
  for (const line of text.split("\n")) {
    if (line.startsWith("```")) inFence = !inFence;
    else if (!inFence) kept.push(line);
  }
  const outside = kept.join("\n");
  return outside.trim() === "" ? text : outside;
}
