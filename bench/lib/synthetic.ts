/** Units made up from a seed: words as rare as in natural text (Zipf), vectors in clusters as embeddings lie. */

const DIMENSIONS = 384;
const VOCABULARY = 40_000;
const TOPICS = 200;
const WORDS_PER_UNIT = 120;
const WORDS_PER_ASK = 7;

function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 0x1_0000_0000;
  };
}

const next = random(42);
const bell = (): number => next() + next() + next() + next() - 2;
const topics = Array.from({ length: TOPICS }, () => Array.from({ length: DIMENSIONS }, bell));
const word = (): string => `w${Math.floor(VOCABULARY ** next()).toString(36)}`;
const words = (count: number): string => Array.from({ length: count }, word).join(" ");

export function syntheticVector(): number[] {
  const topic = topics[Math.floor(next() * TOPICS)] ?? [];
  const vector = topic.map((value) => value + bell());
  const length = Math.hypot(...vector);
  return vector.map((value) => value / length);
}

export const syntheticUnits = (count: number) =>
  Array.from({ length: count }, (_, i) => ({
    unitId: `unit-${i}`,
    version: 1,
    contentKey: (Math.imul(i + 1, 0x9e37_79b9) >>> 0).toString(16).padStart(8, "0").padEnd(64, "0"),
    title: `Title ${i}`,
    kind: "note",
    language: "en",
    tags: [`tag-${i % 10}`],
    level: "L3",
    text: words(WORDS_PER_UNIT),
    vector: syntheticVector(),
  }));

export const syntheticAsks = (count: number) =>
  Array.from({ length: count }, () => ({ text: words(WORDS_PER_ASK), vector: syntheticVector() }));
