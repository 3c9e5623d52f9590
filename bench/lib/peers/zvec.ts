import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DIMENSIONS, vectorAt } from "#bench/lib/real-vectors.ts";
import { type VectorEngine, WIDTHS } from "./engine.ts";
import { peer } from "./install.ts";

/** What the benches use of @zvec/zvec 0.7. */
export type Zvec = {
  ZVecDataType: Record<string, number>;
  ZVecIndexType: Record<string, number>;
  ZVecMetricType: Record<string, number>;
  ZVecQuantizeType: Record<string, number>;
  ZVecCollectionSchema: new (schema: object) => object;
  ZVecInitialize(options: object): void;
  ZVecCreateAndOpen(path: string, schema: object): ZvecCollection;
};
export type ZvecDoc = { id: string; score: number; fields: Record<string, unknown> };
export type ZvecCollection = {
  insertSync(docs: object[]): { ok: boolean; message: string }[];
  querySync(query: object): ZvecDoc[];
  query(query: object): Promise<ZvecDoc[]>;
  multiQuery(query: object): Promise<ZvecDoc[]>;
  fetchSync(ids: string[]): Record<string, ZvecDoc>;
  optimizeSync(options?: object): void;
  optimize(options?: object): Promise<void>;
  closeSync(): void;
};

const M = 16;
const EF_CONSTRUCTION = 200;
const BATCH = 500;

/** zvec's HNSW over 8-bit vectors, rescored by the full ones: its fastest at this recall. */
export function zvec(): VectorEngine {
  const z = peer<Zvec>("@zvec/zvec");
  const { HNSW } = z.ZVecIndexType;
  z.ZVecInitialize({ logLevel: 3, queryThreads: 1, optimizeThreads: 1 });
  const folder = mkdtempSync(join(tmpdir(), "wishub-bench-"));
  const schema = new z.ZVecCollectionSchema({
    name: "bench",
    vectors: {
      name: "v",
      dataType: z.ZVecDataType["VECTOR_FP32"],
      dimension: DIMENSIONS,
      indexParams: {
        indexType: HNSW,
        metricType: z.ZVecMetricType["IP"],
        m: M,
        efConstruction: EF_CONSTRUCTION,
      },
    },
  });
  const collection = z.ZVecCreateAndOpen(join(folder, "zvec"), schema);
  let ef = 64;
  return {
    built: `HNSW m ${M}, efConstruction ${EF_CONSTRUCTION}, float32`,
    knob: "ef",
    settings: WIDTHS,
    build(vectors, count) {
      for (let first = 0; first < count; first += BATCH) {
        const size = Math.min(BATCH, count - first);
        const docs = Array.from({ length: size }, (_, n) => ({
          id: String(first + n),
          vectors: { v: vectorAt(vectors, first + n) },
        }));
        const failed = collection.insertSync(docs).find(({ ok }) => !ok);
        if (failed) throw new Error(`zvec: ${failed.message}`);
      }
      collection.optimizeSync({ concurrency: 1 });
    },
    turn: (setting) => void (ef = setting),
    prepared: (query) => query.slice(),
    search: (vector, topk) =>
      collection
        .querySync({
          fieldName: "v",
          vector,
          topk,
          outputFields: [],
          params: { indexType: HNSW, ef },
        })
        .map(({ id }) => Number(id)),
  };
}
