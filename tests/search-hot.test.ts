import { runDurableObjectAlarm } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, test } from "vitest";
import { searchPort } from "#adapters/search.ts";
import type { IndexedUnit } from "#domain/search/model.ts";
import type { Question } from "#domain/search/protocol.ts";
import { rootOf } from "#domain/search/ranges.ts";
import { heatMeter } from "#objects/search-heat.ts";
import type { SearchReplica } from "#objects/search-replica.ts";
import type { SearchShard } from "#objects/search-shard.ts";

/** What a leaf wants after so many reads a second for so many seconds, of which it gets its share. */
function heated() {
  let now = 0;
  let spread = 0;
  const meter = heatMeter(() => now);
  return (perS: number, seconds: number): number => {
    for (const end = now + seconds * 1_000; now < end; spread = meter())
      now += (1_000 * (1 + spread)) / perS;
    return spread;
  };
}

test("a leaf wants replicas once it is read more than 500 times a second for a while, and none when that is over", () => {
  const after = heated();
  expect(after(450, 30)).toBe(0);
  expect(after(1_400, 4)).toBe(0);
  expect(after(1_400, 3)).toBe(2);
  expect(after(1_400, 60)).toBe(2);
  expect(after(100_000, 60)).toBe(7);
  expect(after(20, 30)).toBe(0);
});

const unitOf = (number: number): IndexedUnit => ({
  unitId: `unit-${number}`,
  version: 1,
  contentKey: `${number}`.padStart(8, "0").padEnd(64, "0"),
  title: `Title ${number}`,
  kind: "note",
  language: "en",
  tags: [],
  level: "L3",
  passages: [
    {
      text: `Passage number${number} about otters`,
      vector: Float32Array.from({ length: 16 }, (_, i) => Math.sin(number * 1.7 + i)),
    },
  ],
});
const shards = env.SEARCH_SHARD as DurableObjectNamespace<SearchShard>;
const replicas = env.SEARCH_REPLICA as DurableObjectNamespace<SearchReplica>;
const lexical = { mode: "lexical" as const, filter: {}, limit: 9, explain: false };
const BESIDE = ["@weur.1", "@weur.2", "@weur.3"];
let spaces = 0;

/** A port over a leaf that says it is hot; `asked` is who was asked. */
async function hotLeaf(owner = "public") {
  const collection = { owner, space: `hot-${++spaces}` };
  const asked: string[] = [];
  const is = { now: 0, replicaDown: false };
  const leaf = rootOf(collection).name;
  const own = shards.getByName(leaf);
  const leader = {
    ask: async (question: Question) => {
      asked.push("leader");
      const answer = await own.ask({ ...question, leaseMs: 0 });
      return answer.kind === "done" ? { ...answer, value: { ...answer.value, spread: 3 } } : answer;
    },
  };
  const beside = (name: string) => ({
    read: async (...given: Parameters<SearchReplica["read"]>) => {
      asked.push(name.slice(leaf.length));
      if (is.replicaDown) throw new Error("down");
      return await replicas.getByName(name).read(...given);
    },
  });
  let picks = 0;
  const port = searchPort(
    {
      SEARCH_SHARD: { getByName: () => leader } as unknown as DurableObjectNamespace,
      SEARCH_REPLICA: { getByName: beside } as unknown as DurableObjectNamespace,
    },
    {
      homeOf: () => "weur",
      nowMs: () => is.now,
      pick: () => (picks++ % 4) / 4,
      nearShard: () => undefined,
    },
  );
  await searchPort(env).index(collection, [unitOf(1), unitOf(2)]);
  let asks = 0;
  return {
    asked,
    is,
    async found(): Promise<string[]> {
      // Words of its own for each search, so that none is answered from memory.
      const request = { ...lexical, text: `otters other${++asks}` };
      const { hits, partial } = await port.search([collection], request);
      expect(partial).toBe(false);
      return hits.map(({ unitId }) => unitId).toSorted();
    },
    /** Lets every replica take over what there is. */
    async followed(): Promise<void> {
      const reader = { atLeastMs: 0, hasAskedLeader: false };
      for (const name of BESIDE) {
        await replicas.getByName(leaf + name).read(leaf, reader, { ...lexical, text: "x" });
        await runDurableObjectAlarm(replicas.getByName(leaf + name));
      }
    },
  };
}

describe("reads of a public leaf that says it is hot", () => {
  test("spread evenly over it and the replicas beside it, and find the same", async () => {
    const { asked, found, followed } = await hotLeaf();
    await followed();
    for (let i = 0; i < 9; i++) expect(await found()).toEqual(["unit-1", "unit-2"]);
    const counts = Map.groupBy(asked, (name) => name);
    expect([...counts.keys()].toSorted()).toEqual([...BESIDE, "leader"]);
    for (const [name, times] of counts) expect(times.length, name).toBeGreaterThanOrEqual(2);
    expect(asked).toHaveLength(9);
  });

  test("come back to it where a replica is down, and when it said so long ago", async () => {
    const { asked, is, found } = await hotLeaf();
    is.replicaDown = true;
    for (let i = 0; i < 5; i++) expect(await found()).toEqual(["unit-1", "unit-2"]);
    expect(asked.filter((name) => name === "leader")).toHaveLength(5);
    expect(asked).toContain("@weur.1");
    is.now += 10_001;
    asked.length = 0;
    expect(await found()).toEqual(["unit-1", "unit-2"]);
    expect(asked).toEqual(["leader"]);
  });

  test("stay with it where the collection is private", async () => {
    const { asked, found } = await hotLeaf("account-1");
    for (let i = 0; i < 5; i++) expect(await found()).toEqual(["unit-1", "unit-2"]);
    expect(new Set(asked)).toEqual(new Set(["leader"]));
  });
});
