import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterAll, expect, test } from "vitest";
import { claimOf, direction, unitOf } from "#adapters/search.contract.ts";
import { treeOf } from "#adapters/search-calls.ts";
import { searchPort } from "#adapters/search.ts";
import { rootOf } from "#domain/search/leaves/ranges.ts";
import { searchStore } from "#objects/search-store.ts";

const port = searchPort(env);
const collection = { owner: "account-directory", space: "test" };
const root = env.SEARCH_SHARD.getByName(rootOf(collection).name);
Object.assign(env, { WISHUB_SHARD_PASSAGES: "20" });
afterAll(() => Reflect.deleteProperty(env, "WISHUB_SHARD_PASSAGES"));

async function found(): Promise<string[]> {
  const request = { vector: direction(3), mode: "semantic" as const, filter: {}, limit: 50 };
  const { hits } = await port.search([collection], { ...request, explain: false });
  return hits.map(({ unitId, version }) => `${unitId}@${version}`);
}

test("a content that came back while another unit has it can be taken out years later too", async () => {
  await port.index(
    collection,
    Array.from({ length: 12 }, (_, number) => unitOf(number)),
  );
  await runDurableObjectAlarm(root);
  await found();
  expect(treeOf(collection).leaves.size).toBeGreaterThan(0);

  const first = unitOf(20);
  const again = { ...first, version: 2 };
  const other = { ...first, unitId: "unit-other" };
  await port.index(collection, [first]);
  await port.remove(collection, [claimOf(first)]);
  await port.index(collection, [other]);
  await port.index(collection, [again]);
  const year = (): Promise<void> =>
    runInDurableObject(root, (_, { storage }) =>
      searchStore(storage).forgetRemovals(Number.MAX_SAFE_INTEGER),
    );
  await year();
  expect((await found()).filter((name) => name.startsWith("unit-20@"))).toEqual(["unit-20@2"]);
  await port.remove(collection, [claimOf(again)]);
  expect(await found()).not.toContain("unit-20@2");
  expect(await found()).toContain("unit-other@1");
  await year();
  const left = await runInDurableObject(root, (_, { storage: { sql } }) =>
    sql.exec("SELECT unit_id FROM record WHERE unit_id = 'unit-20'").toArray(),
  );
  expect(left).toEqual([]);
});
