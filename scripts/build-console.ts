import { rmSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import tailwind from "@tailwindcss/vite";
import { build as vite, type Rollup } from "vite";
import { ASSETS_DIST, inRoot } from "./launch/paths.ts";

/** What somebody who opens the console loads before they see it, gzipped (issue 8). */
const FIRST_LOAD_BYTES_MAX = 250_000;
const ENTRY = "web/app/main.tsx";
/** What the entry loads at once for somebody who is signed in. */
const CONSOLE = "web/app/console.tsx";
const HOME = "web/screens/overview/overview.tsx";

export type Built = {
  /** File names by what the page's template calls them; some names stand for several, with a space between. */
  names: Map<string, string>;
  /** Our modules that went into it, by their paths from the root. */
  modules: string[];
  files: number;
  firstLoadBytes: number;
};

/** Builds the console into dist/assets/web. Throws where its first load is too large. */
export async function buildConsole(target: string[]): Promise<Built> {
  const out = join(ASSETS_DIST, "web");
  rmSync(out, { recursive: true, force: true });
  // Whoever starts the product for a test has another one, and Vite would believe it.
  process.env["NODE_ENV"] = "production";
  const made = (await vite({
    configFile: false,
    root: inRoot("web"),
    base: "./", // so that it works under any path
    logLevel: "error",
    plugins: [tailwind()],
    build: {
      outDir: out,
      target,
      assetsDir: "",
      cssCodeSplit: false,
      modulePreload: { polyfill: false },
      chunkSizeWarningLimit: 1_000,
      rolldownOptions: {
        input: inRoot(ENTRY),
        output: {
          // As the route of files takes them (workers/http/docs.ts).
          chunkFileNames: ({ name }) => `${name.replaceAll(/\W+/g, "-").slice(0, 60)}-[hash].js`,
        },
      },
    },
  })) as Rollup.RollupOutput;
  const chunks = made.output.filter((each) => each.type === "chunk");
  const entry = chunks.find(({ isEntry }) => isEntry);
  const css = made.output.find(({ fileName }) => fileName.endsWith(".css"));
  if (entry === undefined || css === undefined) throw new Error(`${ENTRY} gave no output`);
  const [main, frame, home] = [ENTRY, CONSOLE, HOME].map((path) => loadedBy(chunks, path));
  if (main === undefined || frame === undefined || home === undefined)
    throw new Error("a part of the first load is not built");
  const first = new Set([...main, ...frame, ...home]);
  const firstLoadBytes = [...first].reduce((sum, { code }) => sum + gzipSync(code).length, 0);
  if (firstLoadBytes > FIRST_LOAD_BYTES_MAX)
    throw new Error(
      `the console's first load is ${firstLoadBytes} B of gzipped JavaScript, more than ${FIRST_LOAD_BYTES_MAX}: load a screen's parts by import()`,
    );
  const modules = chunks
    .flatMap(({ moduleIds }) => moduleIds)
    .filter((id) => id.startsWith(inRoot()) && !id.includes("node_modules"))
    .map((id) => (id.split("?", 1)[0] ?? "").slice(inRoot().length + 1));
  const beside = (some: Set<Rollup.OutputChunk>, ...known: Set<Rollup.OutputChunk>[]) =>
    [...some]
      .filter((chunk) => known.every((each) => !each.has(chunk)))
      .map(({ fileName }) => fileName)
      .join(" ");
  const names = new Map([
    ["main.js", entry.fileName],
    ["main.css", css.fileName],
    ["main's parts", beside(main, new Set([entry]))],
    ["console's parts", beside(frame, main)],
    ["home's parts", beside(home, main, frame)],
  ]);
  return { names, modules, files: made.output.length, firstLoadBytes };
}

/** The chunk of a module, and those that it imports. */
function loadedBy(chunks: Rollup.OutputChunk[], path: string): Set<Rollup.OutputChunk> | undefined {
  const byName = new Map(chunks.map((chunk) => [chunk.fileName, chunk]));
  const own = chunks.find(({ facadeModuleId }) => facadeModuleId === inRoot(path));
  if (own === undefined) return undefined;
  const loaded = new Set([own]);
  for (const chunk of loaded)
    for (const name of chunk.imports) {
      const imported = byName.get(name);
      if (imported !== undefined) loaded.add(imported);
    }
  return loaded;
}
