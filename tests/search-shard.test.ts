import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, test } from "vitest";
import { claimOf, contentKeyOf, indexedUnit } from "#adapters/search.contract.ts";
import { learned } from "#adapters/search-calls.ts";
import { searchPort } from "#adapters/search.ts";
import type { Collection, IndexedUnit, SearchFilter, SearchMode } from "#domain/search/model.ts";
import { rootOf } from "#domain/search/leaves/ranges.ts";
import { emptyTree } from "#domain/search/leaves/tree.ts";
import type { SearchShard } from "#objects/search-shard.ts";

const DIMENSIONS = 16;
const port = searchPort(env);
const shards = env.SEARCH_SHARD as DurableObjectNamespace<SearchShard>;
let tests = 0;
let collection: Collection;
beforeEach(() => {
  collection = { owner: `account-${++tests}`, space: "test-space" };
});

/** A unit whose text and direction only it has. */
function unitOf(number: number, change: Partial<IndexedUnit> = {}): IndexedUnit {
  const vector = Float32Array.from({ length: DIMENSIONS }, (_, i) =>
    Math.sin(number * 1.7 + i * (1 + number * 0.13)),
  );
  const length = Math.hypot(...vector);
  const text = `Passage number${number} about otters`;
  const tags = [number % 2 === 0 ? "even" : "odd"];
  const passages = [{ text, vector: vector.map((value) => value / length) }];
  return indexedUnit(number, passages, { tags, ...change });
}
async function find(
  text: string,
  options: { mode?: SearchMode; filter?: SearchFilter; limit?: number; vector?: Float32Array } = {},
) {
  const { mode = "lexical", filter = {}, limit = 50, vector } = options;
  const request = {
    text,
    mode,
    filter,
    limit,
    explain: true,
    ...(vector === undefined ? {} : { vector }),
  };
  return port.search([collection], request);
}
const found = async (text: string, options = {}) =>
  (await find(text, options)).hits.map(({ unitId, version }) => `${unitId}@${version}`);
const root = () => shards.getByName(rootOf(collection).name);

