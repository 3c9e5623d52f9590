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

test("a search says it is partial when a shard cannot answer, and still gives what the others found", async () => {
  const mine = fresh();
  await shards.index(mine, [unitOf(1)]);
  const stub = { ask: () => Promise.reject(new Error("unreachable")) };
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
