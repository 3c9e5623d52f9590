import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import { RELATIONS } from "./model.ts";
import type { StoredUnit } from "./record.ts";
import { builtOnView, USES, UseGathering } from "./uses.ts";

const unitId = (shard: number, n: number): string =>
  `u${shard.toString(36)}_${n.toString(32).padStart(26, "0")}`;

const read = fc.record({
  shard: fc.constantFrom(0, 1, 40),
  unit: fc.nat({ max: 30 }),
  who: fc.nat({ max: 40 }),
  atMs: fc.nat({ max: 1_000 }),
  isTold: fc.boolean(),
});

test("every read is told once, by who read what on which shard, or counted as missed", () => {
  fc.assert(
    fc.property(fc.array(read, { maxLength: 200 }), (reads) => {
      const gathering = new UseGathering();
      const told = [];
      for (const { shard, unit, who, atMs, isTold } of reads) {
        gathering.add(unitId(shard, unit), `a${who % 3}`, `p${who}`, atMs);
        if (isTold && atMs % 10 === 0) told.push(...gathering.take());
      }
      told.push(...gathering.take());
      expect(gathering.isEmpty).toBe(true);
      expect(gathering.take()).toEqual([]);
      const counts = new Map<string, number>();
      for (const { shard, uses } of told)
        for (const use of uses) {
          expect(use.unitId.startsWith(`u${shard.toString(36)}_`)).toBe(true);
          expect(use.firstAtMs).toBeLessThanOrEqual(use.lastAtMs);
          const key = `${use.unitId} ${use.accountId} ${use.principalId}`;
          counts.set(key, (counts.get(key) ?? 0) + use.reads);
        }
      const made = Map.groupBy(
        reads,
        ({ shard, unit, who }) => `${unitId(shard, unit)} a${who % 3} p${who}`,
      );
      expect(counts).toEqual(new Map([...made].map(([key, its]) => [key, its.length])));
      expect(told.every(({ missed }) => missed === 0)).toBe(true);
    }),
  );
});

test("an isolate holds no more readers than it may, and says of each shard how many reads it missed", () => {
  const gathering = new UseGathering();
  for (let n = 0; n < USES.heldMax + 7; n++) gathering.add(unitId(0, n), "a0", "p0", n);
  gathering.add(unitId(1, 0), "a0", "p0", 0);
  // Whom it holds it goes on counting.
  gathering.add(unitId(0, 0), "a0", "p0", 5);
  const told = new Map(gathering.take().map((one) => [one.shard, one]));
  expect(told.get(0)?.uses).toHaveLength(USES.heldMax);
  expect(told.get(0)?.uses[0]).toMatchObject({ reads: 2, firstAtMs: 0, lastAtMs: 5 });
  expect(told.get(0)?.missed).toBe(7);
  expect(told.get(1)).toMatchObject({ uses: [], missed: 1 });
});

describe("what builds on a unit", () => {
  const version = (id: string, number: number, links: { rel: string; unitId: string }[]) =>
    ({
      head: { id },
      version: {
        unitId: id,
        version: number,
        level: "L3",
        status: "searchable",
        content: { title: `${id} ${number}`, links },
      },
    }) as unknown as StoredUnit;

  it("is what the first version shown of each says, each relation once, and never the unit itself", () => {
    const link = fc.record({
      rel: fc.constantFrom(...RELATIONS),
      unitId: fc.constantFrom("x", "y", "z"),
    });
    const versions = fc.array(
      fc.record({ id: fc.constantFrom("x", "b", "c"), links: fc.array(link, { maxLength: 5 }) }),
      { maxLength: 8 },
    );
    fc.assert(
      fc.property(versions, (shown) => {
        const view = builtOnView(
          "x",
          shown.map(({ id, links }, i) => version(id, 100 - i, links)),
        );
        const firsts = new Map<string, (typeof shown)[number]["links"]>(
          shown.toReversed().map((one) => [one.id, one.links]),
        );
        const linking = [...firsts].filter(
          ([id, links]) => id !== "x" && links.some((one) => one.unitId === "x"),
        );
        expect(view.map((one) => one.unitId).toSorted()).toEqual(
          linking.map(([id]) => id).toSorted(),
        );
        for (const { unitId: id, rels } of view)
          expect(new Set(rels)).toEqual(
            new Set(
              (firsts.get(id) ?? []).filter((one) => one.unitId === "x").map(({ rel }) => rel),
            ),
          );
        for (const { rels } of view) expect(rels).toHaveLength(new Set(rels).size);
      }),
    );
  });
});
