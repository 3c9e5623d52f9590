import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join, relative } from "node:path";
import { JOB_QUEUE } from "#domain/jobs/wakeup.ts";
import { WORKERS_AI_SPACE } from "#domain/embedding/space.ts";
import { WORKERS_AI_MODELS } from "#domain/inference/models.ts";
import { ASSETS_DIST, DIST, inRoot } from "./paths.ts";
import { Refusal } from "./say.ts";
import { readWranglerConfig, type WranglerConfig } from "./wrangler-config.ts";

/** In the order in which they are deployed, once all are there. */
export const DERIVED = ["proofs", "tail", "objects", "jobs", "edge"] as const;
export type Face = (typeof DERIVED)[number];

/** What differs between one operator's account and another's: deploy.json beside wrangler.toml, never committed. */
export type DeployFile = {
  publicUrl?: string;
  /** Database name → id, as `wrangler d1 create` prints it. */
  d1?: Record<string, string>;
  /** Names of Vectorize indexes, by binding. */
  vectorize?: Record<string, string>;
  vars?: Record<string, string>;
  /** A Worker of the operator's that delivers mail (adapters/mail.ts), as an entrypoint with `send`. */
  mail?: { service: string; entrypoint?: string };
  /** Or an address of the operator's zone that the platform's own mail is sent from. */
  mailFrom?: string;
  /** A domain of the operator's of which Email Routing sends all mail to the Worker of the jobs: channels by mail have addresses there. */
  mailDomain?: string;
};

const FOLDER = join(DIST, "deploy");
/** Made for a laptop: deployed, Workers AI embeds. */
const LOCAL_ASSETS = ["model"];

/** Writes dist/deploy/<face>.json, the production configurations that follow from wrangler.toml and deploy.json. */
export async function deriveConfigs(): Promise<Record<Face | "firstObjects", string>> {
  const config = await readWranglerConfig();
  const own = readDeployFile();
  mkdirSync(FOLDER, { recursive: true });
  copyAssets();
  const paths = {} as Awaited<ReturnType<typeof deriveConfigs>>;
  for (const face of DERIVED) {
    paths[face] = join(FOLDER, `${face}.json`);
    write(paths[face], derive(config, own, face));
  }
  paths.firstObjects = join(FOLDER, "objects-first.json");
  const first = { ...derive(config, own, "objects"), services: [], tail_consumers: [] };
  write(paths.firstObjects, first);
  return paths;
}

const write = (path: string, config: object): void =>
  writeFileSync(path, `${JSON.stringify(config, null, 2)}\n`);

export function readDeployFile(): DeployFile {
  const path = inRoot("deploy.json");
  if (!existsSync(path)) return {};
  try {
    return JSON.parse(readFileSync(path, "utf8")) as DeployFile;
  } catch {
    throw new Refusal("deploy.json is not JSON, see docs/deploy.md for what it holds.");
  }
}

