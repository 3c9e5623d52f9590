import fc from "fast-check";
import { expect, test } from "vitest";
import { memoryDisk } from "#domain/search/engine/memory-disk.ts";
import type { SearchFilter } from "#domain/search/model.ts";
import { tagKey } from "#domain/search/engine/term-key.ts";
import { LEVELS } from "#domain/verification/model.ts";
import {
  add,
  ask,
  DIMENSIONS,
  library,
  open,
  search,
  type Unit,
  unitAt,
} from "./engine-library.ts";

test("a search shows only what the filter lets through, and all of it", () => {
  const filter = fc.record(
    {
      tags: fc.constantFrom<string[]>(["red"], ["blue"], ["red", "blue"]),
      kind: fc.constantFrom("note", "fact"),
      minLevel: fc.constantFrom(...LEVELS),
      language: fc.constantFrom("en", "de"),
    },
    { requiredKeys: [] },
  );
  fc.assert(
    fc.property(library, ask, filter, fc.boolean(), (units, query, wanted, flushed) => {
      const engine = open();
      for (const one of units) add(engine, one);
      if (flushed) engine.flush();
      const firsts = search(engine, "semantic", query, wanted, 50).map(({ first }) =>
        unitAt(units, first),
      );
      const expected = units.flatMap((one, index) => (passes(one, wanted) ? [index] : []));
      expect(firsts.toSorted((a, b) => a - b)).toEqual(expected);
    }),
  );
});
test("a filter holds for every slot, wherever it lies, and not beyond the search that asked with it", () => {
  const engine = open();
  const texts = ["ash"];
  const vectors = [Float32Array.from({ length: DIMENSIONS }, (_, i) => (i === 0 ? 1 : 0))];
  const units = Array.from({ length: 5_000 }, (_, i): Unit => {
    const [tag, kind] = [i % 61 === 0 ? "red" : "blue", i % 2 === 0 ? "note" : "fact"];
    return { texts, vectors, tag, kind, level: i % 7 };
  });
  for (const [i, one] of units.entries()) {
    add(engine, one);
    if (i % 1_500 === 1_499) engine.flush();
  }
  for (let slot = 0; slot < 5_000; slot += 122) engine.kill({ first: slot, count: 1 });
  const query = { text: "", gloss: "", vector: vectors[0] ?? new Float32Array(DIMENSIONS) };
  for (const wanted of [
    { tags: ["red"] },
    { tags: ["red"], minLevel: LEVELS[5] },
    { tags: ["red", "blue"] },
    { tags: ["red"], kind: "note" },
  ]) {
    const found = search(engine, "semantic", query, wanted as SearchFilter, 100);
    const slots = found.map(({ first }) => first).toSorted((a, b) => a - b);
    const expected = units.flatMap((one, i) =>
      i % 122 !== 0 && passes(one, wanted as SearchFilter) ? [i] : [],
    );
    expect(slots, JSON.stringify(wanted)).toEqual(expected);
  }
});
test("a filter whose postings could not be read to their end holds back nothing from another search", () => {
  const disk = memoryDisk();
  let isOutOfReach = false;
  const guarded = {
    ...disk,
    read: (...at: Parameters<typeof disk.read>) =>
      isOutOfReach ? fail("another object's disk") : disk.read(...at),
  };
  const vectors = [Float32Array.from({ length: DIMENSIONS }, (_, i) => (i === 0 ? 1 : 0))];
  const writer = open(disk);
  for (let i = 0; i < 200; i++) {
    add(writer, { texts: ["ash"], vectors, tag: i % 2 ? "red" : "blue", kind: "note", level: 0 });
    if (i % 100 === 99) writer.flush();
  }
  const engine = open(guarded);
  const [first, second] = engine.lexical.find(tagKey("red")).parts;
  first?.segment.pieces(first.list, () => {});
  expect(second).toBeDefined();
  const query = { text: "", gloss: "", vector: vectors[0] ?? new Float32Array(DIMENSIONS) };
  isOutOfReach = true;
  expect(() => search(engine, "semantic", query, { tags: ["red"] })).toThrow("another object's");
  isOutOfReach = false;
  const slots = search(engine, "semantic", query, { tags: ["blue"] }, 200).map(({ slot }) => slot);
  expect(slots.filter((slot) => slot % 2 === 1)).toEqual([]);
  expect(slots).toHaveLength(100);
});

function passes(one: Unit, filter: SearchFilter): boolean {
  if (filter.tags?.some((tag) => tag !== one.tag) === true) return false;
  if (filter.kind !== undefined && filter.kind !== one.kind) return false;
  if (filter.language !== undefined && filter.language !== "en") return false;
  return filter.minLevel === undefined || one.level >= LEVELS.indexOf(filter.minLevel);
}

function fail(why: string): never {
  throw new Error(why);
}
