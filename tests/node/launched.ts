import { spawn, type ChildProcess } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const ROOT = join(import.meta.dirname, "..", "..");

export type Launched = {
  process: ChildProcess;
  url: string;
  output(): string;
  /** Resolves when the ready line is there, or rejects with all output when it ended before. */
  ready(): Promise<void>;
  ended: Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
};

export function temporaryState(): { path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), "wishub-test-"));
  return {
    path,
    remove() {
      rmSync(path, { recursive: true, force: true });
      rmSync(`${path}.keyring.json`, { force: true });
    },
  };
}

/** `npm start`, or what npm runs, on a state and a port of its own; nothing of the caller's WISHUB_* gets through. */
export function launch(options: {
  state: string;
  port: number;
  by?: "npm" | "bootstrap";
  env?: Record<string, string>;
  /** How many files it may have open. */
  openFiles?: number;
}): Launched {
  const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith("WISHUB_"));
  const env = {
    ...Object.fromEntries(inherited),
    WISHUB_STATE: options.state,
    WISHUB_PORT: String(options.port),
    WISHUB_SEED: "0",
    WISHUB_GPU: "0",
    ...options.env,
  };
  const [program, args] =
    options.by === "npm"
      ? ["npm", ["start", "--silent"]]
      : [process.execPath, [join(ROOT, "scripts", "bootstrap.mjs"), "start"]];
  const command = [program, ...args];
  if (options.openFiles !== undefined)
    command.unshift("sh", "-c", `ulimit -n ${options.openFiles} && exec "$@"`, "sh");
  const [first = "", ...rest] = command;
  const child = spawn(first, rest, { cwd: ROOT, env, stdio: ["ignore", "pipe", "pipe"] });
  const { promise: isReady, resolve, reject } = Promise.withResolvers<void>();
  isReady.catch(() => {}); // only some tests wait for it
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => {
      output += text;
      if (/^ready /m.test(output)) resolve();
    });
  }
  const ended = new Promise<{ code: number | null; signal: NodeJS.Signals | null }>((done) => {
    child.once("close", (code, signal) => {
      reject(new Error(`it ended (${signal ?? code}) before it was ready:\n${output}`));
      done({ code, signal });
    });
  });
  return {
    process: child,
    url: `http://127.0.0.1:${options.port}`,
    output: () => output,
    ready: () => isReady,
    ended,
  };
}

/** The processes that were started on this state, and live: all of them carry it in their environment (Linux only). */
export function processesOf(state: string): number[] {
  return readdirSync("/proc").flatMap((name) => {
    if (!/^\d+$/.test(name)) return [];
    try {
      const stat = readFileSync(`/proc/${name}/stat`, "utf8");
      const isZombie = stat.slice(stat.lastIndexOf(")") + 2).startsWith("Z");
      const environment = readFileSync(`/proc/${name}/environ`, "utf8").split("\0");
      return !isZombie && environment.includes(`WISHUB_STATE=${state}`) ? [Number(name)] : [];
    } catch {
      return []; // it has ended, or is another user's
    }
  });
}

/** No chance for anybody to tidy up: every process of a state at once. */
export function killAll(state: string): void {
  for (const pid of processesOf(state)) {
    try {
      process.kill(pid, "SIGKILL");
    } catch {
      // it ended with its parent
    }
  }
}
