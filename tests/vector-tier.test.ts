import { evictDurableObject, runDurableObjectAlarm } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterAll, describe, expect, test } from "vitest";
import { direction } from "#adapters/search.contract.ts";
import type { VectorTier } from "#objects/vector-tier.ts";
import { withIndexes } from "./vectorize.ts";

Object.assign(env, { WISHUB_VECTORIZE_SAMPLE: "40", WISHUB_VECTORIZE_DIMENSIONS: "8" });
const bulk = withIndexes(2, 8);
afterAll(() => {
  bulk.unbind();
  for (const name of ["WISHUB_VECTORIZE_SAMPLE", "WISHUB_VECTORIZE_DIMENSIONS"])
    Reflect.deleteProperty(env, name);
});

let tiers = 0;
const fresh = () =>
  bulk.tierOf({ owner: "public", space: `tier-${++tiers}` }) as DurableObjectStub<VectorTier>;
const sampled = (first: number, count: number) =>
  Array.from({ length: count }, (_, n) => ({ key: `k${first + n}`, vector: direction(first + n) }));

async function trained(tier: DurableObjectStub<VectorTier>) {
  await tier.offer(sampled(0, 40));
  await runDurableObjectAlarm(tier);
  const codebook = await tier.codebook(0);
  if (codebook === null) throw new Error("nothing was learnt");
  return codebook;
}

describe("the tier of a public collection", () => {
  test("learns nothing from too little, and from the same vectors only once", async () => {
    const tier = fresh();
    for (let round = 0; round < 3; round++) await tier.offer(sampled(0, 30));
    await runDurableObjectAlarm(tier);
    expect(await tier.codebook(0)).toBeNull();
    await tier.offer(sampled(30, 10));
    await runDurableObjectAlarm(tier);
    expect(await tier.codebook(0)).toMatchObject({ version: 1, from: 16, dimensions: 8 });
  });

  test("knows what it learnt when it is evicted, and says it only to who does not know it", async () => {
    const tier = fresh();
    const before = await trained(tier);
    await evictDurableObject(tier);
    expect(await tier.codebook(0)).toEqual(before);
    expect(await tier.codebook(before.version)).toBeNull();
    expect(await tier.offer(sampled(100, 40))).toEqual(before);
  });

  test("says what is wrong with a number of dimensions that is none, and learns nothing by it", async () => {
    const tier = fresh();
    for (const wrong of ["many", "0", "-3", "1.5"]) {
      Object.assign(env, { WISHUB_VECTORIZE_DIMENSIONS: wrong });
      await expect(
        tier.offer(sampled(0, 40)).then(() => runDurableObjectAlarm(tier)),
      ).rejects.toThrow("WISHUB_VECTORIZE_DIMENSIONS");
    }
    Object.assign(env, { WISHUB_VECTORIZE_DIMENSIONS: "8" });
    expect(await tier.codebook(0)).toBeNull();
  });

  test("learns from no more than it may keep, whatever is wanted", async () => {
    const tier = fresh();
    Object.assign(env, { WISHUB_VECTORIZE_SAMPLE: "1000000" });
    for (let first = 0; first < 4_200; first += 600) await tier.offer(sampled(first, 600));
    await runDurableObjectAlarm(tier);
    Object.assign(env, { WISHUB_VECTORIZE_SAMPLE: "40" });
    expect(await tier.codebook(0)).toMatchObject({ version: 1 });
  });

  test("gives cells of an index that gets full a home in the other, and moves nothing", async () => {
    const tier = fresh();
    const before = await trained(tier);
    bulk.fakeAt(0).pretend(9_000_000);
    bulk.fakeAt(1).down(true);
    await runDurableObjectAlarm(tier);
    expect(await tier.codebook(before.version)).toBeNull();
    bulk.fakeAt(1).down(false);
    await runDurableObjectAlarm(tier);
    const after = await tier.codebook(before.version);
    expect(after?.version).toBe(before.version + 1);
    expect(after?.centroids).toEqual(before.centroids);
    for (const [cell, homes] of before.homes.entries())
      expect(after?.homes[cell]).toEqual(homes.at(-1) === 0 ? [...homes, 1] : homes);
    bulk.fakeAt(0).pretend(0);
  });
});
