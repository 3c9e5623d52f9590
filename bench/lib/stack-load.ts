import { setTimeout as delay } from "node:timers/promises";
import { rounded } from "./corpus.ts";
import { httpRequest, load, percentiles } from "./load.ts";
import { median } from "./peers/parent.ts";
import type { RealSet } from "./real-set.ts";
import { vectorAt } from "./real-vectors.ts";
import { type Side, unitLine } from "./stack-side.ts";

export const KINDS = ["search", "hybrid", "hot", "get", "insert"] as const;
export type Kind = (typeof KINDS)[number];
export type Window = { perSecond: number; p50: number; p99: number; cpuMs: number };

const CONNECTIONS = 16;
const WINDOW_MS = 1_500;
const ROUNDS = 5;
const HOT_QUESTIONS = 50;
/** Every fourth question asks for nouns only. */
const FILTERED_EVERY = 4;

/** Makes the n-th request of each kind to a side; no search is ever asked twice except the hot ones. */
export function requestsTo(side: Side, set: RealSet, ids: readonly string[], firstNew: number) {
  const { texts, vectors } = set.queries;
  const space = side.space === undefined ? "" : `,"space":${JSON.stringify(side.space)}`;
  const numbers = texts.map((_, n) => rounded(vectorAt(vectors, n)));
  const tails = numbers.map((values) => JSON.stringify(values.slice(1)).slice(1));
  const body = (place: number, mode: string, first: number): string => {
    const query = mode === "hybrid" ? `,"query":${JSON.stringify(texts[place])}` : "";
    const filter = place % FILTERED_EVERY === 3 ? ',"filter":{"kind":"noun"}' : "";
    return `{"mode":"${mode}","limit":10,"vector":[${first},${tails[place]}${space}${query}${filter}}`;
  };
  let asked = 0;
  const fresh = (mode: string): Buffer => {
    const n = asked++;
    const place = n % texts.length;
    // Another last digit makes it another question with the same neighbours: no cache knows it.
    const first = (numbers[place]?.[0] ?? 0) + Math.floor(n / texts.length) * 1e-6;
    return post("/v1/search", body(place, mode, Number(first.toFixed(6))));
  };
  const post = (path: string, text: string): Buffer =>
    httpRequest("POST", path, side.headers, text);
  let inserted = firstNew;
  return {
    search: () => fresh("semantic"),
    hybrid: () => fresh("hybrid"),
    hot: (n: number) =>
      post("/v1/search", body(n % HOT_QUESTIONS, "hybrid", numbers[n % HOT_QUESTIONS]?.[0] ?? 0)),
    get: (n: number) =>
      httpRequest("GET", `/v1/units/${ids[(n * 7_919) % ids.length]}`, side.headers),
    insert() {
      const n = inserted++;
      const entry = set.entries[n % set.entries.length];
      if (entry === undefined) throw new Error("no entries");
      // Past the last text they go round with another title, or they would be refused as duplicates.
      const title = n < set.entries.length ? entry.title : `${entry.title} (${n})`;
      const vector = vectorAt(set.vectors, n % (set.vectors.length / 384));
      return post("/v1/units", unitLine({ ...entry, title }, vector, side.space));
    },
    /** The body alone, for questions whose answers are looked at; another `attempt` is another question to a cache. */
    question: (place: number, attempt: number) =>
      body(place, "semantic", Number(((numbers[place]?.[0] ?? 0) - attempt * 1e-6).toFixed(6))),
  };
}

export type Requests = ReturnType<typeof requestsTo>;

/** Short windows of each side in turns; the median window of each, after one that warms up. */
export async function inTurns(
  sides: readonly { side: Side; requests: Requests }[],
  kind: Kind,
  connections = CONNECTIONS,
): Promise<Window[]> {
  const windows = sides.map((): Window[] => []);
  for (let round = 0; round <= ROUNDS; round++) {
    for (const [n, { side, requests }] of sides.entries()) {
      const cpu = side.cpuMs();
      const measured = await load({
        url: side.url,
        connections,
        durationMs: WINDOW_MS,
        request: requests[kind],
      });
      const wrong = Object.keys(measured.statuses).filter((status) => !status.startsWith("2"));
      if (wrong.length > 0)
        throw new Error(`${side.name} answered ${JSON.stringify(measured.statuses)} to ${kind}`);
      const count = measured.perSecond * measured.seconds;
      const { perSecond, p50, p99 } = measured;
      if (round > 0) windows[n]?.push({ perSecond, p50, p99, cpuMs: (side.cpuMs() - cpu) / count });
    }
  }
  return windows.map((all) => ({
    perSecond: median(all.map((each) => each.perSecond)),
    p50: median(all.map((each) => each.p50)),
    p99: median(all.map((each) => each.p99)),
    cpuMs: median(all.map((each) => each.cpuMs)),
  }));
}

/** The share of the exact ten nearest that a side's answers hold, over the questions without a filter. */
export async function recallThroughHttp(
  side: Side,
  requests: Requests,
  ids: readonly string[],
  exact: Uint32Array,
  attempt = 1,
): Promise<number> {
  const places = new Map(ids.map((id, place) => [id, place]));
  let found = 0;
  let asked = 0;
  for (let place = 0; place < exact.length / 10; place += 5) {
    if (place % FILTERED_EVERY === 3) continue;
    const answer = await fetch(`${side.url}/v1/search`, {
      method: "POST",
      headers: side.headers,
      body: requests.question(place, attempt),
    });
    const { hits } = (await answer.json()) as { hits: { unitId: string }[] };
    const right = new Set(exact.subarray(place * 10, place * 10 + 10));
    found += hits.filter(({ unitId }) => right.has(places.get(unitId) ?? -1)).length;
    asked += 10;
  }
  return found / asked;
}

/** From the answer to a publication until a search by its own vector finds it, in ms: the median of some. */
export async function timeToSearchable(
  side: Side,
  set: RealSet,
  first: number,
): Promise<{ p50: number; p95: number }> {
  const times: number[] = [];
  for (let n = first; n < first + 20; n++) {
    const entry = set.entries[n % set.entries.length];
    if (entry === undefined) break;
    const title = `${entry.title} [${n}]`;
    const vector = vectorAt(set.vectors, n % (set.vectors.length / 384));
    const startedAt = performance.now();
    const answer = await fetch(`${side.url}/v1/units`, {
      method: "POST",
      headers: side.headers,
      body: unitLine({ ...entry, title }, vector, side.space),
    });
    const { id } = (await answer.json()) as { id: string };
    // Each attempt is another question, so that no cache hides the unit.
    for (let attempt = 1; ; attempt++) {
      const asked = rounded(vector);
      asked[0] = Number(((asked[0] ?? 0) + attempt * 1e-6).toFixed(6));
      const { hits } = (await (
        await fetch(`${side.url}/v1/search`, {
          method: "POST",
          headers: side.headers,
          body: JSON.stringify({ mode: "semantic", vector: asked, space: side.space, limit: 10 }),
        })
      ).json()) as { hits: { unitId: string }[] };
      if (hits.some(({ unitId }) => unitId === id)) break;
      if (attempt > 2_000) throw new Error(`${side.name} does not find what was published`);
      await delay(5);
    }
    times.push(performance.now() - startedAt);
  }
  const { p50, p95 } = percentiles(times.toSorted((a, b) => a - b));
  return { p50, p95 };
}
