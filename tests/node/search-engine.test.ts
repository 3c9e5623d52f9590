import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { idfOf, shareOf } from "#domain/search/engine/bm25.ts";
import { scoreOf } from "#domain/search/explain.ts";
import type { SearchMode } from "#domain/search/model.ts";
import { rank } from "#domain/search/engine/rank.ts";
import { memoryDisk } from "#domain/search/engine/memory-disk.ts";
import { withoutStopWords } from "#domain/search/text/stop-words.ts";
import { termsOf } from "#domain/search/text/terms.ts";
import { quantised, restored } from "#domain/search/engine/vectors.ts";
import {
  add,
  answers,
  ask,
  DIMENSIONS,
  library,
  mergeAll,
  open,
  search,
  type Unit,
  unit,
  unitAt,
  vector,
} from "./engine-library.ts";

describe("an engine", () => {
  test("scores every passage as plain BM25 does", () => {
    fc.assert(
      fc.property(library, ask, fc.integer({ min: 1, max: 50 }), (units, question, flushAfter) => {
        const query = { ...question, gloss: "" };
        const engine = open();
        for (const [i, one] of units.entries()) {
          add(engine, one);
          if ((i + 1) % flushAfter === 0) engine.flush();
        }
        const expected = naiveBm25(units, query.text);
        const hits = search(engine, "lexical", query, {}, 50);
        expect(hits.length).toBe(expected.filter((score) => score > 0).length);
        for (const hit of hits) {
          const index = unitAt(units, hit.first);
          expect(hit.why.lexical?.bm25).toBeCloseTo(expected[index] ?? -1, 9);
        }
      }),
    );
  });

  test("finds the same nearest units as a full scan", () => {
    fc.assert(
      fc.property(library, ask, (units, query) => {
        const engine = open();
        for (const one of units) add(engine, one);
        const best = units.map((one) =>
          Math.max(
            ...one.vectors.map((values) =>
              dot(restored(quantised(values), DIMENSIONS), query.vector),
            ),
          ),
        );
        const hits = search(engine, "semantic", query, {}, 50);
        expect(hits.length).toBe(units.length);
        for (const hit of hits)
          expect(Math.max(0, hit.why.semantic?.cosine ?? -2)).toBeCloseTo(
            Math.max(0, best[unitAt(units, hit.first)] ?? -2),
            3,
          );
      }),
    );
  });

  test("gives every hit a score that its explanation alone gives again", () => {
    fc.assert(
      fc.property(
        library,
        ask,
        fc.constantFrom<SearchMode>("hybrid", "semantic", "lexical"),
        (units, query, mode) => {
          const engine = open();
          for (const one of units) add(engine, one);
          for (const hit of search(engine, mode, query))
            expect(scoreOf(structuredClone(hit.why))).toBe(hit.score);
        },
      ),
    );
  });

  test("answers the same from memory, from segments, after a merge and after a restart", () => {
    fc.assert(
      fc.property(library, ask, (units, query) => {
        const inMemory = open();
        for (const one of units) add(inMemory, one);
        const disk = memoryDisk();
        const onDisk = open(disk);
        for (const one of units) {
          add(onDisk, one);
          onDisk.flush();
        }
        const expected = answers(inMemory, query);
        expect(answers(onDisk, query)).toEqual(expected);
        mergeAll(onDisk);
        expect(answers(onDisk, query)).toEqual(expected);
        expect(answers(open(disk), query)).toEqual(expected);
      }),
    );
  });

  test.each(["hybrid", "semantic", "lexical"] as const)(
    "names of units those alone that score as much as was found elsewhere, and of words all of them, %s",
    (mode) => {
      fc.assert(
        fc.property(library, ask, fc.nat(9), (units, question, place) => {
          const engine = open();
          for (const one of units) add(engine, one);
          const all = search(engine, mode, question);
          const score = all[place % Math.max(1, all.length)]?.score ?? 0;
          const request = { ...question, mode, filter: {}, limit: 10, explain: true };
          const { best } = rank(engine, { ...request, beyond: { score, peaks: null } });
          const wanted = all.filter((hit) => hit.score >= score);
          // Vectors are compared that may be near by estimate, and estimates of vectors as odd as these may be far off.
          if (mode === "lexical") expect(best).toEqual(wanted);
          else for (const hit of best) expect(hit.score).toBeGreaterThanOrEqual(score);
        }),
      );
    },
  );

  test("never gives back what was taken out, nor after a restart", () => {
    fc.assert(
      fc.property(
        fc.array(unit, { minLength: 8, maxLength: 30 }),
        fc.array(fc.nat(29)),
        ask,
        (units, removed, query) => {
          const disk = memoryDisk();
          const engine = open(disk);
          const slots = units.map((one) => {
            const first = add(engine, one);
            engine.flush();
            return { first, count: one.texts.length };
          });
          const dead = new Set(removed.filter((index) => index < units.length));
          const ranges = [...dead].flatMap((index) => slots[index] ?? []);
          engine.saveAlive(ranges);
          for (const range of ranges) engine.kill(range);
          const deadSlots = new Set(ranges.map(({ first }) => first));
          for (const opened of [engine, open(disk)]) {
            for (const mode of ["hybrid", "semantic", "lexical"] as const) {
              for (const hit of search(opened, mode, query, {}, 50))
                expect(deadSlots.has(hit.first)).toBe(false);
            }
          }
        },
      ),
    );
  });
});

