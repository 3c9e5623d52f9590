import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, test, vi } from "vitest";
import { claimOf, direction, indexedUnit } from "#adapters/search.contract.ts";
import { searchPort } from "#adapters/search.ts";
import { pageId } from "#domain/search/engine/disk.ts";
import { rootOf } from "#domain/search/leaves/ranges.ts";
import type { Collection, IndexedUnit } from "#domain/search/model.ts";
import type { SearchShard } from "#objects/search-shard.ts";
import { openStay } from "#objects/search-upkeep.ts";

const port = searchPort(env);
const shards = env.SEARCH_SHARD as DurableObjectNamespace<SearchShard>;
let tests = 0;
let collection: Collection;
beforeEach(() => {
  collection = { owner: `upkeep-${++tests}`, space: "test-space" };
});
const root = () => shards.getByName(rootOf(collection).name);

/** A unit whose direction only it has. */
function unitOf(number: number): IndexedUnit {
  const text = `Passage number${number} about otters`;
  return indexedUnit(number, [{ text, vector: direction(number) }]);
}
const units = (from: number, count: number): IndexedUnit[] =>
  Array.from({ length: count }, (_, i) => unitOf(from + i));

const near = (number: number) => {
  const vector = unitOf(number).passages[0]?.vector ?? new Float32Array();
  return { vector, mode: "semantic", filter: {}, limit: 10, explain: false } as const;
};

describe("a leaf's stay in memory", () => {
  const STAY_MS = 60;
  function stayOf(passages: number, vars: Pick<Env, "WISHUB_SHARD_STAYS_MS">) {
    const waits: Promise<unknown>[] = [];
    const contents = { engine: () => ({ alive: () => passages }) };
    const asked = openStay({ waitUntil: (work) => waits.push(work) }, contents, vars);
    return { waits, asked };
  }
  const stays = { WISHUB_SHARD_STAYS_MS: String(STAY_MS) };

  test("is one at a time, lasts from when it was last asked, and begins again once it is over", async () => {
    const { waits, asked } = stayOf(100_000, stays);
    const beganMs = Date.now();
    asked();
    await scheduler.wait(STAY_MS / 2);
    asked();
    expect(waits).toHaveLength(1);
    await waits[0];
    expect(Date.now() - beganMs).toBeGreaterThanOrEqual(1.4 * STAY_MS);
    asked();
    expect(waits).toHaveLength(2);
    await waits[1];
  });

  test("is none where it is small, or where nothing says how long", () => {
    for (const { waits, asked } of [stayOf(1_000, stays), stayOf(100_000, {})]) {
      asked();
      expect(waits).toEqual([]);
    }
  });
});

describe("a search shard", () => {
  test("says of its users' questions how much of what is nearest its searches find", async () => {
    for (let from = 0; from < 1_100; from += 100) await port.index(collection, units(from, 100));
    expect((await port.shardsOf(collection)).recall).toBeNull();
    await port.search([collection], near(7));
    await expect.poll(async () => (await port.shardsOf(collection)).recall?.questions).toBe(1);
    expect((await port.shardsOf(collection)).recall?.share).toBeGreaterThanOrEqual(0.9);
  });

  test("says so as well where its memory is read without a call", async () => {
    for (let from = 0; from < 1_100; from += 100) await port.index(collection, units(from, 100));
    await evictDurableObject(root());
    const words = {
      text: "number7",
      mode: "lexical",
      filter: {},
      limit: 1,
      explain: false,
    } as const;
    await port.search([collection], words);
    await port.search([collection], near(7));
    await expect.poll(async () => (await port.shardsOf(collection)).recall?.questions).toBe(1);
  });

  test("that cannot merge says so, does what else is due, and does not try again at once", async () => {
    const SEGMENT = 512;
    await port.index(collection, [unitOf(9_000)]);
    await port.remove(collection, [claimOf(unitOf(9_000))]);
    for (let segment = 0; segment < 3; segment++)
      await port.index(collection, units(segment * SEGMENT, SEGMENT));
    const postings = [pageId("postings", 0, 0), pageId("postings", 0xffff, 0)];
    const record = "FROM record WHERE unit_id = 'unit-9000'";
    await runInDurableObject(root(), (_, { storage: { sql } }) => {
      sql.exec("DELETE FROM page WHERE id >= ? AND id < ?", ...postings);
      sql.exec("UPDATE record SET removed_at_ms = 1 WHERE unit_id = 'unit-9000'");
      expect(sql.exec(`SELECT 1 ${record}`).toArray()).toHaveLength(1);
    });
    await evictDurableObject(root());
    const said = vi.spyOn(console, "error").mockReturnValue();
    await port.index(collection, units(3 * SEGMENT, SEGMENT));
    const isForgotten = () =>
      runInDurableObject(root(), (_, { storage: { sql } }) =>
        sql.exec(`SELECT 1 ${record}`).toArray(),
      );
    await expect.poll(isForgotten, { timeout: 5_000 }).toEqual([]);
    const lines = said.mock.calls.flat().map((line) => String(line));
    expect(lines.filter((line) => line.includes("search-merge-failed"))).toHaveLength(1);
    said.mockRestore();
    // Nor because more comes.
    await port.index(collection, [unitOf(9_001)]);
    const inMs = await runInDurableObject(
      root(),
      async (_, { storage }) => ((await storage.getAlarm()) ?? Infinity) - Date.now(),
    );
    expect(inMs).toBeGreaterThan(30_000);
    expect(inMs).toBeLessThan(3_600_000);
  });
});
