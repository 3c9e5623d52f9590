import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { type FakeVectorize, fakeVectorize } from "#adapters/fake-vectorize.ts";
import { searchPort } from "#adapters/search.ts";
import type { Collection } from "#domain/search/model.ts";
import { rootOf } from "#domain/search/leaves/ranges.ts";

/** Whether a shard has nothing left to tell the indexes, or to hear of them. */
const isInStep = (shard: DurableObjectStub): Promise<boolean> =>
  runInDurableObject(
    shard,
    (_, { storage: { sql } }) =>
      sql.exec("SELECT 1 FROM bulk WHERE state <> 2 LIMIT 1").toArray().length === 0,
  );

const LOOKS_MAX = 5_000;

/** Runs a shard's alarm now, or waits for the end of the one that came by itself: while it runs there is none to run. */
async function runOrAwaitAlarm(shard: DurableObjectStub): Promise<void> {
  for (let look = 0; !(await runDurableObjectAlarm(shard)); look++) {
    if (await isInStep(shard)) return;
    if (look === LOOKS_MAX) throw new Error("A shard with work left has no alarm, and none runs");
    await scheduler.wait(1);
  }
}

const nameOf = (index: number): string => (index === 0 ? "VECTORIZE" : `VECTORIZE_${index}`);

/**
 * The product with so many Vectorize indexes bound, for objects that begin from now on: once a file, because a writer
 * keeps the index it began with.
 */
export function withIndexes(count: number, dimensions: number) {
  const fakes: FakeVectorize[] = Array.from({ length: count }, () => fakeVectorize(dimensions));
  const bind = (): void => {
    for (const [i, { binding }] of fakes.entries()) Object.assign(env, { [nameOf(i)]: binding });
  };
  bind();
  const shardOf = (collection: Collection) => env.SEARCH_SHARD.getByName(rootOf(collection).name);
  const writers = fakes.map((_, i) => env.VECTOR_INDEX.getByName(nameOf(i)));
  const tierOf = ({ owner, space }: Collection) => env.VECTOR_TIER.getByName(`${owner}|${space}`);

  return {
    fakes,
    fakeAt(index: number): FakeVectorize {
      const fake = fakes[index];
      if (fake === undefined) throw new RangeError(`There is no index ${index}`);
      return fake;
    },
    writers,
    shardOf,
    tierOf,
    port: searchPort(env),
    processAll: (): void => fakes.forEach((fake) => fake.process()),
    /** Drives shards, writers and indexes until all that was written has passed. */
    async settle(
      collection: Collection,
      leaves: readonly DurableObjectStub[] = [shardOf(collection)],
    ): Promise<void> {
      for (let round = 0; round < 12; round++) {
        const inStep = await Promise.all(leaves.map(isInStep));
        if (round > 2 && inStep.every(Boolean)) return;
        await runDurableObjectAlarm(tierOf(collection));
        for (const leaf of leaves) await runOrAwaitAlarm(leaf);
        for (const writer of writers) await runDurableObjectAlarm(writer);
        fakes.forEach((fake) => fake.process());
      }
    },
    evict: async (stub: DurableObjectStub): Promise<void> => {
      // One that is not running has nothing to lose.
      await evictDurableObject(stub).catch(() => {});
    },
    bind,
    unbind: (): void => {
      for (let i = 0; i < count; i++) Reflect.deleteProperty(env, nameOf(i));
    },
  };
}
