import { execFileSync, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inRoot } from "#scripts/launch/paths.ts";
import { Refusal, step } from "#scripts/launch/say.ts";
import { freePort } from "#scripts/launch/free-port.ts";
import { installPeers } from "./install.ts";

export type ConventionalStack = {
  url: string;
  headers: Record<string, string>;
  pids: number[];
  stop(): Promise<void>;
};

const API_KEY = "sk_bench_0123456789abcdef";

/** The conventional stack, started on free ports with a temporary state: Redis from Debian and one Node process. */
export async function conventionalStack(): Promise<ConventionalStack> {
  await installPeers(["hono", "@hono/node-server", "ioredis", "zod", "@zvec/zvec"]);
  await redisInstalled();
  const folder = mkdtempSync(join(tmpdir(), "wishub-bench-peer-"));
  const [port, redisPort] = [await freePort(), await freePort()];
  const redis = spawn(
    "redis-server",
    `--port ${redisPort} --bind 127.0.0.1 --dir ${folder} --appendonly no --maxmemory 256mb --maxmemory-policy volatile-lru`
      .split(" ")
      .concat("--save", ""),
    { stdio: "ignore" },
  );
  await redisReady(redisPort);
  const hashed = createHash("sha256").update(API_KEY).digest("base64url");
  redisCli(redisPort, "set", `key:${hashed}`, '{"account":"bench"}');
  const server = spawn(
    process.execPath,
    [inRoot("bench", "lib", "peers", "stack-server.ts"), String(port), String(redisPort), folder],
    { stdio: ["pipe", "pipe", "inherit"], env: { ...process.env, NODE_ENV: "production" } },
  );
  await Promise.race([
    once(server.stdout, "data"),
    once(server, "exit").then(() => {
      throw new Error("the conventional stack did not start");
    }),
  ]);
  return {
    url: `http://127.0.0.1:${port}`,
    headers: { authorization: `Bearer ${API_KEY}`, "content-type": "application/json" },
    pids: [server.pid ?? 0, redis.pid ?? 0],
    async stop() {
      for (const child of [server, redis]) {
        if (child.exitCode !== null || child.signalCode !== null) continue;
        child.kill("SIGKILL");
        await once(child, "exit");
      }
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Debian's redis-server; brought in only where that needs nobody's password. */
export async function redisInstalled(): Promise<void> {
  if (hasRedis()) return;
  const how = "apt-get install -y --no-install-recommends redis-server";
  if (process.getuid?.() !== 0) throw new Refusal(`redis-server is not here; as root: ${how}`);
  await step("installing redis-server", async () => {
    const [command = "", ...rest] = how.split(" ");
    // Debian would start a server of its own, which nobody asked for.
    const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive", RUNLEVEL: "1" };
    const child = spawn(command, rest, { stdio: "ignore", env });
    const [code] = (await once(child, "exit")) as [number | null];
    if (code !== 0 || !hasRedis()) throw new Refusal(`this failed: ${how}`);
  });
}

function hasRedis(): boolean {
  try {
    execFileSync("redis-server", ["--version"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

export async function redisReady(port: number): Promise<void> {
  for (let tries = 0; tries < 100; tries++) {
    try {
      if (redisCli(port, "ping").includes("PONG")) return;
    } catch {
      // not listening yet
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error("redis-server did not start");
}

const redisCli = (port: number, ...command: string[]): string =>
  execFileSync("redis-cli", ["-p", String(port), ...command], { stdio: "pipe" }).toString();
