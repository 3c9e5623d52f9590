import { spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, mkdtempSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { freePort } from "#scripts/launch/free-port.ts";
import { inRoot } from "#scripts/launch/paths.ts";

export type Product = {
  url: string;
  apiKey: string;
  pid: number;
  gpuUrl: string | null;
  /** Where all its state lies. */
  state: string;
  headers: Record<string, string>;
  fetch(path: string, init?: RequestInit): Promise<Response>;
  /** Its state goes with it, unless a folder is named to keep it in. */
  stop(keepIn?: string): Promise<void>;
};

/** The served product, as `npm start` serves it, on free ports and a temporary state: an empty one, or a copy of `from`. */
export async function product(options: {
  gpu: boolean;
  env?: Record<string, string>;
  from?: string;
}): Promise<Product> {
  const state = mkdtempSync(join(tmpdir(), "wishub-bench-"));
  if (options.from !== undefined) cpSync(options.from, state, { recursive: true });
  const [port, gpuPort] = await Promise.all([freePort(), freePort()]);
  const clean = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !name.startsWith("WISHUB_")),
  );
  const child = spawn(process.execPath, [inRoot("scripts", "start.ts")], {
    env: {
      ...clean,
      WISHUB_STATE: state,
      WISHUB_KEY_RING_FILE: join(state, "keyring.json"), // goes with it: nothing here is worth a backup
      WISHUB_PORT: String(port),
      WISHUB_GPU: options.gpu ? "1" : "0",
      WISHUB_GPU_PORT: String(gpuPort),
      WISHUB_SEED: "0",
      ...options.env,
    },
    stdio: ["pipe", "pipe", "inherit"],
  });
  await ready(child.stdout);
  const { url, apiKey } = JSON.parse(readFileSync(join(state, "credentials.json"), "utf8")) as {
    url: string;
    apiKey: string;
  };
  const headers = { authorization: `Bearer ${apiKey}`, "content-type": "application/json" };
  const gpuUrl = options.gpu ? `http://127.0.0.1:${gpuPort}` : null;
  if (gpuUrl !== null) await gpuReady(gpuUrl);
  return {
    url,
    apiKey,
    pid: child.pid ?? 0,
    gpuUrl,
    state,
    headers,
    fetch: async (path, init) =>
      await fetch(`${url}${path}`, {
        ...init,
        headers: { ...headers, ...(init?.headers as object) },
      }),
    async stop(keepIn) {
      if (child.exitCode === null && child.signalCode === null) {
        child.kill("SIGTERM");
        await once(child, "exit");
      }
      if (keepIn !== undefined) cpSync(state, keepIn, { recursive: true });
      rmSync(state, { recursive: true, force: true });
    },
  };
}

async function ready(output: Readable): Promise<void> {
  let text = "";
  await new Promise<void>((resolve, reject) => {
    output.on("data", (chunk: Buffer) => {
      text = (text + chunk.toString()).slice(-4_096);
      if (/^ready /m.test(text)) resolve();
    });
    output.once("end", () => reject(new Error(`the product did not start: ${text}`)));
  });
}

async function gpuReady(url: string): Promise<void> {
  for (let tries = 0; tries < 200; tries++) {
    const answer = await fetch(`${url}/healthz`).catch(() => null);
    if (answer?.ok) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error("the gpu-backend did not start");
}

/** Resident memory of every process below `pid`, by command, in MB (Linux). */
export function memoryBelow(pid: number): { pid: number; command: string; megabytes: number }[] {
  const stats = readdirSync("/proc")
    .filter((entry) => /^\d+$/.test(entry))
    .flatMap((entry) => {
      try {
        const stat = readFileSync(`/proc/${entry}/stat`, "utf8");
        const status = readFileSync(`/proc/${entry}/status`, "utf8");
        const parent = Number(stat.slice(stat.lastIndexOf(")") + 4).split(" ")[0]);
        const kilobytes = Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0);
        return [
          {
            pid: Number(entry),
            parent,
            command: /Name:\s+(.+)/.exec(status)?.[1] ?? "?",
            megabytes: kilobytes / 1_024,
          },
        ];
      } catch {
        return []; // it ended while we looked
      }
    });
  const below = new Set([pid]);
  for (let size = 0; size !== below.size;) {
    size = below.size;
    for (const each of stats) if (below.has(each.parent)) below.add(each.pid);
  }
  return stats
    .filter((each) => below.has(each.pid))
    .map(({ pid: id, command, megabytes }) => ({ pid: id, command, megabytes }));
}
