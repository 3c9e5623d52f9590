import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import fc from "fast-check";
import { beforeAll, expect, inject, test } from "vitest";
import { claimOf, contentKeyOf } from "#adapters/search.contract.ts";
import { searchPort } from "#adapters/search.ts";
import type { Collection, IndexedUnit, SearchHit } from "#domain/search/model.ts";
import { rootOf } from "#domain/search/leaves/ranges.ts";
import type { SearchShard } from "#objects/search-shard.ts";
import { handingOver } from "./search-handing.ts";

const DIMENSIONS = 16;
const UNITS = 60;
const PASSAGES_MAX = 36;
const port = searchPort(env);
const shards = env.SEARCH_SHARD as DurableObjectNamespace<SearchShard>;

/** Called in a shard that splits, around each step that hands something to a child. */
let around: { before(): Promise<void>; after(): Promise<void> } | null = null;
const objects = handingOver({
  before: () => around?.before(),
  after: () => around?.after(),
});
beforeAll(() => {
  objects.vars["WISHUB_SHARD_PASSAGES"] = String(PASSAGES_MAX);
});

/** A direction near one of eight, so that units divide by meaning. */
function direction(seed: number): Float32Array {
  const crowd = seed % 8;
  const vector = Float32Array.from(
    { length: DIMENSIONS },
    (_, i) => Math.sin(1 + crowd * 12.9 + i * 78.2 * (1 + crowd)) + Math.sin(seed * 3.1 + i) / 4,
  );
  const length = Math.hypot(...vector);
  return vector.map((value) => value / length);
}

type Op = { kind: "revise" | "relevel" | "retract" | "late" | "again"; unit: number; dice: number };
const op: fc.Arbitrary<Op> = fc.record({
  kind: fc.constantFrom<Op["kind"]>("revise", "revise", "relevel", "retract", "late", "again"),
  unit: fc.nat(UNITS - 1),
  dice: fc.nat(1_000),
});

/** What a collection should hold, changed as the pipeline changes the collection. */
class Model {
  /** Every version that was ever indexed, by unit. */
  readonly history = new Map<number, IndexedUnit[]>();
  readonly live = new Map<number, IndexedUnit>();
  readonly collection: Collection;
  constructor(collection: Collection) {
    this.collection = collection;
  }

  unitOf(unit: number, version: number, dice: number): IndexedUnit {
    return {
      unitId: `unit-${unit}`,
      version,
      contentKey: contentKeyOf(unit * 3 + (dice % 3)),
      title: `Title ${unit}`,
      kind: "note",
      language: "en",
      tags: [],
      level: "L3",
      passages: [{ text: `number${unit} about otters`, vector: direction(dice) }],
    };
  }

  async apply({ kind, unit, dice }: Op): Promise<void> {
    const history = this.history.get(unit) ?? [];
    const live = this.live.get(unit);
    if (kind === "revise") {
      const next = this.unitOf(unit, history.length + 1, dice);
      if (dice % 2 === 0 || !(await this.#isAdmitted(next))) {
        await port.claim(this.collection, [claimOf(next)]);
        await port.index(this.collection, [next]);
      }
      await port.remove(this.collection, history.map(claimOf));
      this.history.set(unit, [...history, next]);
      this.live.set(unit, next);
    } else if (kind === "relevel" && live !== undefined) {
      // The same version again, at another level, its vector as another machine computed it.
      const passages = live.passages.map(({ text }) => ({ text, vector: direction(dice) }));
      const raised = {
        ...live,
        level: dice % 2 === 0 ? ("L3" as const) : ("L4" as const),
        passages,
      };
      await port.index(this.collection, [raised]);
      this.live.set(unit, { ...raised, passages: live.passages });
    } else if (kind === "retract") {
      await port.remove(this.collection, history.map(claimOf));
      this.live.delete(unit);
    } else if (kind === "late") {
      const removed = history.filter((one) => one.version !== live?.version);
      const late = removed[dice % Math.max(1, removed.length)];
      if (late !== undefined) await port.index(this.collection, [late]);
    } else if (kind === "again" && live !== undefined) await port.index(this.collection, [live]);
  }

  /** False, and nothing done, where the collection has split. */
  async #isAdmitted(unit: IndexedUnit): Promise<boolean> {
    const asked = { limit: 5, cosineMin: 0.9 };
    const admitted = await port.admit(this.collection, [unit], [], asked);
    return admitted?.units[0]?.claimed === true;
  }

  expected = (): string[] =>
    [...this.live.values()]
      .map(({ unitId, version, level }) => `${unitId}@${version} ${level}`)
      .toSorted();

  /** Everything that can be found, as a search finds it. */
  async found(): Promise<string[]> {
    const request = { text: "otters", mode: "lexical" as const, filter: {}, limit: 100 };
    const { hits, partial } = await port.search([this.collection], { ...request, explain: false });
    expect(partial).toBe(false);
    return hits.map(({ unitId, version, level }) => `${unitId}@${version} ${level}`).toSorted();
  }

  async check(): Promise<void> {
    expect(await this.found()).toEqual(this.expected());
  }

  /** The leaves, once no shard has anything left to do. */
  async settled(name = rootOf(this.collection).name): Promise<string[]> {
    const stub = shards.getByName(name);
    await runInDurableObject(stub, (instance) => instance.alarm());
    const answer = await stub.reindex([]);
    if (answer.kind !== "moved") return [name];
    const children: string[] = [];
    for (const child of answer.to) children.push(...(await this.settled(child.name)));
    return children;
  }
}

