import { spawn } from "node:child_process";
import { delimiter } from "node:path";
import { inRoot, ROOT } from "./paths.ts";

export type Ran = { code: number; output: string };

/** What wrangler would like to reach and tell is no part of a local run. */
export const QUIET = {
  CLOUDFLARE_CF_FETCH_ENABLED: "false",
  WRANGLER_SEND_METRICS: "false",
  WRANGLER_HIDE_BANNER: "true",
};

/** Runs a program of node_modules/.bin; with `onText` it streams, and `output` holds the last 256 kB. */
export function run(
  program: string,
  args: string[],
  options: { env?: NodeJS.ProcessEnv; onText?: (text: string) => void; cwd?: string } = {},
): Promise<Ran> {
  const env: NodeJS.ProcessEnv = { ...process.env, ...QUIET, ...options.env };
  env["PATH"] = `${inRoot("node_modules", ".bin")}${delimiter}${env["PATH"] ?? ""}`;
  const child = spawn(program, args, {
    cwd: options.cwd ?? ROOT,
    env,
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => {
      output = (output + text).slice(-262_144);
      options.onText?.(text);
    });
  }
  return new Promise((done, failed) => {
    child.once("error", failed);
    child.once("close", (code, signal) =>
      done({ code: code ?? (signal === null ? 1 : 128), output }),
    );
  });
}
