import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterAll, describe, expect, test } from "vitest";
import {
  denseContract,
  type DenseTwin,
  DIMENSIONS,
  direction,
  unitOf,
} from "#adapters/search.contract.ts";
import { treeOf } from "#adapters/search-calls.ts";
import { searchPort } from "#adapters/search.ts";
import { bulkIdFrom, bulkIdOf, bulkNamespaceOf, leafTag } from "#domain/search/bulk/bulk.ts";
import type { Collection, IndexedUnit } from "#domain/search/model.ts";
import { rootOf } from "#domain/search/leaves/ranges.ts";
import { leavesBelow } from "#domain/search/leaves/tree.ts";
import { mayLeave } from "#objects/search-bulk.ts";
import { withIndexes } from "./vectorize.ts";

const bulk = withIndexes(1, DIMENSIONS);
const { port } = bulk;
const fake = bulk.fakeAt(0);
afterAll(() => bulk.unbind());

let collections = 0;
const fresh = (): Collection => ({ owner: "public", space: `bulk-${++collections}` });
const search = (collection: Collection, vector: Float32Array, limit = 10) =>
  port.search([collection], { vector, mode: "semantic", filter: {}, limit, explain: true });
const idsOf = async (collection: Collection, vector: Float32Array) =>
  (await search(collection, vector)).hits.map(({ unitId }) => unitId);

/** The port with Vectorize bound; `settle` decides how far the indexes have come. */
const twin = (settle: (collection: Collection) => Promise<void>): DenseTwin => {
  const used = new Set<Collection>();
  return {
    index: (collection, units) => {
      used.add(collection);
      return port.index(collection, units);
    },
    remove: (collection, units) => port.remove(collection, units),
    async nearest(collection, vector, limit) {
      const { hits } = await search(collection, vector, limit);
      return hits.map(({ unitId, version, why }) => ({
        unitId,
        version,
        cosine: why?.semantic?.cosine ?? 0,
      }));
    },
    async settle() {
      for (const collection of used) await settle(collection);
    },
  };
};

describe("dense vectors with Vectorize bound, before it has seen anything", () =>
  denseContract(() => twin(() => Promise.resolve()), fresh));
describe("dense vectors with Vectorize bound, once it has passed everything", () =>
  denseContract(
    () =>
      twin(async (collection) => {
        await bulk.settle(collection);
        await port.refreshBulk(collection);
      }),
    fresh,
  ));

