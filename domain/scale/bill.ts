import { countsOf, storedBytes } from "#domain/scale/counts.ts";
import type { Values } from "#domain/scale/parameters.ts";
import { SECONDS_PER_MONTH, type Traffic, trafficOf } from "#domain/scale/traffic.ts";

/** A line of the monthly bill in US dollars. `how` is the sum in words. */
export type Line = { part: Part; what: string; dollars: number; how: string };
export type Part = "reading" | "keeping" | "writing" | "beside";
export type Bill = { lines: Line[]; goal: number; beside: number };

const GB = 1e9;

/**
 * The monthly bill. `goal` sums what 10^10 reads a day need: answering them, keeping what is read, and keeping it fresh;
 * what stands "beside" is priced and not in that sum. Egress has no price on this platform.
 */
export function billOf(v: Values): Bill {
  const traffic = trafficOf(v);
  const lines = [
    ...reading(v, traffic),
    ...keeping(v),
    ...writing(v, traffic),
    ...beside(v, traffic),
  ];
  const sum = (inGoal: boolean) =>
    lines
      .filter(({ part }) => (part !== "beside") === inGoal)
      .reduce((total, { dollars }) => total + dollars, 0);
  return { lines, goal: sum(true), beside: sum(false) };
}

/** $ for objects awake this many seconds in all; `objects` of them cannot be awake longer than the month. */
function awake(v: Values, seconds: number, objects = Number.POSITIVE_INFINITY): number {
  const most = objects * SECONDS_PER_MONTH;
  return Math.min(seconds, most) * v["price.objectGb"] * v["price.objectGbSecond"];
}

function reading(v: Values, t: Traffic): Line[] {
  const line = (what: string, dollars: number, how: string): Line => ({
    part: "reading",
    what,
    dollars,
    how,
  });
  const cpuMs =
    v.cpuFactor *
    (t.searchMisses * v["measured.searchCpuMs"] +
      (t.searches - t.searchMisses) * v["measured.hitCpuMs"] +
      t.reads * v["measured.readCpuMs"]);
  const agentMs =
    t.sessionCalls * (v.agentWallMsHit + t.missShare * (v.agentWallMsMiss - v.agentWallMsHit));
  const leafMs = t.leafCalls * v["measured.leafCpuMs"] * v.cpuFactor * v.leafWallFactor;
  const rows = t.readMisses * v.rowsPerUnitRead + t.httpCalls * v.catalogMisses * v.rowsPerVerdict;
  const leaves = countsOf(v, t).copies + v.privateCollections;
  return [
    line("requests by HTTP", t.httpCalls * v["price.workerRequest"], "calls outside sessions"),
    line(
      "messages of sessions",
      (t.sessionCalls / v["price.messagesPerRequest"]) * v["price.objectRequest"],
      "calls in sessions, 20 to a request",
    ),
    line(
      "opening sessions",
      t.sessions * (v["price.workerRequest"] + v["price.objectRequest"]),
      "a request to the edge and to the Agent object each",
    ),
    line("CPU of Workers", cpuMs * v["price.workerCpuMs"], "of every call, in sessions too"),
    line("requests to leaves", t.leafCalls * v["price.objectRequest"], "leaves asked by searches"),
    line("leaves awake", awake(v, leafMs / 1_000, leaves), "128 MB while they answer"),
    line("Agent objects awake", awake(v, agentMs / 1_000, v.agents), "128 MB while a call runs"),
    line("rows read in D1", rows * v["price.rowRead"], "units and verdicts that no isolate has"),
    line("logs", t.httpCalls * v.logSample * v["price.logEvent"], "sampled"),
  ];
}

function keeping(v: Values): Line[] {
  const line = (what: string, dollars: number, how: string): Line => ({
    part: "keeping",
    what,
    dollars,
    how,
  });
  const stored = storedBytes(v);
  const search = stored.publicSearch + stored.privateSearch;
  const inObjects = v["price.objectStorageGb"] / GB;
  return [
    line("units in D1", (stored.unitsInD1 / GB) * v["price.d1StorageGb"], "bytes of units"),
    line("search shards", search * inObjects, "text index, vectors, what a hit shows"),
    line("Agent objects", stored.agents * inObjects, "bytes of an object whose mailbox was used"),
    line("agents in D1", (stored.agentsInD1 / GB) * v["price.d1StorageGb"], "bytes of the catalog"),
    line(
      "backups in R2",
      ((stored.unitsInD1 + search + stored.agents + stored.agentsInD1) / GB) *
        v.backups *
        v["price.r2StorageGb"],
      "a copy of all of it",
    ),
  ];
}

