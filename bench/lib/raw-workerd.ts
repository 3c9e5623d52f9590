import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readManifest } from "#scripts/launch/bundle.ts";
import { WORKER_DIST, WORKERD } from "#scripts/launch/paths.ts";
import { readWranglerConfig, type WranglerConfig } from "#scripts/launch/wrangler-config.ts";
import { migrateAll, type Migrated } from "#scripts/migrate.ts";
import { until } from "./load.ts";
import { freePort } from "#scripts/launch/free-port.ts";

const TOKEN = "raw";
/** Stands in for what a request of the bench never reaches: queues, R2, assets. */
const NOTHING = `export default { fetch: () => new Response("{}", { status: 404 }) };`;
/** D1's protocol over one object's SQLite: enough for migrations, credentials and a unit's rows. */
const DATABASE = `
import { DurableObject } from "cloudflare:workers";
export class Database extends DurableObject {
  async fetch(request) {
    const asked = await request.json();
    const queries = Array.isArray(asked) ? asked : [asked];
    const meta = { duration: 0, changes: 0, last_row_id: 0, changed_db: true, size_after: 0, rows_read: 0, rows_written: 0 };
    const arrays = new URL(request.url).searchParams.get("resultsFormat") === "ROWS_AND_COLUMNS";
    return Response.json(this.ctx.storage.transactionSync(() => queries.map(({ sql, params }) => {
      const cursor = this.ctx.storage.sql.exec(sql, ...(params ?? []));
      const columns = cursor.columnNames;
      const rows = [...cursor.raw()];
      const objects = () => rows.map((row) => Object.fromEntries(columns.map((name, i) => [name, row[i]])));
      return { success: true, results: arrays ? { columns, rows } : objects(), meta };
    })));
  }
}
export default { fetch: (request, env) => env.DATABASE.getByName("only").fetch(request) };`;

export type RawProduct = {
  url: string;
  pid: number;
  apiKey: string;
  stop(): Promise<void>;
};

/** The product's built bundle under `workerd serve` with a configuration of our own: no Miniflare, no simulators. */
export async function rawProduct(): Promise<RawProduct> {
  const config = await readWranglerConfig();
  const [port, launcherPort] = await Promise.all([freePort(), freePort()]);
  const folder = mkdtempSync(join(tmpdir(), "wishub-raw-"));
  // Embedded files are named relative to the configuration.
  const file = join(WORKER_DIST, `raw-${process.pid}.capnp`);
  writeFileSync(file, configOf(config, folder, { port, launcherPort }));
  const child = spawn(WORKERD, ["serve", "--experimental", file], { stdio: "inherit" });
  const url = `http://127.0.0.1:${port}`;
  const stop = async () => {
    await ended(child);
    rmSync(folder, { recursive: true, force: true });
    rmSync(file, { force: true });
  };
  try {
    await until(async () => (await fetch(`${url}/healthz`).catch(() => null))?.ok === true, 15_000);
    const ask = async <T>(path: string, body: object = {}): Promise<T> => {
      const answer = await fetch(`http://127.0.0.1:${launcherPort}${path}`, {
        method: "POST",
        headers: { "x-wishub-launcher": TOKEN },
        body: JSON.stringify(body),
      });
      if (!answer.ok) throw new Error(`${path} answered ${answer.status}: ${await answer.text()}`);
      return (await answer.json()) as T;
    };
    await migrateAll(config, (binding, migrations) =>
      ask<Migrated>("/migrate", { binding, migrations }),
    );
    await ask("/open-unit-shards");
    const { apiKey } = await ask<{ apiKey: string }>("/setup");
    return { url, pid: child.pid ?? 0, apiKey, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill("SIGKILL");
  await once(child, "exit");
}

function configOf(
  config: WranglerConfig,
  folder: string,
  { port, launcherPort }: { port: number; launcherPort: number },
): string {
  const databases = config.d1_databases.map(({ binding }) => ({
    binding: `(name = "${binding}", wrapped = (moduleName = "cloudflare-internal:d1-api", innerBindings = [(name = "fetcher", service = "db-${binding}")]))`,
    service: `(name = "db-${binding}", worker = (
      modules = [(name = "database.js", esModule = ${capnpText(DATABASE)})], compatibilityDate = "${config.compatibility_date}",
      durableObjectNamespaces = [(className = "Database", uniqueKey = "${binding}", enableSql = true)],
      durableObjectStorage = (localDisk = "disk"), bindings = [(name = "DATABASE", durableObjectNamespace = "Database")]))`,
  }));
  const objects = config.durable_objects.bindings;
  const bindings = [
    ...databases.map(({ binding }) => binding),
    ...Object.entries(config.vars).map(
      ([name, value]) => `(name = "${name}", text = ${capnpText(value)})`,
    ),
    ...objects.map(
      (each) => `(name = "${each.name}", durableObjectNamespace = "${each.class_name}")`,
    ),
    ...config.queues.producers.map(({ binding }) => `(name = "${binding}", queue = "nothing")`),
    ...config.r2_buckets.map(({ binding }) => `(name = "${binding}", r2Bucket = "nothing")`),
    `(name = "ASSETS", service = "nothing")`,
    `(name = "AI", service = (name = "product", entrypoint = "EmbeddedAI"))`,
  ];
  const namespaces = objects.map(
    (each) =>
      `(className = "${each.class_name}", uniqueKey = "${each.class_name}", enableSql = true)`,
  );
  return `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "disk", disk = (path = "${folder}", writable = true)),
    (name = "nothing", worker = (modules = [(name = "nothing.js", esModule = ${capnpText(NOTHING)})], compatibilityDate = "${config.compatibility_date}")),
    ${databases.map(({ service }) => service).join(",\n    ")},
    (name = "product", worker = (${modulesOf("index")}, compatibilityDate = "${config.compatibility_date}",
      durableObjectNamespaces = [${namespaces.join(", ")}], durableObjectStorage = (localDisk = "disk"),
      bindings = [${bindings.join(",\n        ")}])),
    (name = "launcher", worker = (${modulesOf("launcher")}, compatibilityDate = "${config.compatibility_date}",
      bindings = [(name = "TOKEN", text = "${TOKEN}"), (name = "ADMIN", service = (name = "product", entrypoint = "Admin")),
        ${databases.map(({ binding }) => binding).join(", ")}])),
  ],
  sockets = [
    (name = "product", address = "127.0.0.1:${port}", http = (), service = "product"),
    (name = "launcher", address = "127.0.0.1:${launcherPort}", http = (), service = "launcher"),
  ],
);`;
}

const KINDS = { esm: "esModule", wasm: "wasm", data: "data", text: "text" } as const;

function modulesOf(name: string): string {
  const { main, modules } = readManifest(name);
  const files = [main, ...Object.keys(modules).filter((file) => file !== main)];
  const lines = files.map(
    (file) => `(name = "${file}", ${KINDS[modules[file] ?? "esm"]} = embed "${file}")`,
  );
  return `modules = [${lines.join(", ")}]`;
}

const capnpText = (text: string): string => JSON.stringify(text);
