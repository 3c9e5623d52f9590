import { rmSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import tailwind from "@tailwindcss/vite";
import { build as vite, type Plugin, type Rollup } from "vite";
import { ASSETS_DIST, inRoot } from "./launch/paths.ts";

/** What somebody who opens the console loads before they see it, gzipped (issue 8). */
const FIRST_LOAD_BYTES_MAX = 250_000;
const ENTRY = "web/app/main.tsx";
/** What the entry loads at once for somebody who is signed in; whatever it needs of its own lies in one file with it. */
const HOME = "home";
const HOME_PARTS = ["web/app/console.tsx", "web/screens/overview/overview.tsx"].map((path) =>
  inRoot(path),
);

/** Each icon comes in six weights, of which three are drawn here and by Kumo; nothing else could leave the others out. */
const lighterIcons: Plugin = {
  name: "lighter-icons",
  transform: {
    filter: { id: /@phosphor-icons\/react\/dist\/defs\// },
    handler: (code) => code.replaceAll(/\n {2}\[\n {4}"(duotone|light|thin)",[^]*?\n {2}\],?/g, ""),
  },
};

export type Built = {
  /** File names by what the page's template calls them. */
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
    plugins: [lighterIcons, tailwind()],
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
          // Each file costs a slow processor some 10 ms, so what is needed at once is two: with the entry, and after it.
          codeSplitting: {
            groups: [
              { name: "main", tags: ["$initial"], priority: 2 },
              { name: HOME, test: (id: string) => HOME_PARTS.includes(id), priority: 1 },
            ],
          },
          chunkFileNames: ({ name }) => `${name.replaceAll(/\W+/g, "-").slice(0, 60)}-[hash].js`,
        },
      },
    },
  })) as Rollup.RollupOutput;
  const chunks = made.output.filter((each) => each.type === "chunk");
  const entry = chunks.find(({ isEntry }) => isEntry);
  const css = made.output.find(({ fileName }) => fileName.endsWith(".css"));
  if (entry === undefined || css === undefined) throw new Error(`${ENTRY} gave no output`);
  const home = chunks.find(({ name }) => name === HOME);
  if (home === undefined) throw new Error(`${HOME_PARTS.join()} gave no output`);
  const first = loadedBy(chunks, [entry, home]);
  const firstLoadBytes = [...first].reduce((sum, { code }) => sum + gzipSync(code).length, 0);
  if (firstLoadBytes > FIRST_LOAD_BYTES_MAX)
    throw new Error(
      `the console's first load is ${firstLoadBytes} B of gzipped JavaScript, more than ${FIRST_LOAD_BYTES_MAX}: load a screen's parts by import()`,
    );
  if (first.size > 2)
    throw new Error(
      `the console's first load is ${first.size} files, of which the page names two: ${[...first].map(({ fileName }) => fileName).join()}`,
    );
  const modules = chunks
    .flatMap(({ moduleIds }) => moduleIds)
    .filter((id) => id.startsWith(inRoot()) && !id.includes("node_modules"))
    .map((id) => (id.split("?", 1)[0] ?? "").slice(inRoot().length + 1));
  const names = new Map([
    ["main.js", entry.fileName],
    ["main.css", css.fileName],
    ["home.js", home.fileName],
  ]);
  return { names, modules, files: made.output.length, firstLoadBytes };
}

/** These chunks, and those that they import. */
function loadedBy(
  chunks: Rollup.OutputChunk[],
  some: Rollup.OutputChunk[],
): Set<Rollup.OutputChunk> {
  const byName = new Map(chunks.map((chunk) => [chunk.fileName, chunk]));
  const loaded = new Set(some);
  for (const chunk of loaded)
    for (const name of chunk.imports) {
      const imported = byName.get(name);
      if (imported !== undefined) loaded.add(imported);
    }
  return loaded;
}
