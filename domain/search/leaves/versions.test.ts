import fc from "fast-check";
import { expect, test } from "vitest";
import { mergedHits } from "#domain/search/leaves/merge-hits.ts";
import type { SearchHit } from "#domain/search/model.ts";
import { hashOf } from "#domain/search/leaves/ranges.ts";
import { decideIndex, decideRemoval, type UnitRecord } from "#domain/search/leaves/versions.ts";

/** One shard's memory of one unit, driven as the object drives it. */
function shardOf() {
  let records: UnitRecord[] = [];
  const put = (record: UnitRecord) =>
    (records = [...records.filter(({ contentKey }) => contentKey !== record.contentKey), record]);
  return {
    index(version: number, contentKey: string) {
      const decision = decideIndex(records, { version, contentKey }, 3);
      if (!decision.store) return;
      const removedThrough =
        records.find((record) => record.contentKey === contentKey)?.removedThrough ?? 0;
      for (const old of decision.replaced)
        put({ ...old, slot: null, removedThrough: Math.max(old.removedThrough, old.version) });
      put({ unitId: "u", contentKey, version, level: 3, slot: 0, passages: 1, removedThrough });
    },
    remove(version: number, contentKey: string) {
      for (const old of decideRemoval(records, { unitId: "u", version, contentKey }))
        put({ ...old, slot: null, removedThrough: Math.max(old.removedThrough, old.version) });
      const mine = records.find((record) => record.contentKey === contentKey);
      put({
        ...(mine ?? { unitId: "u", contentKey, version, level: 0, slot: null, passages: 0 }),
        removedThrough: Math.max(mine?.removedThrough ?? 0, version),
      });
    },
    live: () => records.filter(({ slot }) => slot !== null).map(({ version }) => version),
  };
}

test("in whatever order and however often versions come, the newest that was not removed is found, and only it", () => {
  const message = fc.record({ remove: fc.boolean(), version: fc.integer({ min: 1, max: 5 }) });
  fc.assert(
    fc.property(fc.array(message, { maxLength: 20 }), (messages) => {
      const shard = shardOf();
      const contentOf = (version: number) => String(version % 2).repeat(64);
      for (const { remove, version } of messages)
        shard[remove ? "remove" : "index"](version, contentOf(version));
      const removed = Math.max(
        0,
        ...messages.flatMap(({ remove, version }) => (remove ? [version] : [])),
      );
      const newest = Math.max(
        0,
        ...messages.flatMap(({ remove, version }) => (remove ? [] : [version])),
      );
      expect(shard.live()).toEqual(newest > removed ? [newest] : []);
    }),
  );
});

test("a content is routed by its first 32 bits", () =>
  expect(hashOf(`ffffffff${"0".repeat(56)}`)).toBe(0xffff_ffff));

test("of a unit that two shards know, the newest version is shown once", () => {
  const hit = (unitId: string, version: number, score: number): SearchHit => ({
    unitId,
    version,
    score,
    title: "",
    snippet: "",
    level: "L3",
  });
  const merged = mergedHits([[hit("a", 1, 0.9), hit("b", 1, 0.5)], [hit("a", 2, 0.4)]], 10);
  expect(merged.map(({ unitId, version }) => [unitId, version])).toEqual([
    ["b", 1],
    ["a", 2],
  ]);
});