function writing(v: Values, t: Traffic): Line[] {
  const line = (what: string, dollars: number, how: string): Line => ({
    part: "writing",
    what,
    dollars,
    how,
  });
  const rows =
    v["measured.d1RowsPerUnit"] +
    v["measured.topicRowsPerUnit"] +
    v["measured.searchRowsPerUnit"] * Math.max(1, v.replicas);
  const operations = v["measured.queueMessagesPerUnit"] * v["price.operationsPerMessage"];
  return [
    line(
      "rows written for units",
      t.units * rows * v["price.rowWritten"],
      "D1, search shards, what happens",
    ),
    line(
      "rows written for presence",
      t.sessions * v.presenceRowsPerSession * v["price.rowWritten"],
      "once a session",
    ),
    line("queues", t.units * operations * v["price.queueOperation"], "hand-over of units"),
    line(
      "requests and CPU of publishing",
      t.units *
        (v["price.workerRequest"] +
          (1 + v["measured.objectRequestsPerUnit"]) * v["price.objectRequest"] +
          v["measured.publishCpuMs"] * v.cpuFactor * v["price.workerCpuMs"]),
      "accepting one by one, verifying and indexing in batches",
    ),
    line(
      "embedding documents",
      t.units * v.tokensPerUnit * v["price.embeddingToken"],
      "Workers AI, bge-m3",
    ),
  ];
}

/** To its mailbox: send, lease, acknowledge. */
const REQUESTS_PER_MESSAGE = 3;

function beside(v: Values, t: Traffic): Line[] {
  const line = (what: string, dollars: number, how: string): Line => ({
    part: "beside",
    what,
    dollars,
    how,
  });
  return [
    line(
      "embedding queries",
      t.searchMisses * v.tokensPerQuery * v["price.embeddingToken"],
      "searches that miss the cache, where callers give no vector",
    ),
    line(
      "messages between agents",
      t.messages *
        (v["measured.rowsPerMessage"] * v["price.rowWritten"] +
          REQUESTS_PER_MESSAGE * v["price.objectRequest"]),
      "rows written; sent, leased and acknowledged one by one",
    ),
  ];
}

/** What Vectorize would add for the searches that miss the cache, a month. It counts stored vectors as queried once. */
export function vectorizeOf(v: Values, vectors: number, dimensions: number) {
  const { searchMisses } = trafficOf(v);
  return {
    dimensions,
    storing: vectors * dimensions * v["price.vectorizeStored"],
    queries:
      (searchMisses * v.vectorizeProbes + vectors) * dimensions * v["price.vectorizeQueried"],
  };
}

/** The least share of searches answered under a lease at which the goal's total is at most `most`; null where none is. */
export function cacheHitsFor(v: Values, most: number): number | null {
  if (billOf({ ...v, cacheHits: 1 }).goal > most) return null;
  let [low, high] = [0, 1];
  for (let step = 0; step < 30; step++) {
    const middle = (low + high) / 2;
    if (billOf({ ...v, cacheHits: middle }).goal > most) low = middle;
    else high = middle;
  }
  return high;
}

/** Filling the whole once, in US dollars: rows, queues, CPU and embedding of every unit. */
export function fillingOf(v: Values): number {
  const perMonth = writing(v, trafficOf({ ...v, agents: 0 })).reduce(
    (sum, { dollars }) => sum + dollars,
    0,
  );
  const units = trafficOf(v).units;
  return units === 0 ? 0 : (perMonth / units) * v.units;
}

/**
 * Not built: every search asks one gateway object, which keeps a WebSocket to each leaf, so that asking a leaf costs a
 * twentieth of a request. The gateways are awake all month, as many as the peak needs.
 */
export function gatewayOf(v: Values): { goal: number; gateways: number } {
  const t = trafficOf(v);
  const gateways = Math.ceil(t.peakPerSecond(t.searchMisses) / v["limit.objectRequestsPerSecond"]);
  const { lines, goal } = billOf(v);
  const direct = lines.find(({ what }) => what === "requests to leaves")?.dollars ?? 0;
  const through =
    t.searchMisses * (1 + t.leavesAsked / v["price.messagesPerRequest"]) * v["price.objectRequest"];
  return {
    goal: goal - direct + through + awake(v, gateways * SECONDS_PER_MONTH),
    gateways,
  };
}
