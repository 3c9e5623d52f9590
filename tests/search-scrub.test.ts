import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, expect, test } from "vitest";
import { claimOf, unitOf } from "#adapters/search.contract.ts";
import { treeOf } from "#adapters/search-calls.ts";
import { searchPort } from "#adapters/search.ts";
import type { Collection } from "#domain/search/model.ts";
import { rootOf } from "#domain/search/leaves/ranges.ts";
import { leavesBelow } from "#domain/search/leaves/tree.ts";
import type { SearchShard } from "#objects/search-shard.ts";
import { handingOver } from "./search-handing.ts";

// What an erasure asks of search: to be told when nothing is left of what was removed, whatever others write meanwhile.

const UNITS = 40;
const port = searchPort(env);
const shards = env.SEARCH_SHARD as DurableObjectNamespace<SearchShard>;
const units = Array.from({ length: UNITS }, (_, number) => unitOf(number));
const [gone, other, third] = [unitOf(0), unitOf(1), unitOf(2)];

/** Called after each step that handed something to a fresh place. */
let copied: ((place: string) => Promise<void>) | null = null;
handingOver({ after: (place) => copied?.(place) });
afterEach(() => (copied = null));

let collections = 0;
async function filled(): Promise<Collection> {
  const collection = { owner: `scrub-${++collections}`, space: "s" };
  await port.index(collection, units);
  return collection;
}

/** The letters of the moves that led to each leaf. */
function moves(collection: Collection): string[] {
  const root = rootOf(collection);
  const leaves = leavesBelow(treeOf(collection), root);
  return leaves.map(({ name }) => name.slice(root.name.length));
}

const cleanOf = (collection: Collection, removal: string) =>
  expect.poll(() => port.scrub(collection, removal), { timeout: 10_000 }).toBe(true);

/** Another version of a unit, for which its leaf gives a slot up. */
const revise = (collection: Collection, version = 2) =>
  port.index(collection, [{ ...other, version }]);

/** The same in each copy, once what is revised has been copied. */
function revising(collection: Collection): (place: string) => Promise<void> {
  const places = new Set<string>();
  return async (place) => {
    if (places.has(place)) return;
    places.add(place);
    await revise(collection, 1 + places.size);
  };
}

test("what was removed is gone after one copy, though others write during every copy", async () => {
  const collection = await filled();
  await port.remove(collection, [claimOf(gone)]);
  copied = revising(collection);
  expect(await port.scrub(collection, "first")).toBe(false);
  await cleanOf(collection, "first");
  expect(moves(collection)).toEqual(["c"]);
});

test("what is written or restarted between two looks makes nobody copy again", async () => {
  const collection = await filled();
  await port.remove(collection, [claimOf(gone)]);
  await cleanOf(collection, "first");
  await revise(collection);
  const leaf = shards.getByName(`${rootOf(collection).name}c`);
  await leaf.reindex([]);
  await evictDurableObject(leaf);
  expect(await port.scrub(collection, "first")).toBe(true);
  expect(moves(collection)).toEqual(["c"]);
});

test("a leaf that once had nothing dead is asked for that removal no more", async () => {
  const collection = await filled();
  expect(await port.scrub(collection, "first")).toBe(true);
  await revise(collection);
  expect(await port.scrub(collection, "first")).toBe(true);
  expect(moves(collection)).toEqual([""]);
});

test("what was removed while it was being copied is copied away from once more", async () => {
  const collection = await filled();
  await port.remove(collection, [claimOf(gone)]);
  copied = async () => {
    copied = null;
    await port.remove(collection, [claimOf(third)]);
  };
  expect(await port.scrub(collection, "first")).toBe(false);
  await cleanOf(collection, "first");
  expect(copied).toBe(null);
  expect(moves(collection)).toEqual(["c"]);
  expect(await port.scrub(collection, "second")).toBe(false);
  copied = revising(collection);
  await cleanOf(collection, "second");
  expect(moves(collection)).toEqual(["cc"]);
  // What came to this place was clean of the first removal before.
  expect(await port.scrub(collection, "first")).toBe(true);
});

test("a copy that had begun before a removal does not count for it", async () => {
  const collection = await filled();
  await port.remove(collection, [claimOf(gone)]);
  let during: boolean | null = null;
  copied = async () => {
    copied = null;
    await port.remove(collection, [claimOf(third)]);
    during = await port.scrub(collection, "second");
  };
  expect(await port.scrub(collection, "first")).toBe(false);
  await cleanOf(collection, "first");
  expect(during).toBe(false);
  expect(moves(collection)).toEqual(["c"]);
  expect(await port.scrub(collection, "second")).toBe(false);
  await cleanOf(collection, "second");
  expect(moves(collection)).toEqual(["cc"]);
});

const rowsIn = (name: string): Promise<number> =>
  runInDurableObject(shards.getByName(name), (_, { storage: { sql } }) =>
    ["record", "shown", "page"].reduce(
      (sum, table) => sum + sql.exec<{ n: number }>(`SELECT count(*) AS n FROM ${table}`).one().n,
      0,
    ),
  );

/** Rows of a leaf that is larger than a test can write. */
const fill = (storage: DurableObjectStorage) =>
  storage.sql.exec(
    `WITH RECURSIVE slots (slot) AS (SELECT 10000 UNION ALL SELECT slot + 1 FROM slots WHERE slot < 20000)
       INSERT INTO shown SELECT slot, '{}', x'00' FROM slots`,
  );

test("a leaf that has moved gives back its rows in steps, between which others are let in", async () => {
  const collection = await filled();
  const { name } = rootOf(collection);
  const root = shards.getByName(name);
  await port.remove(collection, [claimOf(gone)]);
  await runInDurableObject(root, (_, { storage }) => void fill(storage));
  const before = await rowsIn(name);
  await port.scrub(collection, "first");
  const seen: number[] = [];
  await expect
    .poll(async () => seen.push(await rowsIn(name)) > 0 && seen.at(-1), {
      timeout: 10_000,
      interval: 0,
    })
    .toBeLessThan(UNITS);
  expect(seen.some((rows) => rows < before && rows > UNITS)).toBe(true);
});

test("nothing is clean while a place above has rows of what has moved, also where giving them back was killed", async () => {
  const collection = await filled();
  const { name } = rootOf(collection);
  const root = shards.getByName(name);
  await port.remove(collection, [claimOf(gone)]);
  await port.scrub(collection, "first");
  await runInDurableObject(root, (instance) => instance.alarm());
  await runInDurableObject(root, (_, { storage }) => {
    fill(storage);
    storage.kv.put("leaving", { keeps: "claims", after: ["", ""] });
  });
  await evictDurableObject(root);
  expect(await port.scrub(collection, "first")).toBe(false);
  await cleanOf(collection, "first");
  expect(await rowsIn(name)).toBeLessThan(UNITS);
});

test("a directory that goes on where its leaf was finds what it knew and what came meanwhile", async () => {
  const collection = await filled();
  await port.remove(collection, [claimOf(gone)]);
  copied = () => port.index(collection, [unitOf(UNITS)]);
  await port.scrub(collection, "first");
  copied = null;
  await port.remove(collection, [claimOf(third)]);
  await cleanOf(collection, "first");
  await port.index(collection, [gone, third]);
  const claims = [gone, third, other].map((unit) => ({ ...claimOf(unit), unitId: "x" }));
  expect(await port.claim(collection, claims)).toEqual([
    { claimed: true },
    { claimed: true },
    { claimed: false, duplicateOf: other.unitId },
  ]);
});
