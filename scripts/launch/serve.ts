import { sessionsIn } from "#domain/sessions/room.ts";
import { execFileSync } from "node:child_process";
import { closeSync, openSync, rmSync } from "node:fs";
import { join } from "node:path";
import { migrateAll, type Migrated } from "#scripts/migrate.ts";
import { readAssembled } from "./assemble.ts";
import { exchange } from "./http.ts";
import { pidFile } from "./lock.ts";
import { onDemand } from "./on-demand.ts";
import { openFilesMax } from "./open-files.ts";
import { WORKERD } from "./paths.ts";
import { type Beside, TOKEN_HEADER } from "./product.ts";
import { Refusal, timed } from "./say.ts";
import { filled, type Filling, SOCKETS } from "./services.ts";
import type { Settings } from "./settings.ts";
import { unitShardCount } from "./unit-shards.ts";
import { crashes, startWorkerd, type Workerd } from "./workerd.ts";
import { readWranglerConfig } from "./wrangler-config.ts";

export type Served = {
  /** One call to the product's launcher Worker. */
  ask<T>(path: string, body?: unknown): Promise<T>;
  stop(): Promise<void>;
};

/** Starts the product and brings the databases up to date; `failed` is called if it later gives up. */
export async function serve(
  settings: Settings,
  failed: (sentence: string) => void,
): Promise<Served> {
  const config = await readWranglerConfig();
  unitShardCount(config);
  const unwrap = wrapWorkerd(settings.stateDir);
  const stops: (() => Promise<void>)[] = [];
  const stop = async (): Promise<void> => {
    await Promise.all(stops.map((each) => each()));
    unwrap();
  };
  try {
    const embedder = await besideOf("embedder", settings, failed);
    stops.push(embedder.stop);
    const prover = await besideOf("prover", settings, failed);
    stops.push(prover.stop);
    const product = await keptRunning(settings, failed, {
      worker: config.name,
      launcher: "wishub-launcher",
      embedder: `127.0.0.1:${embedder.port}`,
      prover: `127.0.0.1:${prover.port}`,
    });
    stops.push(product.stop);
    const ask = askerOf(settings, () => product.port(SOCKETS.launcher));
    await timed("bringing the databases up to date", () =>
      migrateAll(config, (binding, migrations) =>
        ask<Migrated>("/migrate", { binding, migrations }),
      ),
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

function askerOf(settings: Settings, port: () => number): Served["ask"] {
  return async <T>(path: string, body?: unknown): Promise<T> => {
    const answer = await exchange(`http://127.0.0.1:${port()}${path}`, {
      method: "POST",
      headers: { [TOKEN_HEADER]: settings.token },
      body: JSON.stringify(body ?? {}),
    });
    if (answer.status !== 200)
      throw new Error(`${path} answered ${answer.status}: ${answer.text.slice(0, 500)}`);
    return JSON.parse(answer.text) as T;
  };
}

type Wiring = Pick<Filling, "worker" | "launcher" | Beside>;

/** The product's workerd, started again whenever it ends by itself. */
async function keptRunning(
  settings: Settings,
  failed: (sentence: string) => void,
  wiring: Wiring,
): Promise<{ port(socket: string): number; stop(): Promise<void> }> {
  const isWorthIt = crashes();
  const files = openFilesMax();
  const max = files === null ? null : sessionsIn(files);
  let stopping = false;
  const start = async (): Promise<Workerd> =>
    await startWorkerd({
      what: "product",
      stateDir: settings.stateDir,
      inspect: settings.inspect,
      // Read again: what is not kept takes no memory while all goes well.
      services: filled(readAssembled("product"), {
        ...wiring,
        address: addressOf(settings),
        stateDir: settings.stateDir,
        token: settings.token,
        vars: { ...settings.vars, ...(max !== null && { WISHUB_SESSIONS_MAX: String(max) }) },
        gpu: settings.gpu && `127.0.0.1:${settings.gpu.port}`,
      }),
      ended: () => void again(),
    });
  const again = async (): Promise<void> => {
    if (stopping) return;
    if (!isWorthIt(performance.now())) return failed("the product crashed too often in a minute.");
    try {
      running = await start();
      process.stderr.write("wishub: the product crashed and was started again.\n");
    } catch (error) {
      failed(`the product stopped and could not be started again (${messageOf(error)}).`);
    }
    if (stopping) await running.stop();
  };
  let running = await timed("workerd with the product", start);
  return {
    port: (socket) => running.ports.get(socket) ?? 0,
    async stop() {
      stopping = true;
      await running.stop();
    },
  };
}

/** What takes a thread for long in a workerd of its own, so that it holds up no read; the first that needs it starts it. */
async function besideOf(name: Beside, settings: Settings, failed: (sentence: string) => void) {
  const isWorthIt = crashes();
  let running: Promise<Workerd> | undefined;
  const start = async (): Promise<Workerd> =>
    await startWorkerd({
      what: name,
      stateDir: settings.stateDir,
      services: filled(readAssembled(name), {
        worker: `wishub-${name}`,
        launcher: undefined,
        address: "127.0.0.1:0",
        stateDir: join(settings.stateDir, name),
        token: settings.token,
        vars: {},
        embedder: undefined,
        prover: undefined,
        gpu: undefined,
      }),
      ended() {
        running = undefined; // the next that needs it starts it again
        if (!isWorthIt(performance.now())) failed(`the ${name} crashed too often in a minute.`);
      },
    });
  const door = await onDemand(async () => {
    running ??= start().catch((error: unknown) => {
      running = undefined;
      throw error;
    });
    return (await running).ports.get(SOCKETS.world) ?? 0;
  });
  return {
    port: door.port,
    async stop() {
      await door.stop();
      await running?.then(
        (workerd) => workerd.stop(),
        () => {},
      );
    },
  };
}

/** What starts workerd ends it when this process ends (see workerd.sh). */
function wrapWorkerd(stateDir: string): () => void {
  if (process.platform === "win32") return () => {};
  const pipe = join(stateDir, "launcher.pipe");
  rmSync(pipe, { force: true });
  execFileSync("mkfifo", ["-m", "600", pipe]);
  const held = openSync(pipe, "r+");
  process.env["WISHUB_WORKERD"] = WORKERD;
  process.env["WISHUB_WORKERD_PIDS"] = pidFile(stateDir);
  process.env["WISHUB_LAUNCHER_PIPE"] = pipe;
  return () => {
    closeSync(held);
    rmSync(pipe, { force: true });
    rmSync(pidFile(stateDir), { force: true });
  };
}

const addressOf = ({ host, port }: Settings): string =>
  `${host.includes(":") ? `[${host}]` : host}:${port}`;

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
