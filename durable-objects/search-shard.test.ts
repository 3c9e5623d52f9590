import { env } from "cloudflare:workers";
import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { beforeAll, expect, test } from "vitest";
import { searchPort } from "#adapters/search.ts";
import type { Collection, IndexedUnit, SearchRequest } from "#domain/search/model.ts";

const port = searchPort(env);

test("a unit is found as soon as index answers", async () => {
  const collection: Collection = { owner: "acc_1", space: "test" };
  const unit: IndexedUnit = {
    unitId: "u1",
    version: 1,
    contentKey: "00".repeat(32),
    title: "Otters",
    kind: "note",
    language: "en",
    tags: [],
    level: "L3",
    passages: [
      { text: "Otters hold hands while they sleep.", vector: new Float32Array(16).fill(0.25) },
    ],
  };
  await port.index(collection, [unit]);
  const request: SearchRequest = {
    text: "otters sleeping",
    mode: "lexical",
    filter: {},
    limit: 10,
    explain: true,
  };
  const answer = await port.search([collection], request);
  expect(answer.hits.map(({ unitId }) => unitId)).toEqual(["u1"]);
  expect(answer.partial).toBe(false);
});