/** Evicts a shard: what it had in memory is gone. */
async function restarted(name: string): Promise<void> {
  const stub = shards.getByName(name);
  await stub.reindex([]);
  await evictDurableObject(stub);
}

let collections = 0;
const fresh = () => new Model({ owner: `split-${++collections}`, space: "s" });

async function leafHits(name: string): Promise<string[]> {
  const search = { text: "otters", mode: "lexical" as const, filter: {}, limit: 100 };
  const request = { ...search, explain: false };
  const answer = await shards.getByName(name).ask({ request, unless: null, leaseMs: 0 });
  if (answer.kind !== "done") return [];
  return (JSON.parse(answer.value.hits ?? "[]") as SearchHit[]).map(({ unitId }) => unitId);
}

test("a shard that is written to without a pause moves all the same", async () => {
  const model = fresh();
  const root = rootOf(model.collection);
  const BATCHES_MAX = 100;
  let written = 0;
  const writer = async (): Promise<boolean> => {
    for (let batch = 0; batch < BATCHES_MAX; batch++) {
      const units = Array.from({ length: 40 }, () => model.unitOf(written++, 1, written));
      const answer = await shards.getByName(root.name).index(root, units, "both");
      if (answer.kind === "moved") return true;
    }
    return false;
  };
  expect(await Promise.all(Array.from({ length: 4 }, writer))).toEqual([true, true, true, true]);
});

test("what comes from outside is let in between the steps in which a shard is copied", async () => {
  const model = fresh();
  const root = rootOf(model.collection);
  objects.vars["WISHUB_SHARD_PASSAGES"] = "10000";
  const units = Array.from({ length: 500 }, (_, unit) => model.unitOf(unit, 1, unit));
  await shards.getByName(root.name).index(root, units, "both");
  // Steps grow with what was written before them.
  await restarted(root.name);
  let steps = 0;
  let cameAfter = Number.POSITIVE_INFINITY;
  around = {
    before: () => Promise.resolve(),
    after: async () => {
      if (steps++ > 0) return;
      const answer = fetch(`${inject("outside")}/ok`).then((come) => come.text());
      void answer.then(() => (cameAfter = steps));
    },
  };
  objects.vars["WISHUB_SHARD_PASSAGES"] = "400";
  await shards.getByName(root.name).index(root, [model.unitOf(500, 1, 500)], "both");
  await model.settled();
  around = null;
  objects.vars["WISHUB_SHARD_PASSAGES"] = String(PASSAGES_MAX);
  expect(steps).toBeGreaterThan(20);
  expect(cameAfter).toBeLessThan(steps);
});

test(
  "whatever is written while shards split or move, and wherever that is killed, no unit is lost, doubled or unfindable",
  { timeout: 120_000 },
  () =>
    fc.assert(
      fc.asyncProperty(
        fc.array(op, { minLength: 60, maxLength: 120 }),
        fc.infiniteStream(fc.constantFrom("go", "go", "go", "go", "before", "after")),
        async (ops, fates) => {
          const model = fresh();
          for (let unit = 0; unit < PASSAGES_MAX - 1; unit++)
            await model.apply({ kind: "revise", unit, dice: unit });
          const left = ops.values();
          // Alarms also come of themselves, so two may copy at once; one thing is done to the model at a time.
          let isBusy = false;
          const failures: unknown[] = [];
          const alone = async (work: () => Promise<void>) => {
            if (isBusy) return;
            isBusy = true;
            await work().catch((error: unknown) => failures.push(error));
            isBusy = false;
          };
          const goOn = () =>
            alone(async () => {
              const next = left.next();
              if (!next.done) await model.apply(next.value);
              await model.check();
            });
          let kills = 12;
          const fated = (when: "before" | "after") => {
            if (kills === 0 || fates.next().value !== when) return;
            kills--;
            throw new Error("killed here");
          };
          around = {
            before: async () => {
              await goOn();
              fated("before");
            },
            after: async () => {
              fated("after");
              await goOn();
            },
          };
          await alone(async () => {
            for (let unit = PASSAGES_MAX - 1; unit < UNITS; unit++)
              await model.apply({ kind: "revise", unit, dice: unit });
          });
          let leaves: string[] = [];
          const rounds = async () => {
            for (let round = 0; round < 6; round++) {
              leaves = await model.settled();
              await goOn();
              for (const name of [rootOf(model.collection).name, ...leaves]) await restarted(name);
              await goOn();
              if (failures.length > 0) throw failures[0];
            }
          };
          await rounds();
          expect(leaves.length).toBeGreaterThan(1);
          // Most of it is removed now: what is left moves to fresh places.
          kills = 6;
          await alone(async () => {
            for (let unit = 0; unit < UNITS; unit++)
              if (unit % 5 > 0) await model.apply({ kind: "retract", unit, dice: 0 });
          });
          await rounds();
          around = null;
          leaves = await model.settled();
          expect(leaves.some((name) => name.endsWith("c"))).toBe(true);
          await model.check();
          const everywhere = (await Promise.all(leaves.map(leafHits))).flat();
          expect(everywhere.toSorted()).toEqual(
            [...model.live.keys()].map((unit) => `unit-${unit}`).toSorted(),
          );
          for (const unit of model.live.values())
            expect(
              await port.claim(model.collection, [{ ...claimOf(unit), unitId: "other" }]),
            ).toEqual([{ claimed: false, duplicateOf: unit.unitId }]);
        },
      ),
      { numRuns: 2, endOnFailure: true },
    ),
);
