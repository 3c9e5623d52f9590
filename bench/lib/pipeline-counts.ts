import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "esbuild";
import { Miniflare } from "miniflare";
import { inRoot, ROOT } from "#scripts/launch/paths.ts";
import { readMigrations } from "#scripts/migrate.ts";
import { syntheticUnits } from "./synthetic.ts";

const OBJECTS = ["SearchShard", "Account", "Collection", "Relay", "OneRow"];
const D1 = { CATALOG_0: "catalog", UNITS_0: "units", UNITS_1: "units" };
const UNITS_PER_BATCH = 100;

type Counts = Record<
  "d1Rows" | "searchRows" | "queueMessages" | "objectRequests" | "d1Bytes" | "searchBytes",
  number
>;

/** What one unit of a passage of 120 words costs on its way to searchable, and what the smallest object takes. */
export async function pipelineCounts(units: number) {
  const miniflare = await started();
  try {
    const url = await miniflare.ready;
    const post = async <T>(path: string, body?: unknown): Promise<T> => {
      const init = { method: "POST", body: body === undefined ? null : JSON.stringify(body) };
      const answer = await fetch(new URL(path, url), init);
      if (!answer.ok) throw new Error(`${path} answered ${answer.status}: ${await answer.text()}`);
      return (await answer.json()) as T;
    };
    for (const [binding, family] of Object.entries(D1)) {
      const statements = readMigrations(`migrations/${family}`).flatMap((one) => one.statements);
      await post("/migrate", { binding, statements });
    }
    const drafts = syntheticUnits(units + UNITS_PER_BATCH).map(({ title, text, tags, vector }) => ({
      title,
      body: text,
      language: "en",
      tags,
      visibility: "public",
      sources: [{ url: "https://example.org/source", title: "A source" }],
      vector: vector.map((value) => Number(value.toFixed(5))),
    }));
    const batchFrom = (start: number) => drafts.slice(start, start + UNITS_PER_BATCH);
    // The first batch pays for what is there once: schemas, the collection's beginning, compiled code.
    const before = await post<Counts>(`/publish?seed=0`, batchFrom(0));
    let after = before;
    for (let start = UNITS_PER_BATCH; start < drafts.length; start += UNITS_PER_BATCH)
      after = await post<Counts>(`/publish?seed=${start}`, batchFrom(start));
    const each = (name: keyof Counts) => (after[name] - before[name]) / units;
    const { bytes, rows } = await post<{ bytes: number; rows: number }>("/one-row");
    return {
      d1BytesPerUnit: each("d1Bytes"),
      d1RowsPerUnit: each("d1Rows"),
      searchBytesPerPassage: each("searchBytes"),
      searchRowsPerUnit: each("searchRows"),
      queueMessagesPerUnit: each("queueMessages"),
      objectRequestsPerUnit: each("objectRequests"),
      objectBytes: bytes,
      objectRowsPerWrite: rows,
    };
  } finally {
    await miniflare.dispose();
  }
}

async function started(): Promise<Miniflare> {
  const folder = mkdtempSync(join(tmpdir(), "wishub-bench-"));
  await build({
    absWorkingDir: ROOT,
    entryPoints: ["bench/lib/pipeline-worker.ts"],
    outfile: join(folder, "worker.js"),
    bundle: true,
    format: "esm",
    target: "esnext",
    conditions: ["workerd"],
    external: ["cloudflare:*", "node:*", "#kernels/*"],
    logLevel: "warning",
  });
  const contents = readFileSync(join(folder, "worker.js"), "utf8").replaceAll(
    "#kernels/search.wasm",
    "./search.wasm",
  );
  rmSync(folder, { recursive: true });
  const binding = (name: string) => name.replace(/(?!^)[A-Z]/g, (letter) => `_${letter}`);
  return new Miniflare({
    cf: false,
    telemetry: { enabled: false },
    workers: [
      {
        config: {
          name: "bench",
          compatibilityDate: "2026-11-17",
          manifest: {
            mainModule: "worker.js",
            modules: {
              "worker.js": { type: "esm", contents },
              "search.wasm": {
                type: "wasm",
                contents: new Uint8Array(readFileSync(inRoot("dist", "kernels", "search.wasm"))),
              },
            },
          },
          exports: Object.fromEntries(
            OBJECTS.map((name) => [
              name,
              { type: "durable-object" as const, storage: "sqlite" as const },
            ]),
          ),
          env: {
            ...Object.fromEntries(
              OBJECTS.map((exportName) => [
                binding(exportName).toUpperCase(),
                { type: "durable-object" as const, worker: "bench", exportName },
              ]),
            ),
            ...Object.fromEntries(
              Object.keys(D1).map((name) => [name, { type: "d1" as const, id: name }]),
            ),
          },
        },
      },
    ],
  });
}
