import { existsSync, readFileSync, writeFileSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { inRoot, WORKER_DIST } from "./paths.ts";
import { isFresh, writeStamp } from "./stamp.ts";

/** The part of wrangler.toml that is used outside wrangler. */
export type WranglerConfig = {
  name: string;
  compatibility_date: string;
  compatibility_flags: string[];
  vars: Record<string, string>;
  assets?: { directory?: string; binding?: string };
  services: { binding: string; service: string; entrypoint?: string }[];
  d1_databases: {
    binding: string;
    database_name: string;
    database_id: string;
    migrations_dir?: string;
  }[];
  r2_buckets: { binding: string; bucket_name: string }[];
  durable_objects: { bindings: { name: string; class_name: string }[] };
  migrations: { tag: string; new_sqlite_classes?: string[] }[];
  queues: {
    producers: { binding: string; queue: string }[];
    consumers: {
      queue: string;
      max_batch_size?: number;
      max_batch_timeout?: number;
      max_retries?: number;
      max_concurrency?: number | null;
      dead_letter_queue?: string;
      retry_delay?: number;
    }[];
  };
};

const CACHED = join(WORKER_DIST, "wrangler.json");
const STAMP = join(WORKER_DIST, ".wrangler.stamp.json");

/** wrangler.toml as wrangler itself reads it. Kept in dist/, because loading wrangler alone takes a second. */
export async function readWranglerConfig(): Promise<WranglerConfig> {
  const version = readFileSync(inRoot("node_modules", "wrangler", "package.json"), "utf8");
  if (!existsSync(CACHED) || !isFresh(STAMP, version)) {
    const { unstable_readConfig } = await import("wrangler");
    const config = unstable_readConfig({ config: inRoot("wrangler.toml") }, { hideWarnings: true });
    mkdirSync(WORKER_DIST, { recursive: true });
    writeFileSync(CACHED, JSON.stringify(config));
    writeStamp(STAMP, ["wrangler.toml"], version);
  }
  return JSON.parse(readFileSync(CACHED, "utf8")) as WranglerConfig;
}
