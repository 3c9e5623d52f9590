import { createHash } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { unitsOfMarkdown } from "#domain/units/markdown.ts";
import type { UnitInput } from "#domain/units/model.ts";

/** Questions that the starter knowledge answers, in the two languages it is tried in. */
export const exampleQuestions = [
  "How do I cache the responses of requests?",
  "How do I sort version numbers?",
  "How can I match file names with glob patterns?",
  "How do I validate data against a schema?",
  "How do I parse Markdown?",
  "怎样缓存请求的响应？",
  "怎样比较两个版本号？",
  "如何把 Markdown 转换为 HTML？",
] as const;

const UNITS_MAX = 400;
const DIRECT_UNITS_MAX = 24;
const OTHER_UNITS_MAX = 12;
/** Few units are under way at once, so a unit that a user publishes meanwhile waits for these few at most. */
const CHUNK_UNITS = 8;
const PROGRESS_UNITS = 100;
const SETTLE_MS = 60_000;
const TRIES_MAX = 8;
const MARKS_MAX = 20_000;

/** Other packages people ask about, in the order they are taken; after them comes what is documented best. */
const WELL_KNOWN =
  "chokidar undici commander ajv semver dotenv picomatch path-to-regexp magic-string type-fest chai tinybench unified jiti debug ms js-yaml sharp fdir std-env pathe defu destr c12 citty nanoid pako fuse.js".split(
    " ",
  );

type Options = {
  url: string;
  apiKey: string;
  /** The folder that holds `package.json` and `node_modules`. */
  root?: string;
  /** Where to remember what is published, so that no start publishes it again. */
  marker?: string;
  log(line: string): void;
  signal: AbortSignal;
};
export type Published = { published: number; skipped: number; rejected: number };

/**
 * Publishes the documentation of the installed packages as public units, a few at a time behind everybody's work.
 * What the marker file names is skipped, and each chunk has an idempotency key made of its content.
 */
export async function publishStarter(options: Options): Promise<Published> {
  const units = starterUnits(options.root ?? join(import.meta.dirname, ".."));
  const marks = readMarks(options.marker);
  const fresh = units.filter((unit) => !marks.has(fingerprint(unit)));
  const total = { published: 0, skipped: units.length - fresh.length, rejected: 0 };
  if (fresh.length > 0)
    options.log(`publishing ${fresh.length} units of starter knowledge in the background`);
  for (let at = 0; at < fresh.length; at += CHUNK_UNITS) {
    options.signal.throwIfAborted();
    const chunk = fresh.slice(at, at + CHUNK_UNITS);
    const { ids, refused } = await importChunk(options, chunk);
    const statuses = await settled(options, ids);
    const rejected = statuses.filter((status) => status === "rejected").length;
    total.rejected += refused + rejected;
    total.published += ids.length - rejected;
    for (const unit of chunk) marks.add(fingerprint(unit));
    writeMarks(options.marker, marks);
    const done = at + chunk.length;
    if (done < fresh.length && done % PROGRESS_UNITS < CHUNK_UNITS)
      options.log(`${done} of ${fresh.length} units of starter knowledge`);
  }
  if (fresh.length > 0)
    options.log(
      `published ${total.published} units of starter knowledge, ${total.rejected} refused by the rules`,
    );
  return total;
}

/** The units in the order they are published: direct dependencies by name, then the best documented of the others. */
export function starterUnits(root: string): UnitInput[] {
  const manifest = readManifest(join(root, "package.json"));
  const direct = Object.keys({ ...manifest?.dependencies, ...manifest?.devDependencies }).sort();
  const modules = join(root, "node_modules");
  const known = WELL_KNOWN.filter((name) => !direct.includes(name));
  const others = installedPackages(modules).filter(
    (name) => !direct.includes(name) && !known.includes(name),
  );
  const units: UnitInput[] = direct.flatMap((name) =>
    packageUnits(modules, name).slice(0, DIRECT_UNITS_MAX),
  );
  for (const name of known) units.push(...packageUnits(modules, name).slice(0, OTHER_UNITS_MAX));
  const rest = others
    .map((name) => packageUnits(modules, name))
    .sort((a, b) => b.length - a.length || compare(a[0]?.title, b[0]?.title));
  for (const more of rest) units.push(...more.slice(0, OTHER_UNITS_MAX));
  const seen = new Set<string>();
  return units.filter((unit) => !seen.has(unit.body) && seen.add(unit.body)).slice(0, UNITS_MAX);
}

const compare = (a = "", b = "") => (a < b ? -1 : a > b ? 1 : 0);

function installedPackages(modules: string): string[] {
  if (!existsSync(modules)) return [];
  return readdirSync(modules)
    .filter((name) => !name.startsWith("."))
    .flatMap((name) =>
      name.startsWith("@")
        ? readdirSync(join(modules, name)).map((inner) => `${name}/${inner}`)
        : [name],
    )
    .filter((name) => existsSync(join(modules, name, "package.json")))
    .sort();
}

type Manifest = {
  version?: string;
  homepage?: string;
  keywords?: unknown;
  dependencies?: Record<string, string>;
  devDependencies?: Record<string, string>;
};

function readManifest(path: string): Manifest | undefined {
  return existsSync(path) ? (JSON.parse(readFileSync(path, "utf8")) as Manifest) : undefined;
}

