/** A Chinese–English word list as one block of bytes: small in memory and nothing to parse. */
export type Glossary = {
  /** The longest headword that `text` has at `at`, and its English gloss ("" where it has none to give). */
  longest(text: string, at: number): { length: number; gloss: string } | null;
};

const MAGIC = 0x31_47_48_57; // "WHG1"
const HEADER_WORDS = 4;

/** Bytes: magic, headwords, key units, glosses · key starts · gloss of each key · gloss starts · keys · ASCII glosses. */
export function packGlossary(glosses: ReadonlyMap<string, string>): Uint8Array<ArrayBuffer> {
  const keys = [...glosses.keys()].filter((key) => key !== "").sort(byCodeUnits);
  const texts = [...new Set(keys.map((key) => glosses.get(key) ?? ""))].sort(byCodeUnits);
  const numbers = new Map(texts.map((text, i) => [text, i]));
  const keyText = keys.join("");
  const glossText = texts.join("");
  const words = new Uint32Array(HEADER_WORDS + 2 * keys.length + 1 + texts.length + 1);
  words.set([MAGIC, keys.length, keyText.length, texts.length]);
  let at = HEADER_WORDS;
  words.set(starts(keys), at);
  at += keys.length + 1;
  words.set(
    keys.map((key) => numbers.get(glosses.get(key) ?? "") ?? 0),
    at,
  );
  at += keys.length;
  words.set(starts(texts), at);
  const bytes = new Uint8Array(words.byteLength + 2 * keyText.length + glossText.length);
  bytes.set(new Uint8Array(words.buffer));
  const units = Uint16Array.from({ length: keyText.length }, (_, i) => keyText.charCodeAt(i));
  bytes.set(new Uint8Array(units.buffer), words.byteLength);
  bytes.set(new TextEncoder().encode(glossText), words.byteLength + units.byteLength);
  return bytes;
}

/** Throws where the bytes are not a glossary: that is a broken build, never a user's input. */
export function openGlossary(bytes: Uint8Array<ArrayBuffer>): Glossary {
  const header = new Uint32Array(bytes.buffer, bytes.byteOffset, HEADER_WORDS);
  const [magic, count = 0, keyUnits = 0, glossCount = 0] = header;
  if (magic !== MAGIC) throw new Error("not a glossary");
  let at = bytes.byteOffset + HEADER_WORDS * 4;
  const take = (length: number) => {
    const part = new Uint32Array(bytes.buffer, at, length);
    at += part.byteLength;
    return part;
  };
  const keyStarts = take(count + 1);
  const glossOf = take(count);
  const glossStarts = take(glossCount + 1);
  const keys = new Uint16Array(bytes.buffer, at, keyUnits);
  const glosses = new Uint8Array(bytes.buffer, at + keys.byteLength, glossStarts[glossCount] ?? 0);
  const byFirst = firstUnits(keyStarts, keys, count);
  return {
    longest(text, from) {
      const range = byFirst.get(text.charCodeAt(from));
      if (!range) return null;
      for (let length = Math.min(range.unitsMax, text.length - from); length > 0; length -= 1) {
        const found = find({ keyStarts, keys }, range, text, from, length);
        if (found < 0) continue;
        const gloss = glossOf[found] ?? 0;
        const ascii = glosses.subarray(glossStarts[gloss], glossStarts[gloss + 1]);
        return { length, gloss: String.fromCharCode(...ascii) };
      }
      return null;
    },
  };
}

type Keys = { keyStarts: Uint32Array; keys: Uint16Array };
type Range = { from: number; to: number; unitsMax: number };

/** Headwords are sorted, so those that start with one character are neighbours. */
function firstUnits(keyStarts: Uint32Array, keys: Uint16Array, count: number): Map<number, Range> {
  const ranges = new Map<number, Range>();
  for (let i = 0; i < count; i += 1) {
    const start = keyStarts[i] ?? 0;
    const first = keys[start] ?? 0;
    const units = (keyStarts[i + 1] ?? 0) - start;
    const range = ranges.get(first);
    if (range) {
      range.to = i + 1;
      range.unitsMax = Math.max(range.unitsMax, units);
    } else ranges.set(first, { from: i, to: i + 1, unitsMax: units });
  }
  return ranges;
}

function find(index: Keys, range: Range, text: string, from: number, length: number): number {
  let low = range.from;
  let high = range.to - 1;
  while (low <= high) {
    const middle = (low + high) >> 1;
    const order = compare(index, middle, text, from, length);
    if (order === 0) return middle;
    if (order < 0) low = middle + 1;
    else high = middle - 1;
  }
  return -1;
}

function compare(
  { keyStarts, keys }: Keys,
  key: number,
  text: string,
  from: number,
  length: number,
): number {
  const start = keyStarts[key] ?? 0;
  const units = (keyStarts[key + 1] ?? 0) - start;
  for (let i = 0; i < Math.min(units, length); i += 1) {
    const difference = (keys[start + i] ?? 0) - text.charCodeAt(from + i);
    if (difference !== 0) return difference;
  }
  return units - length;
}

function starts(texts: string[]): Uint32Array {
  const all = new Uint32Array(texts.length + 1);
  for (const [i, text] of texts.entries()) all[i + 1] = (all[i] ?? 0) + text.length;
  return all;
}

function byCodeUnits(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}
