import { execFileSync } from "node:child_process";
import { closeSync, openSync, rmSync } from "node:fs";
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { Log, LogLevel, Miniflare, type MiniflareOptions } from "miniflare";
import { migrateAll, type Migrated } from "#scripts/migrate.ts";
import { pidFile } from "./lock.ts";
import { readManifest } from "./bundle.ts";
import { WORKERD } from "./paths.ts";
import { embedderOptions, productOptions, TOKEN_HEADER } from "./product.ts";
import { Refusal, timed } from "./say.ts";
import type { Settings } from "./settings.ts";
import { unitShardCount } from "./unit-shards.ts";
import { readWranglerConfig } from "./wrangler-config.ts";

/** More often than this, starting it again helps nobody. */
const CRASHES_MAX = 5;
const CRASHES_WINDOW_MS = 60_000;

export type Served = {
  /** One call to the product's launcher Worker. */
  ask<T>(path: string, body?: unknown): Promise<T>;
  stop(): Promise<void>;
};

/** Starts the embedder and the product and brings the databases up to date; `failed` is called if they later give up. */
export async function serve(
  settings: Settings,
  failed: (sentence: string) => void,
): Promise<Served> {
  const config = await readWranglerConfig();
  unitShardCount(config);
  const unwrap = wrapWorkerd(settings.stateDir);
  const running: Miniflare[] = [];
  const start = async (what: string, options: MiniflareOptions): Promise<Miniflare> => {
    const miniflare = withoutSignalHandlers(
      () => new Miniflare({ ...options, ...watched(what, failed) }),
    );
    running.push(miniflare);
    await timed(`workerd with the ${what}`, () => miniflare.ready);
    return miniflare;
  };
  const stop = async (): Promise<void> => {
    await Promise.all(running.map((miniflare) => miniflare.dispose().catch(() => {}))); // it may have failed to start
    unwrap();
  };
  try {
    let embedderPort: number | undefined;
    if (hasEmbedder()) {
      const embedder = await start("embedder", embedderOptions(config, settings));
      embedderPort = Number((await embedder.unsafeGetDirectURL("wishub-embedder")).port);
    }
    const product = await start("product", productOptions(config, settings, embedderPort));
    const entry = await product.ready;
    const ask = async <T>(path: string, body?: unknown): Promise<T> => {
      const headers = { [TOKEN_HEADER]: settings.token };
      const response = await fetch(new URL(path, entry), {
        method: "POST",
        headers,
        body: JSON.stringify(body ?? {}),
      });
      if (!response.ok)
        throw new Error(
          `${path} answered ${response.status}: ${(await response.text()).slice(0, 500)}`,
        );
      return (await response.json()) as T;
    };
    await migrateAll(config, (binding, migrations) =>
      ask<Migrated>("/migrate", { binding, migrations }),
    );
    await ask("/open-unit-shards");
    return { ask, stop };
  } catch (error) {
    await stop();
    throw error instanceof Refusal
      ? error
      : new Refusal(`the product did not start: ${messageOf(error)}`);
  }
}

/** Miniflare would end this process on the spot; the launcher stops everything else first. */
function withoutSignalHandlers<T>(make: () => T): T {
  const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
  const before = signals.map((signal) => process.listeners(signal));
  const made = make();
  for (const [index, signal] of signals.entries()) {
    const ours = before[index] ?? [];
    for (const listener of process.listeners(signal)) {
      if (!ours.includes(listener)) process.removeListener(signal, listener);
    }
  }
  return made;
}

function hasEmbedder(): boolean {
  try {
    return readManifest("embedder").exports.length > 0;
  } catch {
    return false;
  }
}

/** Miniflare starts whatever MINIFLARE_WORKERD_PATH names; ours ends when this process does (see workerd.sh). */
function wrapWorkerd(stateDir: string): () => void {
  if (process.platform === "win32") return () => {};
  const pipe = join(stateDir, "launcher.pipe");
  rmSync(pipe, { force: true });
  execFileSync("mkfifo", ["-m", "600", pipe]);
  const held = openSync(pipe, "r+");
  process.env["MINIFLARE_WORKERD_PATH"] = join(import.meta.dirname, "workerd.sh");
  process.env["WISHUB_WORKERD"] = WORKERD;
  process.env["WISHUB_WORKERD_PIDS"] = pidFile(stateDir);
  process.env["WISHUB_LAUNCHER_PIPE"] = pipe;
  process.env["WISHUB_CAPNP_SECRET"] = randomBytes(20).toString("hex").slice(0, 39);
  return () => {
    closeSync(held);
    rmSync(pipe, { force: true });
    rmSync(pidFile(stateDir), { force: true });
  };
}

/** Miniflare starts a crashed workerd again by itself, on the same ports and the same state. */
function watched(what: string, failed: (sentence: string) => void) {
  const crashesMs: number[] = [];
  class Watcher extends Log {
    override error(error: Error): void {
      if (error.message.includes("failed to restart"))
        failed(`the ${what} stopped and could not be started again.`);
      super.error(error);
    }
  }
  return {
    log: new Watcher(LogLevel.ERROR),
    handleStructuredLogs: ({ message }: { message: string }) =>
      void process.stderr.write(`${message}\n`),
    unsafeHandleRuntimeRestart: () => {
      const nowMs = performance.now();
      crashesMs.push(nowMs);
      process.stderr.write(`wishub: the ${what} crashed and was started again.\n`);
      if (crashesMs.filter((ms) => nowMs - ms < CRASHES_WINDOW_MS).length > CRASHES_MAX) {
        failed(`the ${what} crashed more than ${CRASHES_MAX} times in a minute.`);
      }
    },
  };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
