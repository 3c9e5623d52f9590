import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterAll, expect, test } from "vitest";
import { DIMENSIONS, direction, unitOf } from "#adapters/search.contract.ts";
import { treeOf } from "#adapters/search-calls.ts";
import { searchPort } from "#adapters/search.ts";
import { rootOf } from "#domain/search/leaves/ranges.ts";
import { leavesBelow } from "#domain/search/leaves/tree.ts";
import type { CarriedUnit } from "#objects/search-records.ts";
import type { SearchShard } from "#objects/search-shard.ts";
import { searchStore } from "#objects/search-store.ts";

const collection = { owner: "account-adopt", space: "test" };
const shards = env.SEARCH_SHARD as DurableObjectNamespace<SearchShard>;
Object.assign(env, { WISHUB_SHARD_PASSAGES: "20" });
afterAll(() => Reflect.deleteProperty(env, "WISHUB_SHARD_PASSAGES"));

const levels = async (): Promise<Map<string, string>> => {
  const request = { vector: direction(3), mode: "semantic" as const, filter: {}, limit: 50 };
  const { hits } = await searchPort(env).search([collection], { ...request, explain: false });
  return new Map(hits.map(({ unitId, level }) => [unitId, level]));
};

test("a leaf that took a change of a unit takes no older state of it from where it came from", async () => {
  const port = searchPort(env);
  const units = Array.from({ length: 12 }, (_, number) => unitOf(number));
  await port.index(collection, units);
  const root = rootOf(collection);
  await runDurableObjectAlarm(shards.getByName(root.name));
  expect((await levels()).size).toBe(units.length);
  const leaves = leavesBelow(treeOf(collection), root);
  expect(leaves.length).toBeGreaterThan(1);

  // What the leaf's parent sent, once more and late.
  const carried = await Promise.all(
    leaves.map(({ name }) =>
      runInDurableObject(shards.getByName(name), (_, { storage }): CarriedUnit[] => {
        const store = searchStore(storage);
        return store.recordsAfter("", "", 100).map((record) => {
          const held = record.slot === null ? null : store.shownWithVectors(record.slot);
          return { record, shown: held?.shown ?? null, vectors: held?.vectors ?? null };
        });
      }),
    ),
  );
  await port.index(
    collection,
    units.map((unit) => ({ ...unit, level: "L4" as const })),
  );
  for (const [i, place] of leaves.entries())
    await shards.getByName(place.name).adopt(place, DIMENSIONS, carried[i] ?? [], [], []);
  expect(new Set((await levels()).values())).toEqual(new Set(["L4"]));
});
