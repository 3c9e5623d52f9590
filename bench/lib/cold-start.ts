import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inRoot } from "#scripts/launch/paths.ts";
import { until } from "./load.ts";
import { freePort } from "#scripts/launch/free-port.ts";

const STARTS = 5;

type Start = { readyMs: number; searchedMs: number; steps: [string, number][] };

/** Starts the whole product again and again on one state, and prints how long it takes and what that is made of. */
export async function coldStarts(): Promise<void> {
  const state = mkdtempSync(join(tmpdir(), "wishub-cold-"));
  try {
    await start(state, true);
    const starts: Start[] = [];
    for (let n = 0; n < STARTS; n++) starts.push(await start(state, false));
    const sorted = starts.toSorted((a, b) => a.readyMs - b.readyMs);
    const middle = sorted[STARTS >> 1];
    if (middle === undefined) return;
    process.stdout.write(
      `second start: ready after ${middle.readyMs.toFixed(0)} ms (${sorted[0]?.readyMs.toFixed(0)}–${sorted.at(-1)?.readyMs.toFixed(0)}), first search answered after ${middle.searchedMs.toFixed(0)} ms\n`,
    );
    for (const [what, ms] of middle.steps)
      process.stdout.write(`  ${ms.toFixed(0).padStart(6)} ms  ${what}\n`);
  } finally {
    rmSync(state, { recursive: true, force: true });
  }
}

async function start(state: string, isFirst: boolean): Promise<Start> {
  const port = await freePort();
  const own = Object.entries(process.env).filter(([name]) => !name.startsWith("WISHUB_"));
  const startedAt = performance.now();
  const child = spawn(process.execPath, [inRoot("scripts", "start.ts")], {
    env: {
      ...Object.fromEntries(own),
      WISHUB_STATE: state,
      WISHUB_KEY_RING_FILE: join(state, "keyring.json"), // goes with it: nothing here is worth a backup
      WISHUB_PORT: String(port),
      WISHUB_GPU: "0",
      WISHUB_SEED: "0",
      WISHUB_TIMINGS: "1",
    },
    stdio: ["pipe", "pipe", "inherit"],
  });
  try {
    const steps: [string, number][] = [];
    let text = "";
    child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
      text += chunk;
    });
    await until(async () => /^ready /m.test(text), 60_000, 2);
    const readyMs = performance.now() - startedAt;
    for (const [, what = "", ms] of text.matchAll(/^timing (.+?): (\d+) ms$/gm))
      steps.push([what, Number(ms)]);
    const { apiKey } = JSON.parse(readFileSync(join(state, "credentials.json"), "utf8")) as {
      apiKey: string;
    };
    await searched(port, apiKey, isFirst);
    return { readyMs, searchedMs: performance.now() - startedAt, steps };
  } finally {
    child.kill("SIGTERM");
    if (child.exitCode === null) await once(child, "exit");
  }
}

/** The first start publishes what the others find. */
async function searched(port: number, apiKey: string, isFirst: boolean): Promise<void> {
  const ask = async (path: string, body: object): Promise<Response> =>
    await fetch(`http://127.0.0.1:${port}${path}`, {
      method: "POST",
      headers: { authorization: `Bearer ${apiKey}`, "content-type": "application/json" },
      body: JSON.stringify(body),
    });
  const hits = async () => {
    const answer = await ask("/v1/search", { query: "cold start", mode: "lexical" });
    if (!answer.ok) throw new Error(`the search answered ${answer.status}`);
    return ((await answer.json()) as { hits: unknown[] }).hits.length;
  };
  if (!isFirst) {
    if ((await hits()) !== 1) throw new Error("what was published is not found");
    return;
  }
  await ask("/v1/units", { title: "Cold start", body: "What a second start finds at once." });
  await until(async () => (await hits()) === 1, 30_000);
}
