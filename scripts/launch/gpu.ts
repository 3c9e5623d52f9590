import { spawn, type ChildProcess } from "node:child_process";
import { existsSync } from "node:fs";
import { inRoot } from "./paths.ts";
import { say } from "./say.ts";

const ENTRY = "dist/gpu-backend/main.mjs";
const RESTART_MS_MIN = 500;
const RESTART_MS_MAX = 30_000;
/** One that ran this long was well, so its next restart is quick again. */
const WELL_AFTER_MS = 60_000;
const DRAIN_MS = 3_000;

/**
 * Keeps the gpu-backend running beside the product, in the background: nothing waits for it, everything works
 * without it. Its standard input is a pipe from here, so it ends when this process does.
 */
export function keepGpuBackend(
  port: number,
  jobs: { url: string; token: string },
): { stop(): Promise<void> } {
  if (!existsSync(inRoot(ENTRY))) return { stop: async () => {} };
  let child: ChildProcess | undefined;
  let timer: NodeJS.Timeout | undefined;
  let stopping = false;
  let restartMs = RESTART_MS_MIN;

  const start = (): void => {
    const startedMs = performance.now();
    child = spawn(process.execPath, [inRoot(ENTRY)], {
      stdio: ["pipe", "ignore", "pipe"],
      env: {
        ...process.env,
        WISHUB_GPU_PORT: String(port),
        WISHUB_PARENT_PIPE: "1",
        // The product's own queue of jobs, and the product, by the door that is on this machine.
        WISHUB_JOBS_URL: `${jobs.url}/jobs/queue`,
        WISHUB_JOBS_PRODUCT_URL: jobs.url,
        WISHUB_JOBS_TOKEN: jobs.token,
      },
    });
    let lastLine = "";
    child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      lastLine = text.trim().split("\n").at(-1)?.slice(0, 300) ?? lastLine;
    });
    child.stdin?.on("error", () => {}); // it may be gone before the pipe is
    child.once("error", (error) => (lastLine = error.message));
    child.once("close", (code, signal) => {
      child = undefined;
      if (stopping) return;
      if (performance.now() - startedMs > WELL_AFTER_MS) restartMs = RESTART_MS_MIN;
      say(
        `the gpu-backend ended (${lastLine || signal || code}), starting it again in ${restartMs / 1000} s`,
      );
      timer = setTimeout(start, restartMs);
      restartMs = Math.min(restartMs * 2, RESTART_MS_MAX);
    });
  };
  start();

  return {
    async stop() {
      stopping = true;
      clearTimeout(timer);
      const running = child;
      if (running === undefined) return;
      const ended = new Promise((done) => running.once("close", done));
      running.kill("SIGTERM");
      const force = setTimeout(() => running.kill("SIGKILL"), DRAIN_MS);
      await ended;
      clearTimeout(force);
    },
  };
}
