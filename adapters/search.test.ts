import { env } from "cloudflare:workers";
import { describe, expect, test } from "vitest";
import { denseContract, type DenseTwin, direction, unitOf } from "#adapters/search.contract.ts";
import { searchPort } from "#adapters/search.ts";

let collections = 0;
const fresh = () => ({ owner: `contract-${++collections}`, space: "contract" });

const shards = searchPort(env);
const shardTwin: DenseTwin = {
  index: (collection, units) => shards.index(collection, units),
  remove: (collection, units) => shards.remove(collection, units),
  async nearest(collection, vector, limit) {
    const { hits } = await shards.search([collection], {
      vector,
      mode: "semantic",
      filter: {},
      limit,
      explain: true,
    });
    return hits.map(({ unitId, version, why }) => ({
      unitId,
      version,
      cosine: why?.semantic?.cosine ?? 0,
    }));
  },
  settle: () => Promise.resolve(),
};

describe("dense vectors in shards", () => denseContract(() => shardTwin, fresh));

/** The port, over shards of which those of the owner "gone" answer as told. */
function portWhere(answers: () => Promise<unknown>, nowMs: () => number = Date.now) {
  const stub = { ask: answers };
  const namespace = {
    getByName: (name: string) =>
      name.startsWith("gone|") ? stub : env.SEARCH_SHARD.getByName(name),
  };
  return searchPort({ SEARCH_SHARD: namespace as unknown as DurableObjectNamespace }, { nowMs });
}
const request = (text: string) => ({
  text,
  mode: "lexical" as const,
  filter: {},
  limit: 10,
  explain: false,
});
const gone = { owner: "gone", space: "contract" };
const down = () => Promise.reject(new Error("unreachable"));
const busy = () => Promise.reject(Object.assign(new Error("too much"), { overloaded: true }));

describe("a search of two shards", () => {
  test.each([
    { how: "down", answers: down },
    { how: "overloaded", answers: busy },
  ])("is partial while one is $how, and gives what the other found", async ({ answers }) => {
    const mine = fresh();
    await shards.index(mine, [unitOf(1)]);
    const { hits, ...rest } = await portWhere(answers).search([mine, gone], {
      ...request(""),
      mode: "semantic",
      vector: direction(2),
    });
    expect(hits.map(({ unitId }) => unitId)).toEqual(["unit-1"]);
    expect(rest).toEqual({ partial: true });
  });

  test("is to be asked again, and says when, once none answers", async () => {
    for (const answers of [down, busy])
      expect(
        await portWhere(answers).search([gone, { ...gone, space: "too" }], request("a")),
      ).toEqual({ hits: [], partial: true, retryAfterS: 1 });
  });

  test("waits once for one that is silent; for a second all do without it, then one looks whether it is back", async () => {
    const mine = fresh();
    await shards.index(mine, [unitOf(1)]);
    let [asks, isBack, now] = [0, false, 1_000_000];
    const port = portWhere(
      () => {
        asks++;
        const reply = { hits: "[]", revision: "r.0", leaseMs: 0, spread: 0 };
        return isBack ? Promise.resolve({ kind: "done", value: reply }) : new Promise(() => {});
      },
      () => now,
    );
    const search = async (text: string) => (await port.search([mine, gone], request(text))).partial;
    expect(await search("one")).toBe(true);
    for (const text of ["two", "three", "four"]) expect(await search(text)).toBe(true);
    expect(asks).toBe(1);
    [now, isBack] = [now + 1_001, true];
    expect(await search("five")).toBe(false);
    expect(await search("six")).toBe(false);
    expect(asks).toBe(3);
  });
});

test("a collection's shards are counted with what they hold, and those that say nothing", async () => {
  const mine = fresh();
  await shards.index(mine, [unitOf(1), unitOf(2), unitOf(3)]);
  await shards.remove(mine, [unitOf(2)]);
  const { bytes, ...rest } = await shards.shardsOf(mine);
  expect(rest).toEqual({
    leaves: 1,
    unanswered: 0,
    units: 2,
    passages: 4,
    splitting: 0,
    recall: null,
  });
  expect(bytes).toBeGreaterThan(10_000);
  expect(await portWhere(down).shardsOf(gone)).toMatchObject({
    leaves: 1,
    unanswered: 1,
    units: 0,
  });
});