describe("a public collection in Vectorize", () => {
  const stored = async (units: IndexedUnit[]): Promise<Collection> => {
    const collection = fresh();
    await port.index(collection, units);
    await bulk.settle(collection);
    await port.refreshBulk(collection);
    return collection;
  };

  test("is asked of the index once its vectors are there, and of the shard until then", async () => {
    const collection = fresh();
    await port.index(collection, [unitOf(1), unitOf(2)]);
    const before = fake.queries();
    expect(await idsOf(collection, direction(2))).toEqual(["unit-1", "unit-2"]);
    expect(fake.queries()).toBe(before);
    const other = await stored([unitOf(1), unitOf(2)]);
    expect(await idsOf(other, direction(2))).toEqual(["unit-1", "unit-2"]);
    expect(fake.queries()).toBe(before + 1);
  });

  test("is no more looked through by its shard, except for what the index has not passed", async () => {
    const collection = await stored([unitOf(1), unitOf(2)]);
    await port.index(collection, [unitOf(3)]);
    fake.clear();
    expect(await idsOf(collection, direction(2))).toEqual(["unit-3"]);
  });

  test("gives as many hits as are asked for, also where Vectorize names too few passages", async () => {
    const units = Array.from({ length: 60 }, (_, number) => unitOf(number));
    const collection = await stored(units);
    expect((await search(collection, direction(3), 100)).hits).toHaveLength(60);
    expect((await search(collection, direction(3), 50)).hits).toHaveLength(50);
  });

  test("is looked through by its shard for a filter, whatever is near", async () => {
    const collection = await stored([unitOf(1), unitOf(2, { tags: ["rare"] })]);
    fake.clear();
    const request = { vector: direction(2), mode: "semantic" as const, limit: 10, explain: false };
    const { hits } = await port.search([collection], { ...request, filter: { tags: ["rare"] } });
    expect(hits.map(({ unitId }) => unitId)).toEqual(["unit-2"]);
  });

  test("shows nothing of a removed unit while the index still finds it, and frees the index of it", async () => {
    const collection = await stored([unitOf(1), unitOf(2)]);
    await port.remove(collection, [unitOf(1)]);
    expect(await idsOf(collection, direction(2))).toEqual(["unit-2"]);
    const held = fake.ids().length;
    await bulk.settle(collection);
    expect(fake.ids()).toHaveLength(held - unitOf(1).passages.length);
    expect(await idsOf(collection, direction(2))).toEqual(["unit-2"]);
  });

  test("takes no ghost of an index for a unit", async () => {
    const collection = await stored([unitOf(1)]);
    const namespace = bulkNamespaceOf(collection);
    const leaf = leafTag(rootOf(collection).name);
    const ghosts = [
      bulkIdOf({ leaf, unitId: "unit-9", version: 1, passage: 0, life: 1 }),
      bulkIdOf({ leaf, unitId: "unit-1", version: 2, passage: 0, life: 1 }),
      bulkIdOf({ leaf, unitId: "unit-1", version: 1, passage: 99, life: 1 }),
      "not one of ours",
      "a.b.c.d.e",
    ];
    await fake.binding.upsert(ghosts.map((id) => ({ id, namespace, values: direction(2) })));
    fake.process();
    const { hits, partial } = await search(collection, direction(2));
    expect(hits.map(({ unitId, version }) => [unitId, version])).toEqual([["unit-1", 1]]);
    expect(partial).toBe(false);
  });

  test("is answered by its shards, and called partial, while Vectorize is down", async () => {
    const collection = await stored([unitOf(1), unitOf(2)]);
    const own = searchPort(env);
    await own.refreshBulk(collection);
    fake.down(true);
    const request = { vector: direction(2), mode: "semantic" as const, filter: {}, limit: 10 };
    const answer = await own.search([collection], { ...request, explain: false });
    fake.down(false);
    expect(answer.hits.map(({ unitId }) => unitId)).toEqual(["unit-1", "unit-2"]);
    expect(answer.partial).toBe(true);
  });

  test("is answered by its shards, and called partial, while Vectorize does not answer", async () => {
    const collection = await stored([unitOf(1), unitOf(2)]);
    const own = searchPort(env);
    await own.refreshBulk(collection);
    fake.hang(true);
    const request = { vector: direction(2), mode: "semantic" as const, filter: {}, limit: 10 };
    const answer = await own.search([collection], { ...request, explain: false });
    fake.hang(false);
    expect(answer.hits.map(({ unitId }) => unitId)).toEqual(["unit-1", "unit-2"]);
    expect(answer.partial).toBe(true);
  });

  test("misses nothing that left its shard's tail after Vectorize had been asked", async () => {
    const collection = await stored([unitOf(1), unitOf(2)]);
    const own = searchPort(env);
    await own.refreshBulk(collection);
    await port.index(collection, [unitOf(3)]);
    const { query } = fake.binding;
    fake.binding.query = async (...asked) => {
      const answer = await query(...asked);
      // The answer is on its way while the index comes to the unit and the shard hears of it.
      await bulk.settle(collection);
      return answer;
    };
    const request = { vector: direction(2), mode: "semantic" as const, filter: {}, limit: 10 };
    const { hits } = await own.search([collection], { ...request, explain: false });
    fake.binding.query = query;
    expect(hits.map(({ unitId }) => unitId).toSorted()).toEqual(["unit-1", "unit-2", "unit-3"]);
  });

  test("is looked through by its shard for whoever knows an older codebook than it was placed by", async () => {
    const collection = await stored([unitOf(1), unitOf(2)]);
    await runInDurableObject(bulk.shardOf(collection), (_, { storage }) => {
      storage.sql.exec("UPDATE bulk SET codebook = 2");
    });
    await bulk.evict(bulk.shardOf(collection));
    fake.clear();
    expect(await idsOf(collection, direction(2))).toEqual(["unit-1", "unit-2"]);
  });

  test("is found once and whole while its leaf splits, and the index then holds it under the new leaves", async () => {
    Object.assign(env, { WISHUB_SHARD_PASSAGES: "60" });
    const collection = fresh();
    const units = Array.from({ length: 40 }, (_, number) => unitOf(number));
    const all = async () => {
      const { hits, partial } = await search(collection, direction(3), 50);
      expect(partial).toBe(false);
      expect(hits.map(({ unitId }) => unitId).toSorted()).toEqual(
        units.map(({ unitId }) => unitId).toSorted(),
      );
    };
    await port.index(collection, units.slice(0, 20));
    await bulk.settle(collection);
    await port.refreshBulk(collection);
    await port.index(collection, units.slice(20));
    for (let round = 0; round < 20; round++) {
      await all();
      const leaves = leavesBelow(treeOf(collection), rootOf(collection));
      const stubs = leaves.map(({ name }) => env.SEARCH_SHARD.getByName(name));
      for (const stub of [bulk.shardOf(collection), ...stubs]) {
        await runDurableObjectAlarm(stub);
        await all();
      }
      for (const writer of bulk.writers) await runDurableObjectAlarm(writer);
      fake.process(3);
    }
    const leaves = leavesBelow(treeOf(collection), rootOf(collection));
    expect(leaves.length).toBeGreaterThan(1);
    const stubs = leaves.map(({ name }) => env.SEARCH_SHARD.getByName(name));
    await bulk.settle(collection, [bulk.shardOf(collection), ...stubs]);
    await all();
    const tags = new Set(leaves.map(({ name }) => leafTag(name)));
    const held = fake.ids(bulkNamespaceOf(collection)).map((id) => bulkIdFrom(id)?.leaf ?? "");
    expect(held).toHaveLength(80);
    expect(held.every((tag) => tags.has(tag))).toBe(true);
    Reflect.deleteProperty(env, "WISHUB_SHARD_PASSAGES");
  });

  test("goes to Vectorize as well when it was there before an index was bound", async () => {
    const collection = fresh();
    await port.index(collection, [unitOf(1), unitOf(2)]);
    await runInDurableObject(bulk.shardOf(collection), (_, { storage }) => {
      storage.sql.exec("DELETE FROM bulk");
      storage.kv.delete("bulkAfter");
    });
    const held = fake.ids().length;
    await bulk.evict(bulk.shardOf(collection));
    await bulk.settle(collection);
    expect(fake.ids()).toHaveLength(held + 4);
  });

  test("misses nothing that changed while no index was bound", async () => {
    const collection = await stored([unitOf(1), unitOf(2)]);
    bulk.unbind();
    await bulk.evict(bulk.shardOf(collection));
    await port.index(collection, [unitOf(3)]);
    await port.remove(collection, [unitOf(1)]);
    expect((await idsOf(collection, direction(2))).toSorted()).toEqual(["unit-2", "unit-3"]);
    bulk.bind();
    await bulk.evict(bulk.shardOf(collection));
    expect((await idsOf(collection, direction(2))).toSorted()).toEqual(["unit-2", "unit-3"]);
    await bulk.settle(collection);
    expect((await idsOf(collection, direction(2))).toSorted()).toEqual(["unit-2", "unit-3"]);
    const held = fake.ids(bulkNamespaceOf(collection)).map((id) => bulkIdFrom(id)?.unitId);
    expect(new Set(held)).toEqual(new Set(["unit-2", "unit-3"]));
  });

  test("never leaves the shards where it is private", async () => {
    const held = fake.ids().length;
    const mine = { owner: "account-1", space: "bulk-private" };
    expect(mayLeave(rootOf(mine).name)).toBe(false);
    expect(mayLeave("public|@cf/some/model|0ab")).toBe(true);
    expect(mayLeave("public|@cf/some/model|0ab@weur")).toBe(false);
    await port.index(mine, [unitOf(1)]);
    await runDurableObjectAlarm(bulk.shardOf(mine));
    for (const writer of bulk.writers) await runDurableObjectAlarm(writer);
    fake.process();
    expect(fake.ids()).toHaveLength(held);
  });
});
