import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { chownSync, existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "#scripts/launch/free-port.ts";
import { installPeers, peer } from "./install.ts";

type Job = { id: string };
type Boss = {
  start(): Promise<unknown>;
  createQueue(name: string): Promise<void>;
  insert(name: string, jobs: { data: object }[]): Promise<unknown>;
  fetch(name: string, options: { batchSize: number }): Promise<Job[]>;
  complete(name: string, ids: string[], data: object): Promise<unknown>;
  stop(options: { graceful: boolean }): Promise<void>;
  on(event: "error", listener: (error: Error) => void): void;
};
type PgBoss = { PgBoss: new (options: { connectionString: string; max: number }) => Boss };

const DEBIANS = "/usr/lib/postgresql";
const QUEUE = "bench";

/** Where PostgreSQL's programs are; null where it is not installed. */
export function postgresFolder(): string | null {
  if (!existsSync(DEBIANS)) return null;
  const folders = readdirSync(DEBIANS).map((version) => join(DEBIANS, version, "bin"));
  return folders.sort().findLast((folder) => existsSync(join(folder, "initdb"))) ?? null;
}

/** Jobs a second of pg-boss on a PostgreSQL that syncs as it does by default: made, taken and completed, `batch` at a time by each connection. */
export async function pgBossPerSecond(
  programs: string,
  data: object,
  connections: number,
  batch: number,
  durationMs: number,
): Promise<number> {
  await installPeers(["pg-boss"]);
  const folder = mkdtempSync(join(tmpdir(), "wishub-bench-pgboss-"));
  const port = await freePort();
  const owner = ownerOf(folder);
  const quiet = { stdio: "ignore", ...owner } as const;
  const files = join(folder, "data");
  execFileSync(join(programs, "initdb"), ["-D", files, "-U", "bench", "-A", "trust"], quiet);
  const args = `-D ${files} -p ${port} -k ${folder} -h 127.0.0.1`.split(" ");
  const server = spawn(join(programs, "postgres"), args, quiet);
  try {
    await ready(programs, port);
    const url = `postgres://bench@127.0.0.1:${port}/postgres`;
    return await measured(url, data, connections, batch, durationMs);
  } finally {
    server.kill("SIGKILL");
    await once(server, "exit");
    rmSync(folder, { recursive: true, force: true });
  }
}

/** PostgreSQL refuses to run as root, and Debian's package brings somebody whom it runs as. */
function ownerOf(folder: string): { uid?: number; gid?: number } {
  if (process.getuid?.() !== 0) return {};
  const idOf = (flag: string) =>
    Number(execFileSync("id", [flag, "postgres"], { encoding: "utf8" }));
  const [uid, gid] = [idOf("-u"), idOf("-g")];
  chownSync(folder, uid, gid);
  return { uid, gid };
}

async function ready(programs: string, port: number): Promise<void> {
  const isReady = () => {
    try {
      execFileSync(join(programs, "pg_isready"), ["-h", "127.0.0.1", "-p", String(port)], {
        stdio: "ignore",
      });
      return true;
    } catch {
      return false;
    }
  };
  for (let tries = 0; tries < 100; tries++) {
    if (isReady()) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error("PostgreSQL did not start");
}

async function measured(
  connectionString: string,
  data: object,
  connections: number,
  batch: number,
  durationMs: number,
): Promise<number> {
  const { PgBoss } = peer<PgBoss>("pg-boss");
  const boss = new PgBoss({ connectionString, max: connections });
  boss.on("error", (error) => {
    throw error;
  });
  await boss.start();
  await boss.createQueue(QUEUE);
  const jobs = Array.from({ length: batch }, () => ({ data }));
  let done = 0;
  const startedAt = performance.now();
  const loop = async () => {
    while (performance.now() - startedAt < durationMs) {
      await boss.insert(QUEUE, jobs);
      const taken = await boss.fetch(QUEUE, { batchSize: batch });
      await boss.complete(
        QUEUE,
        taken.map(({ id }) => id),
        { result: "done" },
      );
      done += taken.length;
    }
  };
  await Promise.all(Array.from({ length: connections }, loop));
  const seconds = (performance.now() - startedAt) / 1_000;
  await boss.stop({ graceful: false });
  return done / seconds;
}