test("as many units are found as are asked for, also where a few long ones hold all that is nearest", () => {
  const engine = open();
  const towards = (share: number, i: number): Float32Array => {
    const angle = Array.from({ length: DIMENSIONS }, (_, n) => Math.sin(i * 31 + n * 7));
    const made = angle.map((value, n) => value * (1 - share) + (n === 0 ? DIMENSIONS * share : 0));
    return Float32Array.from(made, (value) => value / Math.hypot(...made));
  };
  const unitOf = (passages: number, share: number, words: string, i: number): Unit => {
    const places = Array.from({ length: passages }, (_, n) => n);
    const vectors = places.map((n) => towards(share, i * 64 + n));
    return { texts: places.map(() => words), vectors, tag: "red", kind: "note", level: 0 };
  };
  for (let i = 0; i < 20; i++) add(engine, unitOf(64, 0.9, "ash birch ash birch", i));
  for (let i = 20; i < 80; i++) add(engine, unitOf(1, 0.6, "ash cedar elm fir oak", i));
  for (let i = 80; i < 300; i++) add(engine, unitOf(1, 0.05, "pine", i));
  const query = { text: "ash birch", gloss: "", vector: towards(1, 0) };
  for (const mode of ["lexical", "semantic", "hybrid"] as const)
    for (const limit of [10, 50])
      for (const filter of [{}, { tags: ["red"] }]) {
        const found = search(engine, mode, query, filter, limit);
        const units = new Set(found.map(({ first }) => first));
        expect(units.size, `${mode}, ${limit}`).toBe(limit);
      }
});
test("quantising what was restored changes nothing", () => {
  fc.assert(
    fc.property(vector, (values) => {
      const once = quantised(values);
      expect(quantised(restored(once, DIMENSIONS))).toEqual(once);
    }),
  );
});
const dot = (a: Float32Array, b: Float32Array): number =>
  a.reduce((sum, value, i) => sum + value * (b[i] ?? 0), 0);
/** The best passage of each unit, scored by the formula over all passages. */
function naiveBm25(units: readonly Unit[], query: string): number[] {
  const passages = units.flatMap(({ texts }) => texts.map(termsOf));
  const averageLength = passages.reduce((sum, terms) => sum + terms.length, 0) / passages.length;
  const terms = withoutStopWords([...new Set(termsOf(query))]);
  const idf = terms.map((term) =>
    idfOf(
      { passages: passages.length, averageLength },
      passages.filter((held) => held.includes(term)).length,
    ),
  );
  const score = (held: string[]): number =>
    terms.reduce(
      (sum, term, i) =>
        sum +
        shareOf(
          idf[i] ?? 0,
          held.filter((other) => other === term).length,
          held.length,
          averageLength,
        ),
      0,
    );
  return units.map(({ texts }) => Math.max(...texts.map((held) => score(termsOf(held)))));
}
