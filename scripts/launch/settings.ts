import { REGIONS } from "#domain/regions/regions.ts";
import { randomBytes } from "node:crypto";
import { totalmem } from "node:os";
import { resolve } from "node:path";
import { trustFrom } from "#domain/accounts/client-address.ts";
import { allowedOrigins } from "#domain/egress/target.ts";
import { listedModels } from "#domain/inference/models.ts";
import { LIMITS } from "#domain/shared/limits.ts";
import { Refusal } from "./say.ts";

export type Settings = {
  host: string;
  port: number;
  /** Where this machine reaches the product itself, whatever name the world uses. */
  localUrl: string;
  publicUrl: string;
  stateDir: string;
  seed: boolean;
  gpu: { port: number } | undefined;
  /** What the Worker sees as its variables, in place of those in wrangler.toml. */
  vars: Record<string, string>;
  /** Where the key ring lies, or its text where the operator hands it over. */
  keyRing: { file: string; text: string | undefined };
  /** What backends pull heavy jobs with: the operator's, for those that run elsewhere, or one for the backend beside this. */
  jobsToken: string;
  /** Where a debugger of this machine may look into the product's isolates, their memory and time; whoever asks there sees all. */
  inspect: number | undefined;
  /** Known to this process and its children only: what they use to tell one another from other local programs. */
  token: string;
};

/** Passed on as they are; the rest of WISHUB_* is the launcher's own. */
const PASSED_ON = [
  "WISHUB_TRUSTED_PROXY",
  "WISHUB_SIGNUP",
  "WISHUB_EGRESS_ALLOW",
  "WISHUB_AI_URL",
  "WISHUB_AI_KEY",
  "WISHUB_AI_MODEL",
  "WISHUB_AI_MODELS",
  "WISHUB_AI_DIMENSIONS",
  "WISHUB_REGION",
  "WISHUB_TRACE_SAMPLE",
  "WISHUB_OTLP_URL",
  "WISHUB_OTLP_HEADERS",
  "WISHUB_LOG",
  "WISHUB_OBSERVING",
];

/**
 * Of this machine's memory, or its container's, what pages of searched units may take once they are read: 100,000 units
 * take some 90 MB, a million 900. At least twice what an isolate of the platform has room for.
 */
const PAGE_CACHE_SHARE = 1 / 48;
const [PAGE_CACHE_MIN_MB, PAGE_CACHE_MAX_MB] = [96, 1_024];
/** Leaves of a search where all of them share one thread (docs/decisions/083). */
const LEAVES = {
  /** On the platform more than 100,000 are divided, so that many threads and disks share a search. Here a larger one is asked in less time than many. */
  WISHUB_SHARD_PASSAGES: "2000000",
  /** How long one stays in memory that is so large that bringing it back is felt. */
  WISHUB_SHARD_STAYS_MS: "600000",
};