function packageUnits(modules: string, name: string): UnitInput[] {
  const folder = join(modules, name);
  const manifest = readManifest(join(folder, "package.json"));
  if (manifest === undefined) return [];
  const version = manifest.version ?? "0.0.0";
  const page = `https://www.npmjs.com/package/${name}/v/${version}`;
  const tags = [...new Set(["npm", name.replace(/^@/, ""), ...keywordsOf(manifest)])]
    .map((tag) => tag.slice(0, 40))
    .slice(0, 8);
  return documents(folder).flatMap((file) =>
    unitsOfMarkdown(
      name,
      readFileSync(join(folder, file), "utf8").toWellFormed().replaceAll("\0", ""),
    )
      .filter(({ body }) => isProse(body))
      .map(({ title, body }) => ({
        title: titled(name, title),
        body,
        kind: "documentation",
        tags,
        sources: [{ url: page, title: `${name} ${version}, ${file}` }],
        appliesTo: [{ subject: `npm:${name}`, versions: version }],
        visibility: "public" as const,
      })),
  );
}

/** The package's readme, then its `docs` folder. Changelogs and licences are not knowledge; translations repeat it. */
function documents(folder: string): string[] {
  const readme = readdirSync(folder).filter((file) => /^readme\.(md|markdown)$/i.test(file));
  const docs = join(folder, "docs");
  const more = existsSync(docs)
    ? readdirSync(docs, { recursive: true, encoding: "utf8" }).filter((file) =>
        file.endsWith(".md"),
      )
    : [];
  return [...readme, ...more.map((file) => `docs/${file}`).sort()];
}

/** At least fifteen words outside code: a list of links or a bare example answers no question. */
function isProse(body: string): boolean {
  const prose = body
    .split("```")
    .filter((_, i) => i % 2 === 0)
    .join(" ");
  return (prose.match(/\p{L}{3,}/gu)?.length ?? 0) >= 15;
}

function keywordsOf({ keywords }: Manifest): string[] {
  return Array.isArray(keywords)
    ? keywords
        .filter(
          (word): word is string => typeof word === "string" && word !== "" && word.isWellFormed(),
        )
        .slice(0, 5)
    : [];
}

function titled(name: string, title: string): string {
  const headings = title.split(" › ");
  const [top = "", ...inner] = headings;
  // The first heading of a readme is the package's name in other words.
  const kept =
    inner.length > 0 && (top.toLowerCase().includes(name.toLowerCase()) || top.length > 40)
      ? inner
      : headings;
  const whole = kept.join(" › ");
  return (whole.toLowerCase().startsWith(name.toLowerCase()) ? whole : `${name} › ${whole}`)
    .slice(0, 200)
    .toWellFormed();
}

const fingerprint = (unit: UnitInput) =>
  createHash("sha256").update(`${unit.title}\n${unit.body}`).digest("hex").slice(0, 32);

/** Sends one chunk; a busy product is asked again when it says so. */
async function importChunk(
  options: Options,
  chunk: UnitInput[],
): Promise<{ ids: string[]; refused: number }> {
  const body = chunk.map((unit) => JSON.stringify(unit)).join("\n");
  const key = `starter-${createHash("sha256").update(body).digest("hex").slice(0, 32)}`;
  const response = await request(options, "/v1/units/import", {
    method: "POST",
    headers: { "content-type": "application/x-ndjson", "idempotency-key": key },
    body,
  });
  const ids: string[] = [];
  let refused = 0;
  for (const line of (await response.text()).split("\n")) {
    if (line.trim() === "") continue;
    const answer = JSON.parse(line) as { id?: string };
    if (answer.id === undefined) refused += 1;
    else ids.push(answer.id);
  }
  return { ids, refused };
}

/** Waits until the units are searchable or rejected; one that takes too long is left to the pipeline. */
async function settled(options: Options, ids: string[]): Promise<string[]> {
  const untilMs = performance.now() + SETTLE_MS;
  const statuses: string[] = [];
  for (const id of ids) {
    for (;;) {
      const response = await request(options, `/v1/units/${encodeURIComponent(id)}`, {});
      const { status } = (await response.json()) as { status: string };
      if ((status !== "pending" && status !== "verifying") || performance.now() > untilMs) {
        statuses.push(status);
        break;
      }
      await pause(150, undefined, { signal: options.signal });
    }
  }
  return statuses;
}

async function request(
  { url, apiKey, signal }: Options,
  path: string,
  init: RequestInit,
): Promise<Response> {
  const headers = new Headers(init.headers);
  headers.set("authorization", `Bearer ${apiKey}`);
  for (let tries = 1; ; tries++) {
    const response = await fetch(`${url}${path}`, {
      ...init,
      headers,
      signal: AbortSignal.any([signal, AbortSignal.timeout(60_000)]),
    });
    if (response.ok) return response;
    const detail = (await response.text()).slice(0, 300);
    const busy =
      response.status === 429 ||
      response.status === 503 ||
      (response.status === 409 && response.headers.has("retry-after"));
    if (!busy || tries >= TRIES_MAX)
      throw new Error(`${path} answered ${response.status}: ${detail}`);
    const seconds = Number(response.headers.get("retry-after") ?? 1);
    await pause(
      1_000 * Math.min(30, Math.max(0.2, Number.isFinite(seconds) ? seconds : 1)),
      undefined,
      { signal },
    );
  }
}

function readMarks(marker: string | undefined): Set<string> {
  if (marker === undefined || !existsSync(marker)) return new Set();
  const known = JSON.parse(readFileSync(marker, "utf8")) as { published?: string[] };
  return new Set(known.published);
}

/** Written beside and renamed, so that a kill leaves the old marks or the new ones. */
function writeMarks(marker: string | undefined, marks: Set<string>): void {
  if (marker === undefined) return;
  mkdirSync(dirname(marker), { recursive: true });
  writeFileSync(`${marker}.new`, JSON.stringify({ published: [...marks].slice(-MARKS_MAX) }));
  renameSync(`${marker}.new`, marker);
}
