import { readFileSync } from "node:fs";
import { analyse } from "#domain/search/engine/analysis.ts";
import { openEngine } from "#domain/search/engine/engine.ts";
import { memoryDisk } from "#domain/search/engine/memory-disk.ts";
import { pageCache } from "#domain/search/engine/pages.ts";
import { rank } from "#domain/search/engine/rank.ts";
import { quantised } from "#domain/search/engine/vectors.ts";
import { inRoot } from "#scripts/launch/paths.ts";
import { syntheticAsks, syntheticUnits } from "./lib/synthetic.ts";

// What a shard of 100,000 units keeps in memory for good, and what the shared page cache takes beside it at most.

const UNITS = 100_000;
const CACHE_BYTES = 48_000_000;
const mb = (bytes: number): string => `${(bytes / 1_048_576).toFixed(1)} MiB`;

const disk = memoryDisk();
const cache = pageCache(CACHE_BYTES);
const module = new WebAssembly.Module(readFileSync(inRoot("dist", "kernels", "search.wasm")));
const engine = openEngine(module, 384, disk, cache);
for (let first = 0; first < UNITS; first += 1_000) {
  for (const { text, vector, ...unit } of syntheticUnits(1_000)) {
    engine.add(
      analyse(unit, [text]).map((passage) => ({
        ...passage,
        vector: quantised(Float32Array.from(vector)),
      })),
      3,
    );
    if (engine.isFlushDue()) engine.flush();
  }
  for (let merge = engine.merge(); merge !== null; merge = engine.merge())
    while (merge.next().done !== true);
}
const asks = syntheticAsks(500).map(({ text, vector }) => ({
  text,
  vector: Float32Array.from(vector),
}));
const search = () => {
  for (const ask of asks)
    rank(engine, { ...ask, mode: "hybrid", filter: {}, limit: 10, explain: false });
};
search();
let most = 0;
const from = process.cpuUsage();
for (const ask of asks) {
  rank(engine, { ...ask, mode: "hybrid", filter: {}, limit: 10, explain: false });
  most = Math.max(most, cache.bytes());
}
const { user, system } = process.cpuUsage(from);

const heads = engine.lexical.heads();
const fences = heads.reduce(
  (sum, head) => sum + head.fences.length * 8 + (head.fences.length + head.postings / 16_384) * 48,
  0,
);
process.stdout.write(
  `${UNITS} units of one passage: always resident ${mb(engine.kernel.memoryBytes() + fences)} (goal 16), page cache at most ${mb(most)} (goal 48), ` +
    `on disk ${mb(disk.bytes())} in ${disk.rows()} rows, ${heads.length} segments; hybrid ${((user + system) / 1_000 / asks.length).toFixed(3)} ms CPU\n`,
);
const opened = performance.now();
openEngine(module, 384, disk, pageCache(CACHE_BYTES));
process.stdout.write(`opened again in ${(performance.now() - opened).toFixed(0)} ms\n`);
