import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { indexedUnit } from "#adapters/search.contract.ts";
import { treeOf } from "#adapters/search-calls.ts";
import { leavesForRequest } from "#adapters/search-sketches.ts";
import { searchPort } from "#adapters/search.ts";
import { BEAM } from "#domain/search/leaves/fan-out.ts";
import type { IndexedUnit, SearchRequest } from "#domain/search/model.ts";
import type { Question } from "#domain/search/protocol.ts";
import { rootOf } from "#domain/search/leaves/ranges.ts";
import { leavesBelow } from "#domain/search/leaves/tree.ts";
import type { SearchShard } from "#objects/search-shard.ts";

const PASSAGES_MAX = 8;
const UNITS = 200;
const DIMENSIONS = 16;
const collection = { owner: "fan-out", space: "s" };
const shards = env.SEARCH_SHARD as DurableObjectNamespace<SearchShard>;
const root = shards.getByName(rootOf(collection).name);

/** The leaves that were asked by the last search. */
let asked: string[] = [];
const port = searchPort(
  {
    SEARCH_SHARD: {
      getByName(name: string) {
        const stub = shards.getByName(name);
        const ask = async (question: Question) => {
          const answer = await stub.ask(question);
          if (answer.kind === "done") asked.push(name);
          return answer;
        };
        return new Proxy(stub, {
          get: (target, method) => (method === "ask" ? ask : Reflect.get(target, method)),
        });
      },
    } as unknown as DurableObjectNamespace,
  },
  { nearShard: () => undefined },
);

function unitOf(number: number, change: Partial<IndexedUnit> = {}): IndexedUnit {
  const vector = Float32Array.from({ length: DIMENSIONS }, (_, i) =>
    Math.sin((number % 40) * 12.9 + i * 78.2 * (1 + (number % 40))),
  ).map((value, i) => value + Math.sin(number * 3.1 + i) / 4);
  const length = Math.hypot(...vector);
  const text = `word${number} about otters`;
  return indexedUnit(number, [{ text, vector: vector.map((value) => value / length) }], change);
}

const semantic = (number: number): SearchRequest => ({
  mode: "semantic",
  vector: unitOf(number).passages[0]?.vector ?? new Float32Array(DIMENSIONS),
  filter: {},
  limit: 10,
  explain: false,
});

async function found(request: Partial<SearchRequest>): Promise<string[]> {
  asked = [];
  const mode = request.vector === undefined ? ("lexical" as const) : ("hybrid" as const);
  const full = { mode, filter: {}, limit: 10, explain: false, ...request };
  const { hits, partial } = await port.search([collection], full);
  expect(partial).toBe(false);
  return hits.map(({ unitId }) => unitId);
}

/** Lets every shard do what is due; what the claims' shards are in the end. */
async function settle(name: string, what: "reindex" | "claim"): Promise<string[]> {
  const stub = shards.getByName(name);
  await runInDurableObject(stub, (instance) => instance.alarm());
  const answer = what === "claim" ? await stub.claim([]) : await stub.reindex([]);
  if (answer.kind !== "moved") return [name];
  const below = await Promise.all(answer.to.map((child) => settle(child.name, what)));
  return below.flat();
}

let leaves: string[] = [];
beforeAll(async () => {
  await runInDurableObject(root, (instance) =>
    Object.assign(Reflect.get(instance, "env"), { WISHUB_SHARD_PASSAGES: String(PASSAGES_MAX) }),
  );
  for (let first = 0; first < UNITS; first += 20) {
    await port.index(
      collection,
      Array.from({ length: 20 }, (_, i) => unitOf(first + i)),
    );
    await settle(rootOf(collection).name, "reindex");
  }
  leaves = await settle(rootOf(collection).name, "reindex");
}, 120_000);
afterAll(() =>
  runInDurableObject(root, (instance) => {
    delete Reflect.get(instance, "env").WISHUB_SHARD_PASSAGES;
  }),
);

