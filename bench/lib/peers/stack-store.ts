import { join } from "node:path";
import { DIMENSIONS } from "#bench/lib/real-vectors.ts";
import { peer } from "./install.ts";
import type { Zvec, ZvecCollection, ZvecDoc } from "./zvec.ts";

export type StoredUnit = {
  id: string;
  title: string;
  body: string;
  kind: string;
  tags: string[];
  level: number;
  vector: number[];
};
export type Search = {
  query?: string | undefined;
  vector: number[];
  mode: "hybrid" | "semantic";
  kind?: string | undefined;
  limit: number;
};

const SHOWN = ["title", "body", "kind", "level"];
/** Of what each side finds, so many are fused: fewer lose recall, more cost without finding. */
const FUSED = 50;
const INSERT_BATCH = 500;

/**
 * The conventional store: zvec 0.7 keeps vectors (HNSW), texts (its own full text with BM25, hence no second engine)
 * and filters (inverted indexes) in one collection, with a write-ahead log that survives the process being killed
 * though not a power cut (stack-server.ts adds what does). Fusion by reciprocal rank, the one its two kinds of scores allow.
 */
export function openStore(folder: string) {
  const z = peer<Zvec>("@zvec/zvec");
  const { HNSW, FTS, INVERT } = z.ZVecIndexType;
  const { STRING, ARRAY_STRING, INT32, VECTOR_FP32 } = z.ZVecDataType;
  z.ZVecInitialize({ logLevel: 4, queryThreads: 2, optimizeThreads: 2 });
  const filtered = { indexType: INVERT };
  const collection: ZvecCollection = z.ZVecCreateAndOpen(
    join(folder, "zvec"),
    new z.ZVecCollectionSchema({
      name: "units",
      vectors: {
        name: "vector",
        dataType: VECTOR_FP32,
        dimension: DIMENSIONS,
        indexParams: {
          indexType: HNSW,
          metricType: z.ZVecMetricType["IP"],
          m: 16,
          efConstruction: 200,
        },
      },
      fields: [
        { name: "title", dataType: STRING },
        { name: "body", dataType: STRING },
        {
          name: "words",
          dataType: STRING,
          indexParams: { indexType: FTS, tokenizerName: "standard", filters: ["lowercase"] },
        },
        { name: "kind", dataType: STRING, indexParams: filtered },
        { name: "tags", dataType: ARRAY_STRING, indexParams: filtered },
        { name: "level", dataType: INT32, indexParams: filtered },
      ],
    }),
  );
  let ef = 64;
  const near = (vector: number[]) => ({
    fieldName: "vector",
    vector: Float32Array.from(vector),
    params: { indexType: HNSW, ef },
  });

  return {
    /** Accepted when this returns: it is in the write-ahead log, and found from now on. */
    insert(units: readonly StoredUnit[]): void {
      for (let first = 0; first < units.length; first += INSERT_BATCH) {
        const failed = collection
          .insertSync(units.slice(first, first + INSERT_BATCH).map(documentOf))
          .find(({ ok }) => !ok);
        if (failed) throw new Error(failed.message);
      }
    },
    widen: (width: number) => void (ef = width),
    /** Without it new vectors are scanned one by one; an operator runs it after a bulk load and at night. */
    optimize: async () => await collection.optimize(),
    get(id: string): ZvecDoc | undefined {
      return collection.fetchSync([id])[id];
    },
    async search({ query, vector, mode, kind, limit }: Search): Promise<ZvecDoc[]> {
      // A kind is checked against a pattern before it comes here, so it cannot break out of the quotes.
      const shared = {
        topk: limit,
        outputFields: SHOWN,
        ...(kind === undefined ? {} : { filter: `kind = '${kind}'` }),
      };
      if (mode === "semantic" || query === undefined)
        return await collection.query({ ...near(vector), ...shared });
      return await collection.multiQuery({
        queries: [
          { ...near(vector), numCandidates: FUSED },
          {
            fieldName: "words",
            fts: { matchString: query },
            numCandidates: FUSED,
            params: { indexType: FTS, defaultOperator: "OR" },
          },
        ],
        rerank: { type: "rrf", rankConstant: 60 },
        ...shared,
      });
    },
  };
}

const documentOf = ({ id, vector, ...unit }: StoredUnit) => ({
  id,
  vectors: { vector: Float32Array.from(vector) },
  fields: { ...unit, words: `${unit.title}\n${unit.body}` },
});
