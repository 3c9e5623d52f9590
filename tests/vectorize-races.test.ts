import { runDurableObjectAlarm } from "cloudflare:test";
import { env } from "cloudflare:workers";
import fc from "fast-check";
import { afterAll, expect, test } from "vitest";
import { DIMENSIONS, direction, unitOf } from "#adapters/search.contract.ts";
import { treeOf } from "#adapters/search-calls.ts";
import { searchPort } from "#adapters/search.ts";
import { bulkNamespaceOf, VECTORIZE } from "#domain/search/bulk/bulk.ts";
import type { Collection, IndexedUnit } from "#domain/search/model.ts";
import { rootOf } from "#domain/search/leaves/ranges.ts";
import { leavesBelow } from "#domain/search/leaves/tree.ts";
import type { VectorTier } from "#objects/vector-tier.ts";
import { withIndexes } from "./vectorize.ts";

// Three indexes by clusters, of half the dimensions, under leaves that split: everything there is between a leaf and
// what it has stored.
Object.assign(env, {
  WISHUB_VECTORIZE_SAMPLE: "8",
  WISHUB_SHARD_PASSAGES: "12",
  WISHUB_VECTORIZE_DIMENSIONS: String(DIMENSIONS / 2),
});
const bulk = withIndexes(3, DIMENSIONS / 2);
afterAll(() => {
  bulk.unbind();
  for (const name of [
    "WISHUB_VECTORIZE_SAMPLE",
    "WISHUB_VECTORIZE_DIMENSIONS",
    "WISHUB_SHARD_PASSAGES",
  ])
    Reflect.deleteProperty(env, name);
});

const tierOf = (collection: Collection) => bulk.tierOf(collection) as DurableObjectStub<VectorTier>;

const UNITS = 12;
let runs = 0;
let split = 0;

/** Version 1, 2, … of a unit: its content, and with it its vectors, changes every other time. */
function versionOf(number: number, version: number, level: "L3" | "L4"): IndexedUnit {
  const content = number * 10 + Math.ceil(version / 2);
  return { ...unitOf(content), unitId: `unit-${number}`, version, level };
}

const unit = fc.integer({ min: 0, max: UNITS - 1 });
const index = fc.integer({ min: 0, max: 2 });
const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant("publish" as const), unit }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("retract" as const), unit }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("raise" as const), unit }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("repeat" as const), unit }) },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constantFrom("leaf", "leaf", "leaf", "evict leaf"),
      leaf: fc.nat(5),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom("tier" as const, "learn" as const) }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constantFrom("writer", "evict writer"), index }) },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constantFrom("process one", "process", "busy", "lost", "answer-lost"),
      index,
    }),
  },
);

/** The leaves of a collection as far as searches have learnt of them, those that have moved included. */
function leavesOf(collection: Collection): DurableObjectStub[] {
  const root = rootOf(collection);
  const tree = treeOf(collection);
  const names = [...tree.leaves.keys(), ...leavesBelow(tree, root).map(({ name }) => name)];
  return [...new Set(names)].map((name) => env.SEARCH_SHARD.getByName(name));
}

