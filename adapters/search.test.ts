import { env } from "cloudflare:workers";
import { describe, expect, test } from "vitest";
import { fakeVectorize } from "#adapters/fake-vectorize.ts";
import {
  denseContract,
  type DenseTwin,
  DIMENSIONS,
  direction,
  unitOf,
} from "#adapters/search.contract.ts";
import { searchPort } from "#adapters/search.ts";
import { vectorize } from "#adapters/vectorize.ts";

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

function vectorizeTwin(): DenseTwin {
  const fake = fakeVectorize(DIMENSIONS);
  const port = vectorize(fake.binding);
  return {
    index: (collection, units) => port.index(collection, units),
    remove: (collection, units) =>
      port.remove(
        collection,
        units.map((unit) => ({ ...unit, passages: unit.passages.length })),
      ),
    nearest: (collection, vector, limit) => port.nearest(collection, vector, limit),
    settle: () => Promise.resolve(fake.process()),
  };
}

describe("dense vectors in shards", () => denseContract(() => shardTwin, fresh));
describe("dense vectors in Vectorize", () => {
  const twin = vectorizeTwin();
  denseContract(() => twin, fresh);

  test("a write is not seen before the index has processed it", async () => {
    const [port, collection] = [vectorizeTwin(), fresh()];
    await port.index(collection, [unitOf(1)]);
    expect(await port.nearest(collection, direction(2), 10)).toEqual([]);
    await port.settle();
    expect(await port.nearest(collection, direction(2), 10)).toHaveLength(1);
  });

  test("a large unit goes in batches that the binding takes", async () => {
    const [port, collection] = [vectorizeTwin(), fresh()];
    const passages = Array.from({ length: 64 }, (_, i) => ({ text: "", vector: direction(i) }));
    const units = Array.from({ length: 20 }, (_, i) => unitOf(i, { passages }));
    await port.index(collection, units);
    await port.remove(collection, units.slice(1));
    await port.settle();
    expect(await port.nearest(collection, direction(2), 10)).toHaveLength(1);
  });
});

test("a search says it is partial when a shard cannot answer, and still gives what the others found", async () => {
  const mine = fresh();
  await shards.index(mine, [unitOf(1)]);
  const stub = { search: () => Promise.reject(new Error("unreachable")) };
  const broken = searchPort({
    SEARCH_SHARD: {
      getByName: (name: string) =>
        name.startsWith("gone|") ? stub : env.SEARCH_SHARD.getByName(name),
    } as unknown as DurableObjectNamespace,
  });
  const request = {
    vector: direction(2),
    mode: "semantic" as const,
    filter: {},
    limit: 10,
    explain: false,
  };
  const answer = await broken.search([mine, { owner: "gone", space: "contract" }], request);
  expect(answer.partial).toBe(true);
  expect(answer.hits.map(({ unitId }) => unitId)).toEqual(["unit-1"]);
});