/** One face's production configuration. */
export function derive(
  config: WranglerConfig,
  own: DeployFile,
  face: Face,
): Record<string, unknown> {
  const objectsName = `${config.name}-objects`;
  const publicUrl = own.publicUrl ?? "https://wishub.example";
  const common = {
    name: `${config.name}-${face}`,
    main: fromFolder(inRoot("workers", `${face}.ts`)),
    compatibility_date: config.compatibility_date,
    // A call to the product's own zone goes by its public door, like anybody's.
    compatibility_flags: [...config.compatibility_flags, "global_fetch_strictly_public"],
    workers_dev: false,
    preview_urls: false,
    observability: { enabled: true, head_sampling_rate: 0.01 },
  };
  // It sees passwords' digests, so it is given nothing it could keep them in.
  if (face === "proofs") return common;
  const bindings = config.durable_objects.bindings.map((binding) =>
    face === "objects" ? binding : { ...binding, script_name: objectsName },
  );
  if (face === "tail")
    return {
      ...common,
      durable_objects: { bindings: bindings.filter(({ name }) => name === "TRACE") },
    };
  return {
    ...common,
    tail_consumers: [{ service: `${config.name}-tail` }],
    vars: {
      ...config.vars,
      WISHUB_PUBLIC_URL: publicUrl,
      WISHUB_EMBED_MODEL: WORKERS_AI_SPACE.model,
      WISHUB_AI_MODELS: WORKERS_AI_MODELS,
      WISHUB_REGION: "auto",
      WISHUB_TRUSTED_PROXY: "cloudflare",
      WISHUB_EGRESS_NETWORK: "platform",
      WISHUB_LOG: "json",
      ...(own.mailFrom !== undefined && { WISHUB_MAIL_FROM: own.mailFrom }),
      ...(own.mailDomain !== undefined && { WISHUB_MAIL_DOMAIN: own.mailDomain }),
      ...own.vars,
    },
    ai: { binding: "AI" },
    d1_databases: config.d1_databases.map((database) => ({
      ...database,
      database_id: own.d1?.[database.database_name] ?? database.database_id,
      migrations_dir: database.migrations_dir && fromFolder(inRoot(database.migrations_dir)),
    })),
    r2_buckets: config.r2_buckets,
    analytics_engine_datasets: [{ binding: "ANALYTICS", dataset: `${config.name}_metrics` }],
    vectorize: indexesOf(own),
    durable_objects: { bindings },
    queues: {
      // Pulled from over HTTP, which no configuration says: the deploy sees to it. Elsewhere the product has a queue of its own.
      producers: [
        ...config.queues.producers,
        ...(face === "objects" ? [{ binding: "GPU_JOBS", queue: JOB_QUEUE }] : []),
      ],
      ...(face === "jobs" && { consumers: config.queues.consumers }),
    },
    ...(face === "objects" && {
      migrations: config.migrations,
      services: [
        { binding: "OPERATIONS", service: `${config.name}-edge`, entrypoint: "Operations" },
      ],
    }),
    ...(face !== "objects" && mailOf(own, face)),
    ...(face === "jobs" && { services: mailWorker(own) }),
    ...(face === "edge" && edgeOnly(config, own, publicUrl)),
  };
}

/** The product looks for VECTORIZE, VECTORIZE_1 … and stops at the first that is missing. */
function indexesOf({ vectorize = {} }: DeployFile): { binding: string; index_name: string }[] {
  const wanted = Object.keys(vectorize).map((_, i) => (i === 0 ? "VECTORIZE" : `VECTORIZE_${i}`));
  const missing = wanted.find((binding) => vectorize[binding] === undefined);
  if (missing !== undefined)
    throw new Refusal(
      `deploy.json names the indexes ${Object.keys(vectorize).join(", ")}, but no ${missing}, see docs/deploy.md.`,
    );
  return wanted.map((binding) => ({ binding, index_name: vectorize[binding] ?? "" }));
}

const mailWorker = ({ mail }: DeployFile) =>
  mail === undefined ? [] : [{ binding: "MAIL", ...mail }];
/** The platform's mail, which anybody may be sent: from one address, and by the jobs from that of each channel. */
function mailOf({ mailFrom, mailDomain }: DeployFile, face: Face) {
  const name = "SEND_EMAIL";
  if (face === "jobs" && mailDomain !== undefined) return { send_email: [{ name }] };
  if (mailFrom === undefined) return {};
  return { send_email: [{ name, allowed_sender_addresses: [mailFrom] }] };
}

function edgeOnly(config: WranglerConfig, own: DeployFile, publicUrl: string) {
  return {
    assets: { ...config.assets, directory: "assets" },
    services: [
      { binding: "PROOFS", service: `${config.name}-proofs`, entrypoint: "Proofs" },
      ...mailWorker(own),
    ],
    routes: [{ pattern: new URL(publicUrl).hostname, custom_domain: true }],
  };
}

function copyAssets(): void {
  const target = join(FOLDER, "assets");
  rmSync(target, { recursive: true, force: true });
  mkdirSync(target, { recursive: true });
  for (const name of readdirSync(ASSETS_DIST)) {
    if (!LOCAL_ASSETS.includes(name))
      cpSync(join(ASSETS_DIST, name), join(target, name), { recursive: true });
  }
}

const fromFolder = (path: string) => relative(FOLDER, path);
