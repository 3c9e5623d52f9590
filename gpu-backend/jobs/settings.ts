import { LIMITS } from "#domain/shared/limits.ts";
import { err, ok, type Result } from "#domain/shared/result.ts";
import type { LaneSettings } from "./lane.ts";

const PARALLEL_MAX = 16;
const POLL_MS_MAX = 60_000;

/** Null where nobody said where jobs are announced: then the backend only answers requests. */
export function jobSettingsFrom(env: NodeJS.ProcessEnv): Result<LaneSettings | null, string> {
  const queueUrl = urlOf(env["WISHUB_JOBS_URL"]);
  if (queueUrl === null) return ok(null);
  if (queueUrl === undefined) return err("WISHUB_JOBS_URL is not a URL of http:// or https://.");
  const productUrl = urlOf(env["WISHUB_JOBS_PRODUCT_URL"]);
  if (productUrl === undefined)
    return err("WISHUB_JOBS_PRODUCT_URL is not a URL of http:// or https://.");
  const token = env["WISHUB_JOBS_TOKEN"];
  if (!token) return err("WISHUB_JOBS_URL is pulled from with WISHUB_JOBS_TOKEN: set it as well.");
  const parallel = whole(env["WISHUB_JOBS_PARALLEL"], 2, 1, PARALLEL_MAX);
  const leaseMs = whole(env["WISHUB_JOBS_LEASE_MS"], 30_000, 1_000, LIMITS.leaseMsMax);
  const pollMs = whole(env["WISHUB_JOBS_POLL_MS"], 500, 10, POLL_MS_MAX);
  if (parallel === undefined)
    return err(`WISHUB_JOBS_PARALLEL is not a number from 1 to ${PARALLEL_MAX}.`);
  if (leaseMs === undefined)
    return err(`WISHUB_JOBS_LEASE_MS is not a number from 1000 to ${LIMITS.leaseMsMax}.`);
  if (pollMs === undefined) return err("WISHUB_JOBS_POLL_MS is not a number from 10 to 60000.");
  return ok({
    queueUrl,
    token,
    productUrl: productUrl ?? undefined,
    parallel,
    leaseMs,
    pollMs,
    pollMsMax: Math.max(pollMs, 3_000),
  });
}

/** Undefined for what is none, null where nothing is said. */
function urlOf(text: string | undefined): string | null | undefined {
  if (!text) return null;
  if (!URL.canParse(text) || !/^https?:$/.test(new URL(text).protocol)) return undefined;
  return text.replace(/\/+$/, "");
}

function whole(text: string | undefined, otherwise: number, least: number, most: number) {
  if (!text) return otherwise;
  const value = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
  return value >= least && value <= most ? value : undefined;
}
