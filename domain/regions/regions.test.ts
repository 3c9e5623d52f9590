import { expect, test } from "vitest";
import {
  homeFrom,
  isJurisdiction,
  isRegion,
  jurisdictionIn,
  nameWithin,
  regionOf,
} from "#domain/regions/regions.ts";

test.each([
  [{ continent: "NA", longitude: "-122.4" }, "wnam"],
  [{ continent: "NA", longitude: "-77.0" }, "enam"],
  [{ continent: "NA" }, "enam"],
  [{ continent: "EU", longitude: "8.7" }, "weur"],
  [{ continent: "EU", longitude: "21.0" }, "eeur"],
  [{ continent: "AS", country: "JP", longitude: "139.7" }, "apac"],
  [{ continent: "AS", country: "AE" }, "me"],
  [{ continent: "SA" }, "sam"],
  [{ continent: "OC" }, "oc"],
  [{ continent: "AF", country: "KE" }, "afr"],
  [{}, null],
  [{ continent: "XX", longitude: "east" }, null],
])("a request from %j comes from %s", (origin, region) => {
  expect(regionOf(origin)).toBe(region);
});

test("a home is a region or a jurisdiction, and one that is not known is none", () => {
  expect(homeFrom("weur")).toBe("weur");
  expect(homeFrom("eu")).toBe("eu");
  expect(homeFrom("moon")).toBeNull();
  expect(isJurisdiction("eu")).toBe(true);
  expect(isJurisdiction("weur")).toBe(false);
  expect(isRegion("eu")).toBe(false);
});

test("a name says which jurisdiction its object is in, and an old name that it is in none", () => {
  expect(nameWithin("eu", "a1|space|0")).toBe("eu/a1|space|0");
  expect(nameWithin(undefined, "a1|space|0")).toBe("a1|space|0");
  for (const within of ["eu", "us", "fedramp"] as const)
    expect(jurisdictionIn(nameWithin(within, "a1|minilm/2|0ab"))).toBe(within);
  for (const name of ["a1|space|0", "public|@cf/baai/bge-m3|0", "moon/a1|space|0", "eu", ""])
    expect(jurisdictionIn(name), name).toBe(name === "eu" ? "eu" : null);
});