test("whatever order things come in and whatever is cut off, a search finds exactly what is live, each once", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { minLength: 10, maxLength: 30 }),
      fc.nat(3),
      async (steps, fresh) => {
        const collection: Collection = { owner: "public", space: `races-${++runs}` };
        const port = searchPort(env);
        const live = new Map<number, IndexedUnit>();
        const versions = new Map<number, number>();
        const publish = async (number: number) => {
          const version = (versions.get(number) ?? 0) + 1;
          versions.set(number, version);
          const next = versionOf(number, version, "L3");
          await port.index(collection, [next]);
          const before = live.get(number);
          if (before !== undefined) await port.remove(collection, [before]);
          live.set(number, next);
        };
        const holds = async (asked = port) => {
          const vector = direction(runs);
          const { hits, partial } = await asked.search([collection], {
            vector,
            mode: "semantic",
            filter: {},
            limit: 50,
            explain: false,
          });
          const found = hits.map(({ unitId, version, level }) => `${unitId}@${version} ${level}`);
          const wanted = [...live.values()].map(
            (each) => `${each.unitId}@${each.version} ${each.level}`,
          );
          expect(found.toSorted()).toEqual(wanted.toSorted());
          expect(partial).toBe(false);
        };
        if (fresh > 0) {
          for (let number = 0; number < UNITS; number++) await publish(number);
          await bulk.settle(collection);
          await port.refreshBulk(collection);
        }
        for (const each of steps) {
          if (each.kind === "publish") await publish(each.unit);
          else if (each.kind === "retract") {
            const gone = live.get(each.unit);
            if (gone !== undefined) await port.remove(collection, [gone]);
            live.delete(each.unit);
          } else if (each.kind === "raise" || each.kind === "repeat") {
            const held = live.get(each.unit);
            const next = held && (each.kind === "raise" ? { ...held, level: "L4" as const } : held);
            if (next !== undefined) {
              await port.index(collection, [next]);
              live.set(each.unit, next);
            }
          } else if (each.kind === "leaf" || each.kind === "evict leaf") {
            const leaves = leavesOf(collection);
            const leaf = leaves[(each as { leaf: number }).leaf % leaves.length];
            if (leaf === undefined) throw new RangeError("There is always a leaf");
            await (each.kind === "leaf" ? runDurableObjectAlarm(leaf) : bulk.evict(leaf));
          } else if (each.kind === "tier") await runDurableObjectAlarm(bulk.tierOf(collection));
          else if (each.kind === "learn") await port.refreshBulk(collection);
          else {
            const { index: at } = each as { index: number };
            const writer = bulk.writers[at];
            const fake = bulk.fakeAt(at);
            if (each.kind === "writer" && writer !== undefined) await runDurableObjectAlarm(writer);
            else if (each.kind === "evict writer" && writer !== undefined) await bulk.evict(writer);
            else if (each.kind === "process one") fake.process(1);
            else if (each.kind === "process") fake.process();
            else fake.trouble(each.kind as "busy" | "lost" | "answer-lost");
          }
          await holds();
        }
        for (const fake of bulk.fakes) fake.calm();
        // Until no leaf splits any more, and its parts have handed over what they took.
        for (let leaves = 0, same = 0; same < 3;) {
          await bulk.settle(collection, leavesOf(collection));
          // One that keeps no answers asks the leaves, and learns which have moved.
          await holds(searchPort(env));
          same = leaves === leavesOf(collection).length ? same + 1 : 0;
          leaves = leavesOf(collection).length;
        }
        await port.refreshBulk(collection);
        await holds();
        split += treeOf(collection).leaves.size;
        // Too few vectors to learn from stay where they are; otherwise the indexes hold what is live and nothing else.
        const isTrained = (await tierOf(collection).codebook(0)) !== null;
        const stored = bulk.fakes.flatMap((fake) => fake.ids(bulkNamespaceOf(collection)));
        const passages = [...live.values()].reduce((sum, each) => sum + each.passages.length, 0);
        expect(stored).toHaveLength(isTrained ? passages : 0);
      },
    ),
    { numRuns: 4 },
  );
  expect(split).toBeGreaterThan(0);
  for (const { largest } of bulk.fakes) {
    expect(largest.upsert).toBeLessThanOrEqual(VECTORIZE.upsertMax);
    expect(largest.deletion).toBeLessThanOrEqual(VECTORIZE.deleteMax);
    expect(largest.id).toBeLessThanOrEqual(VECTORIZE.idBytesMax);
    expect(largest.namespace).toBeLessThanOrEqual(VECTORIZE.namespaceBytesMax);
    expect(largest.topK).toBeLessThanOrEqual(VECTORIZE.topKMax);
  }
}, 300_000);
