import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { PARTS_DIST } from "./assemble.ts";
import { capnpText } from "./capnp.ts";
import { WORKERD } from "./paths.ts";
import type { Services } from "./services.ts";

/** More often than this, starting it again helps nobody. */
const CRASHES_MAX = 5;
const CRASHES_WINDOW_MS = 60_000;
/**
 * All isolates of a workerd, some twenty, share these. Young generations of 4 MB take a third off its memory and no
 * time that can be measured (npm run bench -- search).
 */
const V8_FLAGS = ["--max-semi-space-size=4"];

export type Workerd = {
  /** Where its sockets listen, by name. */
  ports: ReadonlyMap<string, number>;
  stop(): Promise<void>;
};

type Options = {
  what: string;
  services: Services;
  stateDir: string;
  /** The port of 127.0.0.1 at which a debugger finds it. */
  inspect?: number | undefined;
  /** It ended by itself. Whoever is told decides whether to start another. */
  ended(): void;
};

/** Starts workerd and waits until all its sockets listen. It ends with this process (workerd.sh). */
export async function startWorkerd(options: Options): Promise<Workerd> {
  const { what, services, stateDir, inspect, ended } = options;
  for (const folder of foldersOf(services)) mkdirSync(folder, { recursive: true });
  // It holds secrets, and workerd reads text only from a file: there for as long as it takes to read.
  const file = join(stateDir, `workerd-${what}-${process.pid}.capnp`);
  writeFileSync(file, textOf(services), { mode: 0o600 });
  let child: ChildProcess | undefined;
  try {
    child = spawn(
      process.platform === "win32" ? WORKERD : join(import.meta.dirname, "workerd.sh"),
      [
        "serve",
        "--experimental",
        "--control-fd=3",
        `--import-path=${PARTS_DIST}`,
        ...(inspect === undefined ? [] : [`--inspector-addr=127.0.0.1:${inspect}`]),
        file,
      ],
      // What it says is for whoever runs this: nothing here reads it.
      { stdio: ["ignore", 2, 2, "pipe"], windowsHide: true, env: { ...process.env, TZ: "UTC" } },
    );
    const gone = once(child, "exit");
    const ports = await Promise.race([
      portsOf(child.stdio[3] as Readable, services.sockets.length),
      gone.then(([code, signal]) => {
        throw new Error(`workerd with the ${what} ended (${signal ?? code})`);
      }),
    ]);
    let stopping = false;
    void gone.then(() => {
      if (!stopping) ended();
    });
    return {
      ports,
      async stop() {
        stopping = true;
        child?.kill("SIGKILL");
        await gone;
      },
    };
  } catch (error) {
    child?.kill("SIGKILL");
    throw error;
  } finally {
    rmSync(file, { force: true });
  }
}

/** Counts crashes: true as long as starting again is worth it. */
export function crashes(): (nowMs: number) => boolean {
  let atMs: number[] = [];
  return (nowMs) => {
    atMs = [...atMs.filter((ms) => nowMs - ms < CRASHES_WINDOW_MS), nowMs];
    return atMs.length <= CRASHES_MAX;
  };
}

async function portsOf(control: Readable, sockets: number): Promise<Map<string, number>> {
  const ports = new Map<string, number>();
  for await (const line of createInterface(control)) {
    const said = JSON.parse(line) as { event: string; socket: string; port: number };
    if (said.event === "listen") ports.set(said.socket, said.port);
    if (ports.size === sockets) break;
  }
  return ports;
}

const textOf = ({ services, sockets, extensions }: Services): string =>
  `using Workerd = import "/workerd/workerd.capnp";\nconst config :Workerd.Config = ${capnpText({ services, sockets, extensions, v8Flags: V8_FLAGS })};\n`;

function foldersOf({ services }: Services): string[] {
  return services.flatMap(({ disk }) =>
    typeof disk === "object" &&
    "path" in disk &&
    typeof disk.path === "string" &&
    disk["writable"] === true
      ? [disk.path]
      : [],
  );
}
