import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, test } from "vitest";
import { claimOf } from "#adapters/search.contract.ts";
import { searchPort } from "#adapters/search.ts";
import { regionalSearch } from "#adapters/search-regions.ts";
import type { Region } from "#domain/regions/regions.ts";
import type { Collection, IndexedUnit } from "#domain/search/model.ts";
import { FOLLOWED_MS } from "#domain/search/leaves/follow.ts";
import { rootOf } from "#domain/search/leaves/ranges.ts";
import { SearchReplica } from "#objects/search-replica.ts";
import type { SearchShard } from "#objects/search-shard.ts";
import { idsOf, nobody, numbers, REQUEST, unitOf } from "./otters.ts";

const port = searchPort(env);
const shards = env.SEARCH_SHARD as DurableObjectNamespace<SearchShard>;
const replicas = env.SEARCH_REPLICA as DurableObjectNamespace<SearchReplica>;
const REGIONS: Region[] = ["enam", "apac", "sam"];
const regional = regionalSearch(env, port, () => "weur");
let spaces = 0;
let collection: Collection;
beforeEach(() => {
  collection = { owner: "public", space: `regions-${++spaces}` };
});

const read = (region: Region | null, atLeastMs = 0, through = regional) =>
  through.search([collection], REQUEST, { region, atLeastMs });
const root = () => rootOf(collection).name;
const replicaIn = (region: Region, leaf = root()) => replicas.getByName(`${leaf}@${region}`);
/** What a replica itself would answer now. */
const heldIn = async (region: Region, atLeastMs = 0, leaf = root()) => {
  const answer = await replicaIn(region, leaf).read(
    leaf,
    { atLeastMs, hasAskedLeader: false },
    REQUEST,
  );
  return answer.kind === "done" ? idsOf(answer.value) : answer.kind;
};

const cutOff = regionalSearch({ ...env, SEARCH_SHARD: nobody }, port, () => "weur");

/** Cuts the replicas of a region off from all leaders, or puts them back. */
async function cut(region: Region, isCut: boolean, leaf = root()): Promise<void> {
  await runInDurableObject(replicaIn(region, leaf), (instance: SearchReplica) => {
    const own = Reflect.get(instance, "env") as Env;
    Reflect.set(instance, "env", { ...own, SEARCH_SHARD: isCut ? nobody : env.SEARCH_SHARD });
  });
}

/** Lets every replica look until it has all there is. */
async function settle(): Promise<void> {
  for (const region of REGIONS) {
    await read(region);
    await runDurableObjectAlarm(replicaIn(region));
  }
}

