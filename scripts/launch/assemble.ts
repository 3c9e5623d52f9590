import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import type { MiniflareOptions } from "miniflare";
import { embedded, VOID, type Value } from "./capnp.ts";
import { readManifest } from "./bundle.ts";
import { ASSETS_DIST, inRoot, ROOT, WORKER_DIST } from "./paths.ts";
import { type Beside, BESIDE, besideOptions, productOptions } from "./product.ts";
import { PLACE, type Services } from "./services.ts";
import { isFresh, writeStamp } from "./stamp.ts";
import { readWranglerConfig } from "./wrangler-config.ts";

export type Assembled = Services & {
  /** What stands for the state folder. */
  root: string;
};

type Name = "product" | Beside;

/** Where workerd imports code from. */
export const PARTS_DIST = join(WORKER_DIST, "services");
const STAMP = join(WORKER_DIST, ".services.stamp.json");
const fileOf = (name: Name): string => join(WORKER_DIST, `${name}.services.json`);

/**
 * Lets Miniflare wire the Workers to its simulators of D1, R2 and Queues, and keeps the configuration that it would
 * start workerd with: so a start needs no Miniflare, neither its time nor its memory.
 */
export async function assembleServices(): Promise<void> {
  const config = await readWranglerConfig();
  const assets = readdirSync(ASSETS_DIST, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(ROOT, join(entry.parentPath, entry.name)))
    .toSorted();
  const extra = readFileSync(inRoot("package-lock.json"), "utf8") + assets.join("\n");
  if (isFresh(STAMP, extra)) return;
  rmSync(STAMP, { force: true });
  rmSync(PARTS_DIST, { recursive: true, force: true });
  mkdirSync(PARTS_DIST, { recursive: true });
  const root = mkdtempSync(join(tmpdir(), "wishub-assembled-"));
  try {
    const settings = {
      host: "127.0.0.1",
      port: 0,
      stateDir: root,
      token: PLACE.token,
      vars: {},
      gpu: { port: portOf(PLACE.gpu) },
    };
    for (const name of BESIDE) await assemble(name, besideOptions(config, settings, name), root);
    const ports = { embedder: portOf(PLACE.embedder), prover: portOf(PLACE.prover) };
    await assemble("product", productOptions(config, settings, ports), root);
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
  const modules = ["index", ...BESIDE, "launcher"].flatMap((name) => [
    `${name}.json`,
    ...Object.keys(readManifest(name).modules),
  ]);
  writeStamp(
    STAMP,
    [
      ...[...modules, "wrangler.json"].map((file) => relative(ROOT, join(WORKER_DIST, file))),
      ...assets,
      ...["assemble.ts", "capnp.ts", "product.ts", "services.ts"].map((file) =>
        join("scripts", "launch", file),
      ),
    ],
    extra,
  );
}

export function readAssembled(name: Name): Assembled {
  return JSON.parse(readFileSync(fileOf(name), "utf8")) as Assembled;
}

/** Miniflare hands its configuration to the program it takes for workerd, and writes it where this variable says. */
async function assemble(name: Name, options: MiniflareOptions, root: string): Promise<void> {
  const { Log, LogLevel, Miniflare } = await import("miniflare");
  const written = join(root, `${name}.json`);
  const variables = {
    MINIFLARE_WORKERD_CONFIG_DEBUG: written,
    MINIFLARE_WORKERD_PATH: join(import.meta.dirname, "not-workerd.sh"),
  };
  await withVariables(variables, async () => {
    const miniflare = new Miniflare({ ...options, log: new Log(LogLevel.NONE) });
    await miniflare.ready.catch(() => {}); // nothing was started
    await miniflare.dispose().catch(() => {});
  });
  const { services, sockets, extensions } = wired(
    JSON.parse(readFileSync(written, "utf8")),
  ) as Services;
  writeFileSync(
    fileOf(name),
    JSON.stringify({ root, services, sockets, extensions } satisfies Assembled),
  );
}

/** Does work under these variables of the environment. Whatever this process starts later must not see them. */
export async function withVariables(
  variables: Readonly<Record<string, string>>,
  work: () => Promise<void>,
): Promise<void> {
  const before = Object.keys(variables).map((name) => [name, process.env[name]] as const);
  Object.assign(process.env, variables);
  try {
    await work();
  } finally {
    for (const [name, value] of before) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
  }
}

/**
 * Reads what `JSON.stringify` made of a configuration: bytes come as objects, and a field that is set to nothing is
 * lost. Code and bytes stay in files of their own, which workerd reads itself.
 */
function wired(value: unknown, field = ""): Value {
  if (typeof value === "boolean") return value;
  if (typeof value === "string")
    return field === "esModule" ? kept(Buffer.from(value), ".js") : value;
  if (Array.isArray(value)) return value.map((each) => wired(each));
  if (typeof value !== "object" || value === null)
    throw new Error(`a configuration with ${String(value)} in ${field} cannot be kept`);
  if ("type" in value && value.type === "Buffer" && "data" in value)
    return kept(Buffer.from(value.data as number[]), ".bin");
  if ("0" in value) return kept(Buffer.from(Object.values(value) as number[]), ".bin");
  if (field === "durableObjectStorage" && Object.keys(value).length === 0)
    return { inMemory: VOID };
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, wired(each, name)]));
}

function kept(content: Buffer, ending: string): Value {
  const name = createHash("sha256").update(content).digest("hex").slice(0, 16) + ending;
  writeFileSync(join(PARTS_DIST, name), content);
  return embedded(`/${name}`);
}

const portOf = (address: string): number => Number(address.split(":")[1]);
