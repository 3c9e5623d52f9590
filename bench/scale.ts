import { spawn } from "node:child_process";
import { once } from "node:events";
import type { Measured } from "#domain/scale/parameters.ts";
import { inRoot } from "#scripts/launch/paths.ts";
import { importUnits, settled, spaceOf } from "./lib/corpus.ts";
import { httpRequest, load } from "./lib/load.ts";
import { pipelineCounts } from "./lib/pipeline-counts.ts";
import { cpuMsBelow } from "./lib/processes.ts";
import { type Product, product } from "./lib/product.ts";
import { syntheticAsks, syntheticUnits } from "./lib/synthetic.ts";

// What `npm run model` is computed from, measured here and now in less than three minutes. Its last line is JSON.

const UNITS = 2_000;
const PIPELINE_UNITS = 1_500;
const ASKS = 4_000;
const CONNECTIONS = 16;
const WINDOW_MS = 1_500;
const ROUNDS = 3;
const REPEATED = 32;

const NOTHING = { title: "", text: "", tags: [], vector: [] };

type Kind = { name: string; request: (n: number) => Buffer };

const pipeline = await pipelineCounts(PIPELINE_UNITS);
const calls = await callCosts();
const leaf = await leafCosts();
const measured: Measured = { ...calls, ...leaf, ...pipeline };
for (const [name, value] of Object.entries(measured))
  process.stdout.write(`${name.padEnd(26)} ${Number(value.toPrecision(4))}\n`);
process.stdout.write(`${JSON.stringify(measured)}\n`);

/** CPU of all workerd processes of the served product for a request of each kind. */
async function callCosts() {
  const served = await product({ gpu: false });
  try {
    const space = await spaceOf(served);
    const vectorOf = (vector: number[]) => vector.map((value) => Number(value.toFixed(5)));
    const units = syntheticUnits(UNITS).map(({ title, text, tags, vector }) => ({
      title,
      body: text,
      language: "en",
      tags,
      space,
      visibility: "public",
      vector: vectorOf(vector),
    }));
    await importUnits(served, units);
    await settled(served, 120_000);
    const ids = await idsOf(served);
    const post = (path: string, body: object) =>
      httpRequest("POST", path, served.headers, JSON.stringify(body));
    const asks = syntheticAsks(ASKS).map(({ text, vector }) =>
      post("/v1/search", { query: text, vector: vectorOf(vector), space }),
    );
    const at = (requests: Buffer[], n: number) => requests[n % requests.length] ?? Buffer.alloc(0);
    const reads = ids.map((id) => httpRequest("GET", `/v1/units/${id}`, served.headers));
    const drafts = syntheticUnits(500);
    const repeated = asks.splice(0, REPEATED);
    const kinds: Record<"search" | "hit" | "read" | "publish" | "bare", Kind> = {
      search: { name: "search, each query once", request: (n) => at(asks, n) },
      hit: { name: "search, repeated", request: (n) => at(repeated, n) },
      read: { name: "unit by id", request: (n) => at(reads, n) },
      publish: {
        name: "publish",
        request: (n) => {
          const { title, text, tags, vector } = drafts[n % drafts.length] ?? NOTHING;
          const body = `${text} ${n} ${Math.random()}`;
          return post("/v1/units", { title, body, tags, space, vector: vectorOf(vector) });
        },
      },
      bare: { name: "/healthz", request: () => httpRequest("GET", "/healthz", served.headers) },
    };
    const costs = await inTurns(served, kinds);
    return {
      searchCpuMs: costs.search,
      hitCpuMs: costs.hit,
      readCpuMs: costs.read,
      publishCpuMs: costs.publish,
      bareCpuMs: costs.bare,
    };
  } finally {
    await served.stop();
  }
}

/** CPU ms a request of each kind: short windows in turns, and the least of each, because what else runs here only adds. */
async function inTurns<K extends string>(target: Product, kinds: Record<K, Kind>) {
  const least = {} as Record<K, number>;
  const asked: Partial<Record<K, number>> = {};
  const cpu = () => cpuMsBelow(target.pid, "workerd");
  for (let round = 0; round <= ROUNDS; round++) {
    for (const [key, { name, request }] of Object.entries(kinds) as [K, Kind][]) {
      const first = asked[key] ?? 0;
      let last = first;
      const from = cpu();
      const { statuses } = await load({
        url: target.url,
        connections: CONNECTIONS,
        durationMs: WINDOW_MS,
        request: (n) => request((last = first + n)),
      });
      // What was published is verified and indexed within its own window: that CPU is part of publishing.
      if (key === "publish") await settled(target, 120_000);
      asked[key] = last + 1;
      const refused = Object.keys(statuses).filter((status) => !status.startsWith("2"));
      if (refused.length > 0) throw new Error(`${name}: ${JSON.stringify(statuses)}`);
      const each = (cpu() - from) / Object.values(statuses).reduce((sum, count) => sum + count, 0);
      if (round > 0 && !(least[key] < each)) least[key] = each; // the first warms up
    }
  }
  return least;
}

async function idsOf(target: Product): Promise<string[]> {
  const ids: string[] = [];
  for (let cursor = ""; ids.length < 500;) {
    const answer = await target.fetch(`/v1/units?limit=100${cursor}`);
    const page = (await answer.json()) as { items: { id: string }[]; nextCursor: string | null };
    ids.push(...page.items.map(({ id }) => id));
    if (page.nextCursor === null) break;
    cursor = `&cursor=${page.nextCursor}`;
  }
  return ids;
}

/** One leaf of 100,000 units: what stays in memory, and the CPU of a hybrid search inside it. */
async function leafCosts() {
  const child = spawn(process.execPath, [inRoot("bench", "search-memory.ts")], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let text = "";
  child.stdout.on("data", (chunk: Buffer) => (text += chunk.toString()));
  await once(child, "exit");
  const [, units, mebibytes] = /^(\d+) units.*always resident ([\d.]+) MiB/m.exec(text) ?? [];
  const [, cpu] = /hybrid ([\d.]+) ms CPU/.exec(text) ?? [];
  if (units === undefined || mebibytes === undefined || cpu === undefined)
    throw new Error(`search-memory said ${text}`);
  return {
    residentBytesPerPassage: (Number(mebibytes) * 1_048_576) / Number(units),
    leafCpuMs: Number(cpu),
  };
}
