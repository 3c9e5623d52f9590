import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DIMENSIONS } from "#bench/lib/real-vectors.ts";
import { type VectorEngine, WIDTHS } from "./engine.ts";
import { peer } from "./install.ts";

type Index = {
  add(keys: BigUint64Array, vectors: Float32Array, threads: number): void;
  search(query: Float32Array, count: number, threads: number): { keys: BigUint64Array };
  save(path: string): void;
  load(path: string): void;
};
type Usearch = { Index: new (config: object) => Index };

const CONNECTIVITY = 16;
const EXPANSION_ADD = 128;
const BATCH = 1_000;

/** usearch in 16-bit floats, which it scans fastest; its width of search is fixed when an index is opened. */
export function usearch(): VectorEngine {
  const { Index } = peer<Usearch>("usearch");
  const open = (expansion: number) =>
    new Index({
      dimensions: DIMENSIONS,
      metric: "ip",
      quantization: "f16",
      connectivity: CONNECTIVITY,
      expansion_add: EXPANSION_ADD,
      expansion_search: expansion,
      multi: false,
    });
  const folder = mkdtempSync(join(tmpdir(), "wishub-bench-"));
  const file = join(folder, "usearch");
  let index = open(64);
  let saved = false;
  return {
    built: `connectivity ${CONNECTIVITY}, expansion ${EXPANSION_ADD}, float16`,
    knob: "expansion",
    settings: WIDTHS,
    build(vectors, count) {
      for (let first = 0; first < count; first += BATCH) {
        const size = Math.min(BATCH, count - first);
        const keys = BigUint64Array.from({ length: size }, (_, n) => BigInt(first + n));
        const part = vectors.subarray(first * DIMENSIONS, (first + size) * DIMENSIONS);
        index.add(keys, part, 1);
      }
    },
    turn(expansion) {
      if (!saved) index.save(file);
      saved = true;
      index = open(expansion);
      index.load(file);
    },
    prepared: (query) => query.slice(),
    search: (query, limit) =>
      Array.from(index.search(query as Float32Array, limit, 1).keys, Number),
  };
}
