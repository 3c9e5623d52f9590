import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { billOf, cacheHitsFor, fillingOf, gatewayOf, vectorizeOf } from "#domain/scale/bill.ts";
import {
  checksOf,
  countsOf,
  leafPerSecond,
  passageBytes,
  storedBytes,
} from "#domain/scale/counts.ts";
import {
  ASSUMPTIONS,
  isShare,
  LIMITS,
  MEASURED,
  type Measured,
  PRICES,
  refusalOf,
  type Values,
  valuesOf,
  WORKLOAD,
} from "#domain/scale/parameters.ts";
import { sensitivities } from "#domain/scale/sensitivity.ts";
import { trafficOf } from "#domain/scale/traffic.ts";

const measured = Object.fromEntries(
  Object.keys(MEASURED).map((name, i) => [name, name.endsWith("CpuMs") ? 0.5 : 100 * (i + 1)]),
) as Measured;
const values = valuesOf(measured);
const lineOf = (v: Values, what: string) =>
  billOf(v).lines.find((line) => line.what === what)?.dollars ?? Number.NaN;

const ranges = {
  callsPerDay: fc.double({ min: 1e6, max: 1e11, noNaN: true }),
  units: fc.double({ min: 1e4, max: 1e9, noNaN: true }),
  vectors: fc.double({ min: 1e6, max: 1e11, noNaN: true }),
  agents: fc.double({ min: 1e3, max: 1e9, noNaN: true }),
  searchShare: fc.double({ min: 0, max: 1, noNaN: true }),
  sessionShare: fc.double({ min: 0, max: 1, noNaN: true }),
  cacheHits: fc.double({ min: 0, max: 1, noNaN: true }),
  unitCacheHits: fc.double({ min: 0, max: 1, noNaN: true }),
  unitsPerDay: fc.double({ min: 0, max: 1e8, noNaN: true }),
};
const workloads: fc.Arbitrary<Values> = fc
  .record(ranges)
  .map((overrides) => valuesOf(measured, overrides));

describe("the bill", () => {
  it("charges one request, object request or session message a call what the price lists say", () => {
    const allHttp = valuesOf(measured, { sessionShare: 0 });
    expect(lineOf(allHttp, "requests by HTTP")).toBeCloseTo(90_000);
    const allSessions = valuesOf(measured, { sessionShare: 1 });
    expect(lineOf(allSessions, "messages of sessions")).toBeCloseTo(2_250);
    const oneLeaf = { searchShare: 1, cacheHits: 0, publicLeavesAsked: 1, privateLeavesAsked: 0 };
    expect(lineOf(valuesOf(measured, oneLeaf), "requests to leaves")).toBeCloseTo(45_000);
  });

  it("is the sum of its lines, none of them negative or unknown", () => {
    fc.assert(
      fc.property(workloads, (v) => {
        const { lines, goal, beside } = billOf(v);
        for (const { what, dollars } of lines) {
          expect(Number.isFinite(dollars), what).toBe(true);
          expect(dollars, what).toBeGreaterThanOrEqual(0);
        }
        const sum = lines.reduce((total, { dollars }) => total + dollars, 0);
        expect(goal + beside).toBeCloseTo(sum, 3);
      }),
    );
  });

  it.each([
    "callsPerDay",
    "vectors",
    "agents",
    "unitsPerDay",
    "publicLeavesAsked",
    "replicas",
  ] as const)("is never less for more %s", (name) => {
    fc.assert(
      fc.property(workloads, fc.double({ min: 1, max: 3, noNaN: true }), (v, times) => {
        const more = billOf({ ...v, [name]: v[name] * times }).goal;
        expect(more).toBeGreaterThanOrEqual(billOf(v).goal * (1 - 1e-12));
      }),
    );
  });

  it("is never more for more searches answered from a cache, when a hit costs no more CPU than a miss", () => {
    fc.assert(
      fc.property(workloads, fc.double({ min: 0, max: 1, noNaN: true }), (v, more) => {
        const better = { ...v, cacheHits: v.cacheHits + (1 - v.cacheHits) * more };
        expect(billOf(better).goal).toBeLessThanOrEqual(billOf(v).goal * (1 + 1e-12));
      }),
    );
  });

  it("says from which share of cached answers on a sum is kept, and where none keeps it", () => {
    fc.assert(
      fc.property(workloads, fc.double({ min: 1_000, max: 1e6, noNaN: true }), (v, most) => {
        const least = cacheHitsFor(v, most);
        const at = (cacheHits: number) => billOf({ ...v, cacheHits }).goal;
        if (least === null) expect(at(1)).toBeGreaterThan(most);
        else expect(at(least)).toBeLessThanOrEqual(most);
        if (least !== null && least > 0.01) expect(at(least - 0.01)).toBeGreaterThan(most);
      }),
    );
  });

  it("never lets an object be awake for longer than the month", () => {
    const v = valuesOf(measured, { callsPerDay: 1e15, agents: 10, sessionShare: 1 });
    const most = 10 * 30 * 86_400 * v["price.objectGb"] * v["price.objectGbSecond"];
    expect(lineOf(v, "Agent objects awake")).toBeCloseTo(most);
  });

  it("prices Vectorize by the vendor's own example: 10,000 vectors of 768 asked 30,000 times", () => {
    const oneProbe = { searchShare: 1, cacheHits: 0, callsPerDay: 1_000, vectorizeProbes: 1 };
    const { storing, queries } = vectorizeOf(valuesOf(measured, oneProbe), 10_000, 768);
    expect(storing + queries).toBeCloseTo(0.31, 2);
  });

  it("fills the whole once for as much a unit as a month of publishing costs", () => {
    const once = fillingOf(valuesOf(measured, { units: 1e6, unitsPerDay: 1 }));
    expect(fillingOf(valuesOf(measured, { units: 2e6, unitsPerDay: 1 }))).toBeCloseTo(2 * once);
  });

  it("asks a gateway once a search and each leaf by a message", () => {
    const v = valuesOf(measured, { searchShare: 1, cacheHits: 0, publicLeavesAsked: 20 });
    expect(gatewayOf(v).goal).toBeLessThan(billOf(v).goal);
    expect(gatewayOf(v).gateways * v["limit.objectRequestsPerSecond"]).toBeGreaterThanOrEqual(
      trafficOf(v).peakPerSecond(trafficOf(v).searchMisses),
    );
  });
});

