import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { MiniflareOptions } from "miniflare";
import { readManifest } from "./bundle.ts";
import { ASSETS_DIST, WORKER_DIST } from "./paths.ts";
import type { Settings as AllSettings } from "./settings.ts";
import type { WranglerConfig } from "./wrangler-config.ts";

type Settings = Pick<AllSettings, "host" | "port" | "stateDir" | "token" | "vars" | "gpu">;
type WorkerOptions = MiniflareOptions["workers"][number];
type Bindings = NonNullable<WorkerOptions["config"]["env"]>;
type Triggers = NonNullable<WorkerOptions["config"]["triggers"]>;

const ASSETS_WORKER = "wishub-assets";
export const TOKEN_HEADER = "x-wishub-launcher";

/** Wherever these are, nothing is fetched, reported or shown beyond what the product itself does. */
const QUIET = { cf: false, telemetry: { enabled: false }, enableDevRegistry: false } as const;

/**
 * The product in one workerd. Requests reach the Worker on a socket of its own; Miniflare's entry socket reaches
 * only the launcher's Worker, which answers nobody but the launcher.
 */
export function productOptions(
  config: WranglerConfig,
  settings: Settings,
  ports: Ports,
): MiniflareOptions {
  return {
    ...QUIET,
    resourcePersistencePath: settings.stateDir,
    workers: [
      launcherWorker(config, settings),
      productWorker(config, settings, ports),
      assetsWorker(config),
    ],
  };
}

/** What works in a workerd of its own, because it takes the one thread for long: texts to embed, passwords to hash. */
export const BESIDE = ["embedder", "prover"] as const;
export type Beside = (typeof BESIDE)[number];
type Ports = Record<Beside, number>;

/** The product's own code for that, in a second workerd, so that it never holds up a read. */
export function besideOptions(
  config: WranglerConfig,
  settings: Settings,
  name: Beside,
): MiniflareOptions {
  return {
    ...QUIET,
    resourcePersistencePath: settings.stateDir,
    workers: [
      {
        config: {
          ...common(config, `wishub-${name}`),
          manifest: guarded(name),
          env: {
            TOKEN: { type: "text", value: settings.token },
            ASSETS: { type: "worker", worker: ASSETS_WORKER },
          },
        },
        dev: { unsafeDirectSockets: [{ host: "127.0.0.1", port: 0 }] },
      },
      assetsWorker(config),
    ],
  };
}

function productWorker(config: WranglerConfig, settings: Settings, ports: Ports): WorkerOptions {
  const manifest = readManifest("index");
  const classes = config.durable_objects.bindings.map((binding) => binding.class_name);
  return {
    config: {
      ...common(config, config.name),
      manifest: modulesOf("index"),
      exports: Object.fromEntries(
        classes
          .filter((name) => manifest.exports.includes(name))
          .map((name) => [name, { type: "durable-object" as const, storage: "sqlite" as const }]),
      ),
      triggers: config.queues.consumers.map(queueTrigger),
      env: {
        ...boundByConfig(config, manifest.exports),
        ...boundByLauncher(settings, ports),
      },
    },
    dev: { unsafeDirectSockets: [{ host: settings.host, port: settings.port }] },
  };
}

function launcherWorker(config: WranglerConfig, settings: Settings): WorkerOptions {
  const env: Bindings = { TOKEN: { type: "text", value: settings.token } };
  for (const database of config.d1_databases)
    env[database.binding] = { type: "d1", id: database.database_id };
  if (readManifest("index").exports.includes("Admin")) {
    env["ADMIN"] = { type: "worker", worker: config.name, exportName: "Admin" };
  }
  return { config: { ...common(config, "wishub-launcher"), manifest: modulesOf("launcher"), env } };
}

