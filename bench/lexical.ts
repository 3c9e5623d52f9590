import { readFileSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { analyse } from "#domain/search/engine/analysis.ts";
import { openEngine } from "#domain/search/engine/engine.ts";
import { memoryDisk } from "#domain/search/engine/memory-disk.ts";
import { pageCache } from "#domain/search/engine/pages.ts";
import { rank } from "#domain/search/engine/rank.ts";
import { withoutStopWords } from "#domain/search/text/stop-words.ts";
import { termsOf } from "#domain/search/text/terms.ts";
import { quantised } from "#domain/search/engine/vectors.ts";
import { inRoot } from "#scripts/launch/paths.ts";
import { syntheticAsks, syntheticUnits } from "./lib/synthetic.ts";

// The same passages and questions in SQLite's FTS5 and in our inverted index, best ten by BM25, one thread.
// CPU time of this process is printed: it does not grow when other programs run.

const PASSAGES = 10_000;
const units = syntheticUnits(PASSAGES);
const questions = syntheticAsks(500).map(({ text }) => text);

const database = new DatabaseSync(":memory:");
database.exec(
  "CREATE VIRTUAL TABLE passage USING fts5(text, content='', tokenize=\"unicode61 remove_diacritics 2\")",
);
const insert = database.prepare("INSERT INTO passage (rowid, text) VALUES (?, ?)");
const ftsBuild = cpuOf(() => {
  database.exec("BEGIN");
  for (const [i, { text }] of units.entries()) insert.run(i + 1, termsOf(text).join(" "));
  database.exec("COMMIT; INSERT INTO passage (passage) VALUES ('optimize')");
});
const match = database.prepare(
  "SELECT rowid, bm25(passage) FROM passage WHERE passage MATCH ? ORDER BY rank LIMIT 10",
);
const asked = questions.map((text) =>
  withoutStopWords([...new Set(termsOf(text))])
    .map((term) => `"${term}"`)
    .join(" OR "),
);
print("FTS5", ftsBuild, () => asked.forEach((expression) => void match.all(expression)));

const disk = memoryDisk();
const module = new WebAssembly.Module(readFileSync(inRoot("dist", "kernels", "search.wasm")));
const engine = openEngine(module, 384, disk, pageCache(48_000_000));
const ownBuild = cpuOf(() => {
  for (const { text, vector, ...unit } of units) {
    engine.add(
      analyse(unit, [text]).map((passage) => ({
        ...passage,
        vector: quantised(Float32Array.from(vector)),
      })),
      3,
    );
    if (!engine.isFlushDue()) continue;
    engine.flush();
    for (let merge = engine.merge(); merge !== null; merge = engine.merge())
      while (merge.next().done !== true);
  }
});
print("ours", ownBuild, () =>
  questions.forEach(
    (text) => void rank(engine, { text, mode: "lexical", filter: {}, limit: 10, explain: false }),
  ),
);

function cpuOf(work: () => void): number {
  const from = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(from);
  return (user + system) / 1_000;
}

function print(name: string, buildMs: number, search: () => void): void {
  search();
  const each = cpuOf(search) / questions.length;
  process.stdout.write(
    `${name.padEnd(5)} ${each.toFixed(3)} ms CPU a question, ${Math.round(PASSAGES / (buildMs / 1_000))} passages/s to build\n`,
  );
}
