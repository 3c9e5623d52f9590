import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, extname, join, relative } from "node:path";
import { gzipSync } from "node:zlib";
import { build as bundle } from "esbuild";
import { buildConsole } from "./build-console.ts";
import { ASSETS_DIST, DIST, inRoot } from "./launch/paths.ts";
import { command, isCommand, say } from "./launch/say.ts";
import { isFresh, writeStamp } from "./launch/stamp.ts";

const STAMP = join(DIST, ".web.stamp.json");
const SCALAR = "node_modules/@scalar/api-reference/dist/browser/standalone.js";
const TARGET = ["es2024", "chrome123", "firefox120", "safari17.5"];

/** One page of ours: an HTML template whose `{{name}}` becomes the address of that file, from where the page is served. */
type Page = { folder: string; template: string; bundles: string[]; copies: string[] };
const PAGES: Page[] = [
  {
    folder: "web",
    template: "web/index.html",
    bundles: ["web/theme.ts"], // apart from the console, because it runs before the first paint
    copies: ["web/icon.svg"],
  },
  {
    folder: "docs",
    template: "web/docs.html",
    bundles: ["web/docs.ts", "web/docs.css"],
    copies: ["web/icon.svg", SCALAR],
  },
];

/** Writes dist/assets/web and dist/assets/docs. Names carry a hash of the content, so browsers may keep them for ever. */
export async function build({ log }: { log(line: string): void }): Promise<void> {
  const done = PAGES.every(({ folder }) => existsSync(join(ASSETS_DIST, folder, "index.html")));
  if (done && isFresh(STAMP, stampOf())) return;
  const { names, modules, files, firstLoadBytes } = await buildConsole(TARGET);
  for (const page of PAGES) await write(page, page.folder === "web" ? names : new Map());
  for (const { folder } of PAGES) pack(join(ASSETS_DIST, folder));
  log(`console: ${files} files, ${Math.ceil(firstLoadBytes / 1_000)} kB gzip at first load`);
  writeStamp(STAMP, inputs(modules), stampOf());
}

async function write(page: Page, names: Map<string, string>): Promise<void> {
  const out = join(ASSETS_DIST, page.folder);
  if (page.folder !== "web") rmSync(out, { recursive: true, force: true });
  mkdirSync(out, { recursive: true });
  const written = new Map(names);
  const keep = (name: string, content: Uint8Array) => {
    const hashed = hashedName(name, content);
    writeFileSync(join(out, hashed), content);
    written.set(name, hashed);
  };
  for (const entry of page.bundles) {
    const extension = extname(entry);
    keep(
      `${basename(entry, extension)}${extension === ".css" ? ".css" : ".js"}`,
      await bundled(entry),
    );
  }
  for (const file of page.copies) keep(basename(file), readFileSync(inRoot(file)));
  let html = readFileSync(inRoot(page.template), "utf8");
  for (const [name, file] of written)
    html = html.replaceAll(`{{${name}}}`, `./assets/${page.folder}/${file}`);
  const missing = /\{\{([^}]*)\}\}/.exec(html)?.[1];
  if (missing !== undefined)
    throw new Error(`${page.template} names ${missing}, which nothing builds`);
  writeFileSync(join(out, "index.html"), html);
}

/** Lays a packed copy beside each file. Brotli is 6 % smaller, and browsers take it over https only. */
function pack(folder: string): void {
  for (const file of readdirSync(folder).filter((each) => /\.(js|css|svg)$/.test(each))) {
    const path = join(folder, file);
    writeFileSync(`${path}.gz`, gzipSync(readFileSync(path), { level: 9 }));
  }
}

async function bundled(entry: string): Promise<Uint8Array> {
  const { outputFiles } = await bundle({
    entryPoints: [inRoot(entry)],
    bundle: true,
    minify: true,
    write: false,
    format: "iife",
    target: TARGET,
    legalComments: "none",
  });
  const [file] = outputFiles;
  if (file === undefined) throw new Error(`${entry} gave no output`);
  return file.contents;
}

function hashedName(name: string, content: Uint8Array): string {
  const hash = createHash("sha256").update(content).digest("hex").slice(0, 10);
  const extension = extname(name);
  return `${basename(name, extension)}-${hash}${extension}`;
}

/** What else decides what is built: the list of the console's files is not known before it is built. */
const stampOf = (): string => [...TARGET, ...ownFiles()].join();

const ownFiles = (): string[] =>
  readdirSync(inRoot("web"), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !entry.name.includes(".test."))
    .map((entry) => relative(inRoot(), join(entry.parentPath, entry.name)))
    .toSorted();

const inputs = (modules: string[]): string[] => [
  ...new Set([
    ...ownFiles(),
    ...modules.filter((path) => existsSync(inRoot(path))),
    "scripts/build-web.ts",
    "scripts/build-console.ts",
    "package-lock.json",
    SCALAR,
  ]),
];

if (isCommand(import.meta)) await command(() => build({ log: say }));