/** Apart from the product's Worker, because Miniflare puts a proxy before a Worker that has assets of its own. */
function assetsWorker(config: WranglerConfig): WorkerOptions {
  return {
    config: {
      ...common(config, ASSETS_WORKER),
      manifest: {
        mainModule: "assets.js",
        modules: {
          "assets.js": {
            type: "esm",
            contents: "export default { fetch: () => new Response(null, { status: 404 }) };",
          },
        },
      },
      assets: { directory: ASSETS_DIST, hasUserWorker: false },
    },
  };
}

function boundByConfig(config: WranglerConfig, exported: string[]): Bindings {
  const env: Bindings = {};
  for (const [name, value] of Object.entries(config.vars)) env[name] = { type: "text", value };
  for (const database of config.d1_databases)
    env[database.binding] = { type: "d1", id: database.database_id };
  for (const bucket of config.r2_buckets)
    env[bucket.binding] = { type: "r2", name: bucket.bucket_name };
  for (const producer of config.queues.producers)
    env[producer.binding] = { type: "queue", name: producer.queue };
  for (const { name, class_name: exportName } of config.durable_objects.bindings) {
    if (exported.includes(exportName))
      env[name] = { type: "durable-object", worker: config.name, exportName };
  }
  for (const { binding, service: worker, entrypoint: exportName } of config.services) {
    if (exportName === undefined || exported.includes(exportName))
      env[binding] = { type: "worker", worker, exportName };
  }
  if (config.assets?.binding !== undefined)
    env[config.assets.binding] = { type: "worker", worker: ASSETS_WORKER };
  return env;
}

function boundByLauncher(settings: Settings, ports: Ports): Bindings {
  const env: Bindings = {};
  for (const [name, value] of Object.entries(settings.vars)) env[name] = { type: "text", value };
  const http = { injectRequestHeaders: [{ name: TOKEN_HEADER, value: settings.token }] };
  for (const name of BESIDE)
    env[name.toUpperCase()] = { type: "external", address: `127.0.0.1:${ports[name]}`, http };
  if (settings.gpu !== undefined)
    env["GPU"] = { type: "external", address: `127.0.0.1:${settings.gpu.port}`, http: {} };
  return env;
}

function queueTrigger(consumer: WranglerConfig["queues"]["consumers"][number]): Triggers[number] {
  return {
    type: "queue",
    name: consumer.queue,
    deadLetterQueue: consumer.dead_letter_queue,
    maxBatchSize: consumer.max_batch_size,
    maxBatchTimeout: consumer.max_batch_timeout,
    maxRetries: consumer.max_retries,
    retryDelay: consumer.retry_delay,
    maxConcurrency: consumer.max_concurrency ?? undefined,
  };
}

function common(config: WranglerConfig, name: string) {
  return {
    name,
    compatibilityDate: config.compatibility_date,
    compatibilityFlags: config.compatibility_flags,
  };
}

type Modules = NonNullable<WorkerOptions["config"]["manifest"]>["modules"];

function modulesOf(name: string): { mainModule: string; modules: Modules } {
  const manifest = readManifest(name);
  const modules: Modules = {};
  for (const [file, type] of Object.entries(manifest.modules)) {
    const contents = readFileSync(join(WORKER_DIST, file));
    modules[file] = {
      type,
      contents:
        type === "esm" || type === "text" ? contents.toString("utf8") : new Uint8Array(contents),
    };
  }
  return { mainModule: manifest.main, modules };
}

/** Any local program can reach a loopback port, so only a request with this launcher's token gets through. */
function guarded(name: string): { mainModule: string; modules: Modules } {
  const { mainModule, modules } = modulesOf(name);
  const contents = `
    import worker from "./${mainModule}";
    export default {
      fetch(request, env, ctx) {
        if (request.headers.get("${TOKEN_HEADER}") !== env.TOKEN) return new Response(null, { status: 403 });
        return worker.fetch(request, env, ctx);
      },
    };`;
  return { mainModule: "guard.js", modules: { "guard.js": { type: "esm", contents }, ...modules } };
}
