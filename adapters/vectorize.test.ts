import { env } from "cloudflare:workers";
import { describe, expect, test } from "vitest";
import { fakeVectorize } from "#adapters/fake-vectorize.ts";
import { indexContract } from "#adapters/vectorize.contract.ts";
import { VECTORIZE } from "#domain/search/bulk/bulk.ts";

describe("what stands for an index in tests", () => {
  indexContract(async () => {
    const { binding, process } = fakeVectorize(8);
    return { index: binding, namespace: "contract", reach: async () => process() };
  });

  test("shows nothing of a change that it has not come to", async () => {
    const { binding, process, ids } = fakeVectorize(2);
    await binding.upsert([{ id: "a", values: [1, 0] }]);
    await binding.deleteByIds(["a"]);
    expect(ids()).toEqual([]);
    process(1);
    expect(ids()).toEqual(["a"]);
    process(1);
    expect(ids()).toEqual([]);
  });

  test("has no more dimensions than an index can have", () => {
    expect(() => fakeVectorize(VECTORIZE.dimensionsMax + 1)).toThrow("dimensions");
    expect(() => fakeVectorize(VECTORIZE.dimensionsMax)).not.toThrow();
  });
});

// Bound when VECTORIZE_CONTRACT names an index of the account that wrangler is logged in to (vitest.config.ts).
const real = (env as { VECTORIZE_CONTRACT?: Vectorize }).VECTORIZE_CONTRACT;
if (real !== undefined)
  describe("an index of Vectorize", () =>
    indexContract(async () => ({
      index: real,
      namespace: `contract-${crypto.randomUUID().slice(0, 8)}`,
      async reach(mutationId) {
        const reached = async () => String((await real.describe()).processedUpToMutation);
        await expect.poll(reached, { timeout: 120_000, interval: 1_000 }).toBe(mutationId);
      },
    })));