describe("a search shard", () => {
  test("finds a unit as soon as index answers, by its words and by its vector", async () => {
    await port.index(collection, [unitOf(1), unitOf(2)]);
    expect(await found("number1")).toEqual(["unit-1@1"]);
    const [near] = (await find("", { mode: "semantic", vector: unitOf(2).passages[0]?.vector }))
      .hits;
    expect(near).toMatchObject({ unitId: "unit-2", title: "Title 2", level: "L3" });
    expect(near?.score).toBeCloseTo(1, 2);
  });

  test("takes a unit twice as once", async () => {
    await port.index(collection, [unitOf(1)]);
    await port.index(collection, [unitOf(1), unitOf(1)]);
    expect(await found("otters")).toEqual(["unit-1@1"]);
  });

  test("never lets an older version replace a newer one, nor a removed one come back", async () => {
    const second = unitOf(1, { version: 2, contentKey: contentKeyOf(7) });
    await port.index(collection, [second]);
    await port.index(collection, [unitOf(1)]);
    expect(await found("otters")).toEqual(["unit-1@2"]);
    await port.remove(collection, [claimOf(second)]);
    await port.index(collection, [second, unitOf(1)]);
    expect(await found("otters")).toEqual([]);
    await port.index(collection, [unitOf(1, { version: 3 })]);
    expect(await found("otters")).toEqual(["unit-1@3"]);
  });

  test("shows a raised level without a new version", async () => {
    await port.index(collection, [unitOf(1)]);
    expect(await found("otters", { filter: { minLevel: "L4" } })).toEqual([]);
    await port.index(collection, [unitOf(1, { level: "L4" })]);
    expect(await found("otters", { filter: { minLevel: "L4" } })).toEqual(["unit-1@1"]);
  });

  test("gives a content to one of two units that race for it, and to the other once it is free", async () => {
    const mine = claimOf(unitOf(1));
    const theirs = { ...mine, unitId: "unit-2" };
    const outcomes = await Promise.all([
      port.claim(collection, [mine]),
      port.claim(collection, [theirs]),
    ]);
    expect(outcomes.flat().filter(({ claimed }) => claimed).length).toBe(1);
    expect(await port.claim(collection, [theirs, mine])).toEqual([
      { claimed: false, duplicateOf: "unit-1" },
      { claimed: true },
    ]);
    await port.release(collection, [mine]);
    expect(await port.claim(collection, [theirs])).toEqual([{ claimed: true }]);
    await port.index(collection, [unitOf(1, { unitId: "unit-2" })]);
    await port.release(collection, [theirs]);
    expect(await port.claim(collection, [mine])).toEqual([
      { claimed: false, duplicateOf: "unit-2" },
    ]);
    await port.remove(collection, [theirs]);
    expect(await port.claim(collection, [mine])).toEqual([{ claimed: true }]);
  });

  test("admits the first of equal contents, names it to the others, and keeps nothing of what was refused", async () => {
    const asked = { limit: 5, cosineMin: 0.99 };
    const copy = unitOf(1, { unitId: "copy", contentKey: contentKeyOf(99) });
    const rival = unitOf(1, { unitId: "rival" });
    const [refused, held] = [claimOf(unitOf(3)), { ...claimOf(rival), unitId: "late" }];
    const units = [unitOf(1), unitOf(2), copy, rival];
    for (let time = 1; time <= 2; time++)
      expect(await port.admit(collection, units, [refused, held], asked)).toMatchObject({
        units: [
          { claimed: true, near: [{ unitId: "copy" }] },
          { claimed: true, near: [] },
          { claimed: true, near: [{ unitId: "unit-1" }] },
          { claimed: false, duplicateOf: "unit-1", near: [] },
        ],
        refused: [{ claimed: true }, { claimed: false, duplicateOf: "unit-1" }],
      });
    expect((await found("otters")).toSorted()).toEqual(["copy@1", "unit-1@1", "unit-2@1"]);
    expect(await port.claim(collection, [{ ...refused, unitId: "other" }])).toEqual([
      { claimed: true },
    ]);
    await evictDurableObject(root());
    expect((await found("otters")).toSorted()).toEqual(["copy@1", "unit-1@1", "unit-2@1"]);
  });

  test("keeps everything it acknowledged when it is evicted, flushed or not", async () => {
    const units = Array.from({ length: 700 }, (_, i) => unitOf(i));
    for (let first = 0; first < units.length; first += 100)
      await port.index(collection, units.slice(first, first + 100));
    await port.remove(collection, [unitOf(3), unitOf(650)].map(claimOf));
    const before = await found("number5 number699", { filter: { tags: ["odd"] } });
    expect(before.toSorted()).toEqual(["unit-5@1", "unit-699@1"]);
    await evictDurableObject(root());
    expect(await found("number5 number699", { filter: { tags: ["odd"] } })).toEqual(before);
    expect(await found("number3")).not.toContain("unit-3@1");
    expect(await found("number650")).not.toContain("unit-650@1");
    expect(await port.claim(collection, [{ ...claimOf(unitOf(5)), unitId: "other" }])).toEqual([
      { claimed: false, duplicateOf: "unit-5" },
    ]);
    await port.index(collection, [unitOf(3)]);
    expect(await found("number3")).toEqual([]);
  });

  test("names what comes close to a unit, and how much of their words they share", async () => {
    await port.index(collection, [unitOf(1), unitOf(2), unitOf(3)]);
    const copy = unitOf(1, { unitId: "copy", contentKey: contentKeyOf(99), title: "Title 1" });
    const near = async (unit: IndexedUnit, cosineMin: number) =>
      (await port.similar(collection, [unit], { limit: 5, cosineMin }))[0] ?? [];
    const [nearest] = await near(copy, -1);
    expect(nearest).toMatchObject({ unitId: "unit-1", version: 1, overlap: 1 });
    expect(nearest?.cosine).toBeGreaterThan(0.99);
    expect((await near(copy, 0.99)).map(({ unitId }) => unitId)).toEqual(["unit-1"]);
    expect(await near(unitOf(1), -1)).not.toContainEqual(
      expect.objectContaining({ unitId: "unit-1" }),
    );
  });
});

