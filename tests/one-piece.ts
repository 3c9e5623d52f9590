import { createHash } from "node:crypto";
import {
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { build, type Plugin, type Rolldown } from "vite";
import type {} from "vitest/config";

/** By file of the Worker, a module that hands on its exports out of the piece; `digest` is of them all. */
type Faces = { byFile: Map<string, string>; digest: string };

const MADE = join(import.meta.dirname, "..", "dist", "tests");
const DAY_MS = 86_400_000;
const RUNTIME = /^(cloudflare|workerd|node):/;

/** What workerd loads by itself. It knows modules by how they are asked for, and the pool asks for these so. */
export const PIECES = { type: "ESModule" as const, include: ["**/dist/tests/*/*.mjs"] };
const FORCED = "?mf_vitest_force=ESModule";

/**
 * Every file of tests has an isolate of its own, which would ask for each of the Worker's 1,200 files by itself and
 * evaluate it: seconds, again and again. With this plugin it loads them in one piece, as the product is. Whoever imports
 * one of those files is handed its exports out of that piece, so nothing is there twice.
 */
export function inOnePiece(entry: string): Plugin {
  let faces: Faces | undefined;
  return {
    name: "the Worker in one piece",
    enforce: "pre",
    // oxlint-disable-next-line typescript/no-misused-promises -- vitest waits for it, whatever its types say
    async configureVitest({ vitest, defineCacheKeyGenerator }) {
      // Who watches wants each file as it is now.
      if (vitest.config.watch) return;
      const { byFile, digest } = (faces = await facesOf(entry));
      // The cache's own key is the file alone.
      defineCacheKeyGenerator(({ id }) => (byFile.has(id) ? digest : undefined));
    },
    load(id) {
      const face = faces?.byFile.get(id);
      return face === undefined ? null : { code: face, map: { mappings: "" } };
    },
  };
}

async function facesOf(entry: string): Promise<Faces> {
  const { output } = await bundled(entry);
  const chunks = output.filter((each) => each.type === "chunk");
  const later = new Set(chunks.flatMap(({ dynamicImports }) => dynamicImports));
  const pieces = chunks.filter(
    ({ facadeModuleId, fileName }) => facadeModuleId === null || later.has(fileName),
  );
  const names = new Set(pieces.map(({ fileName }) => fileName));
  const hash = createHash("sha256");
  for (const { code } of chunks) hash.update(code);
  const digest = hash.digest("hex").slice(0, 16);
  const folder = join(MADE, digest);
  const pointed = (code: string, query: string): string =>
    code.replaceAll(/"[./]+\/([^"/]+)"/g, (text, name: string) =>
      names.has(name) ? JSON.stringify(join(folder, name) + query) : text,
    );
  makeRoom(folder);
  for (const { fileName, code, map } of pieces) {
    write(join(folder, fileName), pointed(code, FORCED));
    // Vitest looks there for what a line of an error's stack was.
    if (map !== null) write(join(folder, `${fileName}.map`), map.toString());
  }
  const faces = chunks.flatMap(({ facadeModuleId, code }) =>
    facadeModuleId === null ? [] : [[facadeModuleId, pointed(code, "")] as const],
  );
  return { byFile: new Map(faces), digest };
}

/** Whole or not at all: another run may read it, which has made the same. */
function write(path: string, text: string): void {
  const begun = `${path}.${process.pid}`;
  writeFileSync(begun, text);
  renameSync(begun, path);
}

/** Makes the folder, which is named by what lies in it, and takes away those that nobody used for a day. */
function makeRoom(folder: string): void {
  mkdirSync(folder, { recursive: true });
  utimesSync(folder, new Date(), new Date());
  for (const name of readdirSync(MADE)) {
    const path = join(MADE, name);
    if (Date.now() - statSync(path).mtimeMs > DAY_MS)
      rmSync(path, { recursive: true, force: true });
  }
}

/** What the entry imports is the piece `whole`, what is imported only when it is needed `later`. */
async function bundled(entry: string): Promise<Rolldown.RolldownOutput> {
  const atOnce = new Set<string>();
  const built = await build({
    configFile: false,
    root: join(import.meta.dirname, ".."),
    logLevel: "error",
    resolve: {
      conditions: ["workerd", "worker", "module", "browser"],
      mainFields: ["browser", "module", "jsnext:main", "jsnext"],
    },
    ssr: { target: "webworker", noExternal: true },
    plugins: [faceForEach(entry, atOnce)],
    build: {
      ssr: entry,
      write: false,
      minify: false,
      target: "esnext",
      sourcemap: true,
      rolldownOptions: {
        treeshake: false,
        output: {
          // Names of classes are seen in tests.
          keepNames: true,
          strictExecutionOrder: true,
          chunkFileNames: "[name].mjs",
          codeSplitting: {
            groups: [
              { name: "whole", test: (id) => id.startsWith("\0") || atOnce.has(id), priority: 1 },
              { name: "later", test: /./ },
            ],
          },
        },
      },
    },
  });
  return built as Rolldown.RolldownOutput;
}

/** Has each file handed out by itself too, and notes in `atOnce` what the entry needs from the beginning. */
function faceForEach(entry: string, atOnce: Set<string>): Plugin {
  return {
    name: "a face for each file",
    enforce: "pre",
    async resolveId(id, importer) {
      if (RUNTIME.test(id)) return { id, external: true };
      if (!id.endsWith(".wasm")) return null;
      const found = await this.resolve(id, importer, { skipSelf: true });
      return found === null ? null : { id: found.id, external: "absolute" };
    },
    load(id) {
      if (!id.startsWith("\0") && id !== entry)
        this.emitFile({ type: "chunk", id, preserveSignature: "strict" });
      return null;
    },
    buildEnd() {
      const open = [entry];
      for (let id = open.pop(); id !== undefined; id = open.pop()) {
        if (atOnce.has(id)) continue;
        atOnce.add(id);
        open.push(...(this.getModuleInfo(id)?.importedIds ?? []));
      }
    },
  };
}
