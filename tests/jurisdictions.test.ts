import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, test } from "vitest";
import { withinJurisdictions } from "#adapters/jurisdictions.ts";
import { regions } from "#adapters/regions.ts";
import { searchPort } from "#adapters/search.ts";
import { collectionStore } from "#db/catalog/collections.ts";
import { regionStore } from "#db/catalog/regions.ts";
import { newAccount } from "./helpers.ts";
import { REQUEST, unitOf } from "./otters.ts";

type Made = { within: string | null; name: string; hint: string | null };

/** A platform that keeps jurisdictions, which workerd does not: notes which object was asked for in which. */
function platform() {
  const asked: Made[] = [];
  const shards = env.SEARCH_SHARD as DurableObjectNamespace;
  const inside = (within: string | null): DurableObjectNamespace =>
    ({
      jurisdiction: (which: string) => inside(which),
      getByName(name: string, options?: { locationHint?: string }) {
        asked.push({ within, name, hint: options?.locationHint ?? null });
        // As the platform has it: a name is another object in another jurisdiction.
        return shards.getByName(within === null ? name : `${name}(${within})`);
      },
    }) as unknown as DurableObjectNamespace;
  return { asked, namespace: inside(null) };
}

describe("a collection that began in a jurisdiction", () => {
  test("has all its shards there, those that it splits into too, and no other is asked", async () => {
    const { asked, namespace } = platform();
    const search = withinJurisdictions(searchPort({ SEARCH_SHARD: namespace }), (owner) =>
      Promise.resolve(owner === "account-eu" ? "eu" : null),
    );
    const collection = { owner: "account-eu", space: "within-1" };
    const root = env.SEARCH_SHARD.getByName("eu/account-eu|within-1|0(eu)");
    await runInDurableObject(root, (instance) => {
      const own = Reflect.get(instance, "env") as Env;
      Reflect.set(instance, "env", {
        ...own,
        WISHUB_SHARD_PASSAGES: "60",
        SEARCH_SHARD: namespace,
      });
    });
    const units = Array.from({ length: 80 }, (_, i) => unitOf(i));
    await search.index(collection, units.slice(0, 70));
    await runDurableObjectAlarm(root);
    await search.index(collection, units.slice(70));
    const { hits, partial } = await search.search([collection], REQUEST);
    expect(partial).toBe(false);
    expect(hits).toHaveLength(80);
    expect(asked.every(({ within }) => within === "eu")).toBe(true);
    expect(asked.every(({ name }) => name.startsWith("eu/account-eu|"))).toBe(true);
    expect(new Set(asked.map(({ name }) => name)).size).toBeGreaterThan(2);
    // The same account's name outside is another, empty collection.
    const outside = searchPort({ SEARCH_SHARD: namespace });
    expect((await outside.search([collection], REQUEST)).hits).toEqual([]);
  });

  test("is not put elsewhere where the platform keeps no jurisdictions", async () => {
    const search = withinJurisdictions(searchPort(env), () => Promise.resolve("eu"));
    const collection = { owner: "account-eu", space: "within-2" };
    await expect(search.index(collection, [unitOf(0)])).rejects.toThrow("Jurisdiction");
    expect((await searchPort(env).search([collection], REQUEST)).hits).toEqual([]);
  });

  test("is looked up once an isolate, and never guessed", async () => {
    const { asked, namespace } = platform();
    let looks = 0;
    const search = withinJurisdictions(searchPort({ SEARCH_SHARD: namespace }), () => {
      if (++looks === 1) return Promise.reject(new Error("the catalog is away"));
      return Promise.resolve("us");
    });
    const collection = { owner: "account-us", space: "within-3" };
    await expect(search.index(collection, [unitOf(0)])).rejects.toThrow("away");
    expect(asked).toEqual([]);
    for (let time = 0; time < 3; time++) await search.search([collection], REQUEST);
    expect(looks).toBe(2);
    expect(new Set(asked.map(({ within }) => within))).toEqual(new Set(["us"]));
  });
});

test("a shard in no jurisdiction is made near its account's region", async () => {
  const { asked, namespace } = platform();
  const search = searchPort({ SEARCH_SHARD: namespace }, { hintOf: () => "apac" });
  await search.index({ owner: "account-1", space: "within-4" }, [unitOf(0)]);
  expect(asked).not.toEqual([]);
  for (const { within, hint } of asked) expect([within, hint]).toEqual([null, "apac"]);
});

describe("an account's jurisdiction", () => {
  test("holds for collections that begin, and is not said of those that lie outside", async () => {
    const { accountId } = await newAccount();
    const collections = collectionStore(env.CATALOG_0);
    const store = regionStore(env.CATALOG_0);
    const first = await collections.begin(accountId, "s", 1);
    expect(first.home).toBeNull();
    await store.setRegion(accountId, "eu");
    expect((await collections.read(accountId))?.home).toBeNull();
    const { accountId: later } = await newAccount();
    await store.setRegion(later, "eu");
    expect((await collections.begin(later, "s", 1)).home).toBe("eu");
    await store.setRegion(later, "apac");
    expect((await collections.read(later))?.home).toBe("eu");
  });

  test("is one of those that the operator of an installation on Cloudflare names", () => {
    const of = (WISHUB_JURISDICTIONS: string, WISHUB_REGION = "auto") =>
      regions({ WISHUB_REGION, WISHUB_JURISDICTIONS }).jurisdictions;
    expect(of("eu, moon us")).toEqual(["eu", "us"]);
    expect(of("")).toEqual([]);
    expect(of("eu", "weur")).toEqual([]);
  });
});