describe("a full search shard", () => {
  const PASSAGES_MAX = 60;

  /** Lets every shard of the collection do what is due, over and over until nothing is. */
  async function settle(name = rootOf(collection).name, depth = 0): Promise<string[]> {
    const stub = shards.getByName(name);
    await runInDurableObject(stub, (instance) =>
      Object.assign(Reflect.get(instance, "env"), { WISHUB_SHARD_PASSAGES: String(PASSAGES_MAX) }),
    );
    await runDurableObjectAlarm(stub);
    const answer = await stub.reindex([]);
    if (answer.kind !== "moved" || depth > 20) return [name];
    return (await Promise.all(answer.to.map((child) => settle(child.name, depth + 1)))).flat();
  }

  test("splits while it is written to, read and evicted: no unit is lost or found twice", async () => {
    await settle();
    const units = Array.from({ length: 300 }, (_, i) => unitOf(i));
    const live = new Set<number>();
    for (let first = 0; first < units.length; first += 20) {
      const batch = units.slice(first, first + 20);
      await port.claim(collection, batch.map(claimOf));
      const copying = settle();
      await Promise.all([
        port.index(collection, batch),
        first >= 20 ? port.remove(collection, [claimOf(unitOf(first - 20))]) : undefined,
        find("otters"),
        copying,
      ]);
      for (const [i] of batch.entries()) live.add(first + i);
      live.delete(first - 20);
      if (first % 60 === 0) await evictDurableObject(root());
    }
    const leaves = await settle();
    expect(leaves.length).toBeGreaterThan(2);

    const everything: string[] = [];
    for (const name of leaves) {
      const request = {
        text: "otters",
        mode: "lexical",
        filter: {},
        limit: 500,
        explain: false,
      } as const;
      const answer = await shards.getByName(name).ask({ request, unless: null, leaseMs: 0 });
      if (answer.kind !== "done") continue;
      const hits = JSON.parse(answer.value.hits ?? "[]") as { unitId: string }[];
      everything.push(...hits.map(({ unitId }) => unitId));
    }
    expect(everything.toSorted()).toEqual([...live].map((number) => `unit-${number}`).toSorted());
    for (const number of [0, 20, 299]) {
      expect(await found(`number${number}`), `number${number}`).toEqual(
        live.has(number) ? [`unit-${number}@1`] : [],
      );
    }
    expect(await port.claim(collection, [{ ...claimOf(unitOf(299)), unitId: "other" }])).toEqual([
      { claimed: false, duplicateOf: "unit-299" },
    ]);
    await port.index(collection, [unitOf(20)]);
    expect(await found("number20")).toEqual([]);
  });

  test("moves to one place when most of it is dead, so that space comes back", async () => {
    await settle();
    for (let version = 1; version <= 150; version++)
      await port.index(collection, [unitOf(1, { version })]);
    const leaves = await settle();
    expect(leaves.length).toBe(1);
    expect(leaves).not.toContain(rootOf(collection).name);
    expect(await found("otters")).toEqual(["unit-1@150"]);
  });

  test("leads on at once, however often it has moved to a fresh place", async () => {
    await settle();
    for (let version = 1; version <= 300; version++) {
      await port.index(collection, [unitOf(1, { version })]);
      if (version === 100) await port.index(collection, [unitOf(2)]);
      if (version % (PASSAGES_MAX / 2) === 1) await settle();
    }
    const [leaf = "", ...others] = await settle();
    expect(others).toEqual([]);
    expect(leaf).toMatch(/\|0c{5,}$/);
    const answer = await root().reindex([]);
    expect(answer.kind === "moved" && answer.to.map(({ name }) => name)).toEqual([leaf]);
    expect((await found("otters")).toSorted()).toEqual(["unit-1@300", "unit-2@1"]);

    // An isolate that has forgotten where the collection's shards are, and a unit noted where its leaf was long ago.
    for (let other = 0; other < 10_000; other++) {
      const place = rootOf({ owner: `other-${other}`, space: "s" });
      learned(emptyTree(place), place.name, { of: "leaf", to: [] });
    }
    const asked: string[] = [];
    const cold = searchPort({
      SEARCH_SHARD: {
        getByName(name: string) {
          asked.push(name);
          return shards.getByName(name);
        },
      } as unknown as DurableObjectNamespace,
    });
    await cold.remove(collection, [claimOf(unitOf(2)), claimOf(unitOf(1, { version: 300 }))]);
    expect(asked.length).toBeLessThanOrEqual(4);
    expect(await found("otters")).toEqual([]);
  });

  test("that lost all its units begins again in its place, and nothing removed comes back", async () => {
    await settle();
    const units = Array.from({ length: 25 }, (_, i) => unitOf(i));
    await port.index(collection, units);
    const used = async () => {
      const answer = await root().state();
      return answer.kind === "done" ? answer.value : null;
    };
    expect(await used()).toMatchObject({ units: 25, passages: 25, splitting: false });
    await port.remove(collection, units.map(claimOf));
    await settle();
    expect(await used()).toMatchObject({ units: 0, passages: 0, splitting: false });
    const slots = () =>
      runInDurableObject(root(), (_, { storage }) => [
        storage.kv.get("engine"),
        ...storage.sql.exec("SELECT slot FROM shown"),
        ...storage.sql.exec("SELECT id FROM page"),
      ]);
    expect(await slots()).toEqual([undefined]);
    await evictDurableObject(root());
    await port.index(collection, [...units, unitOf(30)]);
    expect(await found("otters")).toEqual(["unit-30@1"]);
    expect(await settle()).toEqual([rootOf(collection).name]);
  });
});
