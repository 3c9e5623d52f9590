import { readFileSync } from "node:fs";
import { build } from "esbuild";
import { Miniflare } from "miniflare";
import { inRoot, ROOT } from "#scripts/launch/paths.ts";

type Plan = {
  /** A file of this repository, or the text of a module that imports as one in its root would. */
  entry: { file: string } | { text: string };
  /** Classes of objects that it exports; `SearchShard` is bound as `SEARCH_SHARD`. */
  objects?: readonly string[];
  databases?: readonly string[];
  buckets?: readonly string[];
  variables?: Record<string, string>;
  /** So many isolates more of the same Worker, named `bench-1` and so on, on the objects of the first. */
  others?: number;
  /** Asked on a socket of its own, without Miniflare's before it (`unsafeGetDirectURL`); by its port, any where true. */
  direct?: boolean | number;
};

/** Code of the product under a Worker of a bench's own, named `bench`, in a workerd that holds nothing else. */
export async function benchWorker(plan: Plan): Promise<Miniflare> {
  const { objects = [], databases = [], buckets = [], variables = {} } = plan;
  const search = new Uint8Array(readFileSync(inRoot("dist", "kernels", "search.wasm")));
  const code = await bundled(plan.entry);
  const workerOf = (name: string) => ({
    config: {
      name,
      compatibilityDate: "2026-11-17",
      manifest: {
        mainModule: "worker.js",
        modules: {
          "worker.js": { type: "esm" as const, contents: code },
          "search.wasm": { type: "wasm" as const, contents: search },
        },
      },
      ...(name === "bench" && {
        exports: Object.fromEntries(
          objects.map((each) => [
            each,
            { type: "durable-object" as const, storage: "sqlite" as const },
          ]),
        ),
      }),
      env: {
        ...Object.fromEntries(
          objects.map((exportName) => [
            exportName.replace(/(?!^)[A-Z]/g, (letter) => `_${letter}`).toUpperCase(),
            { type: "durable-object" as const, worker: "bench", exportName },
          ]),
        ),
        ...Object.fromEntries(databases.map((id) => [id, { type: "d1" as const, id }])),
        ...Object.fromEntries(
          buckets.map((bucket) => [bucket, { type: "r2" as const, name: bucket }]),
        ),
        ...Object.fromEntries(
          Object.entries(variables).map(([variable, value]) => [
            variable,
            { type: "text" as const, value },
          ]),
        ),
      },
    },
    ...(plan.direct && {
      dev: {
        unsafeDirectSockets: [
          { host: "127.0.0.1", port: Number(plan.direct === true ? 0 : plan.direct) },
        ],
      },
    }),
  });
  const others = Array.from({ length: plan.others ?? 0 }, (_, i) => workerOf(`bench-${i + 1}`));
  return new Miniflare({
    cf: false,
    telemetry: { enabled: false },
    workers: [workerOf("bench"), ...others],
  });
}

async function bundled(entry: Plan["entry"]): Promise<string> {
  const { outputFiles } = await build({
    absWorkingDir: ROOT,
    ...("file" in entry
      ? { entryPoints: [entry.file] }
      : { stdin: { contents: entry.text, resolveDir: ROOT, loader: "ts" } }),
    write: false,
    bundle: true,
    format: "esm",
    target: "esnext",
    conditions: ["workerd"],
    external: ["cloudflare:*", "node:*", "#kernels/search.wasm"],
    loader: { ".wasm": "empty" },
    logLevel: "warning",
  });
  const [output] = outputFiles;
  if (output === undefined) throw new Error("a bench's Worker has no code");
  return output.text.replaceAll("#kernels/search.wasm", "./search.wasm");
}
