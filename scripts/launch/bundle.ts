import { createHash } from "node:crypto";
import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { builtinModules as builtinModuleNames } from "node:module";
import { basename, extname, isAbsolute, join, relative, resolve } from "node:path";
import type { Plugin } from "esbuild";
import { inRoot, ROOT, WORKER_DIST } from "./paths.ts";
import { isFresh, writeStamp } from "./stamp.ts";

/** What workerd can load beside JavaScript, by file ending. */
const MODULE_TYPES: Record<string, "wasm" | "data" | "text"> = {
  ".wasm": "wasm",
  ".bin": "data",
  ".txt": "text",
  ".html": "text",
  ".sql": "text",
};

export type Manifest = {
  main: string;
  modules: Record<string, "esm" | "wasm" | "data" | "text">;
  exports: string[];
};

const BUNDLES = [
  { name: "index", entry: "workers/index.ts" },
  { name: "embedder", entry: "workers/embedder.ts" },
  { name: "prover", entry: "workers/prover.ts" },
  { name: "launcher", entry: "workers/launcher.ts" },
];

/** Raised when this file changes what it makes. */
const FORMAT = "2";

/** Makes dist/worker/<name>.js with its manifest for each entry, unless its inputs are unchanged. */
export async function bundleWorkers(): Promise<void> {
  for (const bundle of BUNDLES) {
    if (!existsSync(inRoot(bundle.entry))) continue;
    const stamp = join(WORKER_DIST, `.${bundle.name}.stamp.json`);
    const extra = FORMAT + readFileSync(inRoot("package-lock.json"), "utf8");
    if (existsSync(join(WORKER_DIST, `${bundle.name}.json`)) && isFresh(stamp, extra)) continue;
    rmSync(stamp, { force: true });
    writeStamp(stamp, await bundleWorker(bundle.name, bundle.entry), extra);
  }
}

export function readManifest(name: string): Manifest {
  return JSON.parse(readFileSync(join(WORKER_DIST, `${name}.json`), "utf8")) as Manifest;
}

async function bundleWorker(name: string, entry: string): Promise<string[]> {
  const esbuild = await import("esbuild");
  mkdirSync(WORKER_DIST, { recursive: true });
  const modules: Manifest["modules"] = { [`${name}.js`]: "esm" };
  const copied: string[] = [];
  const { metafile } = await esbuild.build({
    absWorkingDir: ROOT,
    entryPoints: [entry],
    outfile: join(WORKER_DIST, `${name}.js`),
    bundle: true,
    format: "esm",
    target: "esnext",
    platform: "browser",
    conditions: ["workerd", "worker", "browser"],
    mainFields: ["browser", "module", "main"],
    external: ["cloudflare:*", "node:*"],
    define: { "process.env.NODE_ENV": '"production"' },
    legalComments: "none",
    metafile: true,
    logLevel: "warning",
    plugins: [attachedModules(modules, copied), builtinModules()],
  });
  const output = Object.values(metafile.outputs).find(
    (candidate) => candidate.entryPoint === entry,
  );
  const manifest: Manifest = { main: `${name}.js`, modules, exports: output?.exports ?? [] };
  writeFileSync(join(WORKER_DIST, `${name}.json`), JSON.stringify(manifest, null, 2));
  return [...Object.keys(metafile.inputs), ...copied].filter((input) => existsSync(inRoot(input)));
}

/** Lets CommonJS packages that ask for Node's modules by their old names have workerd's own. */
function builtinModules(): Plugin {
  return {
    name: "builtin-modules",
    setup(build) {
      const names = builtinModuleNames.filter((name) => !name.includes(":")).join("|");
      build.onResolve({ filter: new RegExp(`^(${names})$`) }, ({ path, kind }) =>
        kind === "require-call" ? { path, namespace: "builtin" } : undefined,
      );
      build.onLoad({ filter: /.*/, namespace: "builtin" }, ({ path }) => ({
        contents: `import all from "node:${path}"; module.exports = all;`,
      }));
    },
  };
}

/** Leaves WASM and data imports as modules of their own (workerd compiles them itself), named by content. */
function attachedModules(modules: Manifest["modules"], copied: string[]): Plugin {
  return {
    name: "attached-modules",
    setup(build) {
      build.onResolve({ filter: /\.(wasm|bin|txt|html|sql)(\?module)?$/ }, async (args) => {
        if (args.pluginData === "attached") return undefined;
        const wanted = args.path.replace(/\?module$/, "");
        const found =
          wanted.startsWith(".") || isAbsolute(wanted)
            ? { path: resolve(args.resolveDir, wanted), errors: [] }
            : await build.resolve(wanted, {
                kind: args.kind,
                resolveDir: args.resolveDir,
                pluginData: "attached",
              });
        if (found.errors.length > 0) return { errors: found.errors };
        const type = MODULE_TYPES[extname(found.path)];
        if (type === undefined || !existsSync(found.path))
          return { errors: [{ text: `${wanted} is not built` }] };
        const digest = createHash("sha256")
          .update(readFileSync(found.path))
          .digest("hex")
          .slice(0, 12);
        const target = `${digest}-${basename(found.path)}`;
        copyFileSync(found.path, join(WORKER_DIST, target));
        modules[target] = type;
        copied.push(relative(ROOT, found.path));
        return { path: `./${target}`, external: true };
      });
    },
  };
}
