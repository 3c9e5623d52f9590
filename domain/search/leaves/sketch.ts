import type { Place } from "#domain/search/leaves/ranges.ts";

/**
 * What words a leaf has and roughly in how many passages, in at most 64 KB: a Bloom filter (Bloom 1970) in layers, in
 * which a word is entered once for each power of eight that its passages reach. It may name a word that the leaf lacks
 * (0.1 of them at 100,000 words), never lack one that it has.
 */
export type Sketch = { bits: Uint8Array; passages: number };

const BYTES_MIN = 1_024;
const BYTES_MAX = 65_536;
const BITS_PER_TERM = 10;
const PROBES = 3;
const LAYERS = 6;
const BASE = 8;

/** An empty sketch with room for so many words. */
export function emptySketch(terms: number, passages: number): Sketch {
  const wanted = 2 ** Math.ceil(Math.log2(Math.max(1, (terms * BITS_PER_TERM) / 8)));
  return { bits: new Uint8Array(Math.min(BYTES_MAX, Math.max(BYTES_MIN, wanted))), passages };
}

/** Enters a word, by its key, that stands in `count` passages. */
export function enter({ bits }: Sketch, key: number, count: number): void {
  for (let layer = 0, least = 1; layer < LAYERS && count >= least; layer++, least *= BASE) {
    for (let probe = 0; probe < PROBES; probe++) {
      const bit = placeOf(key, layer, probe) % (bits.length * 8);
      bits[bit >> 3] = (bits[bit >> 3] ?? 0) | (1 << (bit & 7));
    }
  }
}

/** The power of eight that a word's passages reach; 0 when the leaf does not have it. */
export function passagesWith({ bits }: Sketch, key: number): number {
  let count = 0;
  for (let layer = 0, least = 1; layer < LAYERS; layer++, least *= BASE) {
    for (let probe = 0; probe < PROBES; probe++) {
      const bit = placeOf(key, layer, probe) % (bits.length * 8);
      if (((bits[bit >> 3] ?? 0) & (1 << (bit & 7))) === 0) return count;
    }
    count = least;
  }
  return count;
}

/** Where a key of 53 bits is entered: well mixed, because keys are hashes of similar words (MurmurHash3's finish). */
function placeOf(key: number, layer: number, probe: number): number {
  let hash = (key % 0x1_0000_0000) ^ Math.imul(layer * PROBES + probe + 1, 0x9e37_79b1);
  hash ^= Math.floor(key / 0x1_0000_0000);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85eb_ca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2_ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

/** A word that so few leaves have is worth asking them for, whatever a question's vector says. */
const RARE_LEAVES = 4;

/**
 * The leaves that most likely hold the best passages for these words, best first, as CORI ranks collections (Callan,
 * Lu & Croft 1995). A leaf that has none of them is left out; one that nothing is known of comes first.
 */
export function leavesWithWords(
  leaves: readonly Place[],
  sketchOf: (name: string) => Sketch | undefined,
  keys: readonly number[],
  limit: number,
): Place[] {
  const known = leaves.map((leaf) => {
    const sketch = sketchOf(leaf.name);
    return { leaf, sketch, counts: keys.map((key) => (sketch ? passagesWith(sketch, key) : 0)) };
  });
  const sizes = known.flatMap(({ sketch }) => sketch?.passages ?? []);
  const average = sizes.reduce((sum, size) => sum + size, 0) / Math.max(1, sizes.length);
  const holders = keys.map((_, i) => known.filter(({ counts }) => (counts[i] ?? 0) > 0).length);
  return known
    .map(({ leaf, sketch, counts }) => {
      if (sketch === undefined) return { leaf, score: Infinity };
      const size = sketch.passages / Math.max(1, average);
      const score = counts.reduce((sum, count, i) => {
        if (count === 0) return sum;
        const spread = Math.log((leaves.length + 0.5) / (holders[i] ?? 1));
        return sum + (count / (count + 50 + 150 * size)) * (spread / Math.log(leaves.length + 1));
      }, 0);
      return { leaf, score: counts.some((count) => count > 0) ? Math.max(score, 1e-9) : 0 };
    })
    .filter(({ score }) => score > 0)
    .sort((a, b) => b.score - a.score)
    .slice(0, limit)
    .map(({ leaf }) => leaf);
}

/** The leaves that have a word which few others have. */
export function leavesWithRareWords(
  leaves: readonly Place[],
  sketchOf: (name: string) => Sketch | undefined,
  keys: readonly number[],
): Place[] {
  const rare = keys.flatMap((key) => {
    const holders = leaves.filter(({ name }) => {
      const sketch = sketchOf(name);
      return sketch !== undefined && passagesWith(sketch, key) > 0;
    });
    return holders.length <= RARE_LEAVES ? holders : [];
  });
  return [...new Set(rare)].slice(0, 2 * RARE_LEAVES);
}
