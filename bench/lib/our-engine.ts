import { mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Engine, openEngine } from "#domain/search/engine/engine.ts";
import { pageCache } from "#domain/search/engine/pages.ts";
import { rank } from "#domain/search/engine/rank.ts";
import { quantised } from "#domain/search/engine/vectors.ts";
import { inRoot } from "#scripts/launch/paths.ts";
import { fileDisk } from "./file-disk.ts";
import type { VectorEngine } from "./peers/engine.ts";
import { DIMENSIONS, vectorAt } from "./real-vectors.ts";

/** What an isolate's shards share, as in durable-objects/search-shard.ts. */
const CACHE_BYTES = 48_000_000;
const LEVEL = 3;
const NO_WORDS = { counts: new Map<number, number>(), length: 0 };

/** The engine of a shard with its pages in a SQLite file: same code, no HTTP, no text. */
export function ourEngine(): VectorEngine {
  const folder = mkdtempSync(join(tmpdir(), "wishub-bench-"));
  const module = new WebAssembly.Module(readFileSync(inRoot("dist", "kernels", "search.wasm")));
  const engine = openEngine(
    module,
    DIMENSIONS,
    fileDisk(join(folder, "engine.sqlite")),
    pageCache(CACHE_BYTES),
  );
  return {
    built: "as in a shard",
    knob: "",
    settings: [],
    build(vectors, count) {
      for (let n = 0; n < count; n++) {
        engine.add([{ ...NO_WORDS, vector: quantised(vectorAt(vectors, n)) }], LEVEL);
        kept(engine);
      }
      engine.flush();
    },
    turn() {},
    prepared: (query) => ({
      vector: query.slice(),
      mode: "semantic" as const,
      filter: {},
      explain: false,
    }),
    search: (request, limit) =>
      rank(engine, { ...(request as Omit<Parameters<typeof rank>[1], "limit">), limit }).best.map(
        ({ slot }) => slot,
      ),
  };
}

/** What a shard does between requests. */
function kept(engine: Engine): void {
  if (engine.isFlushDue()) engine.flush();
  if (!engine.isMergeDue()) return;
  const merge = engine.merge();
  while (merge !== null && merge.next().done !== true);
}
