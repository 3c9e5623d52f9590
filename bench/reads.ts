import { spaceOf, importUnits, rounded, settled, vectorsOf, withVectors } from "./lib/corpus.ts";
import { dictionaryUnits, questionsAbout } from "./lib/data.ts";
import { httpRequest, type Load, load, loadLine } from "./lib/load.ts";
import { cpuMs } from "./lib/processes.ts";
import { memoryBelow, type Product, product } from "./lib/product.ts";

// What one read costs the served product at 10,000 units and 16 connections: a unit by its id, a question that is asked
// again and again, and questions that are all different. Short windows in turns; the median window of each is printed.

const UNITS = 10_000;
const CONNECTIONS = 16;
const WINDOW_MS = 1_500;
const ROUNDS = 5;
/** Questions that come back; a conventional stack would keep their answers in its cache. */
const HOT_QUESTIONS = 100;

type Kind = { name: string; request: (n: number) => Buffer; windows: Load[]; cpu: number[] };

const drafts = await dictionaryUnits(UNITS);
const questions = questionsAbout(drafts);
const texts = drafts.map(({ title, body }) => `${title}\n${body}`);
const [vectors, asked] = await embedded([texts, questions]);

const target = await product({ gpu: false });
try {
  const space = await spaceOf(target);
  await importUnits(target, withVectors(drafts, vectors ?? [], space));
  await settled(target, 300_000);
  const ids = await idsOf(target);
  const post = (body: object) =>
    httpRequest("POST", "/v1/search", target.headers, JSON.stringify(body));
  const given = (n: number) => ({ vector: rounded(asked?.[n % UNITS]), space });
  const hot = questions.slice(0, HOT_QUESTIONS).map((query, n) => post({ query, ...given(n) }));
  // Requests are made beforehand: making one costs the client more than sending it.
  const semantic = questions.map((_, n) => post(given(n)));
  const hybrid = questions.map((query, n) => post({ query, ...given(n) }));
  const gets = ids.map((id) => httpRequest("GET", `/v1/units/${id}`, target.headers));
  await inTurns([
    kind("GET /v1/units/{id}, ids at random", (n) => at(gets, n * 7_919)),
    kind(`the same ${HOT_QUESTIONS} hybrid searches, vector given`, (n) => at(hot, n * 37)),
    kind("semantic search, vector given", (n) => at(semantic, n)),
    kind("hybrid search, vector given", (n) => at(hybrid, n)),
  ]);
  for (const { command, megabytes } of memoryBelow(target.pid))
    process.stdout.write(`  ${command.padEnd(16)} ${megabytes.toFixed(0)} MB\n`);
} finally {
  await target.stop();
}

function at(requests: Buffer[], n: number): Buffer {
  const request = requests[n % requests.length];
  if (request === undefined) throw new Error("there is nothing to ask");
  return request;
}

function kind(name: string, request: (n: number) => Buffer): Kind {
  let asked = 0;
  return { name, request: () => request(asked++), windows: [], cpu: [] };
}

async function inTurns(kinds: Kind[]): Promise<void> {
  const workerds = memoryBelow(target.pid)
    .filter(({ command }) => command === "workerd")
    .map(({ pid }) => pid);
  const cpu = () => workerds.reduce((sum, pid) => sum + cpuMs(pid), 0);
  for (let round = 0; round <= ROUNDS; round++) {
    for (const each of kinds) {
      const before = cpu();
      const { url } = target;
      const { request } = each;
      const measured = await load({
        url,
        connections: CONNECTIONS,
        durationMs: WINDOW_MS,
        request,
      });
      if (round === 0) continue; // the first warms up
      each.windows.push(measured);
      each.cpu.push((cpu() - before) / (measured.perSecond * measured.seconds));
    }
  }
  for (const { name, windows, cpu: costs } of kinds) {
    const sorted = windows.toSorted((a, b) => a.perSecond - b.perSecond);
    const median = sorted[Math.floor(sorted.length / 2)];
    const cost = costs.toSorted((a, b) => a - b)[Math.floor(costs.length / 2)] ?? Number.NaN;
    if (median) process.stdout.write(`${loadLine(name, median)}  ${cost.toFixed(3)} ms CPU\n`);
  }
}

/** Every id of the account, in the order of the list. */
async function idsOf(from: Product): Promise<string[]> {
  const ids: string[] = [];
  for (let cursor: string | null = ""; cursor !== null;) {
    const after: string = cursor === "" ? "" : `&cursor=${encodeURIComponent(cursor)}`;
    const page = await from.fetch(`/v1/units?limit=100${after}`);
    const { items, nextCursor } = (await page.json()) as {
      items: { id: string }[];
      nextCursor: string | null;
    };
    ids.push(...items.map(({ id }) => id));
    cursor = nextCursor;
  }
  return ids;
}

/** Embedded once by the gpu-backend and kept on disk; the product that is measured runs without it. */
async function embedded(lists: string[][]): Promise<Float32Array[][]> {
  const withGpu = await product({ gpu: true });
  try {
    const all: Float32Array[][] = [];
    for (const list of lists) all.push((await vectorsOf(list, withGpu.gpuUrl ?? "")).vectors);
    return all;
  } finally {
    await withGpu.stop();
  }
}