describe("replicas of a public leaf in three regions", () => {
  test("answer as their leader does, from the first read on", async () => {
    for (let first = 0; first < 100; first += 50)
      await port.index(
        collection,
        Array.from({ length: 50 }, (_, i) => unitOf(first + i)),
      );
    for (const region of [...REGIONS, null])
      expect(idsOf(await read(region))).toEqual(numbers(0, 100));
    await settle();
    for (const region of REGIONS) expect(await heldIn(region)).toEqual(numbers(0, 100));
  });

  test("take over what is added, changed and removed, and nothing twice", async () => {
    await port.index(collection, [unitOf(0), unitOf(1), unitOf(2)]);
    await settle();
    const second = unitOf(1, { version: 2, contentKey: unitOf(77).contentKey });
    await port.index(collection, [second, unitOf(3)]);
    await port.remove(collection, [claimOf(unitOf(1)), claimOf(unitOf(2))]);
    await settle();
    for (const region of REGIONS)
      expect(await heldIn(region)).toEqual(["unit-0@1", "unit-1@2", "unit-3@1"]);
  });

  test("show no state older than their reader has seen: behind it, the leader answers", async () => {
    await port.index(collection, [unitOf(0)]);
    await settle();
    await cut("apac", true);
    await port.index(collection, [unitOf(1)]);
    expect(await heldIn("apac")).toEqual(["unit-0@1"]);
    expect(await heldIn("apac", Date.now())).toBe("behind");
    expect(idsOf(await read("apac", Date.now()))).toEqual(numbers(0, 2));
  });

  test("go on answering while cut off, and have everything once after the heal, evicted or not", async () => {
    await port.index(collection, [unitOf(0), unitOf(1)]);
    await settle();
    await cut("sam", true);
    await port.index(collection, [unitOf(2), unitOf(1, { version: 2 })]);
    await port.remove(collection, [claimOf(unitOf(0))]);
    expect(idsOf(await read("sam", 0, cutOff))).toEqual(numbers(0, 2));
    // Somebody who has seen more gets nothing of that leaf, and is told.
    expect(await read("sam", Date.now(), cutOff)).toMatchObject({ hits: [], partial: true });
    await runDurableObjectAlarm(replicaIn("sam"));
    await evictDurableObject(replicaIn("sam"));
    expect(idsOf(await read("enam", Date.now()))).toEqual(["unit-1@2", "unit-2@1"]);
    await settle();
    expect(await heldIn("sam")).toEqual(["unit-1@2", "unit-2@1"]);
  });

  test("copy anew when the leader no longer has the log they need, and drop what is gone", async () => {
    await port.index(
      collection,
      Array.from({ length: 40 }, (_, i) => unitOf(i)),
    );
    await settle();
    await port.clear(collection);
    await port.index(collection, [unitOf(5), unitOf(50)]);
    await evictDurableObject(shards.getByName(root()));
    await settle();
    for (const region of REGIONS) expect(await heldIn(region)).toEqual(["unit-50@1", "unit-5@1"]);
  });

  test("learn from their leader where it has split to", async () => {
    const leader = shards.getByName(root());
    await runInDurableObject(leader, (instance) => {
      const own = Reflect.get(instance, "env") as Env;
      Reflect.set(instance, "env", { ...own, WISHUB_SHARD_PASSAGES: "60" });
    });
    await port.index(
      collection,
      Array.from({ length: 50 }, (_, i) => unitOf(i)),
    );
    await settle();
    await port.index(
      collection,
      Array.from({ length: 30 }, (_, i) => unitOf(50 + i)),
    );
    await runDurableObjectAlarm(leader);
    await settle();
    expect(await heldIn("enam")).toBe("moved");
    for (const region of REGIONS) expect(idsOf(await read(region))).toEqual(numbers(0, 80));
  });

  test("take no writes: there is nothing to call but a read", () => {
    expect(Object.getOwnPropertyNames(SearchReplica.prototype)).toEqual([
      "constructor",
      "read",
      "alarm",
      "traced",
    ]);
  });
});

/** Adds a unit at its leader, without waiting for the leases that its other readers have. */
const added = (unit: IndexedUnit) =>
  void shards.getByName(root()).index(rootOf(collection), [unit], "both");
const moment = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

