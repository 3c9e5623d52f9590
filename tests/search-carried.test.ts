import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect, test } from "vitest";
import { direction, indexedUnit } from "#adapters/search.contract.ts";
import { rootOf } from "#domain/search/leaves/ranges.ts";
import type { SearchShard } from "#objects/search-shard.ts";
import { handingOver } from "./search-handing.ts";

const shards = env.SEARCH_SHARD as DurableObjectNamespace<SearchShard>;
const [BATCH, FULL, ALL] = [50, 300, 600];
const long = "otters ".repeat(5_000);

/** Characters of the texts that were handed over in each call. */
const carried: number[] = [];
let copied: (() => Promise<void>) | null = null;
const objects = handingOver({
  before: ([, , units]) => {
    carried.push(units.flatMap(({ shown }) => shown?.texts ?? []).join("").length);
  },
  after: () => copied?.(),
});

test("a step that copies many long units does so in calls that each carry a few MB, and all of them arrive", async () => {
  const root = rootOf({ owner: "carried", space: "s" });
  const write = async (from: number, to: number) => {
    for (let first = from; first < to; first += BATCH) {
      const units = Array.from({ length: Math.min(BATCH, to - first) }, (_, i) =>
        indexedUnit(first + i, [{ text: long, vector: direction(first + i) }]),
      );
      await shards.getByName(root.name).index(root, units, "both");
    }
  };
  await write(0, FULL);
  // Written while the first are being copied, so that a look at what has changed finds very many.
  copied = async () => {
    copied = null;
    await write(FULL + 1, ALL);
  };
  objects.vars["WISHUB_SHARD_PASSAGES"] = String(FULL);
  await write(FULL, FULL + 1);
  delete objects.vars["WISHUB_SHARD_PASSAGES"];
  await runInDurableObject(shards.getByName(root.name), (instance) => instance.alarm());
  expect(Math.max(...carried)).toBeLessThan(3_000_000);
  expect(Math.max(...carried)).toBeGreaterThan(500_000);
  const units = await Promise.all(
    ["a", "b"].map(async (letter) => {
      const state = await shards.getByName(root.name + letter).state();
      return state.kind === "done" ? state.value.units : 0;
    }),
  );
  expect(units.reduce((sum, each) => sum + each)).toBe(ALL);
});
