import type { Values } from "#domain/scale/parameters.ts";
import { type Traffic, trafficOf } from "#domain/scale/traffic.ts";

/** How many there have to be, and the bound that says so. */
export type Count = { what: string; count: number; because: string };
/** Something the platform or our ids bound, and how much of it is needed. */
export type Check = { what: string; needed: number; limit: number; fits: boolean };

const needed = (what: string, bounds: Record<string, number>): Count => {
  const [because, count] = Object.entries(bounds).reduce((most, bound) =>
    bound[1] > most[1] ? bound : most,
  );
  return { what, count: Math.ceil(count), because };
};

/** Bytes of one passage in a search shard: what was measured at 384 dimensions, with int8 and 1-bit vectors of others. */
export const passageBytes = (v: Values): number =>
  v["measured.searchBytesPerPassage"] + (v.dimensions - 384) * 1.125;

/** Everything stored, in bytes by kind. */
export function storedBytes(v: Values) {
  const unitPassages = Math.min(v.vectors, v.units * v.passagesPerUnit);
  return {
    unitPassages,
    privatePassages: v.vectors - unitPassages,
    unitsInD1: v.units * v["measured.d1BytesPerUnit"],
    publicSearch: unitPassages * passageBytes(v) * Math.max(1, v.replicas),
    privateSearch: (v.vectors - unitPassages) * passageBytes(v),
    agents: v.agents * v["measured.objectBytesPerAgent"],
    agentsInD1: v.agents * v["measured.catalogBytesPerAgent"],
  };
}

/** What one leaf answers a second: what its one thread does, and never more than the platform's soft bound. */
export const leafPerSecond = (v: Values): number =>
  Math.min(
    v["limit.objectRequestsPerSecond"],
    1_000 / Math.max(1e-9, v["measured.leafCpuMs"] * v.cpuFactor),
  );

/** Shards, objects, queues and indexes for a workload. */
export function countsOf(v: Values, traffic: Traffic = trafficOf(v)) {
  const stored = storedBytes(v);
  const { peakPerSecond, perSecond } = traffic;
  const publicShare = traffic.leavesAsked === 0 ? 0 : v.publicLeavesAsked / traffic.leavesAsked;
  const publicCalls = peakPerSecond(traffic.leafCalls) * publicShare;
  const leaves = needed("search shards of the public collection, leaders", {
    "passages a leaf holds": stored.unitPassages / (v.passagesPerLeaf * v.leafFill),
    "10 GB an object": (stored.unitPassages * passageBytes(v)) / v["limit.objectBytes"],
    "one there has to be": 1,
  });
  const copies = needed("search shards of the public collection, with copies", {
    "copies asked for": leaves.count * Math.max(1, v.replicas),
    "searches at the peak": publicCalls / leafPerSecond(v),
  });
  const busiest = needed("copies of the busiest leaf", {
    "copies asked for": Math.max(1, v.replicas),
    "searches at the peak": (publicCalls / leaves.count) * (v.hotSkew / leafPerSecond(v)),
  });
  const verdicts = peakPerSecond(traffic.httpCalls) * v.catalogMisses;
  const list = [
    needed("D1 databases of units", {
      "10 GB a database": stored.unitsInD1 / (v["limit.d1Bytes"] * v.shardFill),
      "unit reads at the peak": peakPerSecond(traffic.readMisses) / v["limit.d1QueriesPerSecond"],
    }),
    needed("D1 databases of the catalog", {
      "verdicts at the peak": verdicts / v["limit.d1QueriesPerSecond"],
      "10 GB a database": stored.agentsInD1 / (v["limit.d1Bytes"] * v.shardFill),
      "one there has to be": 1,
    }),
    leaves,
    copies,
    busiest,
    needed("search shards of private collections", {
      "one a collection": v.privateCollections,
      "passages a leaf holds": stored.privatePassages / (v.passagesPerLeaf * v.leafFill),
    }),
    needed("Agent objects", { "one an agent": v.agents }),
    needed("queues", {
      "messages at the peak":
        peakPerSecond(traffic.units * v["measured.queueMessagesPerUnit"]) /
        v["limit.queueMessagesPerSecond"],
      "unit-verify, unit-index, dead-letters": 3,
    }),
    needed("Vectorize indexes, if they held every vector", {
      "10M vectors an index": v.vectors / v["limit.vectorizeVectors"],
    }),
    needed("cores busy at the peak, edge and shards", {
      "CPU of calls":
        (peakPerSecond(traffic.searchMisses) * v["measured.searchCpuMs"] +
          peakPerSecond(traffic.searches - traffic.searchMisses) * v["measured.hitCpuMs"] +
          peakPerSecond(traffic.reads) * v["measured.readCpuMs"] +
          peakPerSecond(traffic.leafCalls) * v["measured.leafCpuMs"]) *
        (v.cpuFactor / 1_000),
    }),
    needed("calls a second on average", { "calls a day": perSecond(traffic.calls) }),
  ];
  return { list, leaves: leaves.count, copies: Math.max(copies.count, leaves.count) };
}

/** What is needed against what the platform and our own ids allow; what does not fit has to be raised or built. */
export function checksOf(v: Values, traffic: Traffic = trafficOf(v)): Check[] {
  const { list } = countsOf(v, traffic);
  const countOf = (what: string) => list.find((one) => one.what === what)?.count ?? 0;
  const stored = storedBytes(v);
  const check = (what: string, amount: number, limit: number): Check => ({
    what,
    needed: amount,
    limit,
    fits: amount <= limit,
  });
  const embedded =
    traffic.peakPerSecond(traffic.searchMisses) * 60 + (v.unitsPerDay / 1_440) * v.peakFactor;
  return [
    check(
      "databases of units that ids can name",
      countOf("D1 databases of units"),
      v["limit.unitShards"],
    ),
    check("databases bound to one Worker", countOf("D1 databases of units"), v["limit.d1Bindings"]),
    check("bytes in D1, an account", stored.unitsInD1, v["limit.d1AccountBytes"]),
    check(
      "catalog databases that ids can name",
      countOf("D1 databases of the catalog"),
      v["limit.catalogShards"],
    ),
    check(
      "Vectorize indexes",
      countOf("Vectorize indexes, if they held every vector"),
      v["limit.vectorizeIndexes"],
    ),
    check(
      "Workers AI requests a minute, each query embedded",
      embedded,
      v["limit.embeddingsPerMinute"],
    ),
  ];
}