describe("what a reader is promised", () => {
  test("a revoked unit has left every replica 5 s later, though nobody reads them meanwhile", async () => {
    await port.index(collection, [unitOf(0), unitOf(1)]);
    await settle();
    for (const region of REGIONS) expect(await heldIn(region)).toEqual(numbers(0, 2));
    await port.remove(collection, [claimOf(unitOf(0))]);
    const revokedAtMs = Date.now();
    const holders = new Set(REGIONS);
    while (holders.size > 0 && Date.now() - revokedAtMs < 5_000) {
      await moment(50);
      for (const region of holders) {
        // What it holds, not what it answers: an answer would have it look.
        const held = await runInDurableObject(
          replicaIn(region),
          (_, { storage }) =>
            storage.sql.exec("SELECT unit_id FROM record WHERE slot IS NOT NULL").toArray().length,
        );
        if (held === 1) holders.delete(region);
      }
    }
    expect([...holders]).toEqual([]);
    for (const region of REGIONS) expect(idsOf(await read(region))).toEqual(["unit-1@1"]);
  });

  test("whoever wrote finds it in every region by the bookmark, whichever replica is cut off or new", async () => {
    await port.index(collection, [unitOf(0)]);
    await settle();
    await cut("sam", true);
    await evictDurableObject(replicaIn("enam"));
    for (let number = 1; number < 8; number++) {
      await port.index(collection, [unitOf(number)]);
      const wroteAtMs = Date.now();
      for (const region of [...REGIONS, "oc", "weur"] as Region[]) {
        const answer = await read(region, wroteAtMs);
        expect(idsOf(answer), region).toEqual(numbers(0, number + 1));
        expect(answer.partial).toBe(false);
      }
    }
  });

  test("a bookmark carries what was seen in one region into another one, and home", async () => {
    // An edge that shares no memory with shards, so that it keeps answers by their leases.
    const home = searchPort(env, { nearShard: () => undefined });
    const through = regionalSearch(env, home, () => "weur");
    await port.index(collection, [unitOf(0)]);
    await settle();
    for (let time = 0; time < 3; time++) await read("weur", 0, through);
    added(unitOf(1));
    const seen = await read("apac", Date.now(), through);
    expect(idsOf(seen)).toEqual(numbers(0, 2));
    expect(seen.seenMs).toBeGreaterThan(0);
    // Without the bookmark an answer from before may still stand; with it none does.
    for (const region of ["weur", "enam", "sam"] as Region[])
      expect(idsOf(await read(region, seen.seenMs, through)), region).toEqual(numbers(0, 2));
  });

  test("an answer of a replica is kept by nobody, and costs writers no wait", async () => {
    const home = searchPort(env, { nearShard: () => undefined });
    const through = regionalSearch(env, home, () => "weur");
    const near = through.near({ region: "apac", atLeastMs: 0 }, () => {});
    await port.index(collection, [unitOf(0)]);
    await settle();
    for (let time = 0; time < 5; time++) await near.answerText([collection], REQUEST);
    await port.index(collection, [unitOf(1)]);
    await runDurableObjectAlarm(replicaIn("apac"));
    // The replica knows; an answer that stood would not.
    const { hits } = await near.answerText([collection], REQUEST);
    expect(idsOf({ hits: JSON.parse(hits) })).toEqual(numbers(0, 2));
  });

  test("where neither knows more, an old copy is better than nothing, and is said to be old", async () => {
    await port.index(collection, [unitOf(0), unitOf(1)]);
    await settle();
    await cut("enam", true);
    // As long after the last look as the replica takes for "far behind".
    await runInDurableObject(replicaIn("enam"), (_, { storage }) => {
      const state = storage.kv.get<{ asOfMs: number }>("follow");
      storage.kv.put("follow", { ...state, asOfMs: Date.now() - 60_000 });
    });
    await evictDurableObject(replicaIn("enam"));
    await cut("enam", true);
    const answer = await read("enam", 0, cutOff);
    expect(idsOf(answer)).toEqual(numbers(0, 2));
    expect(answer.partial).toBe(true);
    // And one whose leader is there sends its reader on.
    expect(idsOf(await read("enam"))).toEqual(numbers(0, 2));
    expect((await read("enam")).partial).toBe(false);
  });

  test("an old version waits for the replicas of its successor, where there are any", async () => {
    const waits = (through: typeof regional, owner: string) =>
      Promise.race([
        through.followed(owner).then(() => false),
        moment(FOLLOWED_MS / 100).then(() => true),
      ]);
    expect(await waits(regional, "public")).toBe(true);
    expect(await waits(regional, "account-1")).toBe(false);
    expect(
      await waits(
        regionalSearch(env, port, () => null),
        "public",
      ),
    ).toBe(false);
  });
});

test("private collections, and readers of whom nothing is known, are answered by leaders", async () => {
  collection = { owner: "account-1", space: "regions-private" };
  await port.index(collection, [unitOf(0)]);
  expect(await read("apac")).toMatchObject({ partial: false, seenMs: 0 });
  const leader = await runInDurableObject(replicaIn("apac"), (_, state) =>
    state.storage.kv.get("leader"),
  );
  expect(leader).toBeUndefined();
});
