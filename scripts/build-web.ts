import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, extname, join } from "node:path";
import { build as bundle } from "esbuild";
import { ASSETS_DIST, DIST, inRoot } from "./launch/paths.ts";
import { command, isCommand, say } from "./launch/say.ts";
import { isFresh, writeStamp } from "./launch/stamp.ts";

const STAMP = join(DIST, ".web.stamp.json");
const SCALAR = "node_modules/@scalar/api-reference/dist/browser/standalone.js";
const TARGET = ["es2024", "chrome123", "firefox120", "safari17.5"];

/** One page of ours: an HTML template whose `{{name}}` becomes the address of that file. */
type Page = { folder: string; template: string; bundles: string[]; copies: string[] };
const PAGES: Page[] = [
  {
    folder: "web",
    template: "web/index.html",
    bundles: ["web/theme.ts", "web/main.ts", "web/style.css"],
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
  if (done && isFresh(STAMP, TARGET.join())) return;
  for (const page of PAGES) {
    const out = join(ASSETS_DIST, page.folder);
    rmSync(out, { recursive: true, force: true });
    mkdirSync(out, { recursive: true });
    const files = new Map<string, Uint8Array>();
    for (const entry of page.bundles)
      files.set(
        `${basename(entry, extname(entry))}${extname(entry) === ".css" ? ".css" : ".js"}`,
        await bundled(entry),
      );
    for (const file of page.copies) files.set(basename(file), readFileSync(inRoot(file)));
    let html = readFileSync(inRoot(page.template), "utf8");
    for (const [name, content] of files) {
      const hashed = hashedName(name, content);
      writeFileSync(join(out, hashed), content);
      html = html.replaceAll(`{{${name}}}`, `/assets/${page.folder}/${hashed}`);
    }
    const missing = /\{\{([^}]*)\}\}/.exec(html)?.[1];
    if (missing !== undefined)
      throw new Error(`${page.template} names ${missing}, which nothing builds`);
    writeFileSync(join(out, "index.html"), html);
    log(`${page.folder}: ${files.size + 1} files`);
  }
  writeStamp(STAMP, inputs(), TARGET.join());
}

async function bundled(entry: string): Promise<Uint8Array> {
  const { outputFiles } = await bundle({
    entryPoints: [inRoot(entry)],
    bundle: true,
    minify: true,
    write: false,
    format: entry.endsWith("main.ts") ? "esm" : "iife",
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

function inputs(): string[] {
  const own = ["web", "sdk"].flatMap((folder) =>
    readdirSync(inRoot(folder))
      .filter((name) => !name.includes(".test."))
      .map((name) => `${folder}/${name}`),
  );
  return [...own, "scripts/build-web.ts", SCALAR];
}

if (isCommand(import.meta)) await command(() => build({ log: say }));
