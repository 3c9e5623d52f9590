import { importUnits, rounded, settled, spaceOf } from "./lib/corpus.ts";
import { allocating, type Allocated } from "./lib/inspector.ts";
import { httpRequest, load } from "./lib/load.ts";
import { product } from "./lib/product.ts";
import { realSet } from "./lib/real-set.ts";
import { DIMENSIONS, vectorAt } from "./lib/real-vectors.ts";
import { freePort } from "#scripts/launch/free-port.ts";
import { say } from "#scripts/launch/say.ts";

// What a request allocates in the product's isolate, as V8's sampling heap profiler sees it, and which functions do.

const UNITS = 2_000;
const CONNECTIONS = 4;
const WARM_MS = 3_000;
const WINDOW_MS = 4_000;
const SHOWN = 10;

const set = await realSet();
const port = await freePort();
const served = await product({ gpu: false, env: { WISHUB_INSPECT: String(port) } });
try {
  const space = await spaceOf(served);
  const units = set.entries.slice(0, UNITS).map(({ title, body, kind }, n) => ({
    title,
    body,
    kind,
    vector: rounded(vectorAt(set.vectors, n)),
    space,
  }));
  await importUnits(served, units);
  await settled(served, 120_000);
  const listed = await served.fetch("/v1/units?limit=1");
  const { items } = (await listed.json()) as { items: { id: string }[] };
  const queries = Array.from({ length: set.queries.vectors.length / DIMENSIONS }, (_, n) =>
    rounded(vectorAt(set.queries.vectors, n)),
  );
  const search = (vector: number[]): Buffer =>
    post("/v1/search", { vector, space, mode: "semantic", limit: 10 });
  const once = search(queries[0] ?? []);
  let asked = 0;
  const fresh = (n: number): Buffer =>
    search((queries[n % queries.length] ?? []).with(0, ++asked / 1_000_000));
  const unit = httpRequest("GET", `/v1/units/${items[0]?.id}`, served.headers);
  const healthz = httpRequest("GET", "/healthz", {});
  // Another body each time, so that none of them is known already.
  let published = 0;
  const publish = (): Buffer =>
    post("/v1/units", { title: `Note ${published++}`, body: `Told ${published} times.` });
  for (const [name, request] of [
    ["GET /healthz", () => healthz],
    ["a unit by id", () => unit],
    ["a repeated search", () => once],
    ["a search that is new", fresh],
    ["publish", publish],
  ] as const)
    await shown(name, request);
} finally {
  await served.stop();
}

function post(path: string, body: object): Buffer {
  return httpRequest("POST", path, served.headers, JSON.stringify(body));
}

async function shown(name: string, request: (n: number) => Buffer): Promise<void> {
  const run = async (durationMs: number): Promise<number> => {
    const { perSecond, seconds, statuses } = await load({
      url: served.url,
      connections: CONNECTIONS,
      request,
      durationMs,
    });
    const failed = Object.entries(statuses).filter(([status]) => !status.startsWith("2"));
    if (failed.length > 0) throw new Error(`${name} answered ${JSON.stringify(statuses)}`);
    return perSecond * seconds;
  };
  await run(WARM_MS);
  let requests = 0;
  const allocated = await allocating(port, async () => {
    requests = await run(WINDOW_MS);
  });
  const all = allocated.reduce((sum, { bytes }) => sum + bytes, 0) / requests;
  say(`\n${name}: ${(all / 1_000).toFixed(1)} kB a request, over ${requests.toFixed(0)}`);
  for (const each of allocated.slice(0, SHOWN)) say(lineOf(each, requests, all));
}

function lineOf({ bytes, where }: Allocated, requests: number, all: number): string {
  const each = bytes / requests;
  return `${(each / 1_000).toFixed(2).padStart(9)} kB ${((each / all) * 100).toFixed(0).padStart(3)} %  ${where}`;
}
