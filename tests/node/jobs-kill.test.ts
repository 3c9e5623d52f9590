import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it, vi } from "vitest";
import { freePort } from "#scripts/launch/free-port.ts";
import { commandLine } from "./command-line.ts";
import { killable } from "./killable.ts";
import { processesOf } from "./launched.ts";

// A collection is clustered and ranked by the gpu-backend while that, or the whole product, is killed without a chance to
// tidy up; meanwhile a search answers whenever there is anybody to ask.

const UNITS = 240;
const JOBS = 12;
const BACKEND_KILLS = 2;

type Task = { id: string; state: string; attempts: number; reason: string | null };

const product = killable(async () => ({
  WISHUB_GPU: "1",
  WISHUB_GPU_PORT: String(await freePort()),
  // What was killed is found out soon, so that this takes seconds.
  WISHUB_JOBS_LEASE_MS: "1500",
  WISHUB_JOBS_POLL_MS: "100",
}));

async function ask(method: string, path: string, body?: object | string): Promise<Response> {
  const isLines = typeof body === "string";
  const answer = await product.api(path, {
    method,
    ...(isLines && { headers: { "content-type": "application/x-ndjson" } }),
    ...(body !== undefined && { body: isLines ? body : JSON.stringify(body) }),
  });
  if (!answer.ok) throw new Error(`${answer.status}: ${await answer.text()}`);
  return answer;
}
const read = async <T>(path: string): Promise<T> => (await (await ask("GET", path)).json()) as T;

const backends = () =>
  processesOf(product.state).filter((pid) =>
    readFileSync(`/proc/${pid}/cmdline`, "utf8").includes("gpu-backend/main.mjs"),
  );

/** With vectors of their own: only what is done with them is looked at here. */
async function publishUnits(): Promise<void> {
  const { items } = await read<{ items: { id: string; dimensions: number }[] }>("/v1/spaces");
  const { id: space = "", dimensions = 0 } = items[0] ?? {};
  const lines = Array.from({ length: UNITS }, (_, i) => {
    const vector = Array.from(
      { length: dimensions },
      (_, j) => Math.sin((i % 7) * (j + 1)) + i / 1e4,
    );
    const length = Math.hypot(...vector);
    const unit = vector.map((value) => value / length);
    return JSON.stringify({ title: `Unit ${i}`, body: `About ${i}.`, vector: unit, space });
  });
  const answer = await ask("POST", "/v1/units/import", lines.join("\n"));
  const made = (await answer.text()).trim().split("\n");
  expect(made).toHaveLength(UNITS);
  await vi.waitFor(
    async () => {
      const { hits } = (await (
        await ask("POST", "/v1/search", { query: `unit ${UNITS - 1}`, mode: "lexical" })
      ).json()) as { hits: { title: string }[] };
      expect(hits[0]?.title).toBe(`Unit ${UNITS - 1}`);
    },
    { timeout: 60_000, interval: 200 },
  );
}

/** Long enough on any machine to be killed in the middle. */
const TEXTS = Array.from({ length: 128 }, (_, i) => `Otter ${i} holds hands. `.repeat(20));
const JOB = (i: number) => {
  if (i < 2) return { type: "embed.batch", input: { texts: TEXTS } };
  if (i % 3 === 0) return { type: "graph", input: { collection: "private", k: 8, seed: i } };
  if (i % 3 === 1) return { type: "near-duplicates", input: { collection: "private" } };
  return { type: "kmeans", input: { collection: "private", k: 7, iterations: 300, seed: i } };
};

type Collections = { items: { visibility: string; shards: { units: number } }[] };

/** As somebody does it who knows nothing of jobs. */
async function clusterByHand(): Promise<void> {
  const line = commandLine(product.state, product.url);
  const file = join(product.state, "clusters.ndjson");
  const { code, out } = await line.run(["cluster", "--clusters", "7", "--out", file]);
  expect(code).toBe(0);
  expect(out).toMatch(/^\d+ +█+░* Unit \d+$/m);
  const { items } = await read<Collections>("/v1/collections");
  const own = items.find(({ visibility }) => visibility === "private");
  expect(out).toContain(`${own?.shards.units} units in 7 clusters`);
  const lines = readFileSync(file, "utf8").trim().split("\n");
  expect(lines).toHaveLength(own?.shards.units ?? 0);
  expect(new Set(lines.map((text) => (JSON.parse(text) as { cluster: number }).cluster)).size).toBe(
    7,
  );
}

async function clusterOfNothing(): Promise<void> {
  const { code, out, err } = await commandLine(product.state, product.url).run(["cluster"]);
  expect([code, out]).toEqual([0, ""]);
  expect(err).toContain("--public groups the public ones");
}

it("does every heavy job once, whoever is killed in the middle", async () => {
  await product.start();
  await clusterOfNothing();
  await publishUnits();
  const ids: string[] = [];
  for (let i = 0; i < JOBS; i++) {
    const made = await ask("POST", "/v1/tasks", { ...JOB(i), pool: "gpu", attempts: 20 });
    ids.push(((await made.json()) as Task).id);
  }
  const shown = async () => await Promise.all(ids.map((id) => read<Task>(`/v1/tasks/${id}`)));
  const until = (what: (tasks: Task[]) => boolean) =>
    vi.waitFor(async () => expect(what(await shown())).toBe(true), {
      timeout: 60_000,
      interval: 50,
    });
  const isAtWork = (tasks: Task[]) => tasks.some((task) => task.state === "working");
  const isOver = (tasks: Task[]) => tasks.every((task) => task.state === "completed");

  for (let kill = 0; kill < BACKEND_KILLS; kill++) {
    await until((tasks) => isAtWork(tasks) || isOver(tasks));
    for (const pid of backends()) process.kill(pid, "SIGKILL");
    const { hits } = (await (
      await ask("POST", "/v1/search", { query: "unit 7", mode: "lexical" })
    ).json()) as { hits: object[] };
    expect(hits.length).toBeGreaterThan(0);
  }
  const before = new Map((await shown()).map((task) => [task.id, task]));
  await product.kill();
  await product.start();
  await until(isOver);
  for (const task of await shown()) {
    // What was done before is as it was: nobody did it again.
    const known = before.get(task.id);
    if (known?.state === "completed") expect(task).toEqual(known);
    expect(task.reason).toBeNull();
  }
  const results = await Promise.all(ids.map((id) => read<object>(`/v1/tasks/${id}/result`)));
  expect(results.every((result) => "units" in result || "vectors" in result)).toBe(true);
  await clusterByHand();
  // Else nobody was killed at work, and this shows nothing.
  expect(Math.max(...(await shown()).map(({ attempts }) => attempts))).toBeGreaterThan(1);
}, 240_000);