export function readSettings(env: NodeJS.ProcessEnv): Settings {
  const host = env["WISHUB_HOST"] || "127.0.0.1";
  const port = portOf("WISHUB_PORT", env["WISHUB_PORT"], 8787);
  const gpuPort = portOf("WISHUB_GPU_PORT", env["WISHUB_GPU_PORT"], 8788);
  const gpu = flagOf("WISHUB_GPU", env["WISHUB_GPU"]) ? { port: gpuPort } : undefined;
  if (gpu !== undefined && gpuPort === port) {
    throw new Refusal(`WISHUB_PORT and WISHUB_GPU_PORT are both ${port}, give them two ports.`);
  }
  oneOf("WISHUB_REGION", env["WISHUB_REGION"], [...REGIONS]);
  oneOf("WISHUB_LOG", env["WISHUB_LOG"], ["text", "json"]);
  oneOf("WISHUB_OBSERVING", env["WISHUB_OBSERVING"], ["0", "1"]);
  const otlpUrl = urlOf("WISHUB_OTLP_URL", env["WISHUB_OTLP_URL"]);
  checkRate("WISHUB_TRACE_SAMPLE", env["WISHUB_TRACE_SAMPLE"]);
  oneOf("WISHUB_SIGNUP", env["WISHUB_SIGNUP"], ["closed", "invite", "open"]);
  const allowed = allowedOrigins(env["WISHUB_EGRESS_ALLOW"] ?? "");
  if (!allowed.ok)
    throw new Refusal(
      `WISHUB_EGRESS_ALLOW holds "${allowed.error}", each part must be an origin such as https://idp.example:8443.`,
    );
  const trusted = trustFrom(env["WISHUB_TRUSTED_PROXY"] ?? "");
  if (!trusted.ok || trusted.value === "cloudflare")
    throw new Refusal(
      `WISHUB_TRUSTED_PROXY holds "${trusted.ok ? "cloudflare" : trusted.error}", each part must be a network such as 10.0.0.0/8 or an address.`,
    );
  const localUrl = `http://${localName(host)}:${port}`;
  const publicUrl = urlOf("WISHUB_PUBLIC_URL", env["WISHUB_PUBLIC_URL"]) ?? localUrl;
  const jobsToken = env["WISHUB_JOBS_TOKEN"] || randomBytes(32).toString("hex");
  const vars: Record<string, string> = {
    WISHUB_PUBLIC_URL: publicUrl,
    WISHUB_JOBS_TOKEN: jobsToken,
    WISHUB_PAGE_CACHE_BYTES: String(megabytesOf("WISHUB_PAGE_CACHE_MB", env, pageCacheMb()) * 1e6),
    ...LEAVES,
  };
  for (const name of PASSED_ON) {
    const value = env[name];
    if (value) vars[name] = value;
  }
  if (otlpUrl !== undefined) vars["WISHUB_OTLP_URL"] = otlpUrl;
  const dimensions = vars["WISHUB_AI_DIMENSIONS"];
  if (dimensions !== undefined && !isDimensions(Number(dimensions))) {
    throw new Refusal(
      `WISHUB_AI_DIMENSIONS is "${dimensions}", it must be a whole number from 1 to ${LIMITS.vectorDimensionsMax}.`,
    );
  }
  if (listedModels(vars["WISHUB_AI_MODELS"] ?? "") === null) {
    throw new Refusal(
      "WISHUB_AI_MODELS must be a list such as chat=llama-3.3-70b,rerank=bge-reranker,embeddings=bge-m3.",
    );
  }
  const stateDir = resolve(env["WISHUB_STATE"] || ".wishub");
  return {
    host,
    port,
    localUrl,
    publicUrl,
    stateDir,
    keyRing: {
      file: resolve(env["WISHUB_KEY_RING_FILE"] || `${stateDir}.keyring.json`),
      text: env["WISHUB_KEY_RING"] || undefined,
    },
    seed: flagOf("WISHUB_SEED", env["WISHUB_SEED"]),
    gpu,
    jobsToken,
    inspect: env["WISHUB_INSPECT"]
      ? portOf("WISHUB_INSPECT", env["WISHUB_INSPECT"], 9_229)
      : undefined,
    vars,
    token: randomBytes(32).toString("hex"),
  };
}

function pageCacheMb(): number {
  const bounded = process.constrainedMemory();
  const bytes = bounded > 0 ? Math.min(bounded, totalmem()) : totalmem();
  const share = Math.round((bytes * PAGE_CACHE_SHARE) / 1e6);
  return Math.min(PAGE_CACHE_MAX_MB, Math.max(PAGE_CACHE_MIN_MB, share));
}

function megabytesOf(name: string, env: NodeJS.ProcessEnv, otherwise: number): number {
  const value = env[name];
  if (!value) return otherwise;
  const megabytes = Number(value);
  if (!Number.isInteger(megabytes) || megabytes < 8 || megabytes > 16_384)
    throw new Refusal(`${name} is "${value}", it must be a whole number from 8 to 16384.`);
  return megabytes;
}

function checkRate(name: string, value: string | undefined): void {
  if (value && !(Number(value) >= 0 && Number(value) <= 1))
    throw new Refusal(`${name} is "${value}", it must be a number from 0 to 1.`);
}

const isDimensions = (value: number): boolean =>
  Number.isInteger(value) && value >= 1 && value <= LIMITS.vectorDimensionsMax;

function portOf(name: string, value: string | undefined, otherwise: number): number {
  if (!value) return otherwise;
  const port = Number(value);
  if (!Number.isInteger(port) || port < 1 || port > 65_535) {
    throw new Refusal(`${name} is "${value}", it must be a port from 1 to 65535.`);
  }
  return port;
}

function flagOf(name: string, value: string | undefined): boolean {
  oneOf(name, value, ["0", "1"]);
  return value !== "0";
}

function oneOf(name: string, value: string | undefined, allowed: string[]): void {
  if (value && !allowed.includes(value))
    throw new Refusal(`${name} is "${value}", it must be ${allowed.join(" or ")}.`);
}

function urlOf(name: string, value: string | undefined): string | undefined {
  if (!value) return undefined;
  if (!URL.canParse(value) || !/^https?:$/.test(new URL(value).protocol)) {
    throw new Refusal(
      `${name} is "${value}", it must be a URL that starts with http:// or https://.`,
    );
  }
  return value.replace(/\/+$/, "");
}

/** An address one can listen on is not always one that can be called. */
function localName(host: string): string {
  if (host === "0.0.0.0" || host === "localhost") return "127.0.0.1";
  if (host === "::") return "[::1]";
  return host.includes(":") ? `[${host}]` : host;
}
