import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { vectorAt } from "#bench/lib/real-vectors.ts";
import { type VectorEngine, WIDTHS } from "./engine.ts";
import { peer } from "./install.ts";

type Query = {
  nearestTo(vector: Float32Array): Query;
  ef(ef: number): Query;
  nprobes(count: number): Query;
  refineFactor(factor: number): Query;
  limit(limit: number): Query;
  select(columns: string[]): Query;
  toArray(): Promise<{ id: number }[]>;
};
type Table = {
  add(rows: object[]): Promise<unknown>;
  createIndex(column: string, options: object): Promise<void>;
  optimize(): Promise<unknown>;
  query(): Query;
};
type LanceDb = {
  connect(path: string): Promise<{ createTable(name: string, rows: object[]): Promise<Table> }>;
  Index: { hnswSq(options: object): unknown };
};

const BATCH = 10_000;
const REFINE = 2;

/** LanceDB's HNSW over 8-bit vectors in one partition, rescored by the full ones on disk; it has its own threads. */
export function lancedb(): VectorEngine {
  const lance = peer<LanceDb>("@lancedb/lancedb");
  const folder = mkdtempSync(join(tmpdir(), "wishub-bench-"));
  let table: Table | null = null;
  let ef = 64;
  return {
    built: `IVF_HNSW_SQ, 1 partition, m 20, efConstruction 300, refine ${REFINE}`,
    knob: "ef",
    settings: WIDTHS.filter((width) => width >= 24),
    async build(vectors, count) {
      const database = await lance.connect(folder);
      for (let first = 0; first < count; first += BATCH) {
        const rows = Array.from({ length: Math.min(BATCH, count - first) }, (_, n) => ({
          id: first + n,
          vector: Array.from(vectorAt(vectors, first + n)),
        }));
        if (table === null) table = await database.createTable("bench", rows);
        else await table.add(rows);
      }
      await table?.optimize();
      await table?.createIndex("vector", {
        config: lance.Index.hnswSq({ distanceType: "dot", numPartitions: 1 }),
      });
    },
    turn: (setting) => void (ef = setting),
    prepared: (query) => query.slice(),
    async search(query, limit) {
      const rows = await table
        ?.query()
        .nearestTo(query as Float32Array)
        .ef(ef)
        .nprobes(1)
        .refineFactor(REFINE)
        .limit(limit)
        .select(["id", "_distance"])
        .toArray();
      return (rows ?? []).map(({ id }) => id);
    },
  };
}