describe("the counts", () => {
  it("respect every bound of the platform", () => {
    fc.assert(
      fc.property(workloads, (v) => {
        const t = trafficOf(v);
        const { list, leaves, copies } = countsOf(v);
        const count = (what: string) => list.find((one) => one.what.startsWith(what))?.count ?? 0;
        const stored = storedBytes(v);
        expect(count("D1 databases of units") * v["limit.d1Bytes"]).toBeGreaterThanOrEqual(
          stored.unitsInD1,
        );
        expect(leaves * v["limit.objectBytes"]).toBeGreaterThanOrEqual(
          stored.unitPassages * passageBytes(v) * (1 - 1e-9),
        );
        expect(leaves * v.passagesPerLeaf).toBeGreaterThanOrEqual(stored.unitPassages);
        const publicShare = v.publicLeavesAsked / t.leavesAsked;
        expect(copies * leafPerSecond(v)).toBeGreaterThanOrEqual(
          t.peakPerSecond(t.leafCalls) * publicShare * (1 - 1e-9),
        );
        expect(count("queues") * v["limit.queueMessagesPerSecond"]).toBeGreaterThanOrEqual(
          t.peakPerSecond(t.units * v["measured.queueMessagesPerUnit"]),
        );
        for (const { what, count: many } of list) {
          expect(Number.isSafeInteger(many) && many >= 0, what).toBe(true);
        }
      }),
    );
  });

  it("say so when something does not fit", () => {
    const small = checksOf(
      valuesOf(measured, { callsPerDay: 1e6, units: 1e4, vectors: 1e6, unitsPerDay: 10 }),
    );
    expect(small.filter(({ fits }) => !fits)).toEqual([]);
    const large = checksOf(valuesOf(measured, { sessionShare: 0 }));
    expect(large.filter(({ fits }) => !fits).map(({ what }) => what)).toContain(
      "catalog databases that ids can name",
    );
  });
});

describe("the parameters", () => {
  it("have a unit and a reason each, and prices and platform limits say where they stand", () => {
    for (const [name, { unit, why }] of Object.entries({ ...WORKLOAD, ...ASSUMPTIONS })) {
      expect(
        [unit, why].every((text) => text.length > 0),
        name,
      ).toBe(true);
    }
    const sourced = Object.values({ ...PRICES, ...LIMITS }).filter(({ why }) =>
      why.startsWith("https://developers.cloudflare.com/"),
    );
    expect(sourced.length).toBe(Object.keys({ ...PRICES, ...LIMITS }).length - 3);
  });

  it.each([
    ["sessionshare", 0.5, "no parameter"],
    ["sessionShare", 1.5, "share"],
    ["callsPerDay", -1, "0 or more"],
    ["callsPerDay", Number.NaN, "0 or more"],
    ["limit.d1Bytes", 0, "cannot be 0"],
  ])("%s=%d is refused: %s", (name, value, why) => {
    expect(refusalOf(values, name, value)).toContain(why);
  });

  it("that move the sum most come first, and a share stays one", () => {
    const ranked = sensitivities(valuesOf(measured, { cacheHits: 0.99 }), isShare);
    const moved = ranked.map(({ less, more }) => Math.abs(more - less));
    expect(moved).toEqual(moved.toSorted((a, b) => b - a));
    const { more } = ranked.find(({ name }) => name === "cacheHits") ?? { more: 0 };
    expect(more).toBe(billOf(valuesOf(measured, { cacheHits: 1 })).goal);
  });
});