describe("of a collection with more leaves than are asked for a search,", () => {
  test("a word is found by asking the leaves that have it, once an isolate has their sketches", async () => {
    expect(leaves.length).toBeGreaterThan(BEAM);
    expect(await found({ text: "word7" })).toEqual(["unit-7"]);
    for (const number of [0, 33, 140, 199]) {
      expect(await found({ text: `word${number}` })).toEqual([`unit-${number}`]);
      expect(asked.length).toBeLessThan(BEAM);
    }
    expect(await found({ text: "otters" })).toHaveLength(10);
    expect(asked.length).toBeLessThanOrEqual(BEAM);
  });

  test("a question by vector goes to the nearest, and to those that have a rare word of it", async () => {
    for (const number of [3, 150]) {
      const vector = unitOf(number).passages[0]?.vector;
      expect((await found({ vector, mode: "semantic" }))[0]).toBe(`unit-${number}`);
      expect(asked.length).toBe(BEAM);
    }
    const away = unitOf(3).passages[0]?.vector.map((value) => -value);
    expect(await found({ vector: away, text: "word3" })).toContain("unit-3");
    expect(asked.length).toBeLessThan(leaves.length);
  });

  test("asked one after the other they find what they find when asked at once", async () => {
    const here = searchPort(env);
    for (let number = 0; number < UNITS; number += 9) {
      const vector = unitOf(number).passages[0]?.vector;
      for (const mode of ["semantic", "hybrid"] as const) {
        const text = mode === "hybrid" ? { text: `word${number} otters` } : {};
        const request = { mode, vector, filter: {}, limit: 10, explain: true, ...text };
        const { hits, partial } = await here.search([collection], request);
        expect(partial).toBe(false);
        expect(hits).toEqual((await port.search([collection], request)).hits);
      }
    }
  });

  test("what one said when more was known elsewhere is not taken for all it has once that is gone", async () => {
    const here = searchPort(env);
    const request = semantic(60);
    const ask = async () =>
      (await here.search([collection], request)).hits.map(({ unitId }) => unitId);
    // Three times, so that answers are kept.
    const before = await ask();
    expect(await ask()).toEqual(before);
    expect(await ask()).toEqual(before);
    const gone = before.slice(0, 8).map((unitId) => unitOf(Number(unitId.slice(5))));
    await port.remove(
      collection,
      gone.map((unit) => ({ ...unit, passages: [] })),
    );
    const after = await ask();
    expect(after).toEqual((await port.search([collection], request)).hits.map((hit) => hit.unitId));
    expect(after.slice(0, 2)).toEqual(before.slice(8));
    expect(after).toHaveLength(10);
    await port.index(
      collection,
      gone.map((unit) => ({ ...unit, version: 2 })),
    );
  });

  test("one that does not answer keeps no other from it, though they are asked one after the other", async () => {
    const [silent = ""] = leavesForRequest(
      leavesBelow(treeOf(collection), rootOf(collection)),
      semantic(3),
    ).map(({ name }) => name);
    const hung = new Promise<never>(() => {});
    const here = searchPort({
      SEARCH_SHARD: {
        getByName: (name: string) => {
          const stub = shards.getByName(name);
          return name === silent
            ? new Proxy(stub, {
                get: (target, method) =>
                  method === "ask" ? () => hung : Reflect.get(target, method),
              })
            : stub;
        },
      } as unknown as DurableObjectNamespace,
    });
    const { hits, partial } = await here.search([collection], semantic(3));
    expect(partial).toBe(true);
    expect(hits).toHaveLength(10);
  });

  test("what comes near a unit is found, however many leaves there are", async () => {
    const copies = [unitOf(5), unitOf(110)].map((unit) => ({ ...unit, unitId: "copy" }));
    const near = await port.similar(collection, copies, { limit: 1, cosineMin: 0.9 });
    expect(near.map(([first]) => first?.unitId)).toEqual(["unit-5", "unit-110"]);
  });

  test("claims are kept apart once there are many, and removals find the units", async () => {
    const claims = [11, 99].map((number) => ({ ...unitOf(number), passages: [] }));
    for (const claim of claims)
      expect(await port.claim(collection, [{ ...claim, unitId: "other" }])).toEqual([
        { claimed: false, duplicateOf: claim.unitId },
      ]);
    expect((await settle(rootOf(collection).name, "claim")).length).toBeGreaterThan(1);
    await port.remove(collection, claims);
    await port.index(collection, [unitOf(11), unitOf(99)]);
    for (const claim of claims) {
      expect(await found({ text: `word${claim.unitId.slice(5)}` })).toEqual([]);
      const mine = { contentKey: claim.contentKey, unitId: "other", version: 1 };
      expect(await port.claim(collection, [mine])).toEqual([{ claimed: true }]);
    }
  });
});
